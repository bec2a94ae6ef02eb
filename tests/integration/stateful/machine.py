"""The machine: one command at a time, given to the memory store and to a SQL store, and noted in plain totals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stockcore.catalog.commands import AddProduct
from stockcore.catalog.use_cases import ADD_PRODUCT
from stockcore.kernel.execution import UseCase, execute
from stockcore.kernel.results import Accepted, Outcome, Rejected
from stockcore.kernel.unit_of_work import Origin, Store
from stockcore.locations.commands import AddLocation, AddSite
from stockcore.locations.use_cases import ADD_LOCATION, add_site
from stockcore.orders.cancelling import CANCEL_LINES, CANCEL_ORDER
from stockcore.orders.commands import (
    AdvanceOrder,
    CancelLines,
    CancelOrder,
    EditOrder,
    LineCancel,
    LineEdit,
    LineRequest,
    PlaceOrder,
)
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.following import follow_up_orders
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import (
    AdjustStock,
    ArrivedLine,
    ChangeStatus,
    CommitReservation,
    CountStock,
    DamageStock,
    ExpireHolds,
    MoveStock,
    ReceiveStock,
    ReceiveTransfer,
    ReleaseReservation,
    ReserveStock,
    ReturnStock,
    SendTransfer,
    TransferLine,
)
from stockcore.stock.expiring import EXPIRE_HOLDS
from stockcore.stock.reserving import COMMIT_RESERVATION, RELEASE_RESERVATION, RESERVE_STOCK
from stockcore.stock.results import StockChange
from stockcore.stock.transfers import RECEIVE_TRANSFER, SEND_TRANSFER
from stockcore.stock.use_cases import (
    ADJUST_STOCK,
    CHANGE_STATUS,
    COUNT_STOCK,
    DAMAGE_STOCK,
    MOVE_STOCK,
    RECEIVE_STOCK,
    RETURN_STOCK,
)
from stockcore_memory import MemoryStore
from stockcore_runtime.countries import IsoCountries
from stockcore_sql.stores import SqlStore
from stockcore_sql.verify import verify
from tests.integration.stateful.pictures import Picture, picture, rows_of, told
from tests.integration.stateful.totals import SERVED_FROM, SITES, TRANSIT, ZERO, Held, Sums, Totals, sums

ANN: Final = Origin(actor="ann")
START: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLACES: Final = ("RECEIVING", "A-01", "A-02")
SPREAD: Final = ("MUG", "CUP")  # served from both sites
POLICIES: Final = ("all_or_nothing", "ship_available", "backorder")

any_sku = st.sampled_from(sorted(SERVED_FROM))
any_site = st.sampled_from(SITES)
any_place = st.sampled_from(PLACES)
some = st.integers(1, 12).map(Decimal)
several = st.integers(1, 30).map(Decimal)
#: One of the orders, lines … that there are by then.
which = st.integers(0, 40)
#: What one order asks for: MUG and CUP on up to four lines, so that a SKU often stands on two of them; or socks.
wishes = st.lists(st.tuples(st.sampled_from(SPREAD), some), min_size=1, max_size=4)
socks = st.lists(st.tuples(st.just("SOCKS"), some), min_size=1, max_size=2)
policies = st.sampled_from(POLICIES)
priorities = st.integers(0, 2)


def furnish(store: Store) -> None:
    """Two sites with bins, and three SKUs."""
    sites = [AddSite(code=site, name=site, priority=number) for number, site in enumerate(SITES)]
    bins = [AddLocation(site=site, code=code) for site in SITES for code in PLACES[1:]]
    products = [AddProduct(sku=sku, name=sku) for sku in SERVED_FROM]
    work: list[tuple[UseCase[Any, Any], list[Any]]] = [
        (add_site(IsoCountries()), sites),
        (ADD_LOCATION, bins),
        (ADD_PRODUCT, products),
    ]
    for use_case, commands in work:
        assert all(isinstance(outcome, Accepted) for outcome in execute(store, use_case, commands, origin=ANN))


class SimulatedClock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@attrs.frozen
class Sent:
    """Commands that were carried out, and what each store answered."""

    use_case: UseCase[Any, Any]
    commands: tuple[Any, ...]
    outcomes: list[list[Outcome[Any]]]


class Warehouse(RuleBasedStateMachine):
    """What one store does, the other does, and the totals say."""

    def __init__(self, memory: MemoryStore, open_sql: Callable[[SimulatedClock], SqlStore]) -> None:
        super().__init__()
        self.clock = SimulatedClock()
        self.sql = open_sql(self.clock)
        self.memory = memory.fork(clock=self.clock)
        self.stores: tuple[MemoryStore, SqlStore] = (self.memory, self.sql)
        self.totals = Totals()
        self.sent: list[Sent] = []
        self.transfers: list[str] = []
        self.references: list[str] = []
        self.numbers = 0
        self.now = self.look()

    def teardown(self) -> None:
        try:
            report = verify(self.sql.engine)
            assert [i for i in report["invariants"] if i["violation_count"]] == []
        finally:
            self.sql.close()

    # -- doing the same everywhere -------------------------------------------------------------------------------

    def name(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}{self.numbers}"

    def do(self, use_case: UseCase[Any, Any], *commands: Any, atomic: bool = False) -> list[Outcome[Any]]:
        """Carry out commands on both stores; their answers are the same."""
        self.clock.now += timedelta(seconds=1)
        named = tuple(attrs.evolve(c, command_id=c.command_id or self.name("c")) for c in commands)
        outcomes = self.give(use_case, named, atomic=atomic)
        if not atomic:
            self.sent.append(Sent(use_case, named, outcomes))
        return outcomes[0]

    def give(self, use_case: UseCase[Any, Any], commands: Sequence[Any], *, atomic: bool) -> list[list[Outcome[Any]]]:
        outcomes = [execute(store, use_case, commands, origin=ANN, atomic=atomic) for store in self.stores]
        for store in self.stores:
            follow_up_orders(store, ANN)
        mine, theirs = ([told(outcome) for outcome in each] for each in outcomes)
        note(f"  answered {mine}")
        assert mine == theirs
        return outcomes

    def look(self) -> Picture:
        mine, theirs = (picture(rows_of(store)) for store in self.stores)
        for field in attrs.fields(Picture):
            assert getattr(mine, field.name) == getattr(theirs, field.name), f"the stores differ in {field.name}"
        return mine

    def ends_holds(self, *skus: str) -> None:
        """The command that follows releases the holds of these SKUs whose time is over, before it decides."""
        for reference in self.totals.forget_expired(skus, self.clock.now + timedelta(seconds=1)):
            note(f"  {reference} has expired")

    # -- the same after every step -------------------------------------------------------------------------------

    @invariant()
    def stores_and_totals_agree(self) -> None:
        self.now = self.look()
        totals = self.totals
        self._forget_what_ended_by_itself()
        for sku in SERVED_FROM:
            for site in (*SITES, TRANSIT):
                on_hand, blocked, _, shipped = self.now.pools.get((sku, site), (ZERO, ZERO, ZERO, ZERO))
                key = (sku, site)
                assert on_hand == totals.on_hand[key], f"{key} on hand"
                assert blocked == totals.blocked[key], f"{key} blocked"
                assert shipped == totals.shipped[key], f"{key} shipped"
            reserved = {site: figures[2] for (of, site), figures in self.now.pools.items() if of == sku and figures[2]}
            assert set(reserved) <= set(SERVED_FROM[sku])
            assert sum(reserved.values(), ZERO) == totals.promised(sku), f"{sku} promised"
        for number, order in totals.orders.items():
            for line_no, line in enumerate(order.lines, 1):
                figures = self.now.lines[number, line_no]
                assert (figures.ordered, figures.cancelled, figures.shipped) == (
                    line.ordered,
                    line.cancelled,
                    line.shipped,
                ), f"{number} line {line_no}"
                assert figures.reserved + figures.backordered == line.open, f"{number} line {line_no}"
            assert (self.now.orders[number][0] == "cancelled") == order.is_cancelled
        assert set(self.now.orders) == set(totals.orders)
        for reference, demand in self.now.demands.items():
            held = totals.holds.get(reference)
            assert demand.reserved + demand.backordered == (held.quantity if held else ZERO), reference
        for shipment, (_, state, content) in self.now.shipments.items():
            assert bool(content) == (state != "cancelled"), f"shipment {shipment}"
        assert self.now.follow_ups == 0

    def _forget_what_ended_by_itself(self) -> None:
        """A hold whose time is over may or may not have met someone who ended it; before that it stands."""
        for reference, held in list(self.totals.holds.items()):
            demand = self.now.demands[reference]
            over = held.expires_at is not None and held.expires_at <= self.clock.now
            if over and not demand.reserved and not demand.backordered:
                del self.totals.holds[reference]

    # -- goods come and go ---------------------------------------------------------------------------------------

    @initialize(mugs=several, cups=several, pairs=several)
    def open_with(self, mugs: Decimal, cups: Decimal, pairs: Decimal) -> None:
        self.receive("MUG", "LEEDS", mugs, "A-01")
        self.receive("CUP", "HULL", cups, "A-01")
        self.receive("SOCKS", "HULL", pairs, "RECEIVING")

    @rule(sku=any_sku, site=any_site, quantity=several, place=any_place)
    def goods_arrive(self, sku: str, site: str, quantity: Decimal, place: str) -> None:
        self.receive(sku, site, quantity, place)

    def receive(self, sku: str, site: str, quantity: Decimal, place: str) -> None:
        self.ends_holds(sku)
        command = ReceiveStock(sku=sku, site=site, quantity=quantity, location=place)
        [outcome] = self.do(RECEIVE_STOCK, command)
        assert isinstance(outcome, Accepted)
        self.totals.on_hand[sku, site] += quantity

    @rule(sku=any_sku, site=any_site, quantity=some, place=st.none() | any_place)
    def damage(self, sku: str, site: str, quantity: Decimal, place: str | None) -> None:
        self.ends_holds(sku)
        there = self.totals.usable(sku, site)
        [outcome] = self.do(
            DAMAGE_STOCK, DamageStock(sku=sku, site=site, quantity=quantity, reason="wet", location=place)
        )
        if place is None:
            assert isinstance(outcome, Accepted) == (quantity <= there)
        if isinstance(outcome, Accepted):
            self.totals.blocked[sku, site] += quantity

    @rule(sku=any_sku, site=any_site, quantity=some)
    def repair(self, sku: str, site: str, quantity: Decimal) -> None:
        self.ends_holds(sku)
        command = ChangeStatus(
            sku=sku, site=site, quantity=quantity, from_status="damaged", to_status="available", reason="dried"
        )
        [outcome] = self.do(CHANGE_STATUS, command)
        assert isinstance(outcome, Accepted) == (quantity <= self.totals.blocked[sku, site])
        if isinstance(outcome, Accepted):
            self.totals.blocked[sku, site] -= quantity

    @rule(sku=any_sku, site=any_site, counted=st.integers(0, 25).map(Decimal), place=any_place)
    def count(self, sku: str, site: str, counted: Decimal, place: str) -> None:
        self.ends_holds(sku)
        book = self.now.quants.get((sku, site, place, "available"), (ZERO, ZERO))[0]
        [outcome] = self.do(COUNT_STOCK, CountStock(sku=sku, site=site, counted=counted, location=place))
        change = accepted(outcome)
        assert change.quantity == counted - book
        self.totals.on_hand[sku, site] += change.quantity

    @rule(
        sku=any_sku,
        site=any_site,
        quantity=st.integers(-12, 12).filter(bool).map(Decimal),
        shortage=st.booleans(),
        at_most=st.booleans(),
    )
    def adjust(self, sku: str, site: str, quantity: Decimal, shortage: bool, at_most: bool) -> None:
        self.ends_holds(sku)
        there = self.totals.usable(sku, site)
        command = AdjustStock(
            sku=sku, site=site, quantity=quantity, reason="found", allow_shortage=shortage, at_most=at_most
        )
        [outcome] = self.do(ADJUST_STOCK, command)
        if quantity > ZERO or (shortage and (at_most or -quantity <= there)):
            assert isinstance(outcome, Accepted)
        if isinstance(outcome, Accepted):
            change: StockChange = outcome.result
            assert change.quantity == max(quantity, -there) == quantity + change.missing
            self.totals.on_hand[sku, site] += change.quantity

    @rule(sku=any_sku, site=any_site, quantity=some, status=st.sampled_from(["available", "damaged"]))
    def take_back(self, sku: str, site: str, quantity: Decimal, status: str) -> None:
        self.ends_holds(sku)
        [outcome] = self.do(RETURN_STOCK, ReturnStock(sku=sku, site=site, quantity=quantity, status=status))
        assert isinstance(outcome, Accepted)
        self.totals.on_hand[sku, site] += quantity
        if status == "damaged":
            self.totals.blocked[sku, site] += quantity

    # -- goods move ----------------------------------------------------------------------------------------------

    @rule(sku=any_sku, site=any_site, quantity=some, places=st.permutations(PLACES))
    def move(self, sku: str, site: str, quantity: Decimal, places: Sequence[str]) -> None:
        self.ends_holds(sku)
        there = self.now.quants.get((sku, site, places[0], "available"), (ZERO, ZERO))[0]
        command = MoveStock(sku=sku, site=site, quantity=quantity, from_location=places[0], to_location=places[1])
        [outcome] = self.do(MOVE_STOCK, command)
        assert isinstance(outcome, Accepted) == (quantity <= there)

    @rule(from_site=any_site, lines=st.lists(st.tuples(any_sku, some), min_size=1, max_size=3))
    def send(self, from_site: str, lines: list[tuple[str, Decimal]]) -> None:
        self.ends_holds(*(sku for sku, _ in lines))
        number = self.name("T")
        [to_site] = [site for site in SITES if site != from_site]
        parts = tuple(TransferLine(sku=sku, quantity=quantity) for sku, quantity in lines)
        [outcome] = self.do(
            SEND_TRANSFER, SendTransfer(from_site=from_site, to_site=to_site, lines=parts, number=number)
        )
        if not isinstance(outcome, Accepted):
            return
        self.transfers.append(number)
        for sku, quantity in lines:
            self.totals.on_hand[sku, from_site] -= quantity
            self.totals.on_hand[sku, TRANSIT] += quantity

    @precondition(lambda self: self.transfers)
    @rule(which=which, part=st.integers(1, 12).map(Decimal), status=st.sampled_from(["available", "damaged"]))
    def arrive(self, which: int, part: Decimal, status: str) -> None:
        number = pick(self.transfers, which)
        _, _, to_site, lines = self.now.transfers[number]
        self.ends_holds(*(sku for sku, _, _ in lines))
        arrived = tuple(ArrivedLine(line=n, quantity=part, status=status) for n in range(1, len(lines) + 1))
        [outcome] = self.do(RECEIVE_TRANSFER, ReceiveTransfer(number=number, lines=arrived))
        assert isinstance(outcome, Accepted) == all(part <= sent - settled for _, sent, settled in lines)
        if isinstance(outcome, Accepted):
            for sku, _, _ in lines:
                self.totals.on_hand[sku, TRANSIT] -= part
                self.totals.on_hand[sku, to_site] += part
                if status == "damaged":
                    self.totals.blocked[sku, to_site] += part

    # -- orders --------------------------------------------------------------------------------------------------

    @rule(policy=policies, wished=wishes | socks, priority=priorities)
    def order_one(self, policy: str, wished: list[tuple[str, Decimal]], priority: int) -> None:
        self.order([(policy, wished, priority)], atomic=False, twice=False)

    @rule(wished=wishes | socks, priority=priorities)
    def order_what_may_wait(self, wished: list[tuple[str, Decimal]], priority: int) -> None:
        self.order([("backorder", wished, priority)], atomic=False, twice=False)

    @rule(
        orders=st.lists(st.tuples(policies, wishes | socks, priorities), min_size=2, max_size=3),
        atomic=st.booleans(),
        twice=st.booleans(),
    )
    def order_several(
        self, orders: list[tuple[str, list[tuple[str, Decimal]], int]], atomic: bool, twice: bool
    ) -> None:
        self.order(orders, atomic=atomic, twice=twice)

    def order(self, orders: list[tuple[str, list[tuple[str, Decimal]], int]], atomic: bool, twice: bool) -> None:
        """One batch; with `twice` its first command stands in it once more."""
        self.ends_holds(*(sku for _, wished, _ in orders for sku, _ in wished))
        commands = [self._order(policy, wished, priority) for policy, wished, priority in orders]
        before = self.totals.copy()
        expected = [
            self.totals.order(str(command.number), policy, wished, {})
            for command, (policy, wished, _) in zip(commands, orders, strict=True)
        ]
        given = [*commands, commands[0]] if twice else commands
        outcomes = self.do(PLACE_ORDER, *given, atomic=atomic)
        if atomic and not all(expected):
            self.totals = before
            assert not any(isinstance(outcome, Accepted) for outcome in outcomes)
            return
        assert [isinstance(outcome, Accepted) for outcome in outcomes[: len(orders)]] == expected
        assert [outcome.repeated for outcome in outcomes] == [False] * len(orders) + [True] * twice

    def _order(
        self, policy: str, wished: list[tuple[str, Decimal]], priority: int, hold: str | None = None
    ) -> PlaceOrder:
        return PlaceOrder(
            number=self.name("O"),
            lines=tuple(LineRequest(sku=sku, quantity=quantity) for sku, quantity in wished),
            policy=policy,
            priority=priority,
            sites=() if wished[0][0] in SPREAD else SERVED_FROM[wished[0][0]],
            holds=() if hold is None else (hold,),
            command_id=self.name("c"),
        )

    @precondition(lambda self: self.references)
    @rule(which=which, policy=policies, quantity=some)
    def order_from_a_hold(self, which: int, policy: str, quantity: Decimal) -> None:
        reference = pick(self.references, which)
        if not reference.startswith("hold"):
            return
        held = self.totals.holds.get(reference)
        sku = held.sku if held else "MUG"
        self.ends_holds(sku)
        reserved = self.now.demands[reference].reserved if reference in self.totals.holds else ZERO
        command = self._order(policy, [(sku, quantity)], 0, reference)
        expected = False
        if reserved:
            before = self.totals.copy()
            left = self.totals.available(sku)
            del self.totals.holds[reference]
            # what others wait for is not this order's, though the sums cannot tell
            given = {sku: left + reserved - self.totals.available(sku)}
            expected = self.totals.order(str(command.number), policy, [(sku, quantity)], given)
            if not expected:
                self.totals = before
        [outcome] = self.do(PLACE_ORDER, command)
        assert isinstance(outcome, Accepted) == expected
        if isinstance(outcome, Rejected) and not reserved:
            assert outcome.code == "hold_expired"

    @precondition(lambda self: self.totals.orders)
    @rule(which=which, line=which, quantity=some, more=st.none() | some)
    def edit(self, which: int, line: int, quantity: Decimal, more: Decimal | None) -> None:
        """Another quantity for one line, and perhaps a new line of the same SKU."""
        number = pick(sorted(self.totals.orders), which)
        order = self.totals.orders[number]
        index = line % len(order.lines)
        old = order.lines[index]
        self.ends_holds(*(line.sku for line in order.lines))
        change = quantity - old.ordered
        edits = [LineEdit(line=index + 1, quantity=quantity)]
        grown = {index: (old.sku, change)} if change > ZERO else {}
        if more is not None and change >= ZERO:
            edits.append(LineEdit(sku=old.sku, quantity=more))
            grown[len(order.lines)] = (old.sku, more)
        expected = not order.is_cancelled and quantity >= old.shipped
        if expected and grown:
            expected = self.totals.grow(number, grown)
        elif expected:
            old.ordered = quantity
            old.cancelled = max(ZERO, old.cancelled + change)  # what was cancelled is left out first
            order.is_cancelled = not any(line.open or line.shipped for line in order.lines)
        [outcome] = self.do(EDIT_ORDER, EditOrder(number=number, lines=tuple(edits)))
        assert isinstance(outcome, Accepted) == expected

    @precondition(lambda self: self.totals.orders)
    @rule(which=which)
    def cancel(self, which: int) -> None:
        number = pick(sorted(self.totals.orders), which)
        order = self.totals.orders[number]
        self.ends_holds(*(line.sku for line in order.lines))
        expected = order.is_cancelled or any(line.open for line in order.lines)
        [outcome] = self.do(CANCEL_ORDER, CancelOrder(number=number, reason="changed their mind"))
        assert isinstance(outcome, Accepted) == expected
        if expected:
            for line in order.lines:
                line.cancelled += line.open
            order.is_cancelled = not any(line.shipped for line in order.lines)

    @precondition(lambda self: self.totals.orders)
    @rule(which=which, line=which, quantity=some)
    def cancel_part(self, which: int, line: int, quantity: Decimal) -> None:
        number = pick(sorted(self.totals.orders), which)
        order = self.totals.orders[number]
        index = line % len(order.lines)
        self.ends_holds(*(line.sku for line in order.lines))
        expected = not order.is_cancelled and quantity <= order.lines[index].open
        cancels = (LineCancel(line=index + 1, quantity=quantity),)
        [outcome] = self.do(CANCEL_LINES, CancelLines(number=number, lines=cancels))
        assert isinstance(outcome, Accepted) == expected
        if expected:
            order.lines[index].cancelled += quantity
            order.is_cancelled = not any(line.open or line.shipped for line in order.lines)

    @precondition(lambda self: self.totals.orders)
    @rule(
        which=which,
        to=st.sampled_from(["picking", "packed", "dispatched", "delivered"]),
        through=st.booleans(),
    )
    def move_on(self, which: int, to: str, through: bool) -> None:
        self.advance(pick(sorted(self.totals.orders), which), to, through)

    @precondition(lambda self: self.totals.orders)
    @rule(which=which)
    def pick_and_pack(self, which: int) -> None:
        number = pick(sorted(self.totals.orders), which)
        self.advance(number, "picking", through=False)
        self.stores_and_totals_agree()
        self.advance(number, "packed", through=False)

    @precondition(lambda self: self.now.shipments)
    @rule(which=which, to=st.sampled_from(["packed", "dispatched", "delivered"]))
    def move_a_shipment_on(self, which: int, to: str) -> None:
        self.advance(pick(sorted(self.now.shipments), which).rpartition("-")[0], to, through=False)

    def advance(self, number: str, to: str, through: bool) -> None:
        before = self.now
        [outcome] = self.do(ADVANCE_ORDER, AdvanceOrder(number=number, to=to, through=through))
        if not isinstance(outcome, Accepted) or to not in ("dispatched", "delivered"):
            return
        self.now = self.look()
        gone: Sums[str] = sums()
        for index, line in enumerate(self.totals.orders[number].lines, 1):
            sent = self.now.lines[number, index].shipped - line.shipped
            assert ZERO <= sent <= before.lines[number, index].reserved
            line.shipped += sent
            gone[line.sku] += sent
        if not through:
            packed = self._packed(before, number) if to == "dispatched" else sums()
            assert all(gone[sku] == packed[sku] for sku in SERVED_FROM)
        self._left_the_sites(before, gone)

    def _packed(self, before: Picture, number: str) -> Sums[str]:
        """What stood packed for an order."""
        packed: Sums[str] = sums()
        for shipment, (_, state, content) in before.shipments.items():
            if shipment.startswith(f"{number}-"):
                for line, quantity in content.items():
                    packed[before.lines[number, line].sku] += quantity if state == "packed" else ZERO
        return packed

    def _left_the_sites(self, before: Picture, gone: Sums[str]) -> None:
        """What was sent has left the sites' stock, from whichever of them."""
        for (sku, site), (_, _, _, shipped) in self.now.pools.items():
            sent = shipped - before.pools[sku, site][3]
            self.totals.on_hand[sku, site] -= sent
            self.totals.shipped[sku, site] += sent
            gone[sku] -= sent
        assert not any(gone.values()), "what the lines say was sent is what left the sites"

    # -- holds and outside orders --------------------------------------------------------------------------------

    @rule(sku=any_sku, quantity=some, minutes=st.none() | st.integers(1, 90))
    def hold(self, sku: str, quantity: Decimal, minutes: int | None) -> None:
        """A hold when it ends by itself, an outside order when not."""
        self.ends_holds(sku)
        kind = "external" if minutes is None else "hold"
        reference = self.name(kind)
        expires_at = None if minutes is None else self.clock.now + timedelta(minutes=minutes)
        command = ReserveStock(
            sku=sku,
            quantity=quantity,
            reference=reference,
            demand_type=kind,
            sites=SERVED_FROM[sku],
            expires_at=expires_at,
        )
        [outcome] = self.do(RESERVE_STOCK, command)
        assert isinstance(outcome, Accepted) == (quantity <= self.totals.available(sku))
        if isinstance(outcome, Accepted):
            self.totals.holds[reference] = Held(sku, quantity, expires_at)
            self.references.append(reference)

    @precondition(lambda self: self.references)
    @rule(which=which, quantity=st.none() | some)
    def release(self, which: int, quantity: Decimal | None) -> None:
        reference = pick(self.references, which)
        held = self.totals.holds.get(reference)
        if held is not None:
            self.ends_holds(held.sku)
            held = self.totals.holds.get(reference)
        kind = "hold" if reference.startswith("hold") else "external"
        command = ReleaseReservation(reference=reference, quantity=quantity, demand_type=kind)
        [outcome] = self.do(RELEASE_RESERVATION, command)
        if held is None:
            assert isinstance(outcome, Accepted), "releasing what is released changes nothing"
            return
        asked = held.quantity if quantity is None else quantity
        assert isinstance(outcome, Accepted) == (asked <= held.quantity)
        if isinstance(outcome, Accepted):
            self._holds_less(reference, asked)

    @precondition(lambda self: self.references)
    @rule(which=which, quantity=st.none() | some)
    def commit(self, which: int, quantity: Decimal | None) -> None:
        """Goods of an outside order leave."""
        reference = pick(self.references, which)
        held = self.totals.holds.get(reference)
        if held is None or reference.startswith("hold"):
            return
        self.ends_holds(held.sku)
        before = self.now
        command = CommitReservation(reference=reference, sku=held.sku, quantity=quantity)
        [outcome] = self.do(COMMIT_RESERVATION, command)
        reserved = before.demands[reference].reserved
        if isinstance(outcome, Accepted):
            sent = reserved if quantity is None else quantity
            assert ZERO < sent <= reserved
            self._holds_less(reference, sent)
            self.now = self.look()
            gone: Sums[str] = sums()
            gone[held.sku] = sent
            self._left_the_sites(before, gone)
        else:
            assert outcome.code in ("over_commit", "not_allocatable")

    def _holds_less(self, reference: str, quantity: Decimal) -> None:
        held = self.totals.holds[reference]
        held.quantity -= quantity
        assert held.quantity >= ZERO
        if held.quantity == ZERO:
            del self.totals.holds[reference]

    @rule(minutes=st.integers(1, 120))
    def time_passes(self, minutes: int) -> None:
        self.clock.now += timedelta(minutes=minutes)

    @precondition(lambda self: any(held.expires_at for held in self.totals.holds.values()))
    @rule()
    def end_holds(self) -> None:
        self.ends_holds(*SERVED_FROM)
        self.do(EXPIRE_HOLDS, ExpireHolds())

    # -- twice is once -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.sent)
    @rule(which=which)
    def repeat(self, which: int) -> None:
        """The same commands under the same ids: the same answers, and nothing changes."""
        sent = pick(self.sent, -1 - which)
        self.clock.now += timedelta(seconds=1)
        again = self.give(sent.use_case, sent.commands, atomic=False)
        for first, second in zip(sent.outcomes, again, strict=True):
            assert [attrs.evolve(outcome, repeated=True) for outcome in first] == second

    @precondition(lambda self: self.sent)
    @rule(which=which, quantity=several)
    def another_command_under_a_known_id(self, which: int, quantity: Decimal) -> None:
        known = pick(self.sent, -1 - which).commands[0].command_id
        command = ReceiveStock(sku="MUG", site="LEEDS", quantity=quantity, reason="again", command_id=known)
        self.clock.now += timedelta(seconds=1)
        [[outcome], _] = self.give(RECEIVE_STOCK, [command], atomic=False)
        assert isinstance(outcome, Rejected)
        assert outcome.code == "idempotency_key_reuse"


def pick(things: Sequence[Any], number: int) -> Any:
    return things[number % len(things)]


def accepted(outcome: Outcome[Any]) -> Any:
    assert isinstance(outcome, Accepted), outcome
    return outcome.result
