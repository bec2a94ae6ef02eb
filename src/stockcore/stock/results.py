"""What stock's commands answer. Quantities are in the variant's base unit, without trailing zeros as in every read."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import attrs

from stockcore.stock.figures import as_shown


@attrs.frozen
class StockChange:
    """After a posting: what changed, and what the site has of the SKU now. `missing`: what could not be taken."""

    posting_id: UUID
    document: str | None
    sku: str
    site: str
    quantity: Decimal = attrs.field(converter=as_shown)
    on_hand: Decimal = attrs.field(converter=as_shown)
    blocked: Decimal = attrs.field(converter=as_shown)
    reserved: Decimal = attrs.field(converter=as_shown)
    available: Decimal = attrs.field(converter=as_shown)
    missing: Decimal = attrs.field(default=Decimal(0), converter=as_shown)


@attrs.frozen
class TransferredLine:
    """Of a transfer: how much of a SKU (and lot) was sent, and how much of it has arrived, in whatever status."""

    line: int
    sku: str
    lot: str | None
    sent: Decimal = attrs.field(converter=as_shown)
    arrived: Decimal = attrs.field(converter=as_shown)


@attrs.frozen
class TransferDocument:
    """A line that was asked for and is served from several lots is several lines here; they are received by number."""

    number: str
    state: str  # in_transit, received
    from_site: str
    to_site: str
    posting_id: UUID
    lines: tuple[TransferredLine, ...] = ()


@attrs.frozen
class ReservedPart:
    site: str
    quantity: Decimal = attrs.field(converter=as_shown)


@attrs.frozen
class ReservationDocument:
    """What a hold or outside order holds of a SKU after the command."""

    reference: str
    demand_type: str
    sku: str | None
    reserved: Decimal = attrs.field(converter=as_shown)
    parts: tuple[ReservedPart, ...]


@attrs.frozen
class Expired:
    """How many holds or lots' quants ended."""

    count: int


@attrs.frozen
class Served:
    """How many demand lines that waited were given something."""

    count: int


@attrs.frozen
class RecordSet:
    sku: str
    site: str
    location: str | None
