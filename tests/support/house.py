"""A company to try things on: a few words for what tests do all the time, on whichever store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

import attrs
import sqlalchemy as sa

from stockcore.catalog.commands import AddPackaging, AddProduct
from stockcore.catalog.records import Variant
from stockcore.catalog.use_cases import ADD_PACKAGING, ADD_PRODUCT
from stockcore.kernel.execution import UseCase, execute
from stockcore.kernel.results import Accepted, Outcome, Rejected, value_of
from stockcore.kernel.unit_of_work import Origin, Store
from stockcore.locations.commands import AddLocation, AddSite
from stockcore.locations.records import Location
from stockcore.locations.use_cases import ADD_LOCATION, add_site
from stockcore.orders.cancelling import CANCEL_ORDER
from stockcore.orders.commands import AdvanceOrder, CancelOrder, LineRequest, PlaceOrder
from stockcore.orders.following import follow_up_orders
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.lifecycle import UNDISPATCHED, shown_state
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.records import Order, OrderLine, Shipment
from stockcore.orders.results import OrderChanged, OrderDocument
from stockcore.stock.commands import ReceiveStock, ReserveStock
from stockcore.stock.records import (
    Allocation,
    Backorder,
    Movement,
    Pool,
    Quant,
    Reservation,
    StockException,
)
from stockcore.stock.reserving import RESERVE_STOCK
from stockcore.stock.results import ReservationDocument, StockChange
from stockcore.stock.use_cases import RECEIVE_STOCK
from stockcore_memory import MemoryStore
from stockcore_sql.carrying import SHAPES
from stockcore_sql.stores import SqlStore
from stockcore_sql.verify import verify

R = TypeVar("R")
T = TypeVar("T")

#: A quantity that tests compare with plain numbers.
Figure: TypeAlias = Decimal | int

ANN: Final = Origin(actor="ann")
MORNING: Final = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
_NOTHING: Final = Decimal(0)


def d(number: str | int) -> Decimal:
    return Decimal(number)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_time(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@attrs.frozen
class Figures:
    """Of one order line."""

    ordered: Figure
    reserved: Figure
    backordered: Figure
    shipped: Figure
    cancelled: Figure


class House:
    """Products, sites, stock and orders of one store; everything is done by Ann."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def stop_the_clock(self, now: datetime = MORNING) -> Clock:
        """From now on the store's time is what the test says."""
        clock = Clock(now)
        assert isinstance(self.store, (MemoryStore, SqlStore))
        self.store.clock = clock
        return clock

    # -- doing ---------------------------------------------------------------------------------------------------

    def run(self, use_case: UseCase[Any, R], *commands: Any, **options: Any) -> list[Outcome[R]]:
        return execute(self.store, use_case, commands, origin=ANN, **options)

    def do(self, use_case: UseCase[Any, R], command: Any) -> R:
        """The result of a command that must be accepted."""
        [outcome] = self.run(use_case, command)
        return value_of(outcome)

    def refused(self, use_case: UseCase[Any, Any], command: Any) -> Rejected:
        """The refusal of a command that must be refused."""
        [outcome] = self.run(use_case, command)
        assert isinstance(outcome, Rejected), outcome
        return outcome

    def follow_up(self) -> int:
        return follow_up_orders(self.store, ANN)

    # -- a world -------------------------------------------------------------------------------------------------

    def product(self, *skus: str, **fields: Any) -> None:
        for outcome in self.run(ADD_PRODUCT, *(AddProduct(sku=sku, name=sku, **fields) for sku in skus)):
            value_of(outcome)

    def packaging(self, sku: str, code: str, numerator: int, denominator: int = 1) -> None:
        self.do(ADD_PACKAGING, AddPackaging(sku=sku, code=code, numerator=numerator, denominator=denominator))

    def site(self, *codes: str, **fields: Any) -> None:
        for outcome in self.run(add_site(), *(AddSite(code=code, name=code, **fields) for code in codes)):
            value_of(outcome)

    def place(self, site: str, *codes: str, **fields: Any) -> None:
        for outcome in self.run(ADD_LOCATION, *(AddLocation(site=site, code=code, **fields) for code in codes)):
            value_of(outcome)

    def receive(self, sku: str, quantity: str | int, site: str = "LEEDS", **fields: Any) -> StockChange:
        return self.do(RECEIVE_STOCK, ReceiveStock(sku=sku, site=site, quantity=d(quantity), **fields))

    def order(self, *lines: tuple[str, str | int] | LineRequest, **fields: Any) -> OrderDocument:
        """An order that must be accepted."""
        return self.do(PLACE_ORDER, order(*lines, **fields))

    def advance(self, number: str, to: str, **fields: Any) -> OrderChanged:
        return self.do(ADVANCE_ORDER, AdvanceOrder(number=number, to=to, **fields))

    def cancel(self, number: str) -> OrderChanged:
        return self.do(CANCEL_ORDER, CancelOrder(number=number))

    def reserve(self, sku: str, quantity: str | int, reference: str, **fields: Any) -> ReservationDocument:
        return self.do(RESERVE_STOCK, ReserveStock(sku=sku, quantity=d(quantity), reference=reference, **fields))

    # -- looking -------------------------------------------------------------------------------------------------

    def rows(self, record: type[T]) -> list[T]:
        """All rows of a record class, by key."""
        if isinstance(self.store, MemoryStore):
            return self.store.rows(record)
        assert isinstance(self.store, SqlStore)
        shape = SHAPES[record]
        columns = [shape.table.c[name] for name in shape.columns]
        with self.store.engine.connect() as connection:
            found = connection.execute(sa.select(*columns).order_by(*shape.table.primary_key)).all()
        return [record(**row._mapping) for row in found]

    def variant(self, sku: str) -> Variant:
        return next(variant for variant in self.rows(Variant) if variant.sku == sku)

    def location(self, site: str, code: str | None = None) -> Location:
        places = self.rows(Location)
        root = next(place for place in places if place.code == site and place.parent is None)
        if code is None:
            return root
        return next(place for place in places if place.site == root.id and place.code == code)

    def pool(self, sku: str, site: str = "LEEDS") -> Pool:
        """What the site has of the SKU; all zero where it has no history."""
        variant, number = self.variant(sku).id, self.location(site).id
        for pool in self.rows(Pool):
            if (pool.variant, pool.site) == (variant, number):
                return pool
        return Pool(variant, number, _NOTHING, _NOTHING, _NOTHING, _NOTHING, 0, MORNING)

    def stock(self, sku: str, site: str = "LEEDS") -> tuple[Figure, Figure, Figure]:
        """On hand, reserved, available."""
        pool = self.pool(sku, site)
        return pool.on_hand, pool.reserved, pool.available

    def at(self, sku: str, site: str, place: str, status: str = "available", lot: str | None = None) -> Figure:
        """What lies at one place in one status."""
        variant, location = self.variant(sku).id, self.location(site, place).id
        lots = self.lots()
        return sum(
            (
                quant.on_hand
                for quant in self.rows(Quant)
                if (quant.variant, quant.location, quant.status) == (variant, location, status)
                and (lot is None or lots[quant.lot] == lot)
            ),
            _NOTHING,
        )

    def lots(self) -> dict[int, str]:
        from stockcore.stock.records import Lot

        return {lot.id: lot.code for lot in self.rows(Lot)}

    def header(self, number: str) -> Order:
        return next(order for order in self.rows(Order) if order.number == number)

    def lines(self, number: str) -> list[Figures]:
        """The figures of an order's lines, in line order."""
        order = self.header(number)
        lines = sorted((x for x in self.rows(OrderLine) if x.order_id == order.id), key=lambda line: line.line_no)
        reservations, backorders = self.rows(Reservation), self.rows(Backorder)
        return [self._figures(line, reservations, backorders) for line in lines]

    def _figures(self, line: OrderLine, reservations: list[Reservation], backorders: list[Backorder]) -> Figures:
        mine = [reservation for reservation in reservations if reservation.demand_line == line.id]
        return Figures(
            line.ordered,
            sum((reservation.outstanding for reservation in mine), _NOTHING),
            sum((backorder.outstanding for backorder in backorders if backorder.demand_line == line.id), _NOTHING),
            sum((reservation.consumed for reservation in mine), _NOTHING),
            line.cancelled,
        )

    def line(self, number: str) -> tuple[Figure, Figure, Figure]:
        """Reserved, backordered and shipped of an order's only line."""
        [figures] = self.lines(number)
        return figures.reserved, figures.backordered, figures.shipped

    def line_ids(self, number: str) -> list[UUID]:
        order = self.header(number)
        lines = sorted((x for x in self.rows(OrderLine) if x.order_id == order.id), key=lambda line: line.line_no)
        return [line.id for line in lines]

    def shipments(self, number: str) -> list[Shipment]:
        order = self.header(number)
        return [shipment for shipment in self.rows(Shipment) if shipment.order_id == order.id]

    def state(self, number: str) -> str:
        """What an order's state is shown as."""
        order = self.header(number)
        shipments = self.shipments(number)
        open_ids = {shipment.id for shipment in shipments if shipment.state in UNDISPATCHED}
        mine = {r.id for r in self.rows(Reservation) if r.demand_id == order.id}
        released = sum(
            (a.quantity for a in self.rows(Allocation) if a.reservation in mine and a.release in open_ids), _NOTHING
        )
        figures = self.lines(number)
        remainder = sum((f.reserved + f.backordered for f in figures), _NOTHING) > released
        return shown_state(order.state, [shipment.state for shipment in shipments], remainder).value

    def exceptions(self) -> list[str]:
        return [exception.code for exception in self.rows(StockException)]

    def ledger(self, bucket: str = "on_hand") -> list[Movement]:
        return [movement for movement in self.rows(Movement) if movement.bucket == bucket]

    # -- proving -------------------------------------------------------------------------------------------------

    def prove(self) -> None:
        """The books are whole: verify's invariants on a database, the same sums by hand in memory."""
        self.follow_up()
        if isinstance(self.store, SqlStore):
            report = verify(self.store.engine)
            broken = {i["name"]: i["violations"][:3] for i in report["invariants"] if i["violation_count"]}
            assert report["ok"], broken
            return
        for pool in self.rows(Pool):
            key = (pool.variant, pool.site)
            assert pool.on_hand == _sum(q.on_hand for q in self.rows(Quant) if (q.variant, q.site) == key)
            mine = [r for r in self.rows(Reservation) if (r.variant, r.site) == key]
            assert pool.reserved == _sum(r.outstanding for r in mine)
            rows = [m for m in self.rows(Movement) if (m.variant, m.site) == key]
            assert pool.on_hand == _sum(m.quantity for m in rows if m.bucket == "on_hand")
            assert pool.reserved == _sum(m.quantity for m in rows if m.bucket == "reserved")
        for quant in self.rows(Quant):
            assert quant.allocated == _sum(a.quantity for a in self.rows(Allocation) if a.quant == quant.id)


def _sum(quantities: Iterator[Decimal]) -> Decimal:
    return sum(quantities, _NOTHING)


def order(*lines: tuple[str, str | int] | LineRequest, **fields: Any) -> PlaceOrder:
    """A command: lines as (SKU, quantity), or written out."""
    requests = [x if isinstance(x, LineRequest) else LineRequest(sku=x[0], quantity=d(x[1])) for x in lines]
    return PlaceOrder(lines=tuple(requests), **fields)


def accepted(outcomes: Sequence[Outcome[R]]) -> list[R]:
    """The results of those commands of a batch that were accepted."""
    return [outcome.result for outcome in outcomes if isinstance(outcome, Accepted)]


def codes(outcomes: Sequence[Outcome[Any]]) -> list[str]:
    """The codes of those that were refused."""
    return [outcome.code for outcome in outcomes if isinstance(outcome, Rejected)]


def together(*works: Callable[[], T]) -> list[T]:
    """Run these at the same moment, each in a thread of its own; their results, in order. An error is raised here."""
    start = threading.Barrier(len(works))
    results: dict[int, T] = {}
    errors: list[BaseException] = []

    def begin(index: int, work: Callable[[], T]) -> None:
        start.wait()
        try:
            results[index] = work()
        except BaseException as error:  # noqa: BLE001 - raised again where the threads are joined
            errors.append(error)

    threads = [threading.Thread(target=begin, args=(index, work)) for index, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[index] for index in range(len(works))]


@contextmanager
def proven(store: Store) -> Iterator[House]:
    """A house whose books are proved at the end of the test."""
    house = House(store)
    yield house
    house.prove()
