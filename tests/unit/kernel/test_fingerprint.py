"""Fingerprints: the same command is recognised however it is written (S159)."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.fingerprint import canonical, fingerprint, fingerprint_of_json


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": [2, null]}', '{ "b":[2,null] ,"a":1}'),
        ('{"qty": 1}', '{"qty": 1.0}'),
        ('{"qty": 1}', '{"qty": 10e-1}'),
        ('{"qty": 0}', '{"qty": -0.0}'),
        ('{"name": "é"}', '{"name": "\\u00e9"}'),
    ],
)
def test_spacing_member_order_and_spelling_of_a_number_do_not_matter_s159(one: str, other: str) -> None:
    assert fingerprint_of_json(one) == fingerprint_of_json(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"qty": 1}', '{"qty": "1"}'),
        ('{"qty": 1}', '{"qty": true}'),
        ('{"qty": 1}', '{"qty": 1.0000000000000000000000000000000000001}'),
        ("[1, 2]", "[2, 1]"),
        ('{"a": null}', "{}"),
        ('{"a": {}}', '{"a": []}'),
        ('{"a": "b,c"}', '{"a": ["b", "c"]}'),
        ("[12]", "[1, 2]"),
    ],
)
def test_what_says_something_else_has_another_fingerprint_s159(one: str, other: str) -> None:
    assert fingerprint_of_json(one) != fingerprint_of_json(other)


@pytest.mark.parametrize(
    "text",
    [
        '{"qty": NaN}',
        '{"qty": Infinity}',
        '{"qty": -Infinity}',
        '{"qty": 1, "qty": 2}',
        '{"qty": 5} garbage',
        "",
        "{",
        '\ufeff{"qty": 1}',
        "[1e99999999999999999999999]",
        pytest.param("[" * 900 + "]" * 900, id="nested 900"),
        pytest.param("[" * 100_000, id="nested"),
        pytest.param("[" + "9" * 10_000 + "]", id="digits"),
    ],
)
def test_what_is_no_json_document_is_refused_though_json_loads_lets_some_pass_b001_b033_b035(text: str) -> None:
    with pytest.raises(StockcoreError) as refusal:
        fingerprint_of_json(text)
    assert refusal.value.code == "invalid_json"
    assert len(refusal.value.message) < 300


def test_a_huge_exponent_is_never_expanded_b005() -> None:
    began = time.perf_counter()
    assert fingerprint_of_json('{"qty": 1e999999999}') != fingerprint_of_json('{"qty": 1e999999998}')
    assert time.perf_counter() - began < 0.05


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (Decimal("-0.00"), "0"),
        (100, "1E+2"),
        (Decimal("1.50"), "1.5"),
        (Decimal("-0.05"), "-0.05"),
        (Decimal("1e999999999"), "1E+999999999"),
        (Decimal("sNaN"), "sNaN"),
    ],
)
def test_a_number_has_one_canonical_text(number: Decimal | int, text: str) -> None:
    assert canonical(number) == text


def test_plain_data_has_the_fingerprint_of_its_json() -> None:
    document = {"b": [Decimal("1.0"), None, True], "a": "x", "c": 0.5}
    assert fingerprint(document) == fingerprint_of_json('{"a": "x", "b": [1, null, true], "c": 0.5}')
