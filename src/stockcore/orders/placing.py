"""Placing an order: check it, plan where it comes from, reserve, all in one transaction (DESIGN 4)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from stockcore.catalog.conversion import Conversions
from stockcore.catalog.records import PackagingsOf, ShareProducts, Sold, Units, VariantsByCode
from stockcore.kernel.dates import optional_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.money import read_currency
from stockcore.kernel.plain import to_json, to_plain
from stockcore.kernel.quantity import (
    QUANTITY_LIMIT,
    ZERO,
    plain,
    read_integer,
)
from stockcore.kernel.reading import check_flag, listed, one_of, read_texts, readable
from stockcore.kernel.text import lookup_codes, normal_code, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, NewIds, Query, UnitOfWork
from stockcore.kernel.values import value
from stockcore.locations.records import SOURCED_KINDS, Location, PlacesFor, Sites
from stockcore.orders import sourcing
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore.orders.commands import Requirement as WantedUnits
from stockcore.orders.history import announce, write_history
from stockcore.orders.lifecycle import State, shipped_of_service, shown_state
from stockcore.orders.reading import read_address
from stockcore.orders.records import (
    Customer,
    CustomersByCode,
    LockOffers,
    LockOrders,
    NextOrderNumbers,
    Offer,
    Order,
    OrderLine,
    OrdersByReference,
)
from stockcore.orders.results import LineFigures, OrderDocument
from stockcore.orders.wanted import CURRENCY_DEFAULT, Wanted, wanted_lines
from stockcore.stock.allocating import requirement_of
from stockcore.stock.book import Book, Demand, Posting
from stockcore.stock.desk import demand_uuid
from stockcore.stock.floor import Floor
from stockcore.stock.holds import is_expired, release_all, release_expired
from stockcore.stock.records import (
    AllocationsOfVariants,
    DemandType,
    LockBackorders,
    LockExpiredHolds,
    LockQuants,
    LockReservationsWaiting,
    Lot,
    LotsOfVariants,
    Reservation,
    ReservationsOf,
)
from stockcore.stock.serving import available_to, available_to_any, check_nothing_came, reserve, serve

QUANTITY_MAX: Final = Decimal(QUANTITY_LIMIT)
POLICIES: Final = ("all_or_nothing", "ship_available", "backorder")

#: What only `Counter.next_number` gives: a number of this form that somebody brings could be given again later.
AUTOMATIC: Final = re.compile("SO-(?:[0-9]{6}|[1-9][0-9]{6,})", re.IGNORECASE)


class Counter:
    """What placing orders needs to know, loaded and locked for a whole batch: one round trip, another one only for
    what is rare (pinned lines, packagings, holds, variants that never had stock)."""

    def __init__(self, uow: UnitOfWork, work: Work[Any, Any], orders: Sequence[PlaceOrder]) -> None:
        self.uow = uow
        self.work = work
        lines = [line for order in orders for line in listed(order.lines, LineRequest)]
        codes = lookup_codes(set(listed([line.sku for line in lines], str)))
        queries: list[Query[Any]] = [work.known()]
        customers = lookup_codes(order.customer for order in orders)
        numbers = readable(order.number for order in orders if order.number is not None)
        references = readable(order.reference for order in orders if order.reference is not None)
        unnumbered = sum(order.number is None for order in orders)
        queries += [LockOrders(numbers)] if numbers else []  # before the pools, as whoever changes an order does
        queries += [LockOffers(codes), Sites()]
        queries += [CustomersByCode(customers)] if customers else []
        queries += [OrdersByReference(references)] if references else []
        queries += [NextOrderNumbers(unnumbered)] if unnumbered else []
        expected = 3 * len(lines) + 2
        uow.prepare_draw(expected)
        self._new_ids = NewIds(uow, len(lines) + 3 * len(orders))
        load: Any = uow.load
        answers = dict(zip(map(type, queries), load(*queries), strict=True))
        work.settle(answers[type(queries[0])])
        offers: list[Offer] = answers[LockOffers]
        self.changes = Changes()
        self.ids = Ids(uow, expected)
        self.book = Book(self.changes, self.ids, uow.origin)
        self.book.load_pools(offer.pool() for offer in offers)
        self.variants: dict[str, Sold] = {normal_code(offer.sku): offer for offer in offers}
        self.sites: list[Location] = answers[Sites]
        self.customers: dict[str, Customer] = {c.normal_code: c for c in answers.get(CustomersByCode, ())}
        self.taken_numbers = {order.number for order in answers.get(LockOrders, ())}
        self.references = {(order.customer, order.reference) for order in answers.get(OrdersByReference, ())}
        self._numbers = iter(answers.get(NextOrderNumbers, ()))
        self._serving: dict[tuple[tuple[str, ...], str], list[sourcing.Candidate]] = {}
        self.conversions = Conversions()
        self.lots: dict[tuple[int, str], Lot] = {}
        self.floor = Floor(self.sites, (), self.ids.now)
        if len(self.variants) < len(codes):  # without a pool: new, a service, or no SKU of ours
            missing = tuple(code for code in codes if code not in self.variants)
            _, fresh = uow.load(ShareProducts(missing), VariantsByCode(missing))  # whose unit and kind may still change
            self.variants |= {normal_code(variant.sku): variant for variant in fresh}
        late = tuple(sorted({normal_code(offer.sku) for offer in offers if offer.late}))
        self._load_rare(orders, lines, uow.load(LockExpiredHolds(late)) if late else [], codes)

    def _load_rare(
        self,
        orders: Sequence[PlaceOrder],
        lines: Sequence[LineRequest],
        expired: list[Reservation],
        codes: tuple[str, ...],
    ) -> None:
        names = readable(hold for order in orders if order.holds for hold in listed(order.holds, str))
        holds = tuple(sorted(demand_uuid("hold", name) for name in names))
        pinned = [line.requirement for line in lines if line.requirement is not None]
        ids = tuple(sorted(variant.id for variant in self.variants.values()))
        if any(line.unit is not None for line in lines):
            self.conversions = Conversions.of(*self.uow.load(PackagingsOf(ids), Units()))
        if not (expired or holds or pinned):
            return
        wanted_places = lookup_codes(units.location for units in listed(pinned, WantedUnits))
        found_places, backorders, reservations, waiting, quants, allocations, lots, variants = self.uow.load(
            PlacesFor(codes, wanted_places),
            LockBackorders(ids),
            ReservationsOf(holds, ids),
            LockReservationsWaiting(ids),
            LockQuants(ids),
            AllocationsOfVariants(ids),
            LotsOfVariants(ids),
            VariantsByCode(codes),
        )
        self.book.load_backorders(backorders)
        self.book.load_reservations([*expired, *reservations, *waiting])
        self.book.load_quants(quants)
        self.book.load_allocations(allocations)
        self.floor = Floor([*self.sites, *found_places], lots, self.ids.now)
        self.floor.load_strategies(variants)
        self.lots = {(lot.variant, lot.code): lot for lot in lots}
        release_expired(self.uow, self.book, self.floor)

    def write(self) -> None:
        self.work.record(self.changes, self.ids.now)
        self.uow.write(self.changes)
        self.changes.clear()

    def serving(self, command: PlaceOrder) -> list[sourcing.Candidate]:
        """See `candidates`. Errors: those of read_texts too."""
        key = (read_texts(command.sites, field="sites"), command.strategy)
        found = self._serving.get(key)
        if found is None:
            found = self._serving[key] = candidates(self.sites, *key)
        return found

    def next_number(self) -> str:
        return f"SO-{next(self._numbers):06d}"

    def new_id(self) -> UUID:
        return next(self._new_ids)


def candidates(sites: Sequence[Location], codes: Sequence[str], strategy: str) -> list[sourcing.Candidate]:
    """The sites that may serve, as the strategy prefers them; a blocked one among them, which may serve once it is
    unblocked. Errors: unknown_site, no_site, value_unknown."""
    wanted = {normal_code(code) for code in codes}
    found = [
        site
        for site in sites
        if site.active and site.kind in SOURCED_KINDS and (not wanted or site.normal_code in wanted)
    ]
    known = {site.normal_code for site in sites}
    missing = next((code for code in codes if normal_code(code) not in known), None)
    if missing is not None:
        raise StockcoreError("unknown_site", f"there is no site {missing!r}", field="sites", site=missing)
    if not found:
        raise StockcoreError("no_site", "no active site may serve this order", field="sites")
    made = [sourcing.Candidate(s.id, s.code, s.shipping_cost, ZERO, s.priority, s.blocked) for s in found]
    return sourcing.preferred(made, strategy)


def _place_all(uow: UnitOfWork, work: Work[PlaceOrder, OrderDocument]) -> None:
    counter = Counter(uow, work, work.commands)
    work.decide(lambda command: _place(counter, command), counter.changes, counter.write if uow.is_served else None)
    check_nothing_came(uow, counter.book, counter.floor)
    counter.write()


def _place(counter: Counter, command: PlaceOrder) -> OrderDocument:
    """Decide one order; raises before anything is changed, or makes all its changes."""
    terms = _terms(counter, command)
    serving = counter.serving(command)
    wanted = wanted_lines(counter, command, serving, terms.currency)
    holds = _holds(counter, command, {line.variant for line in wanted})
    order_id = counter.new_id()
    line_ids = [counter.new_id() for _ in wanted]
    demands = _demands(counter, command, order_id, line_ids, wanted, serving)
    held = _held(holds)

    def pooled(variant: int, site: int) -> Decimal:
        return available_to_any(counter.book, counter.floor, variant, site) + held.get((variant, site), ZERO)

    known: dict[tuple[int, int], Decimal] = {}

    def available(line: int, variant: int, site: int) -> Decimal:
        found = known.get((line, site))
        if found is None:
            if not wanted[line].stocked:
                found = wanted[line].quantity
            elif (variant, site) not in held:
                found = available_to(counter.book, counter.floor, demands[line], site)
            else:
                found = min(pooled(variant, site), _fitting(counter, demands[line], site, holds))
            known[(line, site)] = found
        return found

    plan = sourcing.plan(wanted, available, serving, command.strategy, pooled)
    kept = command.keep_received and not plan.is_whole and command.policy == "all_or_nothing" and not command.holds
    if not kept:
        _refuse_shortage(command, plan, wanted, serving, counter.book, available)
    explanation = to_json(sourcing.explain(plan, wanted, available, serving, command.strategy))
    order = _order(counter, command, order_id, terms, serving, kept)
    lines = [
        OrderLine(
            line_id,
            order_id,
            line_no,
            line.variant,
            line.quantity,
            ZERO,
            line.price,
            line.entered,
            line.entered_unit,
            line.factor,
            line.requirement,
        )
        for line_no, (line_id, line) in enumerate(zip(line_ids, wanted, strict=True), 1)
    ]
    counter.changes.insert(order)
    for line in lines:
        counter.changes.insert(line)
    if kept:
        for demand, want, short in zip(demands, wanted, plan.short, strict=True):
            if want.stocked:
                counter.book.note_demand(demand, serving[0].site)
            if short > ZERO:
                facts = {"order": order.number, "explanation": json.loads(explanation)}
                counter.book.raise_exception("insufficient_stock", demand=demand, quantity=short, **facts)
        write_history(counter, order, [(None, State.RECEIVED)], None, explanation)
    else:
        _reserve(counter, command, plan, demands, holds, order_id)
        if command.policy == "ship_available":
            for line, short in zip(lines, plan.short, strict=True):
                line.cancelled = short
        steps = [(None, State.RECEIVED), (State.RECEIVED, State.VALIDATED), (State.VALIDATED, State.SUPPLIER_CONFIRMED)]
        write_history(counter, order, steps, None, explanation)
    document = _document(order, lines, wanted, plan, terms.customer)
    text = to_json(to_plain(document))
    counter.work.note_text(document, text)
    announce(counter, order, "order.placed", text)
    return document


@value
class _Terms:
    """What a command says of the whole order, read where it is not taken as it is."""

    number: str
    customer: Customer | None
    reference: str | None
    currency: str
    address: dict[str, str] | None


def _terms(counter: Counter, command: PlaceOrder) -> _Terms:
    """Errors: value_unknown, unknown_customer, duplicate_reference, number_reserved, and those of what is read."""
    one_of(command.policy, POLICIES, field="policy")
    check_flag(command.ship_complete, field="ship_complete")
    check_flag(command.keep_received, field="keep_received")
    read_integer(command.priority, field="priority")
    sourcing.policies_of(command.strategy)
    optional_instant(command.promise, field="promise")
    customer = _customer(counter, command)
    return _Terms(
        _number(counter, command),
        customer,
        _reference(counter, command, customer),
        _currency(counter, command),
        read_address(command.address),
    )


def _currency(counter: Counter, command: PlaceOrder) -> str:
    """Of an order that does not say it: that of the list prices it takes, where all are in one. Errors: those of
    read_currency."""
    if command.currency is not None:
        return read_currency(command.currency, field="currency")
    unpriced = [line.sku for line in listed(command.lines, LineRequest) if line.price is None]
    variants = (counter.variants.get(code) for code in lookup_codes(unpriced)) if unpriced else ()
    used = {variant.currency or CURRENCY_DEFAULT for variant in variants if variant and variant.list_price is not None}
    return used.pop() if len(used) == 1 else CURRENCY_DEFAULT


def _number(counter: Counter, command: PlaceOrder) -> str:
    """Errors: those of read_text, duplicate_reference, number_reserved."""
    if command.number is None:
        return counter.next_number()
    number = read_text(command.number, field="number")
    if number in counter.taken_numbers:
        raise StockcoreError("duplicate_reference", f"there is an order {number} already", field="number")
    if AUTOMATIC.fullmatch(number):
        raise StockcoreError("number_reserved", f"{number} is a number that only stockcore gives", field="number")
    return number


def _customer(counter: Counter, command: PlaceOrder) -> Customer | None:
    """Errors: those of read_text, unknown_customer."""
    if command.customer is None:
        return None
    code = read_text(command.customer, field="customer")
    customer = counter.customers.get(normal_code(code))
    if customer is None:
        raise StockcoreError("unknown_customer", f"there is no customer {code!r}", field="customer")
    return customer


def _reference(counter: Counter, command: PlaceOrder, customer: Customer | None) -> str | None:
    """Errors: those of read_text, duplicate_reference."""
    if command.reference is None:
        return None
    reference = read_text(command.reference, field="reference")
    if (None if customer is None else customer.id, reference) in counter.references:
        raise StockcoreError("duplicate_reference", f"reference {reference!r} has an order already", field="reference")
    return reference


def as_json(serving: Sequence[sourcing.Candidate]) -> str:
    """Candidate sites as they are stored with a demand."""
    return "[" + ",".join([str(candidate.site) for candidate in serving]) + "]"


def _demands(
    counter: Counter,
    command: PlaceOrder,
    order_id: UUID,
    line_ids: Sequence[UUID],
    wanted: Sequence[Wanted],
    serving: Sequence[sourcing.Candidate],
) -> list[Demand]:
    sites = as_json(serving)
    return [
        Demand(
            DemandType.ORDER,
            order_id,
            line_id,
            line.variant,
            sites,
            line.multiple,
            command.priority,
            command.promise,
            counter.ids.now,
            0,
            None,
            line.requirement,
        )
        for line_id, line in zip(line_ids, wanted, strict=True)
    ]


def _holds(counter: Counter, command: PlaceOrder, variants: set[int]) -> list[Reservation]:
    """The holds that become this order's reservation, each once, as far as they hold these variants. Errors: those of
    read_texts, hold_expired (released, or never there)."""
    found: list[Reservation] = []
    for reference in read_texts(command.holds, field="holds"):
        demand_id = demand_uuid("hold", reference)
        held = [
            reservation
            for reservation in counter.book.reservations_by_id.values()
            if reservation.demand_id == demand_id
            and reservation.variant in variants
            and reservation.outstanding > ZERO
            and not is_expired(reservation, counter.book)
        ]
        if not held:
            raise StockcoreError("hold_expired", f"hold {reference!r} holds nothing any more", field="holds")
        found += held
    return found


def _held(holds: Sequence[Reservation]) -> dict[tuple[int, int], Decimal]:
    held: dict[tuple[int, int], Decimal] = {}
    for hold in holds:
        key = (hold.variant, hold.site)
        held[key] = held.get(key, ZERO) + hold.outstanding
    return held


def _fitting(counter: Counter, demand: Demand, site: int, holds: Sequence[Reservation]) -> Decimal:
    """How much at the site fits a pinned demand, the goods chosen for its holds included."""
    if not demand.requirement:
        return QUANTITY_MAX
    book, floor, requirement = counter.book, counter.floor, requirement_of(demand.requirement)
    here = [hold for hold in holds if (hold.variant, hold.site) == (demand.variant, site)]
    chosen = (
        allocation.quantity
        for hold in here
        for allocation in book.allocations_of(hold)
        if floor.shelf(book.quants_by_id[allocation.quant], requirement) is not None
    )
    free = (shelf.quant.free for shelf in floor.shelves(book, demand.variant, site, requirement))
    return sum(free, sum(chosen, ZERO))


def _refuse_shortage(
    command: PlaceOrder,
    plan: sourcing.Plan,
    wishes: Sequence[sourcing.Wish],
    candidates: Sequence[sourcing.Candidate],
    book: Book,
    available: sourcing.Available,
) -> None:
    """Errors: insufficient_stock, with what each site had when its pool was locked, and the pool's last_seq."""
    if plan.is_whole or command.policy == "backorder":
        return
    if command.policy == "ship_available" and plan.takes:
        return
    raise shortage_error(plan, wishes, candidates, book, available)


def shortage_error(
    plan: sourcing.Plan,
    wishes: Sequence[sourcing.Wish],
    candidates: Sequence[sourcing.Candidate],
    book: Book,
    available: sourcing.Available,
) -> StockcoreError:
    lines = []
    for index, (wish, short) in enumerate(zip(wishes, plan.short, strict=True)):
        sites = []
        for site in candidates:
            pool = book.pools.get((wish.variant, site.site))
            sites.append(
                {
                    "site": site.code,
                    "available": plain(available(index, wish.variant, site.site)),
                    "last_seq": pool.last_seq if pool is not None else 0,
                    **sourcing.told_if_blocked(site),
                }
            )
        lines.append(
            {
                "line": index + 1,
                "sku": wish.sku,
                "requested": plain(wish.quantity),
                "available": plain(wish.quantity - short),
                "short": plain(short),
                "sites": sites,
            }
        )
    short_lines = [line for line in lines if line["short"] != "0"]
    words = ", ".join(f"{line['sku']} {line['available']} of {line['requested']}" for line in short_lines[:5])
    more = f", and {len(short_lines) - 5} more lines" if len(short_lines) > 5 else ""
    return StockcoreError("insufficient_stock", f"not enough stock: {words}{more}", field="lines", lines=lines)


def _order(
    counter: Counter,
    command: PlaceOrder,
    order_id: UUID,
    terms: _Terms,
    serving: Sequence[sourcing.Candidate],
    kept: bool,
) -> Order:
    """The header of an order that is accepted: from now on its number and its reference are taken."""
    customer = None if terms.customer is None else terms.customer.id
    if command.number is not None:
        counter.taken_numbers.add(terms.number)
    if terms.reference is not None:
        counter.references.add((customer, terms.reference))
    now = counter.ids.now
    return Order(
        order_id,
        terms.number,
        "sale" if customer is not None else "counter_sale",
        customer,
        terms.reference,
        terms.currency,
        command.policy,
        command.ship_complete,
        command.keep_received,
        State.RECEIVED if kept else State.SUPPLIER_CONFIRMED,
        False,
        None,
        command.priority,
        command.promise,
        command.strategy,
        to_json(terms.address) if terms.address is not None else None,
        to_json([site.site for site in serving]) if command.sites else None,
        0,
        0,
        0,
        now,
        counter.uow.origin.actor,
        now,
    )


def _reserve(
    counter: Counter,
    command: PlaceOrder,
    plan: sourcing.Plan,
    demands: Sequence[Demand],
    holds: Sequence[Reservation],
    order_id: UUID,
) -> None:
    book = counter.book
    posting = Posting(counter.new_id(), DemandType.ORDER, order_id, None, None)
    for hold in holds:
        release_all(book, posting, hold)
    book.raised.clear()  # what the holds gave back is this order's first
    for take in plan.takes:
        reserve(book, posting, counter.floor, demands[take.line], take.site, take.quantity)
    if command.policy == "backorder":
        for demand, short in zip(demands, plan.short, strict=True):
            if short > ZERO:
                book.backorder(demand, short)
    if holds:
        book.raised.update(hold.variant for hold in holds)
        serve(book, posting, counter.floor)


def _document(
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Sequence[Wanted],
    plan: sourcing.Plan,
    customer: Customer | None,
) -> OrderDocument:
    kept = order.state == State.RECEIVED
    is_open = False
    figures = []
    for line, want, short in zip(lines, wanted, plan.short, strict=True):
        stocked = want.stocked
        reserved = line.ordered - short if stocked and not kept else ZERO
        backordered = short if order.policy == "backorder" and not kept else ZERO
        shipped = ZERO if stocked else shipped_of_service(order.state, line.ordered, line.cancelled)
        is_open = is_open or reserved > ZERO or backordered > ZERO
        figures.append(
            LineFigures(
                line.id,
                line.line_no,
                want.sku,
                line.ordered,
                reserved,
                backordered,
                shipped,
                line.cancelled,
                line.price,
                order.currency,
            )
        )
    state = order.state if is_open else shown_state(order.state, (), open_remainder=False)
    code = None if customer is None else customer.code
    return OrderDocument(order.number, state, tuple(figures), (), code, order.reference, False)


PLACE_ORDER: Final = UseCase("orders.place", OrderDocument, _place_all)
