"""Orders' rows (DESIGN 4). A line stores ordered, cancelled and price; what is reserved, backordered and shipped is
read from stock's reservations and backorders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import attrs

from stockcore.catalog.records import Variant
from stockcore.kernel.unit_of_work import Query
from stockcore.stock.records import Allocation, Pool


@attrs.define
class Customer:
    id: int
    code: str
    normal_code: str
    name: str
    email: str | None
    street: str | None
    city: str | None
    postcode: str | None
    country: str | None  # ISO 3166-1 alpha-2, or a name no list knows
    created_at: datetime
    created_by: str


@attrs.define
class Order:
    """`state` is the order's own (received, validated, supplier_confirmed, cancelled); from release on what is shown
    is computed from its shipments. `version` counts the changes; each has one message in the outbox."""

    id: UUID
    number: str
    kind: str  # sale, counter_sale
    customer: int | None
    reference: str | None
    currency: str
    policy: str
    ship_complete: bool
    keep_received: bool
    state: str
    on_hold: bool
    hold_reason: str | None
    priority: int
    promise: datetime | None
    strategy: str
    address: str | None  # JSON
    sites: str | None  # JSON, the only ones that may serve it; None: any
    shipment_count: int
    version: int
    history_count: int
    placed_at: datetime
    placed_by: str
    changed_at: datetime


@attrs.define
class OrderLine:
    """Quantities in the variant's base unit; `entered` units of `entered_unit`, each worth `factor` base units."""

    id: UUID
    order_id: UUID
    line_no: int
    variant: int
    ordered: Decimal
    cancelled: Decimal
    price: Decimal | None
    entered: Decimal
    entered_unit: str
    factor: Decimal
    requirement: str


@attrs.define
class HistoryEntry:
    """One transition of the order, or of one of its shipments. `sequence` has no gaps per order."""

    order_id: UUID
    sequence: int
    version: int
    shipment: UUID | None
    from_state: str | None
    to_state: str
    at: datetime
    actor: str
    source: str
    reason: str | None
    explanation: str | None


@attrs.define
class Shipment:
    """What one site sends at once. While open its content is its allocations; its lines are written at dispatch."""

    id: UUID
    order_id: UUID
    number: str
    site: int
    state: str
    created_at: datetime
    changed_at: datetime
    dispatched_at: datetime | None


@attrs.define
class ShipmentLine:
    """What was dispatched of an order line."""

    shipment: UUID
    order_line: UUID
    variant: int
    quantity: Decimal


@attrs.define
class Offer:
    """A SKU at one site as placing an order sees it: parts of its variant and its pool. `late`: holds whose time is
    over still keep some of it, somewhere."""

    id: int
    sku: str
    unit: str
    step: Decimal
    stocked: bool
    list_price: Decimal | None
    currency: str | None
    status: str
    site: int
    on_hand: Decimal
    blocked: Decimal
    reserved: Decimal
    shipped: Decimal
    last_seq: int
    last_recorded_at: datetime
    late: bool

    def pool(self) -> Pool:
        return Pool(
            self.id,
            self.site,
            self.on_hand,
            self.blocked,
            self.reserved,
            self.shipped,
            self.last_seq,
            self.last_recorded_at,
        )


@attrs.frozen
class LockOffers(Query[Offer]):
    """SKUs with one of these normal codes, at every site where they have a pool; the pools locked in key order."""

    codes: tuple[str, ...]


@attrs.frozen
class LockOrders(Query[Order]):
    """Order headers by number, locked in number order."""

    numbers: tuple[str, ...]


@attrs.frozen
class LockOrdersById(Query[Order]):
    """Order headers by id, locked in number order."""

    ids: tuple[UUID, ...]


@attrs.frozen
class LockFreeOrders(Query[Order]):
    """Order headers by id, without those that somebody else has locked; in number order."""

    ids: tuple[UUID, ...]


@attrs.frozen
class OrdersByReference(Query[Order]):
    """Orders with one of these outside references (any customer)."""

    references: tuple[str, ...]


@attrs.frozen
class LinesOfOrders(Query[OrderLine]):
    numbers: tuple[str, ...]


@attrs.frozen
class LinesById(Query[OrderLine]):
    ids: tuple[UUID, ...]


@attrs.frozen
class ShipmentsOfOrders(Query[Shipment]):
    numbers: tuple[str, ...]


@attrs.frozen
class ShipmentsOfOrdersById(Query[Shipment]):
    ids: tuple[UUID, ...]


@attrs.frozen
class CustomersByCode(Query[Customer]):
    codes: tuple[str, ...]


@attrs.frozen
class NextOrderNumbers(Query[int]):
    """Fresh numbers for orders that bring none of their own."""

    count: int


@attrs.frozen
class LinesOfCustomer(Query[OrderLine]):
    """A customer's order lines of these variants, oldest order first."""

    customer: int
    variants: tuple[int, ...]


@attrs.frozen
class AllocationsWaitingWithOrders(Query[Allocation]):
    """What is chosen for demands that wait for a variant on the lines of these orders (numbers)."""

    numbers: tuple[str, ...]


@attrs.frozen
class VariantsOfOrders(Query[Variant]):
    """The variants on the lines of these orders (numbers)."""

    numbers: tuple[str, ...]
