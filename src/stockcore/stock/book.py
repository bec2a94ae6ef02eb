"""The book: the part of the stock that one use case has loaded and locked, and the only hand that changes it.

Every change of a quantity goes through `change_on_hand` or `_change_reserved`, which write the ledger row with its
balance; pools, quants and reservations follow. Nothing here asks a database, a clock or a die: what it needs was
loaded, and ids and the time were drawn under the locks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from stockcore.kernel.plain import to_json
from stockcore.kernel.quantity import ONE, ZERO
from stockcore.kernel.unit_of_work import ChangedMeanwhileError, Changes, Ids, Origin
from stockcore.kernel.values import value
from stockcore.stock.records import (
    NOBODY,
    Allocation,
    Backorder,
    Bucket,
    DemandType,
    FollowUp,
    Movement,
    MovementKind,
    Pool,
    Quant,
    Reservation,
    Status,
    StockException,
)

PoolKey: TypeAlias = tuple[int, int]  # variant, site
QuantKey: TypeAlias = tuple[int, int, int, str, int, int]  # variant, location, lot, status, container, owner
#: Ids as integers, which a dictionary finds several times faster.
ReservationKey: TypeAlias = tuple[int, int, int, int]  # demand, line, variant, site
BackorderKey: TypeAlias = tuple[int, int, int]  # demand, line, variant


@value
class Posting:
    """What the rows written together have in common."""

    id: UUID
    reference_type: str
    reference_id: UUID
    reason: str | None
    occurred_at: datetime | None  # None: when it is recorded


@value
class Demand:
    """Whoever wants stock: one line's wish, from the sites in `sites`, best first.

    `requirement` is JSON; empty when any available unit will do. `since` and `age` say how long it has waited.
    """

    type: str
    id: UUID
    line: UUID
    variant: int
    sites: str
    multiple: Decimal = ONE
    priority: int = 0
    promise: datetime | None = None
    since: datetime | None = None
    age: int = 0
    expires_at: datetime | None = None
    requirement: str = ""


class Book:
    """See the module. `load_…` take records as the store gave them; the rest changes them and notes what to write."""

    def __init__(self, changes: Changes, ids: Ids, origin: Origin) -> None:
        self.changes = changes
        self.now = ids.now
        self._ids = ids
        self._actor = origin.actor
        self._source = str(origin.source)
        self.pools: dict[PoolKey, Pool] = {}
        self.quants: dict[QuantKey, Quant] = {}
        self.quants_by_id: dict[int, Quant] = {}
        self.reservations: dict[ReservationKey, Reservation] = {}
        self.reservations_by_id: dict[int, Reservation] = {}
        self.allocations: dict[int, list[Allocation]] = {}  # by reservation
        self._gone: dict[tuple[int, int, UUID, int], Allocation] = {}  # given up here, should they be made again
        self._quants_at: dict[PoolKey, list[Quant]] = {}
        self.backorders: dict[BackorderKey, Backorder] = {}
        self.raised: set[int] = set()  # variants of which more became available
        self.queued: list[Demand] = []  # who has come to wait

    # -- what was loaded -----------------------------------------------------------------------------------------

    def load_pools(self, pools: Iterable[Pool]) -> None:
        for pool in pools:
            self.pools.setdefault((pool.variant, pool.site), pool)

    def load_quants(self, quants: Iterable[Quant]) -> None:
        """Errors: ChangedMeanwhileError."""
        for quant in quants:
            if quant.id not in self.quants_by_id:
                self._check_pool(quant.variant, quant.site)
                self._keep_quant(quant)

    def load_reservations(self, reservations: Iterable[Reservation]) -> None:
        """Errors: ChangedMeanwhileError."""
        for reservation in reservations:
            if reservation.id not in self.reservations_by_id:
                if reservation.outstanding > ZERO:
                    self._check_pool(reservation.variant, reservation.site)
                self._keep_reservation(reservation)

    def _check_pool(self, variant: int, site: int) -> None:
        """Who waited for the lock of a SKU's pools does not see the pool that was made meanwhile, but what lies in it.
        Errors: ChangedMeanwhileError."""
        if (variant, site) not in self.pools:
            raise ChangedMeanwhileError(f"variant {variant} has come to site {site}")

    def load_allocations(self, allocations: Iterable[Allocation]) -> None:
        for allocation in allocations:
            listed = self.allocations.setdefault(allocation.reservation, [])
            if not any(_same(allocation, other) for other in listed):
                listed.append(allocation)

    def load_backorders(self, backorders: Iterable[Backorder]) -> None:
        for backorder in backorders:
            key = (backorder.demand_id.int, backorder.demand_line.int, backorder.variant)
            self.backorders.setdefault(key, backorder)

    def _keep_quant(self, quant: Quant) -> None:
        self.quants_by_id[quant.id] = quant
        self.quants[quant_key(quant)] = quant
        self._quants_at.setdefault((quant.variant, quant.site), []).append(quant)

    def quants_at(self, variant: int, site: int) -> list[Quant]:
        """The site's quants of a variant, as far as they were loaded."""
        return self._quants_at.get((variant, site), [])

    def _keep_reservation(self, reservation: Reservation) -> None:
        self.reservations_by_id[reservation.id] = reservation
        demand, line = reservation.demand_id.int, reservation.demand_line.int
        self.reservations[(demand, line, reservation.variant, reservation.site)] = reservation

    # -- rows that may have to be made ---------------------------------------------------------------------------

    def next_id(self) -> int:
        return next(self._ids)

    def pool(self, variant: int, site: int) -> Pool:
        pool = self.pools.get((variant, site))
        if pool is None:
            pool = Pool(variant, site, ZERO, ZERO, ZERO, ZERO, 0, self.now)
            self.pools[(variant, site)] = pool
            self.changes.insert(pool)
        return pool

    def available(self, variant: int, site: int) -> Decimal:
        pool = self.pools.get((variant, site))
        return ZERO if pool is None else pool.available

    def quant(
        self,
        variant: int,
        site: int,
        location: int,
        *,
        lot: int = 0,
        status: str = Status.AVAILABLE,
        container: int = 0,
        owner: int = 0,
    ) -> Quant:
        key = (variant, location, lot, status, container, owner)
        quant = self.quants.get(key)
        if quant is None:
            quant = Quant(
                self.next_id(),
                variant,
                site,
                location,
                lot,
                str(status),
                container,
                owner,
                ZERO,
                ZERO,
                self.now,
                0,
                self.now,
            )
            self._keep_quant(quant)
            self.changes.insert(quant)
        return quant

    def beside(self, quant: Quant, *, location: int | None = None, status: str | None = None) -> Quant:
        """The quant that these goods belong to at another place of the site or in another status."""
        return self.quant(
            quant.variant,
            quant.site,
            quant.location if location is None else location,
            lot=quant.lot,
            status=quant.status if status is None else status,
            container=quant.container,
            owner=quant.owner,
        )

    # -- on hand -------------------------------------------------------------------------------------------------

    def change_on_hand(
        self,
        posting: Posting,
        kind: MovementKind,
        quant: Quant,
        change: Decimal,
        *,
        counterpart: str | None = None,
        unit_cost: Decimal | None = None,
        line: UUID | None = None,
        received_at: datetime | None = None,
    ) -> None:
        """One ledger row for goods that come to a quant or leave it; its pool follows."""
        pool = self.pool(quant.variant, quant.site)
        came_at = received_at or posting.occurred_at or self.now
        if change > ZERO and (quant.on_hand == ZERO or came_at < quant.received_at):
            quant.received_at = came_at
        quant.on_hand += change
        pool.on_hand += change
        if quant.status != Status.AVAILABLE:
            pool.blocked += change
        elif change > ZERO:
            self.raised.add(quant.variant)
        recorded_at = max(self.now, quant.last_recorded_at, pool.last_recorded_at)
        seq = self.next_id()
        quant.last_seq = pool.last_seq = seq
        quant.last_recorded_at = pool.last_recorded_at = recorded_at
        self.changes.update(quant)
        self.changes.update(pool)
        self.changes.append(
            Movement(
                seq,
                posting.id,
                kind,
                Bucket.ON_HAND,
                quant.variant,
                quant.site,
                quant.location,
                quant.lot,
                "",
                quant.status,
                quant.container,
                quant.owner,
                change,
                quant.on_hand,
                counterpart,
                posting.reference_type,
                posting.reference_id,
                line,
                unit_cost,
                posting.reason,
                self._actor,
                self._source,
                posting.occurred_at or recorded_at,
                recorded_at,
            )
        )

    def move(
        self,
        posting: Posting,
        kind: MovementKind,
        from_quant: Quant,
        to_quant: Quant,
        quantity: Decimal,
        *,
        line: UUID | None = None,
    ) -> None:
        """Goods from one quant to another: two inner rows that sum to zero."""
        self.change_on_hand(posting, kind, from_quant, -quantity, line=line)
        self.change_on_hand(posting, kind, to_quant, quantity, line=line, received_at=from_quant.received_at)

    # -- reserved ------------------------------------------------------------------------------------------------

    def _change_reserved(
        self, posting: Posting, kind: MovementKind, pool: Pool, reservation: Reservation, change: Decimal
    ) -> None:
        pool.reserved += change
        recorded_at = self.now if self.now >= pool.last_recorded_at else pool.last_recorded_at
        # a promise is given and withdrawn when we decide it, whatever entered late it is decided by
        occurred_at = (posting.occurred_at if kind is MovementKind.COMMIT else None) or recorded_at
        seq = self.next_id()
        pool.last_seq = seq
        pool.last_recorded_at = recorded_at
        self.changes.update(pool)
        self.changes.append(
            Movement(
                seq,
                posting.id,
                kind,
                Bucket.RESERVED,
                pool.variant,
                pool.site,
                pool.site,
                0,
                "",
                Status.AVAILABLE,
                0,
                0,
                change,
                pool.reserved,
                None,
                reservation.demand_type,
                reservation.demand_id,
                reservation.demand_line,
                None,
                posting.reason,
                self._actor,
                self._source,
                occurred_at,
                recorded_at,
            )
        )

    def note_demand(self, demand: Demand, site: int) -> Reservation:
        """A demand that is promised nothing yet, so that it can be tried again with its sites, multiple and age."""
        return self._reservation(demand, site, ZERO)

    def reserve(self, posting: Posting, demand: Demand, site: int, quantity: Decimal) -> Reservation:
        """Promise `quantity` of what is available at the site to a demand. The caller has looked at what is there."""
        pool = self.pools[(demand.variant, site)]
        reservation = self._reservation(demand, site, quantity)
        self._change_reserved(posting, MovementKind.RESERVATION, pool, reservation, quantity)
        return reservation

    def _reservation(self, demand: Demand, site: int, quantity: Decimal) -> Reservation:
        key = (demand.id.int, demand.line.int, demand.variant, site)
        reservation = self.reservations.get(key)
        if reservation is None:
            number = self.next_id()
            reservation = Reservation(
                number,
                demand.type,
                demand.id,
                demand.line,
                demand.variant,
                site,
                quantity,
                ZERO,
                ZERO,
                demand.multiple,
                demand.priority,
                demand.promise,
                demand.since or self.now,
                demand.age or number,
                demand.expires_at,
                demand.requirement,
                demand.sites,
            )
            self._keep_reservation(reservation)
            self.changes.insert(reservation)
        else:
            reservation.quantity += quantity
            self.changes.update(reservation)
        return reservation

    def release(self, posting: Posting, reservation: Reservation, quantity: Decimal) -> None:
        """Withdraw part of a promise; its allocations have been given up by the caller."""
        pool = self.pools[(reservation.variant, reservation.site)]
        reservation.released += quantity
        self.changes.update(reservation)
        self._change_reserved(posting, MovementKind.RESERVATION_RELEASE, pool, reservation, -quantity)
        self.raised.add(reservation.variant)

    def consume(self, posting: Posting, reservation: Reservation, quantity: Decimal) -> None:
        """The promise is kept: the goods have left for a customer (the caller posts their on-hand rows). A demand whose
        goods stay ours must not end here: `shipped` is what went to customers, and verify holds it to those rows."""
        pool = self.pools[(reservation.variant, reservation.site)]
        reservation.consumed += quantity
        pool.shipped += quantity
        self.changes.update(reservation)
        self._change_reserved(posting, MovementKind.COMMIT, pool, reservation, -quantity)

    # -- allocations: work, not ledger ---------------------------------------------------------------------------

    def allocate(
        self,
        reservation: Reservation,
        quant: Quant,
        quantity: Decimal,
        *,
        release: UUID = NOBODY,
        home: int | None = None,
    ) -> Allocation:
        home = quant.id if home is None else home
        listed = self.allocations.setdefault(reservation.id, [])
        quant.allocated += quantity
        self.changes.update(quant)
        for allocation in listed:
            if allocation.quant == quant.id and allocation.release == release and allocation.home == home:
                allocation.quantity += quantity
                self.changes.update(allocation)
                return allocation
        gone = self._gone.pop((reservation.id, quant.id, release, home), None)
        if gone is not None:
            gone.quantity = quantity
            self.changes.restore(gone)
            listed.append(gone)
            return gone
        made = Allocation(reservation.id, quant.id, release, home, quantity)
        listed.append(made)
        self.changes.insert(made)
        return made

    def deallocate(self, allocation: Allocation, quantity: Decimal) -> None:
        quant = self.quants_by_id[allocation.quant]
        quant.allocated -= quantity
        self.changes.update(quant)
        allocation.quantity -= quantity
        if allocation.quantity == ZERO:
            self.allocations[allocation.reservation].remove(allocation)
            self.changes.delete(allocation)
            self._gone[(allocation.reservation, allocation.quant, allocation.release, allocation.home)] = allocation
        else:
            self.changes.update(allocation)

    def allocations_of(self, reservation: Reservation) -> list[Allocation]:
        return list(self.allocations.get(reservation.id, ()))

    def allocated(self, reservation: Reservation) -> Decimal:
        return sum((allocation.quantity for allocation in self.allocations.get(reservation.id, ())), ZERO)

    # -- backorders ----------------------------------------------------------------------------------------------

    def backorder_of(self, reservation: Reservation) -> Backorder | None:
        """What the same demand still waits for."""
        return self.backorders.get((reservation.demand_id.int, reservation.demand_line.int, reservation.variant))

    def backorder(self, demand: Demand, quantity: Decimal) -> Backorder:
        """A demand waits for (more of) its goods, in the place its age gives it."""
        self.queued.append(demand)
        key = (demand.id.int, demand.line.int, demand.variant)
        backorder = self.backorders.get(key)
        if backorder is None:
            number = self.next_id()
            backorder = Backorder(
                number,
                demand.type,
                demand.id,
                demand.line,
                demand.variant,
                demand.sites,
                quantity,
                demand.multiple,
                demand.priority,
                demand.promise,
                demand.since or self.now,
                demand.age or number,
                demand.requirement,
            )
            self.backorders[key] = backorder
            self.changes.insert(backorder)
        else:
            if backorder.outstanding == ZERO:
                self.changes.restore(backorder)
            backorder.outstanding += quantity
            self.changes.update(backorder)
        return backorder

    def settle_backorder(self, backorder: Backorder, quantity: Decimal) -> None:
        """Less is waited for: it was served, or is no longer wanted. One that waits for nothing goes."""
        backorder.outstanding -= quantity
        if backorder.outstanding == ZERO:
            self.changes.delete(backorder)
        else:
            self.changes.update(backorder)

    def waiting(self, variant: int) -> list[Backorder]:
        """Open backorders of a variant in the order in which they are served."""
        waiting = [b for b in self.backorders.values() if b.variant == variant and b.outstanding > ZERO]
        return sorted(waiting, key=_served_first)

    # -- notes ---------------------------------------------------------------------------------------------------

    def raise_exception(
        self,
        code: str,
        *,
        variant: int | None = None,
        site: int | None = None,
        demand: Demand | None = None,
        quantity: Decimal | None = None,
        **facts: Any,
    ) -> None:
        """Something that a person must look at; with a demand, its variant."""
        self.changes.append(
            StockException(
                self.next_id(),
                code,
                variant if demand is None else demand.variant,
                site,
                None if demand is None else demand.type,
                None if demand is None else demand.id,
                None if demand is None else demand.line,
                quantity,
                to_json(facts),
                "open",
                self.now,
            )
        )

    def follow_up(self, posting: Posting, demand_type: str, demand_id: UUID, what: str, **facts: Any) -> None:
        """Stock changed for an order that this use case does not hold: its owner takes note right after commit."""
        if demand_type == DemandType.ORDER:
            number = self.next_id()
            self.changes.append(FollowUp(number, demand_type, demand_id, what, to_json(facts), posting.id, self.now))


def quant_key(quant: Quant) -> QuantKey:
    return (quant.variant, quant.location, quant.lot, quant.status, quant.container, quant.owner)


def _same(one: Allocation, other: Allocation) -> bool:
    return one.quant == other.quant and one.release == other.release and one.home == other.home


def _served_first(backorder: Backorder) -> tuple[Any, ...]:
    promise = backorder.promise.timestamp() if backorder.promise is not None else float("inf")
    return (-backorder.priority, promise, backorder.since, backorder.age)


def sites_of(text: str) -> list[int]:
    """Candidate sites as stored with a demand."""
    sites: list[int] = json.loads(text)
    return sites


def demand_of(row: Reservation | Backorder) -> Demand:
    """The demand that a reservation or backorder stands for."""
    return Demand(
        type=row.demand_type,
        id=row.demand_id,
        line=row.demand_line,
        variant=row.variant,
        sites=row.sites,
        multiple=row.multiple,
        priority=row.priority,
        promise=row.promise,
        since=row.since,
        age=row.age,
        requirement=row.requirement,
    )
