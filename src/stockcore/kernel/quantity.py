"""Quantities: exact decimals in a unit's step; read from outside in one spelling only."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Final

from stockcore.kernel.errors import StockcoreError

#: How we count, whatever precision and rounding a host has set for itself.
ARITHMETIC: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
QUANTITY_DIGITS: Final = 12  # numeric(18,6): twelve digits before the point
QUANTITY_LIMIT: Final = 10**QUANTITY_DIGITS
EXPONENT_DIGITS: Final = 3  # an exponent this long leaves the range whatever stands before it
DECIMALS_MAX: Final = 6
ID_LIMIT: Final = 2**63  # what an id is below
INTEGER_MAX: Final = 2**31 - 1  # what an integer column holds

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE]\+?([0-9]+)")
_NOT_FINITE = re.compile(r"[+-]?(?:s?nan|inf(?:inity)?)", re.IGNORECASE)


def read_decimal(value: object, *, field: str | None = None) -> Decimal:
    """A decimal from text, int or Decimal, in one spelling: ASCII digits, `-`, `.`; no `+`, blank or exponent.

    `Decimal` itself takes other scripts' digits, underscores, blanks and NaN, and a bool is an int; all refused.
    Errors: field_required, type_error, number_format, quantity_not_finite, quantity_out_of_range.
    """
    if value is None:
        raise StockcoreError("field_required", "a number is needed here", field=field)
    if type(value) is Decimal:
        number = value
    else:
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise StockcoreError("type_error", f"a number is needed here, not {type(value).__name__}", field=field)
        if isinstance(value, str) and not _PLAIN.fullmatch(value):
            raise _unreadable(value, field)
        if isinstance(value, int) and abs(value) >= QUANTITY_LIMIT:
            raise _out_of_range(field)
        number = Decimal(value)
    if not number.is_finite():
        raise StockcoreError("quantity_not_finite", f"{value!r} is not a finite number", field=field)
    if number.adjusted() >= QUANTITY_DIGITS and number != 0:
        raise _out_of_range(field)
    return number


def _out_of_range(field: str | None) -> StockcoreError:
    return StockcoreError(
        "quantity_out_of_range",
        f"a number has at most {QUANTITY_DIGITS} digits before the point",
        field=field,
    )


def _unreadable(value: str, field: str | None) -> StockcoreError:
    if _NOT_FINITE.fullmatch(value):
        return StockcoreError("quantity_not_finite", f"{value!r} is not a finite number", field=field)
    scientific = _SCIENTIFIC.fullmatch(value)
    if scientific and len(scientific[1].lstrip("0")) >= EXPONENT_DIGITS:
        return _out_of_range(field)  # said without expanding it: 1e999999999 (B005)
    return StockcoreError(
        "number_format",
        f"{value[:40]!r} is not a plain number like 10 or 0.25, without sign +, blanks and exponent",
        field=field,
    )


def read_quantity(value: object, *, field: str | None = None, zero_allowed: bool = False) -> Decimal:
    """A positive quantity in some unit.

    Errors: those of `read_decimal`, quantity_not_positive, quantity_precision.
    """
    number = read_decimal(value, field=field)
    if number < ZERO or (number == ZERO and not zero_allowed):
        least = "not be below zero" if zero_allowed else "be greater than zero"
        raise StockcoreError("quantity_not_positive", f"the quantity must {least}", field=field)
    return exact(number, field=field)


def read_integer(value: object, *, field: str | None = None, least: int = -INTEGER_MAX, most: int = INTEGER_MAX) -> int:
    """A whole number as a value, from `least` to `most`. Errors: field_required, type_error, quantity_out_of_range."""
    if value is None:
        raise StockcoreError("field_required", "a whole number is needed here", field=field)
    if isinstance(value, bool) or not isinstance(value, int):
        raise StockcoreError("type_error", f"a whole number is needed here, not {type(value).__name__}", field=field)
    if not least <= value <= most:
        raise StockcoreError("quantity_out_of_range", f"a number from {least} to {most} is needed here", field=field)
    return value


def exact(number: Decimal, *, field: str | None = None) -> Decimal:
    """The number, refused where it has more than 6 decimals that matter; never "-0"."""
    if is_too_precise(number):
        raise StockcoreError("quantity_precision", "at most 6 decimals", field=field, max_decimals=DECIMALS_MAX)
    return number if number else ZERO


def is_too_precise(number: Decimal) -> bool:
    """Whether more than 6 of its decimals matter."""
    return number != number.to_integral_value() and number != round(number, DECIMALS_MAX)


def check_step(quantity: Decimal, step: Decimal, *, field: str | None = None) -> None:
    """Refuse what is not a whole number of the unit's steps (pieces: 1, grams: 0.001); nothing is rounded."""
    whole = quantity == quantity.to_integral_value() if step == ONE else quantity % step == 0
    if not whole:
        decimals = max(0, -int(step.normalize().as_tuple().exponent))
        raise StockcoreError(
            "quantity_precision",
            f"{plain(quantity)} is not a multiple of the unit's step {plain(step)}",
            field=field,
            step=step,
            max_decimals=decimals,
        )


def whole_multiples(quantity: Decimal, multiple: Decimal) -> Decimal:
    """The most whole multiples (pairs, boxes) that fit into the quantity, as a quantity."""
    return quantity if multiple == ONE and quantity == quantity.to_integral_value() else quantity // multiple * multiple


def covering_multiples(quantity: Decimal, multiple: Decimal) -> Decimal:
    """The fewest whole multiples that a positive quantity fits into, as a quantity."""
    whole = whole_multiples(quantity, multiple)
    return whole if whole == quantity else whole + multiple


@lru_cache(maxsize=16_384)  # equal quantities have one text
def plain(quantity: Decimal) -> str:
    """As people and programs read it: `10`, `0.25`; no exponent, no trailing zeros, no `-0`."""
    if not quantity:
        return "0"
    text = str(quantity)
    if "E" in text:
        text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
