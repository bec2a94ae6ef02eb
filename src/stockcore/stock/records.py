"""Stock's rows: pools and quants, reservations, allocations, backorders, and the ledger that explains them all.

Quantities are Decimals in the variant's base unit. Ids are drawn under the lock; 0 stands for "none" in lot, container
and owner. Every row but the ledger's is a projection of the ledger (DESIGN 3).
"""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs

from stockcore.kernel.unit_of_work import Query

NOBODY: Final = UUID(int=0)  # no release: an allocation made when reserving (pinned)


class Status(enum.StrEnum):
    AVAILABLE = "available"
    QUARANTINE = "quarantine"
    DAMAGED = "damaged"
    EXPIRED = "expired"
    HOLD = "hold"


class MovementKind(enum.StrEnum):
    RECEIPT = "receipt"
    RESERVATION = "reservation"
    RESERVATION_RELEASE = "reservation_release"
    COMMIT = "commit"
    TRANSFER = "transfer"
    PICK = "pick"
    ADJUSTMENT = "adjustment"
    DAMAGE = "damage"
    RETURN = "return"
    SUPPLIER_RETURN = "supplier_return"
    STATUS_CHANGE = "status_change"
    COUNT = "count"
    ASSEMBLY = "assembly"
    RECLASSIFICATION = "reclassification"


class Bucket(enum.StrEnum):
    ON_HAND = "on_hand"
    RESERVED = "reserved"


class Counterpart(enum.StrEnum):
    """Where goods come from or go to beyond our own places. None of them has a balance."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    ADJUSTMENT = "adjustment"
    PRODUCTION = "production"


class DemandType(enum.StrEnum):
    ORDER = "order"
    TRANSFER = "transfer"
    ASSEMBLY = "assembly"
    PUT_BACK = "put_back"
    HOLD = "hold"
    CHANNEL = "channel"
    EXTERNAL = "external"


@attrs.define
class Pool:
    """All that one site holds of one variant. Invariant: 0 <= reserved, 0 <= blocked, reserved + blocked <= on_hand.

    `shipped` is cumulative. `last_seq` and `last_recorded_at` are those of the newest ledger row of the variant at
    the site.
    """

    variant: int
    site: int
    on_hand: Decimal
    blocked: Decimal
    reserved: Decimal
    shipped: Decimal
    last_seq: int
    last_recorded_at: datetime

    @property
    def available(self) -> Decimal:
        return self.on_hand - self.blocked - self.reserved


@attrs.define
class Quant:
    """The smallest stock record. Invariant: 0 <= allocated <= on_hand; allocated only in status available."""

    id: int
    variant: int
    site: int
    location: int
    lot: int
    status: str
    container: int
    owner: int
    on_hand: Decimal
    allocated: Decimal
    received_at: datetime  # when the oldest goods in it arrived; decides FIFO
    last_seq: int
    last_recorded_at: datetime

    @property
    def free(self) -> Decimal:
        return self.on_hand - self.allocated


@attrs.define
class Reservation:
    """What one demand line holds at one site. Outstanding is quantity - consumed - released.

    `age` orders demands made at the same instant; `promise` is when the goods are promised for; a higher `priority`
    is served first and gives way last. `requirement` (JSON, empty when any available unit will do) pins.
    """

    id: int
    demand_type: str
    demand_id: UUID
    demand_line: UUID
    variant: int
    site: int
    quantity: Decimal
    consumed: Decimal
    released: Decimal
    multiple: Decimal
    priority: int
    promise: datetime | None
    since: datetime
    age: int
    expires_at: datetime | None
    requirement: str
    sites: str  # JSON list of the candidate sites' ids, best first

    @property
    def outstanding(self) -> Decimal:
        return self.quantity - self.consumed - self.released


@attrs.define
class Allocation:
    """Part of a reservation with its exact quant chosen. `release`: the shipment it was released to, NOBODY when
    pinned and not yet released. `home`: the quant it was picked from (its own quant while not picked)."""

    reservation: int
    quant: int
    release: UUID
    home: int
    quantity: Decimal


@attrs.define
class Backorder:
    """What a demand line still waits for. Served by priority, then promise, then age. The row goes when it waits for
    nothing more; the reservation keeps its age."""

    id: int
    demand_type: str
    demand_id: UUID
    demand_line: UUID
    variant: int
    sites: str  # JSON list of site ids, best first
    outstanding: Decimal
    multiple: Decimal
    priority: int
    promise: datetime | None
    since: datetime
    age: int
    requirement: str


@attrs.define
class Movement:
    """One signed, immutable ledger row. `balance_after` is the balance of the row's own key after it: the quant's on
    hand (variant, location, lot, status, container, owner) or the pool's reserved (variant, site)."""

    seq: int
    posting_id: UUID
    kind: str
    bucket: str
    variant: int
    site: int
    location: int
    lot: int
    serial: str
    status: str
    container: int
    owner: int
    quantity: Decimal
    balance_after: Decimal
    counterpart: str | None
    reference_type: str
    reference_id: UUID
    reference_line: UUID | None
    unit_cost: Decimal | None
    reason: str | None
    actor: str
    source: str
    occurred_at: datetime
    recorded_at: datetime


@attrs.define
class Document:
    """The paper behind outer ledger rows: receipt, adjustment, return, transfer … `reference` is the outside's name
    for it (delivery note, RMA)."""

    id: UUID
    kind: str
    number: str
    state: str
    site: int
    to_site: int | None
    reference: str | None
    reason: str | None
    actor: str
    occurred_at: datetime
    recorded_at: datetime


@attrs.define
class DocumentLine:
    """Signed quantity that the document says changed on hand (a transfer's: what was sent). `settled`: how much of a
    transfer line has arrived. `reference_line`: the order line a return belongs to."""

    document: UUID
    line_no: int
    variant: int
    location: int
    lot: int
    status: str
    quantity: Decimal
    settled: Decimal
    unit_cost: Decimal | None
    reference_line: UUID | None


@attrs.define
class DemandName:
    """How the outside calls a demand of type hold or external; `id` is made from type and reference."""

    id: UUID
    type: str
    reference: str


@attrs.define
class Lot:
    id: int
    variant: int
    code: str
    supplier: str | None
    manufactured_on: date | None
    expires_on: date | None
    certificate: str | None
    attributes: str
    created_at: datetime


@attrs.define
class LotRevision:
    id: int
    lot: int
    before: str
    after: str
    actor: str
    recorded_at: datetime


@attrs.define
class Owner:
    id: int
    code: str


@attrs.define
class Container:
    id: int
    code: str
    parent: int | None


@attrs.define
class StockRecord:
    """Thresholds of a variant at a location (document 004's inventory); holds no quantity."""

    id: int
    variant: int
    location: int
    reorder_point: Decimal | None
    minimum: Decimal | None
    maximum: Decimal | None
    active: bool
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str


@attrs.define
class PostingReversal:
    """That a posting was reversed, once; `reversed_by` is the reversing posting."""

    reversed: UUID
    reversed_by: UUID


@attrs.define
class StockException:
    """Something a person must look at: a shortage, a discrepancy, goods that cannot be allocated."""

    id: int
    code: str
    variant: int | None
    site: int | None
    demand_type: str | None
    demand_id: UUID | None
    demand_line: UUID | None
    quantity: Decimal | None
    facts: str
    state: str  # open, closed
    raised_at: datetime


@attrs.define
class FollowUp:
    """That stock changed for a demand whose owner must still take note; carried out right after commit."""

    id: int
    demand_type: str
    demand_id: UUID
    what: str  # served, gave_way, expired
    facts: str
    posting_id: UUID
    recorded_at: datetime


# Queries. `variants` always are variant ids.


@attrs.frozen
class LockPoolsByCode(Query[Pool]):
    """The pools of these SKUs (normal codes) at every site."""

    codes: tuple[str, ...]


@attrs.frozen
class LockPools(Query[Pool]):
    """The pools of these variants at every site."""

    variants: tuple[int, ...]


@attrs.frozen
class LockPoolsOfOrders(Query[Pool]):
    """The pools, at every site, of all variants on the lines of these orders (numbers)."""

    numbers: tuple[str, ...]


@attrs.frozen
class LockPoolsToEdit(Query[Pool]):
    """The pools, at every site, of all variants on the lines of these orders (numbers) and of these SKUs (normal
    codes)."""

    numbers: tuple[str, ...]
    codes: tuple[str, ...]


@attrs.frozen
class LockBackorders(Query[Backorder]):
    """Open backorders of these variants."""

    variants: tuple[int, ...]


@attrs.frozen
class LockBackordersOfOrders(Query[Backorder]):
    numbers: tuple[str, ...]


@attrs.frozen
class LockReservations(Query[Reservation]):
    """Outstanding reservations of these variants."""

    variants: tuple[int, ...]


@attrs.frozen
class LockReservationsWaiting(Query[Reservation]):
    """What the demands that wait for more of these variants hold or held of them: serving the queue adds to it."""

    variants: tuple[int, ...]


@attrs.frozen
class LockReservationsWaitingWithOrders(Query[Reservation]):
    """The same for all variants on the lines of these orders (numbers)."""

    numbers: tuple[str, ...]


@attrs.frozen
class LockReservationsOfOrders(Query[Reservation]):
    numbers: tuple[str, ...]


@attrs.frozen
class OutstandingOfOrders(Query[Reservation]):
    """The reservations of these orders of which something is outstanding (guarded by the pool's lock)."""

    numbers: tuple[str, ...]


@attrs.frozen
class LockExpiredHolds(Query[Reservation]):
    """Outstanding reservations of these SKUs (normal codes) that expired by the store's clock (or `now`)."""

    codes: tuple[str, ...]


@attrs.frozen
class LockExpiredHoldsOfOrders(Query[Reservation]):
    """Outstanding reservations, of all variants on the lines of these orders (numbers), that expired."""

    numbers: tuple[str, ...]


@attrs.frozen
class ExpiredHolds(Query[Reservation]):
    """Outstanding reservations that expired by the store's clock, oldest first, at most `most`; not locked: to find the
    pools that must be locked first."""

    most: int


@attrs.frozen
class ReservationsOf(Query[Reservation]):
    """All reservations of these demands for these variants, whose pools' locks guard them."""

    demands: tuple[UUID, ...]
    variants: tuple[int, ...]


@attrs.frozen
class DemandsReservations(Query[Reservation]):
    """All reservations of these demands, unlocked: to find the pools that must be locked first."""

    demands: tuple[UUID, ...]


@attrs.frozen
class QuantsAt(Query[Quant]):
    """What lies at these places, of whatever variant."""

    places: tuple[int, ...]


@attrs.frozen
class OpenBackorders(Query[Backorder]):
    """Whatever is waited for, unlocked: to find the pools that must be locked first."""


@attrs.frozen
class LotsExpiredAt(Query[Lot]):
    """Lots whose last day was before `day` and of which something available lies at the site."""

    site: int
    day: date


@attrs.frozen
class LockQuants(Query[Quant]):
    """The quants of these variants at every site, empty ones too."""

    variants: tuple[int, ...]


@attrs.frozen
class LockQuantsOfOrders(Query[Quant]):
    """The quants of all variants on the lines of these orders that hold anything or are allocated to them."""

    numbers: tuple[str, ...]


@attrs.frozen
class AllocationsOfVariants(Query[Allocation]):
    """Allocations of outstanding reservations of these variants (guarded by the pool's lock)."""

    variants: tuple[int, ...]


@attrs.frozen
class AllocationsOfOrders(Query[Allocation]):
    numbers: tuple[str, ...]


@attrs.frozen
class AllocationsOfDemands(Query[Allocation]):
    demands: tuple[UUID, ...]


@attrs.frozen
class LotsOfVariants(Query[Lot]):
    variants: tuple[int, ...]


@attrs.frozen
class LockDocuments(Query[Document]):
    numbers: tuple[str, ...]


@attrs.frozen
class DocumentLinesOf(Query[DocumentLine]):
    documents: tuple[UUID, ...]


@attrs.frozen
class MovementsOfPosting(Query[Movement]):
    postings: tuple[UUID, ...]


@attrs.frozen
class MovementsSince(Query[Movement]):
    """The ledger rows of these variants for what happened after `since`."""

    variants: tuple[int, ...]
    since: datetime


@attrs.frozen
class ReversalsOf(Query[PostingReversal]):
    postings: tuple[UUID, ...]


@attrs.frozen
class StockRecordsOf(Query[StockRecord]):
    variants: tuple[int, ...]


@attrs.frozen
class PendingFollowUps(Query[FollowUp]):
    """The oldest follow-ups still to be carried out whose id is larger than `after`, locked."""

    after: int
    most: int


@attrs.frozen
class DemandNames(Query[DemandName]):
    ids: tuple[UUID, ...]


@attrs.frozen
class ReturnedFor(Query[DocumentLine]):
    """The document lines by which goods of these order lines came back."""

    order_lines: tuple[UUID, ...]


@attrs.frozen
class LockBackordersOfOrdersVariants(Query[Backorder]):
    """Open backorders of all variants on the lines of these orders."""

    numbers: tuple[str, ...]


@attrs.frozen
class LockReservationsOfLines(Query[Reservation]):
    """All reservations of these demand lines."""

    lines: tuple[UUID, ...]


@attrs.frozen
class Allocated:
    """An allocation with its quant."""

    allocation: Allocation
    quant: Quant


@attrs.frozen
class LockAllocatedOfOrders(Query[Allocated]):
    """The allocations of these orders (numbers; guarded by the pool's lock), their quants locked."""

    numbers: tuple[str, ...]


@attrs.frozen
class LotsOfOrders(Query[Lot]):
    """The lots of all variants on the lines of these orders (numbers)."""

    numbers: tuple[str, ...]
