"""Stock as it is shown. Quantities are in the variant's base unit."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from stockcore.kernel.quantity import plain


def as_shown(quantity: Decimal) -> Decimal:
    """The same number, written as shortly as `plain` writes it: `str` gives `6`, whatever database it came from."""
    return Decimal(plain(quantity))


@attrs.frozen
class StockFigures:
    """What a site has of a SKU. available = on_hand - blocked - reserved; `shipped` is cumulative."""

    sku: str
    site: str
    on_hand: Decimal
    blocked: Decimal
    reserved: Decimal
    available: Decimal
    shipped: Decimal


@attrs.frozen
class PastStock:
    """Stock at a moment, summed from the ledger.

    `exact` is False when a posting that is still running may yet add to it. By time of occurrence a figure may dip
    below zero (goods were sent before someone noted that they had come); the SKUs and sites where it does are `dips`.
    """

    rows: tuple[StockFigures, ...]
    exact: bool
    dips: tuple[tuple[str, str], ...]


@attrs.frozen
class StockPage:
    """Part of a long list; `after` is what to ask the next part with, None at the end."""

    rows: tuple[StockFigures, ...]
    after: str | None


@attrs.frozen
class ExceptionNote:
    """Something a person must look at."""

    id: int
    code: str
    sku: str | None
    site: str | None
    order: str | None
    quantity: Decimal | None
    state: str
    raised_at: datetime
