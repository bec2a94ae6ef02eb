"""What was entered in units and packagings, in base units: exactly or not at all (scenarios S069 to S081)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockcore.catalog.conversion import Converted, to_base
from stockcore.catalog.records import Packaging, Variant
from stockcore.catalog.units import standard_units
from stockcore.kernel.errors import StockcoreError
from tests.unit.catalog.things import variant

D = Decimal

UNITS = {unit.code: unit for unit in standard_units()}
MUG = variant(1, "MUG")
BOTTLE = variant(2, "TONIC", unit="ml", step="0.001")
FLOUR = variant(3, "FLOUR", unit="kg", step="0.001")
ROPE = variant(4, "ROPE", unit="m", step="0.01")
PACKAGINGS = [
    Packaging(id=1, variant=1, code="Box", numerator=12, denominator=1),
    Packaging(id=2, variant=1, code="case", numerator=24, denominator=1),
    Packaging(id=3, variant=2, code="bottle", numerator=120, denominator=1),
    Packaging(id=4, variant=3, code="third", numerator=1, denominator=3),
    Packaging(id=5, variant=2, code="box", numerator=10, denominator=1),
]


def converted(quantity: str | Fraction, unit: str | None, of: Variant = MUG) -> Converted:
    amount = D(quantity) if isinstance(quantity, str) else quantity
    return to_base(amount, unit, of, PACKAGINGS, UNITS, field="quantity")


def refusal(quantity: str | Fraction, unit: str | None, of: Variant = MUG) -> StockcoreError:
    with pytest.raises(StockcoreError) as refused:
        converted(quantity, unit, of)
    return refused.value


def test_s069_five_boxes_of_twelve_are_sixty() -> None:
    five = converted("5", "box")
    assert five == Converted(quantity=D(60), entered=D(5), unit="Box", factor=Fraction(12), multiple=D(12))


def test_s071_a_millilitre_of_a_bottle_is_a_millilitre() -> None:
    assert converted("10", "bottle", BOTTLE).quantity == D(1200)
    assert converted("1", "ml", BOTTLE).quantity == D(1)
    assert converted("1", None, BOTTLE).quantity == D(1)


def test_s075_half_a_case_is_twelve_and_a_seventh_is_refused() -> None:
    half = converted("0.5", "CASE")
    assert (half.quantity, half.multiple) == (D(12), D(1)), "no whole case was asked for, so no whole case is reserved"
    refused = refusal(Fraction(1, 7), "case")
    assert (refused.code, refused.field) == ("quantity_precision", "quantity")
    assert refused.facts["step"] == "1"


def test_s081_pairs_are_reserved_as_pairs() -> None:
    four = converted("4", "pair")
    assert (four.quantity, four.multiple) == (D(8), D(2))


def test_b097_a_unit_of_another_dimension_is_refused() -> None:
    refused = refusal("1", "kg", ROPE)
    assert refused.code == "uom_incompatible"
    assert (refused.facts["unit"], refused.facts["base_unit"]) == ("kg", "m")


def test_s077_and_b013_finer_than_the_step_is_refused_not_rounded() -> None:
    assert refusal("100.002", None, ROPE).code == "quantity_precision"
    assert converted("100.02", None, ROPE).quantity == D("100.02")
    refused = refusal("1.0001", "kg", FLOUR)
    assert refused.facts["max_decimals"] == 3


@pytest.mark.parametrize(
    ("quantity", "unit", "of", "expected"),
    [
        ("250", "g", FLOUR, "0.25"),
        ("0.5", "t", FLOUR, "500"),
        ("3", "third", FLOUR, "1"),
        ("1.5", "l", BOTTLE, "1500"),
        ("33", "cl", BOTTLE, "330"),
        ("100", "cm", ROPE, "1"),
        ("25", "yd", ROPE, "22.86"),
        ("2", "dozen", MUG, "24"),
        ("100", "lb", FLOUR, "45.359237"),
    ],
)
def test_units_of_one_dimension_convert_exactly(quantity: str, unit: str, of: Variant, expected: str) -> None:
    if unit == "lb":
        of = variant(3, "FINE", unit="kg", step="0.000001")
    assert converted(quantity, unit, of).quantity == D(expected)


def test_kilograms_of_something_kept_in_grams_are_taken_in_steps_of_a_kilogram() -> None:
    spice = variant(9, "SPICE", unit="g", step="0.001")
    assert converted("2", "kg", spice).multiple == D(1)


def test_an_unknown_unit_names_the_packagings_there_are() -> None:
    refused = refusal("1", "crate")
    assert (refused.code, refused.facts["packagings"]) == ("unknown_unit", ["Box", "case"])


def test_another_variants_packaging_is_not_taken() -> None:
    assert converted("1", "box", BOTTLE).quantity == D(10)
    assert refusal("1", "bottle", MUG).code == "unknown_unit"


def test_a_quantity_beyond_twelve_digits_is_refused() -> None:
    assert refusal("99999999999", "gross").code == "quantity_out_of_range"


@given(st.integers(1, 10**6), st.integers(1, 500), st.integers(1, 500))
def test_what_is_accepted_is_exact_to_the_last_digit(count: int, numerator: int, denominator: int) -> None:
    odd = [Packaging(id=1, variant=3, code="odd", numerator=numerator, denominator=denominator)]
    exact = Fraction(count * numerator, denominator)
    try:
        found = to_base(D(count), "odd", FLOUR, odd, UNITS)
    except StockcoreError:
        assert (exact * 1000).denominator != 1, "only what is finer than a gram is refused"
    else:
        assert Fraction(found.quantity) == exact
        assert Fraction(found.entered) * found.factor == exact
        assert found.quantity % found.multiple == 0
        assert found.multiple % FLOUR.step == 0
