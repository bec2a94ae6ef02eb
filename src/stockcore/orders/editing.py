"""Editing an open order: new quantities, new lines; all edits or none. What a line holds already counts as available
to it, what one line gives up serves another before anybody else, and what is added is covered under the order's own
policy (S009, S031)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

import attrs

from stockcore.catalog.conversion import Conversions
from stockcore.catalog.lifecycle import check_active
from stockcore.catalog.records import PackagingsOf, Sold, Units
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import DECIMALS_MAX, ONE, ZERO, check_step, plain, read_quantity
from stockcore.kernel.reading import listed, read_list
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.orders import sourcing
from stockcore.orders.cancelling import (
    chosen_parts,
    close_empty_shipments,
    end_if_nothing_is_left,
    held_parts,
    not_dispatched,
    withdraw,
)
from stockcore.orders.commands import EditOrder, LineEdit, LineRequest
from stockcore.orders.desk import OrderDesk
from stockcore.orders.history import announce
from stockcore.orders.lifecycle import State, illegal
from stockcore.orders.placing import (
    as_json,
    candidates,
    shortage_error,
)
from stockcore.orders.records import Order, OrderLine
from stockcore.orders.results import OrderChanged
from stockcore.orders.wanted import converted_line, wanted_line
from stockcore.stock.allocating import requirement_of
from stockcore.stock.book import Demand, PoolKey, sites_of
from stockcore.stock.records import Backorder, DemandType, Quant, Reservation
from stockcore.stock.serving import check_nothing_came, reserve, serve


@attrs.frozen
class _Edit:
    """One checked edit: by how much a line grows or shrinks. A new line is not yet among the order's."""

    line: OrderLine
    variant: Sold
    change: Decimal
    is_new: bool
    multiple: Decimal  # of a new line: what it reserves whole multiples of

    @property
    def given_up(self) -> Decimal:
        """What it holds or waits for and then will not: what is cancelled already is left out first."""
        return max(ZERO, -self.change - self.line.cancelled)


class _Freed:
    """What lines that shrink will give up: of each pool, and of which goods where they were chosen already."""

    def __init__(self, desk: OrderDesk, order: Order, shrunk: Sequence[_Edit]) -> None:
        self._desk = desk
        self._pools: dict[PoolKey, Decimal] = {}
        self._goods: list[tuple[Quant, Decimal]] = []
        for edit in shrunk:
            self._give_up(order, edit)

    def _give_up(self, order: Order, edit: _Edit) -> None:
        waiting = (b.outstanding for b in self._desk.backorders(order) if b.demand_line == edit.line.id)
        held = edit.given_up - sum(waiting, ZERO)
        for reservation, part in held_parts(self._desk, order, edit.line, held):
            key = (reservation.variant, reservation.site)
            self._pools[key] = self._pools.get(key, ZERO) + part
            for allocation, goods in chosen_parts(self._desk, reservation, part):
                self._goods.append((self._desk.book.quants_by_id[allocation.home], goods))

    def available(self, variant: int, site: int) -> Decimal:
        """What the site can promise to anybody, once it is given up."""
        if not self._desk.floor.may_promise(site):
            return ZERO
        return self._desk.book.available(variant, site) + self._pools.get((variant, site), ZERO)

    def available_to(self, demand: Demand, site: int) -> Decimal:
        """What the site can promise to this demand, once it is given up."""
        available = self.available(demand.variant, site)
        if not demand.requirement or available <= ZERO:
            return available
        wanted, floor = requirement_of(demand.requirement), self._desk.floor
        free = [shelf.quant.free for shelf in floor.shelves(self._desk.book, demand.variant, site, wanted)]
        free += [
            goods
            for quant, goods in self._goods
            if (quant.variant, quant.site) == (demand.variant, site) and floor.shelf(quant, wanted) is not None
        ]
        return min(available, sum(free, ZERO))


def _edit_all(uow: UnitOfWork, work: Work[EditOrder, OrderChanged]) -> None:
    edits = [edit for command in work.commands for edit in listed(command.lines, LineEdit)]
    new_skus = [edit.sku for edit in edits if edit.sku is not None]
    numbers = [command.number for command in work.commands]
    desk = OrderDesk(uow, work, numbers, whole=True, queue=True, new_skus=new_skus)
    if any(edit.unit is not None for edit in edits):
        known = {*desk.variants_of_lines, *(variant.id for variant in desk.variants.values())}
        desk.conversions = Conversions.of(*uow.load(PackagingsOf(tuple(sorted(known))), Units()))
    work.decide(lambda command: _edit(desk, command), desk.changes)
    check_nothing_came(uow, desk.book, desk.floor)
    desk.write()


def _edit(desk: OrderDesk, command: EditOrder) -> OrderChanged:
    """Errors: unknown_order, illegal_transition, order_without_lines, insufficient_stock, and those of `_checked`."""
    order = desk.order(command.number)
    lines = read_list(command.lines, LineEdit, field="lines")
    if order.state not in (State.SUPPLIER_CONFIRMED, State.RECEIVED):
        raise illegal(order.state, "edited")
    if not lines:
        raise StockcoreError("order_without_lines", "name at least one line to edit", field="lines")
    edits = _checked(desk, order, lines)
    if not any(edit.change or edit.is_new for edit in edits):
        return desk.changed(order)
    grown = [edit for edit in edits if edit.change > ZERO]
    freed = _Freed(desk, order, [edit for edit in edits if edit.change < ZERO])
    plan = _plan(desk, order, grown, freed) if grown and order.state != State.RECEIVED else None
    posting = desk.posting(order)
    for edit in edits:
        given_up = edit.given_up
        edit.line.ordered += edit.change
        edit.line.cancelled += min(ZERO, edit.change + given_up)
        _enter_again(edit)
        if edit.is_new:
            desk.lines(order).append(edit.line)
            desk.variants_of_lines.setdefault(edit.variant.id, edit.variant)  # a later edit of the batch may name it
            desk.changes.insert(edit.line)
            if order.state == State.RECEIVED and edit.variant.stocked:
                serving = _serving(desk, order)
                desk.book.note_demand(_demand(desk, order, edit, as_json(serving)), serving[0].site)
        elif edit.change:
            desk.changes.update(edit.line)
        if given_up and order.state != State.RECEIVED:
            withdraw(desk, order, posting, edit.line, given_up)
    if plan is not None:
        found, demands = plan
        for take in found.takes:
            reserve(desk.book, posting, desk.floor, demands[take.line], take.site, take.quantity)
        for edit, demand, short in zip(grown, demands, found.short, strict=True):
            if short and order.policy == "backorder":
                desk.book.backorder(demand, short)
            elif short:
                edit.line.cancelled += short
    end_if_nothing_is_left(desk, order, None)
    close_empty_shipments(desk, order, None)
    serve(desk.book, posting, desk.floor)
    changed = [{"line": edit.line.line_no, "ordered": edit.line.ordered} for edit in edits]
    announce(desk, order, "order.edited", {"number": order.number, "lines": changed})
    return desk.changed(order)


def _enter_again(edit: _Edit) -> None:
    """The line's entered quantity follows; where it is no whole quantity of the unit, it and the price are per base
    unit."""
    line = edit.line
    entered = Fraction(line.ordered) / Fraction(line.factor)
    millionths = entered * 10**6
    if millionths.denominator == 1 and entered * Fraction(line.factor) == Fraction(line.ordered):
        line.entered = Decimal(millionths.numerator).scaleb(-6)
    else:
        price = line.price if line.price is None else round(line.price / line.factor, DECIMALS_MAX)
        line.entered, line.entered_unit, line.factor, line.price = line.ordered, edit.variant.unit, ONE, price


def _serving(desk: OrderDesk, order: Order) -> list[sourcing.Candidate]:
    """The sites that may serve the order: those it was placed for. Errors: no_site."""
    rows: list[Reservation | Backorder] = [*desk.reservations(order), *desk.backorders(order)]
    listed = order.sites or (rows[0].sites if rows else None)
    allowed = {site.id for site in desk.sites} if listed is None else set(sites_of(listed))
    return candidates([site for site in desk.sites if site.id in allowed], (), order.strategy)


def _checked(desk: OrderDesk, order: Order, edits: Sequence[LineEdit]) -> list[_Edit]:
    """Every edit checked before anything is changed. Errors: unknown_field, unknown_line, duplicate_line, inactive_sku,
    illegal_transition, and those of quantities, units, multiples and new lines."""
    checked: list[_Edit] = []
    for index, edit in enumerate(edits):
        field = f"lines/{index}"
        if edit.line is None:
            added = sum(other.is_new for other in checked)
            checked.append(_new_line(desk, order, edit, added, field))
            continue
        for name in ("sku", "price"):
            if getattr(edit, name) is not None:
                raise StockcoreError("unknown_field", f"an existing line keeps its {name}", field=f"{field}/{name}")
        line = desk.line(order, edit.line, field=f"{field}/line")
        if any(other.line is line for other in checked):
            raise StockcoreError("duplicate_line", "a line is edited twice", field=f"{field}/line")
        variant = desk.variants_of_lines[line.variant]
        quantity = read_quantity(edit.quantity, field=f"{field}/quantity")
        if edit.unit is not None:
            quantity = converted_line(desk.conversions, quantity, edit.unit, variant, field).quantity
        check_step(quantity, variant.step, field=f"{field}/quantity")
        if quantity > line.ordered:
            check_active(variant, field=f"{field}/line")
        fixed = line.ordered - line.cancelled - not_dispatched(desk, order, line)
        if quantity < fixed:
            raise StockcoreError(
                "illegal_transition",
                f"{plain(fixed)} of line {line.line_no} is dispatched already",
                field=f"{field}/quantity",
            )
        checked.append(_Edit(line, variant, quantity - line.ordered, False, variant.step))
        change = max(ZERO, checked[-1].change) - checked[-1].given_up
        desk.check_multiple(order, line, change, field=f"{field}/quantity")
    return checked


def _new_line(desk: OrderDesk, order: Order, edit: LineEdit, offset: int, field: str) -> _Edit:
    if edit.sku is None:
        raise StockcoreError("field_required", "a new line needs a SKU", field=f"{field}/sku")
    request = LineRequest(sku=edit.sku, quantity=edit.quantity, price=edit.price, unit=edit.unit)
    wanted = wanted_line(desk, request, field, order.currency)
    last = max((line.line_no for line in desk.lines(order)), default=0)
    line = OrderLine(
        desk.new_id(),
        order.id,
        last + 1 + offset,
        wanted.variant,
        ZERO,
        ZERO,
        wanted.price,
        wanted.entered,
        wanted.entered_unit,
        wanted.factor,
        "",
    )
    return _Edit(line, wanted.sold, wanted.quantity, True, wanted.multiple)


def _plan(desk: OrderDesk, order: Order, grown: Sequence[_Edit], freed: _Freed) -> tuple[sourcing.Plan, list[Demand]]:
    """Where the added quantities come from. Errors: insufficient_stock."""
    serving = _serving(desk, order)
    demands = [_demand(desk, order, edit, as_json(serving)) for edit in grown]
    wishes = [
        sourcing.Wish(
            edit.variant.id, edit.variant.sku, edit.change, demand.multiple, demand.requirement, edit.variant.stocked
        )
        for edit, demand in zip(grown, demands, strict=True)
    ]

    def available(line: int, _: int, site: int) -> Decimal:
        if not grown[line].variant.stocked:
            return grown[line].change
        return freed.available_to(demands[line], site)

    found = sourcing.plan(wishes, available, serving, order.strategy, freed.available)
    refused = not found.is_whole and (
        order.policy == "all_or_nothing" or (order.policy == "ship_available" and not found.takes)
    )
    if refused:
        raise shortage_error(found, wishes, serving, desk.book, available)
    return found, demands


def _demand(desk: OrderDesk, order: Order, edit: _Edit, sites: str) -> Demand:
    """The line's demand: a line that holds or waits already keeps its age and its multiple."""
    known = desk.demand_row(order, edit.line)
    line_id: UUID = edit.line.id
    return Demand(
        DemandType.ORDER,
        order.id,
        line_id,
        edit.variant.id,
        known.sites if known is not None else sites,
        known.multiple if known is not None else edit.multiple,
        order.priority,
        order.promise,
        known.since if known is not None else desk.ids.now,
        known.age if known is not None else 0,
        None,
        edit.line.requirement,
    )


EDIT_ORDER: Final = UseCase("orders.edit", OrderChanged, _edit_all)
