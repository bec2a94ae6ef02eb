"""Prices and costs per unit, and currencies, read from outside."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import DECIMALS_MAX, ZERO, is_too_precise, read_decimal
from stockcore.kernel.text import read_text

CURRENCY_LENGTH: Final = 3


def read_unit_price(value: object, *, field: str | None = None) -> Decimal:
    """What one unit costs: zero or more, at most 6 decimals whatever the currency (B025); never "-0".

    Errors: those of `read_decimal`, money_negative, money_precision.
    """
    price = read_decimal(value, field=field)
    if price < ZERO:
        raise StockcoreError("money_negative", "a price or cost cannot be negative", field=field)
    if is_too_precise(price):
        raise StockcoreError(
            "money_precision",
            f"a price or cost per unit has at most {DECIMALS_MAX} decimals",
            field=field,
            max_decimals=DECIMALS_MAX,
        )
    return price if price else ZERO


def read_currency(value: object, *, field: str | None = None) -> str:
    """A currency code of the form of ISO 4217: three letters, given back in capitals.

    Only the form is checked here. Errors: those of `read_text`, currency_unknown.
    """
    code = read_text(value, field=field).upper()
    if len(code) != CURRENCY_LENGTH or not (code.isascii() and code.isalpha()):
        raise StockcoreError(
            "currency_unknown",
            f"{code[:20]!r} is not a currency code like EUR",
            field=field,
            currency=code[:20],
        )
    return code
