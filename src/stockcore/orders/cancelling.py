"""Taking back what is not dispatched: whole orders, or part of lines (DESIGN 4).

What is not picked is released at once. Until put-back tasks exist, what is picked goes back to the bins it came from in
the same posting.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from uuid import UUID

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ZERO, check_step, plain, read_quantity
from stockcore.kernel.reading import read_list
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Purpose
from stockcore.orders.commands import CancelLines, CancelOrder, HoldOrder, LineCancel, ResumeOrder
from stockcore.orders.desk import OrderDesk
from stockcore.orders.history import announce, close_shipment, write_history
from stockcore.orders.lifecycle import UNDISPATCHED, State, illegal
from stockcore.orders.reading import read_reason, reason_if_any
from stockcore.orders.records import Order, OrderLine, Shipment
from stockcore.orders.results import OrderChanged
from stockcore.stock.book import Posting
from stockcore.stock.records import Allocation, MovementKind, Reservation
from stockcore.stock.serving import serve


def _cancel_all(uow: UnitOfWork, work: Work[CancelOrder, OrderChanged]) -> None:
    desk = OrderDesk(uow, work, [command.number for command in work.commands], whole=True, queue=True)
    work.decide(lambda command: _cancel(desk, command), desk.changes)
    desk.write()


def _cancel(desk: OrderDesk, command: CancelOrder) -> OrderChanged:
    """Errors: unknown_order, those of texts, illegal_transition."""
    order = desk.order(command.number)
    reason = reason_if_any(command.reason)
    if order.state == State.CANCELLED:
        return desk.changed(order)
    left = {line.id: not_dispatched(desk, order, line) for line in desk.lines(order)}
    if not any(left.values()):
        raise illegal(desk.state(order), State.CANCELLED)
    posting = desk.posting(order, reason)
    for line in desk.lines(order):
        _take_back(desk, order, posting, line, left[line.id])
    end_if_nothing_is_left(desk, order, reason)
    close_empty_shipments(desk, order, reason)
    serve(desk.book, posting, desk.floor)
    announce(desk, order, "order.cancelled", _taken(desk, order, left, reason))
    return desk.changed(order)


def not_dispatched(desk: OrderDesk, order: Order, line: OrderLine) -> Decimal:
    """How much of a line is neither dispatched nor cancelled. A service goes with the first goods of its order."""
    left = line.ordered - line.cancelled
    held = [r for r in desk.reservations(order) if r.demand_line == line.id]
    waits = any(b.demand_line == line.id for b in desk.backorders(order))
    is_service = order.state != State.RECEIVED and not held and not waits
    if is_service:
        return ZERO if _is_dispatched(desk, order) else left
    return left - sum((reservation.consumed for reservation in held), ZERO)


def _is_dispatched(desk: OrderDesk, order: Order) -> bool:
    """Whether anything of the order has left."""
    return any(shipment.dispatched_at for shipment in desk.shipments(order))


def end_if_nothing_is_left(desk: OrderDesk, order: Order, reason: str | None) -> None:
    """An order of which all is cancelled, and nothing was dispatched, is cancelled itself."""
    if _is_dispatched(desk, order) or any(line.ordered > line.cancelled for line in desk.lines(order)):
        return
    write_history(desk, order, [(order.state, State.CANCELLED)], None, reason=reason)
    order.state = State.CANCELLED


def _take_back(desk: OrderDesk, order: Order, posting: Posting, line: OrderLine, quantity: Decimal) -> None:
    """So much less of the line is wanted: backordered before reserved, unreleased before released."""
    if quantity <= ZERO:
        return
    line.cancelled += quantity
    desk.changes.update(line)
    withdraw(desk, order, posting, line, quantity)


def withdraw(desk: OrderDesk, order: Order, posting: Posting, line: OrderLine, quantity: Decimal) -> None:
    """Give up so much of what the line waits for and holds."""
    for backorder in desk.backorders(order):
        if backorder.demand_line == line.id and backorder.outstanding > ZERO:
            part = min(quantity, backorder.outstanding)
            desk.book.settle_backorder(backorder, part)
            quantity -= part
    for reservation, part in held_parts(desk, order, line, quantity):
        for allocation, goods in chosen_parts(desk, reservation, part):
            _put_back(desk, posting, reservation, allocation, goods)
        desk.book.release(posting, reservation, part)


def held_parts(desk: OrderDesk, order: Order, line: OrderLine, quantity: Decimal) -> list[tuple[Reservation, Decimal]]:
    """Which reservations give up how much, when so much of what the line holds is given up: the last site's first."""
    parts = []
    for reservation in reversed(desk.reservations(order)):
        part = min(quantity, reservation.outstanding)
        if part > ZERO and reservation.demand_line == line.id:
            parts.append((reservation, part))
            quantity -= part
    return parts


def chosen_parts(desk: OrderDesk, reservation: Reservation, part: Decimal) -> list[tuple[Allocation, Decimal]]:
    """The goods chosen for so much of a reservation: unreleased ones first, then unpicked, then picked ones."""

    def rank(allocation: Allocation) -> tuple[bool, bool, int]:
        return (allocation.release.int != 0, allocation.home != allocation.quant, allocation.quant)

    excess = desk.book.allocated(reservation) - (reservation.outstanding - part)
    parts = []
    for allocation in sorted(desk.book.allocations_of(reservation), key=rank):
        goods = min(excess, allocation.quantity)
        if goods > ZERO:
            parts.append((allocation, goods))
            excess -= goods
    return parts


def _put_back(
    desk: OrderDesk, posting: Posting, reservation: Reservation, allocation: Allocation, goods: Decimal
) -> None:
    """The goods are free again; picked ones go back to their bin, or to the receiving place where it is out of use:
    they are in the house and must lie somewhere, even if all of it is blocked."""
    quant, home = desk.book.quants_by_id[allocation.quant], desk.book.quants_by_id[allocation.home]
    desk.book.deallocate(allocation, goods)
    if home is not quant:
        if not desk.floor.is_in_use(home.location):
            home = desk.book.beside(
                quant, location=desk.floor.service_place(quant.site, Purpose.RECEIVING, even_blocked=True).id
            )
        desk.book.move(posting, MovementKind.TRANSFER, quant, home, goods, line=reservation.demand_line)


def close_empty_shipments(desk: OrderDesk, order: Order, reason: str | None) -> list[Shipment]:
    """An undispatched shipment with nothing left in it is cancelled."""
    filled = {allocation.release for _, allocation in desk.allocations(order)}
    empty = [s for s in desk.shipments(order) if s.state in UNDISPATCHED and s.id not in filled]
    for shipment in empty:
        close_shipment(desk, order, shipment, reason)
    return empty


def _taken(desk: OrderDesk, order: Order, taken: dict[UUID, Decimal], reason: str | None) -> dict[str, object]:
    lines = {line.id: line.line_no for line in desk.lines(order)}
    return {
        "number": order.number,
        "reason": reason,
        "lines": [{"line": lines[line_id], "cancelled": quantity} for line_id, quantity in taken.items() if quantity],
    }


# -- part of lines -----------------------------------------------------------------------------------------------


def _cancel_lines_all(uow: UnitOfWork, work: Work[CancelLines, OrderChanged]) -> None:
    numbers = [command.number for command in work.commands]
    desk = OrderDesk(uow, work, numbers, whole=True, queue=True)
    work.decide(lambda command: _cancel_lines(desk, command), desk.changes)
    desk.write()


def _cancel_lines(desk: OrderDesk, command: CancelLines) -> OrderChanged:
    """Errors: unknown_order, illegal_transition, unknown_line, over_release, those of `check_multiple` and of what is
    read."""
    order = desk.order(command.number)
    reason = reason_if_any(command.reason)
    cancels = read_list(command.lines, LineCancel, field="lines")
    if not cancels:
        raise StockcoreError("order_without_lines", "name at least one line to cancel", field="lines")
    if order.state == State.CANCELLED:
        raise illegal(order.state, State.CANCELLED)
    wanted: list[tuple[OrderLine, Decimal]] = []
    totals: dict[UUID, Decimal] = {}
    for index, cancel in enumerate(cancels):
        field = f"lines/{index}/quantity"
        line = desk.line(order, cancel.line, field=f"lines/{index}/line")
        quantity = read_quantity(cancel.quantity, field=field)
        check_step(quantity, desk.variants_of_lines[line.variant].step, field=field)
        wanted.append((line, quantity))
        totals[line.id] = totals.get(line.id, ZERO) + quantity
        left = not_dispatched(desk, order, line)
        if totals[line.id] > left:
            raise StockcoreError(
                "over_release", f"only {plain(left)} of line {line.line_no} is not dispatched", field=field
            )
    for index, (line, _) in enumerate(wanted):
        desk.check_multiple(order, line, -totals[line.id], field=f"lines/{index}/quantity")
    posting = desk.posting(order, reason)
    for line, quantity in wanted:
        _take_back(desk, order, posting, line, quantity)
    end_if_nothing_is_left(desk, order, reason)
    close_empty_shipments(desk, order, reason)
    serve(desk.book, posting, desk.floor)
    announce(desk, order, "order.lines_cancelled", _taken(desk, order, totals, reason))
    return desk.changed(order)


# -- hold and resume ---------------------------------------------------------------------------------------------


def _hold_all(uow: UnitOfWork, work: Work[HoldOrder, OrderChanged]) -> None:
    desk = OrderDesk(uow, work, [command.number for command in work.commands], whole=False, lines=False)
    work.decide(lambda command: _set_hold(desk, command.number, read_reason(command.reason)), desk.changes)
    desk.write()


def _resume_all(uow: UnitOfWork, work: Work[ResumeOrder, OrderChanged]) -> None:
    desk = OrderDesk(uow, work, [command.number for command in work.commands], whole=False, lines=False)
    work.decide(lambda command: _set_hold(desk, command.number, None), desk.changes)
    desk.write()


def _set_hold(desk: OrderDesk, number: str, reason: str | None) -> OrderChanged:
    """On hold for a reason, or on again without one. Errors: unknown_order, illegal_transition (it has ended)."""
    order = desk.order(number)
    state = desk.state(order)
    if state == State.CANCELLED or (state == State.DELIVERED and reason is not None):
        raise illegal(state, "held" if reason is not None else "resumed")
    if (order.on_hold, order.hold_reason) != (reason is not None, reason):
        order.on_hold, order.hold_reason = reason is not None, reason
        announce(desk, order, "order.held" if reason else "order.resumed", {"number": order.number, "reason": reason})
    return desk.changed(order)


CANCEL_ORDER: Final = UseCase("orders.cancel", OrderChanged, _cancel_all)
CANCEL_LINES: Final = UseCase("orders.cancel_lines", OrderChanged, _cancel_lines_all)
HOLD_ORDER: Final = UseCase("orders.hold", OrderChanged, _hold_all)
RESUME_ORDER: Final = UseCase("orders.resume", OrderChanged, _resume_all)
