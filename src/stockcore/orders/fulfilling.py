"""Moving orders on: release, pick whole, pack, dispatch, deliver (DESIGN 4).

The light path: releasing allocates and makes one shipment per site; packing picks everything at once, from the bins to
the site's packing place; dispatch lowers on hand and reserved together; delivery is a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final
from uuid import UUID

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ZERO
from stockcore.kernel.reading import check_flag, one_of, read_texts, readable
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Purpose
from stockcore.orders.cancelling import close_empty_shipments
from stockcore.orders.commands import AdvanceOrder
from stockcore.orders.desk import OrderDesk
from stockcore.orders.history import NOTHING_LEFT, announce, write_history
from stockcore.orders.lifecycle import BEFORE, OPEN_SHIPMENT, SHIPMENT_STATES, UNDISPATCHED, State, illegal
from stockcore.orders.records import Order, Shipment, ShipmentLine
from stockcore.orders.results import OrderChanged
from stockcore.orders.validating import validate
from stockcore.stock.allocating import choose, requirement_of
from stockcore.stock.book import Posting, demand_of
from stockcore.stock.records import NOBODY, Allocation, Counterpart, MovementKind, Reservation

#: Steps of the order itself; for one that was kept received they try its reservation again.
ORDERS_OWN: Final = (State.VALIDATED, State.SUPPLIER_CONFIRMED)


def _advance_all(uow: UnitOfWork, work: Work[AdvanceOrder, OrderChanged]) -> None:
    whole = any(command.through or command.to not in (State.DISPATCHED, State.DELIVERED) for command in work.commands)
    again = readable(command.number for command in work.commands if command.to in ORDERS_OWN)
    numbers = [command.number for command in work.commands]
    desk = OrderDesk(uow, work, numbers, whole=whole, queue=bool(again), lines=bool(again))
    work.decide(lambda command: _advance(desk, command), desk.changes, desk.write if uow.is_served else None)
    desk.write()


def _advance(desk: OrderDesk, command: AdvanceOrder) -> OrderChanged:
    order = desk.order(command.number)
    check_flag(command.through, field="through")
    only = read_texts(command.shipments, field="shipments")
    wanted = one_of(command.to, list(State), field="to")
    unknown = set(only) - {shipment.number for shipment in desk.shipments(order)}
    if unknown:
        raise StockcoreError(
            "unknown_shipment", f"the order has no shipment {min(unknown)!r}", field="shipments", shipment=min(unknown)
        )
    if wanted in ORDERS_OWN and order.state == State.RECEIVED:
        return validate(desk, order)
    if wanted not in SHIPMENT_STATES:
        return _advance_order_itself(desk, order, wanted)
    if order.state != State.SUPPLIER_CONFIRMED:
        raise illegal(order.state, wanted)
    closed = close_empty_shipments(desk, order, NOTHING_LEFT)  # whose goods gave way just now
    advance = _advance_through if command.through else _advance_one_step
    moved = advance(desk, order, wanted, only)
    told: dict[str, object] = {"number": order.number, "shipments": [s.number for s in moved]}
    if closed:
        told["closed_shipments"] = [s.number for s in closed]
    if moved or closed:
        announce(desk, order, f"order.{wanted}" if moved else "order.shipments_closed", told)
    return desk.changed(order)


def _advance_order_itself(desk: OrderDesk, order: Order, wanted: State) -> OrderChanged:
    """To a state that placing or cancelling gives; only being there already is permitted."""
    state = desk.state(order)
    if state is wanted or (wanted is State.VALIDATED and state is State.SUPPLIER_CONFIRMED):
        return desk.changed(order)
    raise illegal(state, wanted)


def _advance_one_step(desk: OrderDesk, order: Order, wanted: State, only: tuple[str, ...]) -> list[Shipment]:
    """All shipments that stand exactly one step before; releasing for `picking`.

    Errors: illegal_transition, nothing_to_release, not_complete, not_allocatable, on_hold.
    """
    if wanted is State.PICKING:
        if only or (desk.state(order) is State.PICKING and desk.unreleased(order) <= ZERO):
            return []
        return _release(desk, order)
    before = BEFORE[wanted]
    standing = [
        shipment
        for shipment in desk.shipments(order)
        if shipment.state == before and (not only or shipment.number in only)
    ]
    if not standing:
        if _is_there(desk, order, wanted):
            return []
        raise illegal(desk.state(order), wanted)
    for shipment in standing:
        _STEPS[wanted](desk, order, shipment)
    return standing


def _advance_through(desk: OrderDesk, order: Order, wanted: State, only: tuple[str, ...]) -> list[Shipment]:
    """Release what can be, then take every open shipment on to `wanted`, step by step."""
    moved: list[Shipment] = []
    if not only and desk.unreleased(order) > ZERO:
        moved += _release(desk, order)
    behind = [s for s in desk.shipments(order) if _is_before(s, wanted) and (not only or s.number in only)]
    if not behind and not moved:
        if _is_there(desk, order, wanted):
            return []
        if not desk.shipments(order):
            return _release(desk, order)  # says why nothing can be released
        raise illegal(desk.state(order), wanted)
    for shipment in behind:
        while _is_before(shipment, wanted):
            following = SHIPMENT_STATES[SHIPMENT_STATES.index(State(shipment.state)) + 1]
            _STEPS[following](desk, order, shipment)
        if shipment not in moved:
            moved.append(shipment)
    return moved


def _is_there(desk: OrderDesk, order: Order, wanted: State) -> bool:
    """Whether the order is in that state already, or all of it that can be: what is backordered is left out of account,
    what is reserved and not released is not."""
    shipments = desk.shipments(order)
    if desk.state(order) is wanted or (wanted is State.PICKING and desk.undispatched(order)):
        return True
    is_behind = desk.unreleased(order) > ZERO or any(_is_before(shipment, wanted) for shipment in shipments)
    return not is_behind and any(shipment.state == wanted for shipment in shipments)


def _is_before(shipment: Shipment, wanted: State) -> bool:
    state = State(shipment.state)
    return state in OPEN_SHIPMENT and SHIPMENT_STATES.index(state) < SHIPMENT_STATES.index(wanted)


# -- release -----------------------------------------------------------------------------------------------------


def _release(desk: OrderDesk, order: Order) -> list[Shipment]:
    """All that is reserved and not yet released becomes one new shipment per site, as far as it can be allocated."""
    if order.on_hold:
        raise StockcoreError("on_hold", f"the order is on hold: {order.hold_reason}", number=order.number)
    if desk.unreleased(order) <= ZERO:
        if desk.undispatched(order):
            return []
        if desk.shipments(order) and desk.state(order) in (State.DISPATCHED, State.DELIVERED):
            raise illegal(desk.state(order), State.PICKING)
        raise StockcoreError(
            "nothing_to_release", "nothing is reserved for this order that is not released", number=order.number
        )
    _check_complete(desk, order)
    shipments: dict[int, Shipment] = {}
    missing = [(r, left) for r in desk.reservations(order) if (left := _allocate(desk, order, r, shipments)) > ZERO]
    if not shipments or (missing and order.ship_complete):
        lying = [q for r, _ in missing for q in desk.book.quants_at(r.variant, r.site) if q.on_hand > ZERO]
        places = sorted({desk.floor.code(quant.location) for quant in lying})
        raise StockcoreError("not_allocatable", "the goods lie where nothing may be taken from", places=places)
    for reservation, left in missing:
        demand = demand_of(reservation)
        desk.book.raise_exception("not_allocatable", site=reservation.site, demand=demand, quantity=left)
    return list(shipments.values())


def _check_complete(desk: OrderDesk, order: Order) -> None:
    """Errors: not_complete."""
    if order.ship_complete and any(backorder.outstanding > ZERO for backorder in desk.backorders(order)):
        raise StockcoreError("not_complete", "the order ships complete, and part of it is backordered")


def _allocate(desk: OrderDesk, order: Order, reservation: Reservation, shipments: dict[int, Shipment]) -> Decimal:
    """Choose the goods for what is unreleased of a reservation: a pinned one has its own, or others like them where
    those cannot be taken, the rest comes by the site's strategy. They go into the site's new shipment, which is made
    with the first goods for it. Answers what is left."""
    mine = desk.book.allocations_of(reservation)
    left = reservation.outstanding - sum((allocation.quantity for allocation in mine), ZERO)
    requirement = requirement_of(reservation.requirement)
    stuck: list[Allocation] = []
    for allocation in mine:
        if allocation.release == NOBODY:
            quant, quantity = desk.book.quants_by_id[allocation.quant], allocation.quantity
            if desk.floor.shelf(quant, requirement) is None:  # expired, or blocked, or moved, since it was chosen
                stuck.append(allocation)
                left += quantity
                continue
            desk.book.deallocate(allocation, quantity)
            release = _shipment_for(desk, order, reservation.site, shipments)
            desk.book.allocate(reservation, quant, quantity, release=release)
    if left <= ZERO:
        return ZERO
    for quant, part in choose(desk.floor.shelves(desk.book, reservation.variant, reservation.site, requirement), left):
        release = _shipment_for(desk, order, reservation.site, shipments)
        desk.book.allocate(reservation, quant, part, release=release)
        left -= part
    replaced = sum((allocation.quantity for allocation in stuck), ZERO) - left  # the rest stays chosen as it was
    for allocation in stuck:
        part = min(max(replaced, ZERO), allocation.quantity)
        if part > ZERO:
            desk.book.deallocate(allocation, part)
            replaced -= part
    return left


def _shipment_for(desk: OrderDesk, order: Order, site: int, shipments: dict[int, Shipment]) -> UUID:
    if site not in shipments:
        shipments[site] = _new_shipment(desk, order, site)
    return shipments[site].id


def _new_shipment(desk: OrderDesk, order: Order, site: int) -> Shipment:
    order.shipment_count += 1
    shipment = Shipment(
        desk.new_id(),
        order.id,
        f"{order.number}-{order.shipment_count}",
        site,
        State.PICKING,
        desk.ids.now,
        desk.ids.now,
        None,
    )
    desk.shipments(order).append(shipment)
    desk.changes.insert(shipment)
    write_history(desk, order, [(State.SUPPLIER_CONFIRMED, State.PICKING)], shipment.id)
    return shipment


# -- the steps of a shipment -------------------------------------------------------------------------------------


def _content(desk: OrderDesk, order: Order, shipment: Shipment) -> list[tuple[Reservation, Allocation]]:
    return [
        (reservation, allocation)
        for reservation, allocation in desk.allocations(order)
        if allocation.release == shipment.id
    ]


def _step(desk: OrderDesk, order: Order, shipment: Shipment, to: State) -> None:
    write_history(desk, order, [(shipment.state, to)], shipment.id)
    shipment.state = to
    shipment.changed_at = desk.ids.now
    desk.changes.update(shipment)


def _pack(desk: OrderDesk, order: Order, shipment: Shipment) -> None:
    """Pick everything from where it was allocated to the packing place. Errors: not_allocatable, unknown_location."""
    packing = desk.floor.service_place(shipment.site, Purpose.PACKING)
    content = _content(desk, order, shipment)
    lying = {desk.book.quants_by_id[allocation.quant].location for _, allocation in content}
    blocked = sorted(desk.floor.code(place) for place in lying if not desk.floor.is_in_use(place))
    if blocked:
        raise StockcoreError(
            "not_allocatable", f"nothing may be taken from {blocked[0]}, which is not in use", places=blocked
        )
    posting = Posting(desk.new_id(), "shipment", shipment.id, None, None)
    for reservation, allocation in content:
        quant = desk.book.quants_by_id[allocation.quant]
        if quant.location == packing.id:
            continue
        target = desk.book.beside(quant, location=packing.id)
        quantity, home = allocation.quantity, allocation.home
        desk.book.deallocate(allocation, quantity)
        desk.book.move(posting, MovementKind.PICK, quant, target, quantity, line=reservation.demand_line)
        desk.book.allocate(reservation, target, quantity, release=shipment.id, home=home)
    desk.book.raised.clear()  # a move inside the house makes nothing available
    _step(desk, order, shipment, State.PACKED)


def _dispatch(desk: OrderDesk, order: Order, shipment: Shipment) -> None:
    """On hand and reserved fall together; the shipment's lines say what was sent. Of an order that ships complete
    nothing leaves while some of it gave way since it was released. Errors: not_complete."""
    if all(other.state in UNDISPATCHED for other in desk.shipments(order)):
        _check_complete(desk, order)
    posting = Posting(desk.new_id(), "shipment", shipment.id, None, None)
    sent: dict[UUID, ShipmentLine] = {}
    for reservation, allocation in _content(desk, order, shipment):
        quant = desk.book.quants_by_id[allocation.quant]
        quantity = allocation.quantity
        desk.book.deallocate(allocation, quantity)
        desk.book.change_on_hand(
            posting,
            MovementKind.COMMIT,
            quant,
            -quantity,
            counterpart=Counterpart.CUSTOMER,
            line=reservation.demand_line,
        )
        desk.book.consume(posting, reservation, quantity)
        line = sent.get(reservation.demand_line)
        if line is None:
            line = ShipmentLine(shipment.id, reservation.demand_line, reservation.variant, ZERO)
            sent[reservation.demand_line] = line
            desk.changes.insert(line)
        line.quantity += quantity
    shipment.dispatched_at = desk.ids.now
    _step(desk, order, shipment, State.DISPATCHED)


def _deliver(desk: OrderDesk, order: Order, shipment: Shipment) -> None:
    _step(desk, order, shipment, State.DELIVERED)


_STEPS: Final[Mapping[State, Callable[[OrderDesk, Order, Shipment], None]]] = {
    State.PACKED: _pack,
    State.DISPATCHED: _dispatch,
    State.DELIVERED: _deliver,
}

ADVANCE_ORDER: Final = UseCase("orders.advance", OrderChanged, _advance_all)
