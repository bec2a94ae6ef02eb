"""What use cases on existing orders load and lock, in the order of DESIGN 2, and what they all do with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from stockcore.catalog.conversion import Conversions
from stockcore.catalog.records import ShareProducts, Sold, VariantsByCode
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import Work
from stockcore.kernel.quantity import ZERO, plain, read_integer
from stockcore.kernel.reading import readable
from stockcore.kernel.text import lookup_codes, normal_code, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, NewIds, Query, UnitOfWork
from stockcore.locations.records import Location, PlacesFor, PlacesForOrders, Sites
from stockcore.orders.lifecycle import UNDISPATCHED, State, shown_state
from stockcore.orders.records import (
    AllocationsWaitingWithOrders,
    LinesOfOrders,
    LockOrders,
    Order,
    OrderLine,
    Shipment,
    ShipmentsOfOrders,
    VariantsOfOrders,
)
from stockcore.orders.results import OrderChanged, ShipmentFigures
from stockcore.stock.book import Book, Posting
from stockcore.stock.desk import skus_of
from stockcore.stock.floor import Floor
from stockcore.stock.holds import release_expired
from stockcore.stock.records import (
    Allocated,
    Allocation,
    AllocationsOfOrders,
    AllocationsOfVariants,
    Backorder,
    DemandType,
    LockAllocatedOfOrders,
    LockBackorders,
    LockBackordersOfOrders,
    LockBackordersOfOrdersVariants,
    LockExpiredHolds,
    LockExpiredHoldsOfOrders,
    LockPoolsOfOrders,
    LockPoolsToEdit,
    LockQuants,
    LockQuantsOfOrders,
    LockReservationsOfOrders,
    LockReservationsWaiting,
    LockReservationsWaitingWithOrders,
    Lot,
    LotsOfOrders,
    LotsOfVariants,
    OutstandingOfOrders,
    Reservation,
)


class OrderDesk:
    """Some orders with everything about their stock. `whole` also loads what allocating and moving goods need; without
    it only what is allocated to the orders (enough to dispatch and deliver). `queue` also loads who else waits for
    these goods and what of them is chosen for whom, where more may become available. Without `lines` neither the lines
    nor what was reserved for them and is settled."""

    def __init__(
        self,
        uow: UnitOfWork,
        work: Work[Any, Any],
        numbers: Sequence[str],
        *,
        whole: bool,
        queue: bool = False,
        lines: bool = True,
        new_skus: Sequence[str] = (),
        ids_per_order: int = 24,
    ) -> None:
        self.uow = uow
        wanted = readable(numbers)
        codes = lookup_codes(new_skus)
        queries: list[Query[Any]] = [
            work.known(),
            LockOrders(wanted),
            LockPoolsToEdit(wanted, codes) if codes else LockPoolsOfOrders(wanted),
            LockBackordersOfOrders(wanted),
            LockReservationsOfOrders(wanted) if lines else OutstandingOfOrders(wanted),
            LockQuantsOfOrders(wanted) if whole else LockAllocatedOfOrders(wanted),
            ShipmentsOfOrders(wanted),
        ]
        if queue:
            queries[4:4] = [
                LockBackordersOfOrdersVariants(wanted),
                LockReservationsWaitingWithOrders(wanted),
                LockExpiredHoldsOfOrders(wanted),
            ]
            queries += [LockExpiredHolds(codes)] if codes else []
            queries += [AllocationsWaitingWithOrders(wanted)]
        if whole:
            queries += [AllocationsOfOrders(wanted), PlacesForOrders(wanted), LotsOfOrders(wanted)]
        else:
            queries += [Sites()]
        queries += [LinesOfOrders(wanted)] if lines else []
        queries += [VariantsOfOrders(wanted)] if whole else []
        queries += [ShareProducts(codes), VariantsByCode(codes)] if codes else []
        expected = ids_per_order * max(1, len(wanted))
        uow.prepare_draw(expected)
        self._new_ids = NewIds(uow, 3 * len(wanted))
        load: Any = uow.load
        answers = dict(zip(map(type, queries), load(*queries), strict=True))
        work.settle(answers[type(queries[0])])
        self._work = work
        self.changes = Changes()
        self.ids = Ids(uow, expected)
        self.book = Book(self.changes, self.ids, uow.origin)
        self.book.load_pools(answers[type(queries[2])])
        self.book.load_backorders(answers[LockBackordersOfOrders])
        self.book.load_backorders(answers.get(LockBackordersOfOrdersVariants, ()))
        self.book.load_reservations(answers[LockReservationsOfOrders if lines else OutstandingOfOrders])
        self.book.load_reservations(answers.get(LockReservationsWaitingWithOrders, ()))
        allocated: list[Allocated] = answers.get(LockAllocatedOfOrders, [])
        self.book.load_quants(answers[LockQuantsOfOrders] if whole else (each.quant for each in allocated))
        self.book.load_allocations(answers[AllocationsOfOrders] if whole else (each.allocation for each in allocated))
        self.book.load_allocations(answers.get(AllocationsWaitingWithOrders, ()))
        places: list[Location] = answers.get(PlacesForOrders) or answers.get(Sites, [])
        self.floor = Floor(places, answers.get(LotsOfOrders, ()), self.ids.now)
        self.variants_of_lines: dict[int, Sold] = {v.id: v for v in answers.get(VariantsOfOrders, ())}
        self.variants = {normal_code(v.sku): v for v in answers.get(VariantsByCode, ())}
        for named in (VariantsOfOrders, VariantsByCode):
            self.floor.load_strategies(answers.get(named, ()))
        self.conversions = Conversions()
        self.lots: dict[tuple[int, str], Lot] = {}
        self.sites = [place for place in places if place.parent is None]
        self.orders: dict[str, Order] = {order.number: order for order in answers[LockOrders]}
        self._lines: dict[UUID, list[OrderLine]] = _grouped(answers.get(LinesOfOrders, ()))
        self._shipments: dict[UUID, list[Shipment]] = _grouped(answers[ShipmentsOfOrders])
        self._reservations: _ByDemand[Reservation] = _ByDemand(self.book.reservations_by_id, _by_line)
        self._backorders: _ByDemand[Backorder] = _ByDemand(self.book.backorders, _by_id)
        self._end_holds([*answers.get(LockExpiredHoldsOfOrders, ()), *answers.get(LockExpiredHolds, ())])

    def new_id(self) -> UUID:
        return next(self._new_ids)

    def _end_holds(self, expired: Sequence[Reservation]) -> None:
        """Holds whose time is over are released, and the queue served, before these orders are looked at."""
        if not expired:
            return
        ids = tuple(sorted({hold.variant for hold in expired}))
        codes = lookup_codes(skus_of(self.uow, ids))
        places, backorders, waiting, quants, allocations, lots = self.uow.load(
            PlacesFor(codes),
            LockBackorders(ids),
            LockReservationsWaiting(ids),
            LockQuants(ids),
            AllocationsOfVariants(ids),
            LotsOfVariants(ids),
        )
        self.book.load_backorders(backorders)
        self.book.load_reservations([*expired, *waiting])
        self.book.load_quants(quants)
        self.book.load_allocations(allocations)
        self.floor.load_places(places)
        self.floor.lots.update({lot.id: lot for lot in lots})
        release_expired(self.uow, self.book, self.floor)

    def write(self) -> None:
        self._work.record(self.changes, self.ids.now)
        self.uow.write(self.changes)
        self.changes.clear()

    def order(self, number: str) -> Order:
        """Errors: field_required, type_error, unknown_order."""
        asked: object = number
        order = self.orders.get(asked.strip()) if isinstance(asked, str) else None
        if order is None:
            if not isinstance(asked, str):
                read_text(asked, field="number")
            raise StockcoreError("unknown_order", f"there is no order {number!r}", field="number", number=number)
        return order

    def lines(self, order: Order) -> list[OrderLine]:
        return self._lines.setdefault(order.id, [])

    def line(self, order: Order, line_no: int, *, field: str) -> OrderLine:
        """Errors: unknown_line, those of read_integer."""
        wanted = read_integer(line_no, field=field)
        for line in self.lines(order):
            if line.line_no == wanted:
                return line
        raise StockcoreError("unknown_line", f"order {order.number} has no line {wanted}", field=field)

    def shipments(self, order: Order) -> list[Shipment]:
        return self._shipments.setdefault(order.id, [])

    def reservations(self, order: Order) -> list[Reservation]:
        """In line order: line ids rise with the lines."""
        return self._reservations.of(order.id)

    def backorders(self, order: Order) -> list[Backorder]:
        return self._backorders.of(order.id)

    def demand_row(self, order: Order, line: OrderLine) -> Reservation | Backorder | None:
        """What stock knows of the line's demand: what it holds, or else what it waits for."""
        rows: list[Reservation | Backorder] = [*self.reservations(order), *self.backorders(order)]
        return next((row for row in rows if row.demand_line == line.id), None)

    def check_multiple(self, order: Order, line: OrderLine, change: Decimal, *, field: str) -> None:
        """So much more (or, below zero, less) is wanted: what then waits is whole multiples of the line.

        Errors: quantity_precision.
        """
        row = self.demand_row(order, line)
        if row is None:
            return
        waiting = sum((b.outstanding for b in self.backorders(order) if b.demand_line == line.id), ZERO)
        if order.state == State.RECEIVED:
            waiting = line.ordered - line.cancelled
        waits_then = max(ZERO, waiting + change)
        if waits_then % row.multiple:
            raise StockcoreError(
                "quantity_precision",
                f"{plain(waits_then)} of line {line.line_no} would wait, no multiple of {plain(row.multiple)}",
                field=field,
                step=row.multiple,
            )

    def allocations(self, order: Order) -> list[tuple[Reservation, Allocation]]:
        return [(r, a) for r in self.reservations(order) for a in self.book.allocations_of(r)]

    def posting(self, order: Order, reason: str | None = None) -> Posting:
        return Posting(self.new_id(), DemandType.ORDER, order.id, reason, None)

    def unreleased(self, order: Order) -> Decimal:
        """What is reserved for the order and in no open shipment."""
        left = ZERO
        for reservation in self.reservations(order):
            released = sum((a.quantity for a in self.book.allocations.get(reservation.id, ()) if a.release.int), ZERO)
            left += reservation.outstanding - released
        return left

    def state(self, order: Order) -> State:
        """What the order's state is shown as now."""
        remainder = self.unreleased(order) > ZERO or any(b.outstanding > ZERO for b in self.backorders(order))
        return shown_state(order.state, [s.state for s in self.shipments(order)], remainder)

    def undispatched(self, order: Order) -> list[Shipment]:
        return [shipment for shipment in self.shipments(order) if shipment.state in UNDISPATCHED]

    def changed(self, order: Order) -> OrderChanged:
        """The answer of a use case on an existing order."""
        return OrderChanged(
            order.number,
            self.state(order),
            order.version,
            tuple(
                ShipmentFigures(shipment.number, self.floor.code(shipment.site), shipment.state)
                for shipment in self.shipments(order)
            ),
        )


D = TypeVar("D", bound=Reservation | Backorder)


class _ByDemand(Generic[D]):
    """A book's reservations or backorders by who they are for; the book's may become more, never fewer."""

    def __init__(self, records: Mapping[Any, D], order: Callable[[D], Any]) -> None:
        self._records = records
        self._order = order
        self._grouped: dict[UUID, list[D]] = {}
        self._seen = 0

    def of(self, demand: UUID) -> list[D]:
        if len(self._records) != self._seen:
            self._seen = len(self._records)
            self._grouped = {}
            for record in sorted(self._records.values(), key=self._order):
                self._grouped.setdefault(record.demand_id, []).append(record)
        return self._grouped.get(demand, [])


def _by_line(reservation: Reservation) -> tuple[int, int]:
    return (reservation.demand_line.int, reservation.site)


def _by_id(backorder: Backorder) -> int:
    return backorder.id


def _grouped(records: Sequence[Any]) -> dict[UUID, list[Any]]:
    grouped: dict[UUID, list[Any]] = {}
    for record in records:
        grouped.setdefault(record.order_id, []).append(record)
    return grouped
