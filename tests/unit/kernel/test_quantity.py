"""Quantities from outside: one spelling, exact, quick to refuse (bad_inputs B001 to B029)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import (
    INTEGER_MAX,
    check_step,
    covering_multiples,
    exact,
    plain,
    read_decimal,
    read_integer,
    read_quantity,
    whole_multiples,
)

D = Decimal
QUANTITIES = st.decimals(min_value=0, max_value=D("999999999999.999999"), places=6)


def code_of(value: object) -> str:
    with pytest.raises(StockcoreError) as refusal:
        read_quantity(value, field="qty")
    assert refusal.value.field == "qty"
    return refusal.value.code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", "quantity_not_finite"),
        ("sNaN", "quantity_not_finite"),
        ("nan", "quantity_not_finite"),
        ("inf", "quantity_not_finite"),
        ("-Infinity", "quantity_not_finite"),
        (D("NaN"), "quantity_not_finite"),
        (D("sNaN"), "quantity_not_finite"),
        (D("inf"), "quantity_not_finite"),
        (-5, "quantity_not_positive"),
        ("-5", "quantity_not_positive"),
        (0, "quantity_not_positive"),
        ("-0", "quantity_not_positive"),
        ("-0.000", "quantity_not_positive"),
        (D("-0"), "quantity_not_positive"),
        ("0.12345678901234567890123456789", "quantity_precision"),
        (D("0.12345678901234567890123456789"), "quantity_precision"),
        ("999999999999.9999999", "quantity_precision"),
        (None, "field_required"),
        ("１２", "number_format"),
        ("٣", "number_format"),
        (" 5 ", "number_format"),
        ("5\n", "number_format"),
        ("5\u00a0", "number_format"),
        ("\u200b5", "number_format"),
        ("", "number_format"),
        ("+5", "number_format"),
        ("1_000", "number_format"),
        ("1,5", "number_format"),
        (".5", "number_format"),
        ("5.", "number_format"),
        ("0x10", "number_format"),
        ("1e5", "number_format"),
        ("1e+005", "number_format"),
        ("1e-400", "number_format"),
        (True, "type_error"),
        (1.5, "type_error"),
        (float("nan"), "type_error"),
        (b"5", "type_error"),
        ([], "type_error"),
        ("1000000000000", "quantity_out_of_range"),
        (10**12, "quantity_out_of_range"),
        (D("1e12"), "quantity_out_of_range"),
        ("1e400", "quantity_out_of_range"),
    ],
)
def test_what_is_no_quantity_is_refused_by_its_own_code_b003_to_b023(value: object, code: str) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("1e999999999", "quantity_out_of_range"),
        ("1e99999999999999999999999999", "quantity_out_of_range"),
        (D("1e999999999"), "quantity_out_of_range"),
        (D("-1e999999999"), "quantity_out_of_range"),
        (D("1e-999999999"), "quantity_precision"),
        (D("0e999999999"), "quantity_not_positive"),
        (D("0e-999999999"), "quantity_not_positive"),
        pytest.param(10**100_000, "quantity_out_of_range", id="int"),
        pytest.param("9" * 100_000, "quantity_out_of_range", id="digits"),
        pytest.param("0." + "1" * 100_000, "quantity_precision", id="decimals"),
        pytest.param("0." + "0" * 100_000, "quantity_not_positive", id="zeros"),
    ],
)
def test_a_huge_number_is_refused_before_anyone_expands_it_b005(value: object, code: str) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    ("value", "quantity"),
    [
        (10, D(10)),
        ("10", D(10)),
        ("0010", D(10)),
        ("0" * 30 + "1", D(1)),
        ("0.25", D("0.25")),
        (D("0.250"), D("0.25")),
        (D("1E+3"), D(1000)),
        ("1.0000000", D(1)),
        ("0.000001", D("0.000001")),
        ("999999999999.999999", D("999999999999.999999")),
    ],
)
def test_a_quantity_is_read_exactly(value: object, quantity: Decimal) -> None:
    assert read_quantity(value) == quantity


def test_zero_is_read_where_it_is_allowed_and_never_as_minus_zero_b009() -> None:
    for zero in (0, "0", "-0", "-0.000", D("-0"), D("0e-999999999")):
        read = read_quantity(zero, zero_allowed=True)
        assert (read == 0, read.is_signed(), plain(read)) == (True, False, "0")


def test_a_message_quotes_at_most_forty_characters_of_what_came() -> None:
    with pytest.raises(StockcoreError) as refusal:
        read_decimal("x" * 10_000)
    assert len(refusal.value.message) < 200


def test_a_decimal_may_be_negative_and_may_have_many_decimals() -> None:
    assert read_decimal("-2.123456789") == D("-2.123456789")


def test_ten_tenths_less_one_are_exactly_nothing_b015() -> None:
    level = sum((read_quantity("0.1") for _ in range(10)), D(0)) - 1
    assert plain(level) == "0"


@given(QUANTITIES)
def test_a_quantity_printed_plain_is_read_back_the_same(quantity: Decimal) -> None:
    text = plain(quantity)
    assert read_quantity(text, zero_allowed=True) == quantity
    assert not text.startswith("-")
    assert "." not in text or not text.endswith(("0", "."))


@given(st.text() | st.decimals() | st.integers() | st.floats() | st.booleans() | st.none())
def test_any_value_is_a_quantity_or_refused_never_another_error(value: Any) -> None:
    try:
        quantity = read_quantity(value)
    except StockcoreError:
        return
    assert 0 < quantity < 10**12
    assert quantity == round(quantity, 6)


def test_exact_refuses_a_seventh_decimal_that_matters_and_says_how_many_are_allowed() -> None:
    assert exact(D("1.0000010")) == D("1.000001")
    with pytest.raises(StockcoreError) as refusal:
        exact(D("1.0000001"))
    assert (refusal.value.code, refusal.value.facts) == ("quantity_precision", {"max_decimals": 6})


@pytest.mark.parametrize(
    ("quantity", "step"), [("3", "1"), ("3.0", "1"), ("0.75", "0.25"), ("1.001", "0.001"), ("12", "6"), ("1E+3", "1")]
)
def test_a_whole_number_of_steps_passes(quantity: str, step: str) -> None:
    check_step(D(quantity), D(step))


@pytest.mark.parametrize(
    ("quantity", "step", "decimals"),
    [("1.0001", "0.001", 3), ("0.5", "1", 0), ("0.3", "0.25", 2), ("7", "6", 0), ("5", "10", 0)],
)
def test_what_is_no_whole_number_of_steps_is_refused_not_rounded_b013(quantity: str, step: str, decimals: int) -> None:
    with pytest.raises(StockcoreError) as refusal:
        check_step(D(quantity), D(step), field="qty")
    assert refusal.value.code == "quantity_precision"
    assert refusal.value.facts == {"step": D(step), "max_decimals": decimals}


@pytest.mark.parametrize(
    ("quantity", "multiple", "whole"),
    [("7", "2", "6"), ("8", "2", "8"), ("1", "2", "0"), ("7.5", "1", "7"), ("7", "1", "7"), ("1", "0.3", "0.9")],
)
def test_only_whole_multiples_are_taken_floor_not_ceiling_s081(quantity: str, multiple: str, whole: str) -> None:
    assert whole_multiples(D(quantity), D(multiple)) == D(whole)


@given(QUANTITIES, st.decimals(min_value=D("0.000001"), max_value=1000, places=6))
def test_whole_multiples_fit_and_one_more_would_not_s081(quantity: Decimal, multiple: Decimal) -> None:
    taken = whole_multiples(quantity, multiple)
    assert 0 <= taken <= quantity < taken + multiple
    assert taken % multiple == 0


@given(QUANTITIES.filter(bool), st.decimals(min_value=D("0.000001"), max_value=1000, places=6))
def test_covering_multiples_are_enough_and_one_less_would_not_be(quantity: Decimal, multiple: Decimal) -> None:
    given_up = covering_multiples(quantity, multiple)
    assert given_up - multiple < quantity <= given_up
    assert given_up % multiple == 0


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "field_required"),
        ("5", "type_error"),
        (True, "type_error"),
        (D(5), "type_error"),
        (0, "quantity_out_of_range"),
        (INTEGER_MAX + 1, "quantity_out_of_range"),
    ],
)
def test_what_is_no_whole_number_in_its_range_is_refused(value: object, code: str) -> None:
    with pytest.raises(StockcoreError) as refusal:
        read_integer(value, field="most", least=1)
    assert (refusal.value.code, refusal.value.field) == (code, "most")


def test_a_whole_number_is_taken_as_it_is() -> None:
    assert [read_integer(value) for value in (-INTEGER_MAX, 0, INTEGER_MAX)] == [-INTEGER_MAX, 0, INTEGER_MAX]


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        ("10", "10"),
        ("10.000000", "10"),
        ("0.250000", "0.25"),
        ("1E+3", "1000"),
        ("1E-6", "0.000001"),
        ("-0", "0"),
        ("0E-6", "0"),
        ("-2.50", "-2.5"),
        ("100", "100"),
    ],
)
def test_plain_has_no_exponent_no_trailing_zeros_and_no_minus_zero(quantity: str, text: str) -> None:
    assert plain(D(quantity)) == text
