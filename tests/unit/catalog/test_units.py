"""The units of measure every company starts with (CAT-14)."""

from decimal import Decimal
from fractions import Fraction

import pytest

from stockcore.catalog.records import UnitOfMeasure
from stockcore.catalog.strategies import ALLOCATION_KEYS
from stockcore.catalog.units import standard_units
from stockcore.stock.allocating import SORT_KEYS

D = Decimal

UNITS = {unit.code: unit for unit in standard_units()}


@pytest.mark.parametrize("unit", standard_units(), ids=lambda unit: unit.code)
def test_factor_and_step_fit_the_columns_they_are_kept_in(unit: UnitOfMeasure) -> None:
    for number in (unit.factor, unit.step):
        assert number > 0
        assert number == round(number, 6)
        assert number < D(10) ** 12
    assert unit.code == unit.code.casefold(), "units are looked up by normal code"


@pytest.mark.parametrize(
    ("one", "is_so_many", "of"),
    [
        ("kg", "1000", "g"),
        ("t", "1000", "kg"),
        ("lb", "0.45359237", "kg"),
        ("l", "1000", "ml"),
        ("gal_us", "3.785411784", "l"),
        ("gal_imp", "4.54609", "l"),
        ("pt_imp", "0.56826125", "l"),
        ("m3", "1000", "l"),
        ("in", "2.54", "cm"),
        ("yd", "0.9144", "m"),
        ("ft2", "0.09290304", "m2"),
        ("m2", "10000", "cm2"),
        ("day", "24", "h"),
        ("gross", "12", "dozen"),
    ],
)
def test_ratios_are_those_of_their_definitions(one: str, is_so_many: str, of: str) -> None:
    assert Fraction(UNITS[one].factor) / Fraction(UNITS[of].factor) == Fraction(is_so_many)
    assert UNITS[one].dimension == UNITS[of].dimension


def test_pieces_are_whole_and_grams_are_kept_in_thousandths() -> None:
    assert UNITS["each"].step == 1
    assert UNITS["g"].step == D("0.001")


def test_every_call_gives_fresh_records() -> None:
    assert standard_units()[0] is not standard_units()[0]


def test_strategies_are_written_with_the_keys_that_allocation_knows() -> None:
    assert set(ALLOCATION_KEYS) == set(SORT_KEYS)
