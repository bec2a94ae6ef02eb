"""Orders as they are shown and answered: the same document from every command and read."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import attrs


@attrs.frozen
class LineFigures:
    """In the variant's base unit: ordered = reserved + backordered + shipped + cancelled, once the order is confirmed.
    A service then counts as shipped. `id` is the line's own."""

    id: UUID
    line: int
    sku: str
    ordered: Decimal
    reserved: Decimal
    backordered: Decimal
    shipped: Decimal
    cancelled: Decimal
    price: Decimal | None
    currency: str


@attrs.frozen
class ShipmentFigures:
    number: str
    site: str
    state: str = attrs.field(converter=str)


@attrs.frozen
class OrderDocument:
    number: str
    state: str = attrs.field(converter=str)
    lines: tuple[LineFigures, ...]
    shipments: tuple[ShipmentFigures, ...] = ()
    customer: str | None = None
    reference: str | None = None
    on_hold: bool = False


@attrs.frozen
class OrderChanged:
    """After a change of an existing order: its state and its shipments'. The whole document is a read away."""

    number: str
    state: str = attrs.field(converter=str)
    version: int
    shipments: tuple[ShipmentFigures, ...]


@attrs.frozen
class CustomerDocument:
    code: str
    name: str
