"""The replay itself: the file's history carried out by the engine, in simulated time, in few transactions.

Every event is a handful of use cases in an open transaction; after some thousand rows it commits together with the
replay's progress. Events that read the whole database (ordering supply, dispatch, delivery) begin a transaction of
their own, because they ask it from outside.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs

from stockcore.catalog.commands import AddProduct, ChangeProduct
from stockcore.catalog.records import VariantsByCode
from stockcore.catalog.use_cases import ADD_PRODUCT, CHANGE_PRODUCT
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import BATCH_MAX, UseCase, carry_out
from stockcore.kernel.quantity import ZERO
from stockcore.kernel.records import LockSettings, Setting
from stockcore.kernel.results import Outcome, Rejected, value_of
from stockcore.kernel.text import NOTE_MAX, TEXT_MAX, lookup_codes, normal_code
from stockcore.kernel.unit_of_work import Changes, Origin, Source, UnitOfWork
from stockcore.locations.commands import AddSite
from stockcore.locations.use_cases import ADD_SITE
from stockcore.orders.cancelling import CANCEL_LINES
from stockcore.orders.commands import AddCustomer, AdvanceOrder, CancelLines, LineCancel, LineRequest, PlaceOrder
from stockcore.orders.customers import ADD_CUSTOMER
from stockcore.orders.following import follow_up_orders
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import AUTOMATIC, PLACE_ORDER
from stockcore.orders.records import CustomersByCode, LinesOfCustomer, LockOrdersById, OrderLine
from stockcore.orders.results import OrderDocument
from stockcore.stock.commands import AdjustStock, ReceiveStock, ReturnStock
from stockcore.stock.records import LockReservationsOfLines, ReturnedFor, Status
from stockcore.stock.use_cases import ADJUST_STOCK, RECEIVE_STOCK, RETURN_STOCK
from stockcore_replay import calendars, supply
from stockcore_replay.books import Books
from stockcore_replay.categories import Category
from stockcore_replay.countries import country
from stockcore_replay.giving_back import Bought, GivenBack, give_back
from stockcore_replay.parameters import Parameters, table
from stockcore_replay.progress import SETTING, Progress, count
from stockcore_replay.report import CURRENCY
from stockcore_replay.source import SourceRow, content_digest, kept_text, read_rows
from stockcore_replay.timeline import (
    Arrival,
    Delivery,
    Dispatch,
    Entry,
    Event,
    Invoice,
    Order,
    Outline,
    SupplyOrder,
    events,
    outline,
)
from stockcore_sql.connecting import translated
from stockcore_sql.stores import SqlStore

SITE: Final = "MAIN"
ORIGIN: Final = Origin("replay", Source.IMPORT)
ROWS_PER_TRANSACTION: Final = 2000

C = TypeVar("C", bound=Any)
R = TypeVar("R")
Tick = Callable[[int], None]  # told how many rows of the file were just replayed, or were before


@attrs.define
class SimulatedClock:
    """The time that the replay says it is."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@attrs.define
class _Known:
    """What the replay remembers of the catalogue, so as not to ask for it again and again."""

    skus: dict[str, Decimal | None]  # normalised code → unit cost, None while no price is known
    customers: set[str]


class Replay:
    """One file in one database. Errors: not_empty, busy (another one is at it), and those of reading the file."""

    def __init__(
        self,
        url: str,
        path: Path,
        parameters: Parameters,
        *,
        rows_per_transaction: int = ROWS_PER_TRANSACTION,
        tick: Tick | None = None,
    ) -> None:
        self.clock = SimulatedClock(datetime(1970, 1, 1, tzinfo=UTC))
        self.store = SqlStore(url, clock=self.clock)
        self.books = Books(self.store)
        self.parameters = parameters
        self._path = path
        self._rows_per_transaction = rows_per_transaction
        self._tick = tick if tick is not None else lambda _: None
        self._ticked = 0
        self.plan: Outline = outline(read_rows(path))
        self.progress = Progress(content_digest(path), {row.name: row.value for row in table(parameters)})
        self._invoices = {span.invoice for span in self.plan.spans}
        self._known = _Known({}, set())
        self._saved = ""  # the progress as the database has it

    def run(self) -> None:
        """Carry out what is not yet done; a complete replay changes nothing. What fails at the database ends it, and
        the next run goes on."""
        with translated():
            self._begin_alone()
            if not self.progress.finished:
                self._go_on()

    def _go_on(self) -> None:
        pending = events(read_rows(self._path), self.plan, self.parameters)
        self._pass_over(islice(pending, self.progress.events_done))
        with _seldom_collecting():
            for batch in self._batches(pending):
                self._carry_out(batch)
        with self.store.transaction(ORIGIN) as uow:
            self._claim(uow)
            self.progress.finished = True
            self._save(uow)
        self._tell(self.plan.total - self._ticked)  # rows that are of no invoice

    # -- transactions --------------------------------------------------------------------------------------------

    def _begin_alone(self) -> None:
        """Errors: not_empty, busy."""
        self.store.check_schema()
        try:
            self._begin()
        except StockcoreError:
            if self._is_of(self.books.setting(SETTING)) and not self.books.has_others(ORIGIN.actor):
                raise _busy() from None  # somebody else began it at the same moment
            raise

    def _is_of(self, stored: str | None) -> bool:
        return stored is not None and Progress.of_json(stored).is_same(self.progress)

    def _begin(self) -> None:
        stored = self.books.setting(SETTING)
        if stored is not None and self._is_of(stored) and not self.books.has_others(ORIGIN.actor):
            self.progress = Progress.of_json(stored)
            self._saved = stored
            self._known = _Known(self.books.costs(), self.books.customers())
            return
        if stored is not None or not self.books.is_empty():
            raise StockcoreError("not_empty", "the database holds other data than this replay's: give it an empty one")
        if self.plan.first_at is not None and self.plan.last_at is not None:  # else no row can be read
            self.clock.now = self.plan.first_at
            self.books.make_partitions(self.plan.first_at, self.plan.last_at)
        with self.store.transaction(ORIGIN) as uow:
            if self.plan.first_at is not None:
                site = AddSite(code=SITE, name="Wholesale warehouse", time_zone="Europe/London", country="GB")
                _all_done(carry_out(uow, ADD_SITE, [site]))
            changes = Changes()
            self._saved = self.progress.to_json()
            changes.insert(Setting(SETTING, self._saved))
            uow.write(changes)

    def _pass_over(self, done: Iterator[Event]) -> None:
        """What an earlier run did. It may have died after a commit, before the orders took note of it."""
        last: Event | None = None
        for event in done:
            last = event
            self._tell(_rows_of(event))
        if last is not None:
            self.clock.now = last.at
            follow_up_orders(self.store, ORIGIN)

    def _claim(self, uow: UnitOfWork) -> None:
        """The progress is locked until the end of the transaction. Errors: busy, where somebody else went on."""
        (stored,) = uow.load(LockSettings((SETTING,)))
        if stored.value != self._saved:
            raise _busy()

    def _save(self, uow: UnitOfWork) -> None:
        changes = Changes()
        self._saved = self.progress.to_json()
        changes.update(Setting(SETTING, self._saved))
        uow.write(changes)

    def _batches(self, pending: Iterator[Event]) -> Iterator[list[Event]]:
        """Events that go into one transaction: invoices up to so many rows; anything else alone."""
        batch: list[Event] = []
        rows = 0
        for event in pending:
            if not isinstance(event, Invoice):
                if batch:
                    yield batch
                yield [event]
                batch, rows = [], 0
                continue
            batch.append(event)
            rows += _rows_of(event)
            if rows >= self._rows_per_transaction:
                yield batch
                batch, rows = [], 0
        if batch:
            yield batch

    def _carry_out(self, batch: Sequence[Event]) -> None:
        self.clock.now = batch[0].at
        first = batch[0]
        figures: Any = None
        if isinstance(first, SupplyOrder):
            figures = self.books.supply_figures(first.at, self.parameters, self.progress.refused_between)
        elif isinstance(first, Dispatch):
            figures = self.books.orders_to_ship()
        elif isinstance(first, Delivery):
            figures = self.books.shipments_sent_at(first.dispatched_at)
        with self.store.transaction(ORIGIN) as uow:
            self._claim(uow)
            for event in batch:
                self.clock.now = event.at
                match event:
                    case Invoice():
                        self._invoice(uow, event)
                    case Arrival():
                        self._arrival(uow, event)
                    case SupplyOrder():
                        self._order_supply(event, figures)
                    case Dispatch():
                        self._dispatch(uow, figures)
                    case Delivery():
                        self._deliver(uow, figures)
            self.progress.events_done += len(batch)
            self._save(uow)
        follow_up_orders(self.store, ORIGIN)
        self._tell(sum(map(_rows_of, batch)))

    def _tell(self, rows: int) -> None:
        self._ticked += rows
        self._tick(rows)

    # -- the file's events ---------------------------------------------------------------------------------------

    def _invoice(self, uow: UnitOfWork, invoice: Invoice) -> None:
        self._learn(uow, invoice)
        for category, entries in groupby(invoice.bookings, key=lambda entry: entry.category):
            listed = list(entries)
            if category is Category.FOUND:
                self._found(uow, listed)
            elif category is Category.WRITE_OFF:
                self._write_off(uow, listed)
            else:
                for rows in _of_different_skus(listed):
                    self._take_back(uow, rows)
        for order in invoice.orders:
            self._order(uow, invoice, order)

    def _learn(self, uow: UnitOfWork, invoice: Invoice) -> None:
        """New SKUs, the prices that say what they cost, and the opening receipts."""
        new: dict[str, SourceRow] = {}
        costs: dict[str, Decimal] = {}
        for entry in invoice.goods:
            row = entry.row
            if row.code not in self._known.skus:
                new.setdefault(row.code, row)
            if row.price > ZERO and self._known.skus.get(row.code) is None:
                costs.setdefault(row.code, supply.unit_cost(row.price, self.parameters))
        dearer = [code for code in costs if code not in new]
        if dearer:
            changes = [ChangeProduct(sku=code, unit_cost=costs[code]) for code in dearer]
            _all_done(carry_out(uow, CHANGE_PRODUCT, changes))
        if new:
            products = [
                AddProduct(
                    sku=row.code_as_written,
                    name=_name(row),
                    unit_cost=costs.get(code),
                )
                for code, row in new.items()
            ]
            _all_done(carry_out(uow, ADD_PRODUCT, products))
            self._known.skus.update(dict.fromkeys(new))
        self._known.skus.update(costs)
        if new:
            openings = [(code, self._opening(code)) for code in new]
            self._receive(uow, openings, "opening")
            self.progress.add("opening", sum((quantity for _, quantity in openings), ZERO))

    def _opening(self, code: str) -> Decimal:
        return supply.opening_quantity(self.parameters.seed, code, self.parameters.opening_sizes)

    def _receive(self, uow: UnitOfWork, goods: Sequence[tuple[str, Decimal]], reference: str) -> None:
        receipts = [
            ReceiveStock(
                sku=code,
                site=SITE,
                quantity=quantity,
                unit_cost=self._known.skus[code],
                reference=f"{reference} {code}",
            )
            for code, quantity in goods
        ]
        for part in _parts(receipts):
            _all_done(carry_out(uow, RECEIVE_STOCK, part))

    def _found(self, uow: UnitOfWork, entries: Sequence[Entry]) -> None:
        adjustments = [
            AdjustStock(
                sku=entry.row.code,
                site=SITE,
                quantity=entry.row.quantity,
                reason=_reason(entry.row, "found"),
                reference=f"row {entry.row.number}",
                unit_cost=self._known.skus[entry.row.code],
            )
            for entry in entries
        ]
        _all_done(carry_out(uow, ADJUST_STOCK, adjustments))
        self.progress.add("found", sum((entry.row.quantity for entry in entries), ZERO))

    def _write_off(self, uow: UnitOfWork, entries: Sequence[Entry]) -> None:
        adjustments = [
            AdjustStock(
                sku=entry.row.code,
                site=SITE,
                quantity=entry.row.quantity,
                reason=_reason(entry.row, "write-off"),
                allow_shortage=True,
                at_most=True,
                reference=f"row {entry.row.number}",
                unit_cost=self._known.skus[entry.row.code],
            )
            for entry in entries
        ]
        for entry, change in zip(entries, _all_done(carry_out(uow, ADJUST_STOCK, adjustments)), strict=True):
            self.progress.add("write_off", -entry.row.quantity)
            self.progress.add("written_off", -change.quantity)
            if change.missing:
                self.progress.discrepancies.append((entry.row.number, entry.row.code, change.missing))

    def _take_back(self, uow: UnitOfWork, rows: Sequence[SourceRow]) -> None:
        """The rows of a return, each of another SKU, so that none changes what another finds."""
        bought = self._bought(uow, [row for row in rows if row.customer is not None])
        returns: list[ReturnStock] = []
        for row in rows:
            given = give_back(-row.quantity, bought.get(normal_code(row.code), ()))
            if given.cancels:
                _take_all(uow, RETURN_STOCK, returns)
                returns = []
                _take_all(uow, CANCEL_LINES, _cancels(row, given))
            returns += self._returns(row, given)
            self.progress.add("returned", -row.quantity)
            self.progress.add("cancelled_backordered", sum((one.backordered for one in given.cancels), ZERO))
            self.progress.add("cancelled_reserved", sum((one.reserved for one in given.cancels), ZERO))
            self.progress.add("restocked", sum((one.quantity for one in given.restocks), ZERO))
            self.progress.add("unmatched", given.unmatched)
        _take_all(uow, RETURN_STOCK, returns)

    def _returns(self, row: SourceRow, given: GivenBack) -> list[ReturnStock]:
        common: dict[str, Any] = {
            "sku": row.code,
            "site": SITE,
            "reference": f"row {row.number}",
            "reason": _reason(row, "return"),
            "unit_cost": self._known.skus[row.code],
        }
        returns = [ReturnStock(quantity=one.quantity, order_line=one.line_id, **common) for one in given.restocks]
        if given.unmatched:
            returns.append(
                ReturnStock(quantity=given.unmatched, status=Status.QUARANTINE, location="QUARANTINE", **common)
            )
        return returns

    def _bought(self, uow: UnitOfWork, rows: Sequence[SourceRow]) -> dict[str, list[Bought]]:
        """By normal code, the customer's lines of it, oldest first, with what is open, sent and come back."""
        if not rows:
            return {}
        variants, customers = uow.load(
            VariantsByCode(lookup_codes(row.code for row in rows)),
            CustomersByCode(lookup_codes(row.customer for row in rows)),
        )
        lines: list[OrderLine] = []
        for customer in customers:
            theirs = lookup_codes(row.code for row in rows if normal_code(str(row.customer)) == customer.normal_code)
            ids = tuple(variant.id for variant in variants if normal_code(variant.sku) in theirs)
            lines += uow.load(LinesOfCustomer(customer.id, ids))
        if not lines:
            return {}
        wanted = tuple(line.id for line in lines)
        reservations, returned, orders = uow.load(
            LockReservationsOfLines(wanted),
            ReturnedFor(wanted),
            LockOrdersById(tuple(sorted({line.order_id for line in lines}))),
        )
        codes = {variant.id: normal_code(variant.sku) for variant in variants}
        numbers = {order.id: order.number for order in orders}
        promised = _summed((r.demand_line, r.outstanding) for r in reservations)
        sent = _summed((r.demand_line, r.consumed) for r in reservations)
        back = _summed((r.reference_line, r.quantity) for r in returned)
        bought: dict[str, list[Bought]] = {}
        for line in lines:
            one = Bought(
                numbers[line.order_id],
                line.line_no,
                line.id,
                line.ordered - line.cancelled - sent.get(line.id, ZERO),
                promised.get(line.id, ZERO),
                sent.get(line.id, ZERO) - back.get(line.id, ZERO),
            )
            bought.setdefault(codes[line.variant], []).append(one)
        return bought

    def _order(self, uow: UnitOfWork, invoice: Invoice, order: Order) -> None:
        if order.customer is not None and order.customer not in self._known.customers:
            place = country(order.lines[0].row.country)
            customer = AddCustomer(code=order.customer, name=f"Customer {order.customer}", country=place.label or None)
            _all_done(carry_out(uow, ADD_CUSTOMER, [customer]))
            self._known.customers.add(order.customer)
        alone = len(invoice.orders) == 1
        number = f"invoice {order.invoice}" if AUTOMATIC.fullmatch(order.invoice) else order.invoice
        if not alone:
            number += f"/{order.customer or 'counter'}"
        while number != order.invoice and number in self._invoices:
            number += "/"
        command = PlaceOrder(
            number=number,
            customer=order.customer,
            currency=CURRENCY,
            policy="backorder" if order.customer is not None else "ship_available",
            lines=tuple(
                LineRequest(sku=entry.row.code, quantity=entry.row.quantity, price=entry.row.price)
                for entry in order.lines
            ),
        )
        outcome = carry_out(uow, PLACE_ORDER, [command])[0]
        self._count(order, outcome)
        if order.customer is None and not isinstance(outcome, Rejected):
            leave = AdvanceOrder(number=number, to="delivered", through=True)
            _all_done(carry_out(uow, ADVANCE_ORDER, [leave]))

    def _count(self, order: Order, outcome: Outcome[OrderDocument]) -> None:
        """Running totals of what was asked for, and of how much of it was there."""
        if isinstance(outcome, Rejected) and outcome.code != "insufficient_stock":
            raise outcome.as_error()
        promised = (
            [ZERO] * len(order.lines)
            if isinstance(outcome, Rejected)
            else [line.reserved for line in outcome.result.lines]
        )
        self.progress.add("refused" if isinstance(outcome, Rejected) else "placed", 1)
        month = calendars.day_of(self.clock.now).strftime("%Y-%m")
        filled = 0
        units = value = ZERO
        for entry, reserved in zip(order.lines, promised, strict=True):
            row, category = entry.row, entry.category.value
            lost = row.quantity - reserved if order.customer is None else ZERO
            filled += reserved == row.quantity
            units += row.quantity
            value += row.quantity * row.price
            self.progress.add(f"reserved_when_placed:{category}", reserved)
            if lost:
                self.progress.add("lost_lines", 1)
                self.progress.add("lost_value", lost * row.price)
            if isinstance(outcome, Rejected):
                self.progress.add(f"refused_lost:{category}", lost)
                self.progress.add("refused_lines", 1)
                self.progress.refuse(calendars.week_of(self.clock.now), row.code, row.quantity)
        self.progress.add("lines", len(order.lines))
        self.progress.add("lines_filled", filled)
        count(
            self.progress.months,
            month,
            orders=1,
            lines=len(order.lines),
            lines_filled=filled,
            ordered=units,
            value=value,
        )
        name = order.lines[0].row.country
        count(self.progress.countries, name, orders=1, lines=len(order.lines), value=value)

    # -- what the calendar brings --------------------------------------------------------------------------------

    def _order_supply(self, event: SupplyOrder, figures: Sequence[Any]) -> None:
        on_order = self.progress.on_order()
        ordered = {}
        for one in figures:
            quantity = supply.order_quantity(
                one.demand,
                available=one.available,
                on_order=on_order.get(one.code, ZERO),
                backordered=one.backordered,
                parameters=self.parameters,
            )
            if quantity > ZERO:
                ordered[one.code] = quantity
        self.progress.coming[event.at.isoformat()] = ordered
        self.progress.add("ordered", sum(ordered.values(), ZERO))

    def _arrival(self, uow: UnitOfWork, event: Arrival) -> None:
        arriving = self.progress.coming.pop(event.ordered_at.isoformat(), {})
        if arriving:
            self._receive(uow, sorted(arriving.items()), f"supply {calendars.day_of(event.ordered_at)}")
            self.progress.add("arrived", sum(arriving.values(), ZERO))

    def _dispatch(self, uow: UnitOfWork, numbers: Sequence[str]) -> None:
        for part in _parts([AdvanceOrder(number=number, to="dispatched", through=True) for number in numbers]):
            _all_done(carry_out(uow, ADVANCE_ORDER, part))

    def _deliver(self, uow: UnitOfWork, shipments: Sequence[tuple[str, str]]) -> None:
        commands = [
            AdvanceOrder(number=number, to="delivered", shipments=tuple(shipment for _, shipment in group))
            for number, group in groupby(shipments, key=lambda one: one[0])
        ]
        for part in _parts(commands):
            _all_done(carry_out(uow, ADVANCE_ORDER, part))


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Records refer to nothing that refers back to them, so that looking for cycles among so many is in vain."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _busy() -> StockcoreError:
    return StockcoreError("busy", "another replay is at work on this database")


def _rows_of(event: Event) -> int:
    return len(event.rows) if isinstance(event, Invoice) else 0


def _all_done(outcomes: Sequence[Outcome[R]]) -> list[R]:
    """The results; the rule says that none of these can be refused, so a refusal ends the replay."""
    return [value_of(outcome) for outcome in outcomes]


def _take_all(uow: UnitOfWork, use_case: UseCase[C, R], commands: Sequence[C]) -> None:
    if commands:
        _all_done(carry_out(uow, use_case, commands))


def _of_different_skus(entries: Sequence[Entry]) -> Iterator[list[SourceRow]]:
    """The entries' rows in order, in runs in which no SKU comes twice."""
    run: dict[str, SourceRow] = {}
    for entry in entries:
        if entry.row.code in run:
            yield list(run.values())
            run = {}
        run[entry.row.code] = entry.row
    yield list(run.values())


def _cancels(row: SourceRow, given: GivenBack) -> list[CancelLines]:
    return [
        CancelLines(
            number=number,
            lines=tuple(LineCancel(line=one.line_no, quantity=one.quantity) for one in group),
            reason=f"row {row.number}",
        )
        for number, group in groupby(given.cancels, key=lambda one: one.order)
    ]


def _parts(commands: Sequence[C]) -> Iterator[Sequence[C]]:
    for start in range(0, len(commands), BATCH_MAX):
        yield commands[start : start + BATCH_MAX]


def _summed(pairs: Any) -> dict[Any, Decimal]:
    totals: dict[Any, Decimal] = {}
    for key, quantity in pairs:
        totals[key] = totals.get(key, ZERO) + quantity
    return totals


def _name(row: SourceRow) -> str:
    return kept_text(row.description, TEXT_MAX) or row.code


def _reason(row: SourceRow, default: str) -> str:
    """What the file says about the row, as far as it says anything that can be stored."""
    return kept_text(row.description, NOTE_MAX) or default
