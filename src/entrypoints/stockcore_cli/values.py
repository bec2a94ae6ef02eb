"""Texts of the command line as values: read by the kernel's parsers, so that the same mistakes have the same codes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from stockcore.kernel.dates import parse_date, parse_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import read_decimal


def number(text: str, field: str = "quantity") -> Decimal:
    """Errors: those of `read_decimal`."""
    return read_decimal(text, field=field)


def number_if(text: str | None, field: str) -> Decimal | None:
    return None if text is None else read_decimal(text, field=field)


def day_if(text: str | None, field: str) -> date | None:
    return None if text is None else parse_date(text, field=field)


def instant_if(text: str | None, field: str) -> datetime | None:
    return None if text is None else parse_instant(text, field=field)


def named_quantity(text: str, field: str) -> tuple[str, Decimal]:
    """`A=2` as ("A", 2); what stands before the last `=` is the name. Errors: usage, those of `read_decimal`."""
    name, equals, quantity = text.rpartition("=")
    if not equals or not name:
        raise StockcoreError("usage", f"{text[:60]!r}: write NAME=QUANTITY, as in A=2", field=field)
    return name, read_decimal(quantity, field=field)


def priced_quantity(text: str, field: str) -> tuple[str, Decimal, Decimal | None]:
    """`A=2@1.50` as ("A", 2, 1.50); the price may be left out. Errors: usage, those of `read_decimal`."""
    name, equals, rest = text.rpartition("=")
    if not equals or not name:
        raise StockcoreError("usage", f"{text[:60]!r}: write SKU=QUANTITY or SKU=QUANTITY@PRICE", field=field)
    quantity, at, price = rest.partition("@")
    return name, read_decimal(quantity, field=field), read_decimal(price, field=field) if at else None
