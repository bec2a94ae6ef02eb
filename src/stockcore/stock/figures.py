"""Stock as it is shown. Quantities are in the variant's base unit."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

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


@attrs.frozen(kw_only=True)
class MovementView:
    """One row of the ledger. `quantity` is signed; `balance_after` is what then lay at the place in this lot and status
    (bucket on_hand) or was promised at the site (bucket reserved); `unit_cost` is per base unit.

    A promise is on the whole site: it has no location and no lot. `reference` is the number or name of what
    `reference_type` says: an order's, a shipment's, a document's, a hold's; None where there is no paper (a move).
    """

    seq: int
    recorded_at: datetime
    occurred_at: datetime
    kind: str
    bucket: str
    site: str
    location: str | None
    lot: str | None
    status: str
    quantity: Decimal
    balance_after: Decimal
    counterpart: str | None
    reference_type: str
    reference: str | None
    reason: str | None
    actor: str
    source: str
    unit_cost: Decimal | None
    posting_id: UUID


@attrs.frozen
class MovementPage:
    """Part of a SKU's history, newest first; `after` is what to ask the next part with, None at the end."""

    rows: tuple[MovementView, ...]
    after: int | None


@attrs.frozen(kw_only=True)
class PlaceFigures:
    """What lies at one place in one lot and status. `allocated` is the part of `on_hand` that is chosen for someone;
    `received_at` is when the oldest of it arrived."""

    site: str
    location: str
    lot: str | None
    expires_on: date | None
    status: str
    on_hand: Decimal
    allocated: Decimal
    received_at: datetime


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
