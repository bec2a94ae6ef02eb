"""Stock's use cases: receive, adjust, count, move, change status, return, transfer (DESIGN 3). Reservations that no
order makes are in `reserving.py`. Each is a UseCase for `kernel.execution.execute`."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final
from uuid import UUID

from stockcore.catalog.records import Variant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ZERO, plain, read_quantity
from stockcore.kernel.text import NOTE_MAX, read_text
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Location, Purpose
from stockcore.stock.book import Book, Posting
from stockcore.stock.commands import (
    AdjustStock,
    ChangeStatus,
    CountStock,
    DamageStock,
    MoveStock,
    ReceiveStock,
    ReturnStock,
)
from stockcore.stock.desk import Desk
from stockcore.stock.holds import release_expired
from stockcore.stock.records import (
    Counterpart,
    LockReservationsOfLines,
    Lot,
    MovementKind,
    Quant,
    ReturnedFor,
    Status,
)
from stockcore.stock.results import StockChange
from stockcore.stock.serving import serve
from stockcore.stock.shortage import settle_loss


def stock_change(
    desk: Desk,
    posting: Posting,
    document: str | None,
    variant: Variant,
    site: Location,
    quantity: Decimal,
    missing: Decimal = ZERO,
) -> StockChange:
    pool = desk.book.pool(variant.id, site.id)
    return StockChange(
        posting.id,
        document,
        variant.sku,
        site.code,
        quantity,
        pool.on_hand,
        pool.blocked,
        pool.reserved,
        pool.available,
        missing,
    )


def announce(desk: Desk, type_: str, posting: Posting, change: StockChange) -> StockChange:
    desk.event(
        type_,
        posting,
        {
            "sku": change.sku,
            "site": change.site,
            "quantity": change.quantity,
            "on_hand": change.on_hand,
            "available": change.available,
            "document": change.document,
            "reason": posting.reason,
        },
    )
    return change


def settle(desk: Desk, posting: Posting, shrunk: list[Quant]) -> None:
    """After a posting: promises give way where goods are gone, and whatever became available serves the queue."""
    if shrunk:
        settle_loss(desk.book, posting, desk.floor, shrunk)
    serve(desk.book, posting, desk.floor)


def _cost(value: Decimal | None) -> Decimal | None:
    """A unit cost in the company's currency, 6 decimals. Errors: money_negative, money_precision."""
    if value is None:
        return None
    if value < ZERO:
        raise StockcoreError("money_negative", "a cost is not negative", field="unit_cost")
    if value != round(value, 6):
        raise StockcoreError("money_precision", "a unit cost has at most 6 decimals", field="unit_cost")
    return read_quantity(value, field="unit_cost", zero_allowed=True)


# -- receive -----------------------------------------------------------------------------------------------------


def _receive_all(uow: UnitOfWork, work: Work[ReceiveStock, StockChange]) -> None:
    desk = Desk(
        uow,
        work,
        [c.sku for c in work.commands],
        into=[c.location for c in work.commands],
        units=any(c.unit is not None for c in work.commands),
    )
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _receive(desk, command))
    desk.finish()


def _receive(desk: Desk, command: ReceiveStock) -> StockChange:
    variant = desk.variant(command.sku)
    if variant.status == "inactive":
        raise StockcoreError("inactive_sku", f"{variant.sku} is not active", field="sku")
    if variant.serial_tracking == "receipt":
        raise StockcoreError("serials_not_supported", "receiving serial numbers is not built yet", field="sku")
    site = desk.site(command.site)
    place = desk.place(site, command.location, default=Purpose.RECEIVING)
    quantity = desk.entered(command.quantity, command.unit, variant)
    status = desk.status(command.status)
    unit_cost = _cost(command.unit_cost)
    occurred_at = desk.occurred(command.occurred_at)
    reason = reason_of(command.reason)
    desk.check_total(variant, site, quantity)
    desk.check_capacity(place, quantity)
    lot = _lot_for_receipt(desk, variant, command)
    quant = desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status)
    document = desk.document("receipt", site.id, reference=command.reference, reason=reason, occurred_at=occurred_at)
    desk.document_line(document, 1, quant, quantity, unit_cost=unit_cost)
    posting = desk.posting("receipt", document.id, reason, occurred_at)
    desk.book.change_on_hand(
        posting, MovementKind.RECEIPT, quant, quantity, counterpart=Counterpart.SUPPLIER, unit_cost=unit_cost
    )
    settle(desk, posting, [])
    change = stock_change(desk, posting, document.number, variant, site, quantity)
    return announce(desk, "stock.received", posting, change)


def reason_of(text: str | None) -> str | None:
    return None if text is None else read_text(text, field="reason", longest=NOTE_MAX)


def _lot_for_receipt(desk: Desk, variant: Variant, command: ReceiveStock) -> int:
    """The lot's id, made when it is new. Errors: lot_required, lot_not_tracked, expiry_required, lot_conflict."""
    if command.lot is None:
        if variant.lot_tracked:
            raise StockcoreError("lot_required", f"{variant.sku} is lot-tracked: name the lot", field="lot")
        return 0
    if not variant.lot_tracked:
        raise StockcoreError("lot_not_tracked", f"{variant.sku} is not lot-tracked", field="lot")
    code = read_text(command.lot, field="lot")
    found = desk.lots.get((variant.id, code))
    if found is not None:
        if command.expires_on is not None and found.expires_on != command.expires_on:
            raise StockcoreError(
                "lot_conflict", f"lot {code} is known with another expiry date", field="expires_on", lot=code
            )
        return found.id
    if variant.perishable and command.expires_on is None:
        raise StockcoreError(
            "expiry_required", f"{variant.sku} is perishable: give the expiry date", field="expires_on"
        )
    lot = Lot(
        next(desk.ids),
        variant.id,
        code,
        command.supplier,
        command.manufactured_on,
        command.expires_on,
        None,
        "{}",
        desk.now,
    )
    desk.lots[(variant.id, code)] = lot
    desk.floor.lots[lot.id] = lot
    desk.changes.insert(lot)
    return lot.id


# -- adjust, count -----------------------------------------------------------------------------------------------


def _adjust_all(uow: UnitOfWork, work: Work[AdjustStock, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], into=[c.location for c in work.commands], losses=True)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _adjust(desk, command))
    desk.finish()


def _adjust(desk: Desk, command: AdjustStock) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    status = desk.status(command.status)
    quantity = desk.quantity(command.quantity, variant, field="quantity", signed=True)
    occurred_at = desk.occurred(command.occurred_at)
    reason = read_text(command.reason, field="reason", longest=NOTE_MAX)
    unit_cost = _cost(command.unit_cost)
    missing = ZERO
    if quantity > ZERO:
        place = desk.place(site, command.location, default=Purpose.RECEIVING)
        desk.check_total(variant, site, quantity)
        desk.check_capacity(place, quantity)
        lot = desk.existing_lot(variant, command.lot)
        parts = [(desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status), quantity)]
    else:
        parts, missing = _parts_to_take(desk, command, variant, site, status, -quantity)
        quantity += missing
    document = desk.document("adjustment", site.id, reference=command.reference, reason=reason, occurred_at=occurred_at)
    posting = desk.posting("adjustment", document.id, reason, occurred_at)
    for line_no, (quant, part) in enumerate(parts, 1):
        desk.document_line(document, line_no, quant, part, unit_cost=unit_cost)
        desk.book.change_on_hand(
            posting,
            MovementKind.ADJUSTMENT,
            quant,
            part,
            counterpart=Counterpart.ADJUSTMENT,
            unit_cost=unit_cost,
        )
    settle(desk, posting, [quant for quant, part in parts if part < ZERO])
    change = stock_change(desk, posting, document.number, variant, site, quantity, missing)
    return announce(desk, "stock.adjusted", posting, change)


def _parts_to_take(
    desk: Desk, command: AdjustStock, variant: Variant, site: Location, status: Status, wanted: Decimal
) -> tuple[list[tuple[Quant, Decimal]], Decimal]:
    """Where an adjustment downwards takes from, and what is missing (only with `at_most`).

    Errors: insufficient_stock, would_uncover_reservations.
    """
    quants = _lying_there(desk, command.location, command.lot, variant, site, status)
    there = sum((quant.on_hand for quant in quants), ZERO)
    missing = max(ZERO, wanted - there)
    if missing and not command.at_most:
        raise StockcoreError(
            "insufficient_stock",
            f"only {plain(there)} of {variant.sku} there, not {plain(wanted)}",
            field="quantity",
            requested=wanted,
            available=there,
        )
    wanted -= missing
    if status == Status.AVAILABLE and not command.allow_shortage:
        _refuse_to_uncover(desk, variant, site, quants, wanted)
    taken = take_freest(quants, wanted)
    if not taken and not command.at_most:
        raise StockcoreError("insufficient_stock", f"there is no {variant.sku} there", field="quantity")
    return [(quant, -part) for quant, part in taken], missing


def _refuse_to_uncover(desk: Desk, variant: Variant, site: Location, quants: list[Quant], wanted: Decimal) -> None:
    available = desk.book.available(variant.id, site.id)
    free = sum((quant.free for quant in quants), ZERO)
    shortfall = max(wanted - available, wanted - free)
    if shortfall > ZERO:
        raise StockcoreError(
            "would_uncover_reservations",
            f"{plain(shortfall)} of it is promised; say allow_shortage to take it all the same",
            field="quantity",
            shortfall=shortfall,
        )


def _lying_there(
    desk: Desk, location: str | None, lot_code: str | None, variant: Variant, site: Location, status: Status
) -> list[Quant]:
    """The quants that a command may take from: of one place, or wherever at the site; of one lot when named."""
    place = None if location is None else desk.place(site, location, default=Purpose.RECEIVING)
    lot = desk.existing_lot(variant, lot_code) if lot_code is not None or (place and variant.lot_tracked) else None
    return [
        quant
        for quant in desk.book.quants_at(variant.id, site.id)
        if quant.status == status
        and quant.on_hand > ZERO
        and (place is None or quant.location == place.id)
        and (lot is None or quant.lot == lot)
    ]


def take_freest(quants: list[Quant], wanted: Decimal) -> list[tuple[Quant, Decimal]]:
    """Take what nobody has chosen first (oldest first), then what is allocated. Pure."""
    taken: dict[int, tuple[Quant, Decimal]] = {}
    ordered = sorted(quants, key=lambda quant: (quant.received_at, quant.id))
    free: Callable[[Quant], Decimal] = lambda quant: quant.free  # noqa: E731
    allocated: Callable[[Quant], Decimal] = lambda quant: quant.allocated  # noqa: E731
    for part_of in (free, allocated):
        for quant in ordered:
            part = min(wanted, part_of(quant))
            if part > ZERO:
                before = taken[quant.id][1] if quant.id in taken else ZERO
                taken[quant.id] = (quant, before + part)
                wanted -= part
    return list(taken.values())


def _count_all(uow: UnitOfWork, work: Work[CountStock, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], into=[c.location for c in work.commands], losses=True)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _count(desk, command))
    desk.finish()


def _count(desk: Desk, command: CountStock) -> StockChange:
    """The difference between what was counted and what the book says now, whatever was promised."""
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    place = desk.place(site, command.location, default=Purpose.RECEIVING)
    status = desk.status(command.status)
    counted = read_quantity(command.counted, field="counted", zero_allowed=True)
    if counted:
        counted = desk.quantity(counted, variant, field="counted")
    occurred_at = desk.occurred(command.occurred_at)
    lot = desk.existing_lot(variant, command.lot)
    reason = reason_of(command.reason) or "count"
    known = desk.book.quants.get((variant.id, place.id, lot, status, 0, 0))
    desk.check_total(variant, site, counted - (ZERO if known is None else known.on_hand))
    quant = desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status)
    document = desk.document("count", site.id, reference=None, reason=reason, occurred_at=occurred_at)
    posting = desk.posting("count", document.id, reason, occurred_at)
    difference = counted - quant.on_hand
    if difference:
        desk.document_line(document, 1, quant, difference)
        desk.book.change_on_hand(posting, MovementKind.COUNT, quant, difference, counterpart=Counterpart.ADJUSTMENT)
        desk.book.raise_exception(
            "discrepancy", variant=variant.id, site=site.id, quantity=difference, place=place.code, counted=counted
        )
    settle(desk, posting, [quant] if difference < ZERO else [])
    change = stock_change(desk, posting, document.number, variant, site, difference)
    return announce(desk, "stock.counted", posting, change)


# -- move, status, damage ----------------------------------------------------------------------------------------


def _move_all(uow: UnitOfWork, work: Work[MoveStock, StockChange]) -> None:
    desk = Desk(
        uow,
        work,
        [c.sku for c in work.commands],
        places=[c.from_location for c in work.commands],
        into=[c.to_location for c in work.commands],
    )
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _move(desk, command))
    desk.finish()


def _move(desk: Desk, command: MoveStock) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    from_place = desk.place(site, command.from_location, default=Purpose.RECEIVING, field="from_location")
    to_place = desk.place(site, command.to_location, default=Purpose.RECEIVING, field="to_location")
    status = desk.status(command.status)
    quantity = desk.quantity(command.quantity, variant)
    occurred_at = desk.occurred(command.occurred_at)
    reason = reason_of(command.reason)
    lot = desk.existing_lot(variant, command.lot)
    quant = _holding(desk, variant, from_place, lot, status, quantity)
    if from_place.id == to_place.id:
        raise StockcoreError("location_not_storable", "the goods are there already", field="to_location")
    desk.check_capacity(to_place, quantity)
    target = desk.book.beside(quant, location=to_place.id)
    posting = desk.posting("move", desk.uow.new_ids(1)[0], reason, occurred_at)
    _carry_allocations(desk.book, quant, target, quantity - quant.free)
    desk.book.move(posting, MovementKind.TRANSFER, quant, target, quantity)
    settle(desk, posting, [])
    change = stock_change(desk, posting, None, variant, site, quantity)
    return announce(desk, "stock.moved", posting, change)


def _holding(desk: Desk, variant: Variant, place: Location, lot: int, status: Status, quantity: Decimal) -> Quant:
    """The quant that holds at least so much. Errors: insufficient_stock."""
    quant = desk.book.quants.get((variant.id, place.id, lot, status, 0, 0))
    there = ZERO if quant is None else quant.on_hand
    if quant is None or there < quantity:
        raise StockcoreError(
            "insufficient_stock",
            f"only {plain(there)} of {variant.sku} in {place.code}, not {plain(quantity)}",
            field="quantity",
            requested=quantity,
            available=there,
        )
    return quant


def _carry_allocations(book: Book, quant: Quant, target: Quant, allocated: Decimal) -> None:
    """Allocations on goods that move go with them: not yet picked ones have their home at the new place."""
    if allocated <= ZERO:
        return
    for listed in list(book.allocations.values()):
        for allocation in list(listed):
            if allocation.quant != quant.id or allocated <= ZERO:
                continue
            part = min(allocated, allocation.quantity)
            release = allocation.release
            home = target.id if allocation.home == quant.id else allocation.home
            reservation = book.reservations_by_id[allocation.reservation]
            book.deallocate(allocation, part)
            book.allocate(reservation, target, part, release=release, home=home)
            allocated -= part


def _change_status_all(uow: UnitOfWork, work: Work[ChangeStatus, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], places=[c.location for c in work.commands], losses=True)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _change_status(desk, command, MovementKind.STATUS_CHANGE))
    desk.finish()


def _damage_all(uow: UnitOfWork, work: Work[DamageStock, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], places=[c.location for c in work.commands], losses=True)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _change_status(desk, _as_status_change(command), MovementKind.DAMAGE))
    desk.finish()


def _as_status_change(command: DamageStock) -> ChangeStatus:
    return ChangeStatus(
        sku=command.sku,
        site=command.site,
        quantity=command.quantity,
        to_status=Status.DAMAGED,
        reason=command.reason,
        location=command.location,
        lot=command.lot,
        occurred_at=command.occurred_at,
    )


def _change_status(desk: Desk, command: ChangeStatus, kind: MovementKind) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    from_status = desk.status(command.from_status, field="from_status")
    to_status = desk.status(command.to_status, field="to_status")
    if from_status == to_status:
        raise StockcoreError("value_unknown", "the goods have that status already", field="to_status")
    quantity = desk.quantity(command.quantity, variant)
    occurred_at = desk.occurred(command.occurred_at)
    reason = read_text(command.reason, field="reason", longest=NOTE_MAX)
    quants = _lying_there(desk, command.location, command.lot, variant, site, from_status)
    there = sum((quant.on_hand for quant in quants), ZERO)
    if there < quantity:
        raise StockcoreError(
            "insufficient_stock",
            f"only {plain(there)} of {variant.sku} there is {from_status}",
            field="quantity",
            requested=quantity,
            available=there,
        )
    posting = desk.posting("status_change", desk.uow.new_ids(1)[0], reason, occurred_at)
    shrunk = change_status(desk.book, posting, kind, take_freest(quants, quantity), to_status)
    settle(desk, posting, shrunk)
    change = stock_change(desk, posting, None, variant, site, quantity)
    return announce(desk, "stock.damaged" if kind is MovementKind.DAMAGE else "stock.status_changed", posting, change)


def change_status(
    book: Book, posting: Posting, kind: MovementKind, parts: list[tuple[Quant, Decimal]], to_status: Status
) -> list[Quant]:
    """Move goods into another status where they lie; returns the quants that lost available goods."""
    for quant, part in parts:
        book.move(posting, kind, quant, book.beside(quant, status=to_status), part)
    return [quant for quant, _ in parts if quant.status == Status.AVAILABLE]


# -- return ------------------------------------------------------------------------------------------------------


def _return_all(uow: UnitOfWork, work: Work[ReturnStock, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], into=[c.location for c in work.commands])
    release_expired(uow, desk.book, desk.floor)
    sent = _sent_and_returned(uow, [c.order_line for c in work.commands if c.order_line is not None])
    work.decide(lambda command: _return(desk, command, sent))
    desk.finish()


def _sent_and_returned(uow: UnitOfWork, lines: list[UUID]) -> dict[UUID, Decimal]:
    """How much of each line was sent and has not come back. Pools are locked by now, so nobody else returns it."""
    if not lines:
        return {}
    wanted = tuple(sorted(set(lines)))
    reservations, returned = uow.load(LockReservationsOfLines(wanted), ReturnedFor(wanted))
    left: dict[UUID, Decimal] = dict.fromkeys(wanted, ZERO)
    for reservation in reservations:
        left[reservation.demand_line] += reservation.consumed
    for line in returned:
        if line.reference_line is not None:
            left[line.reference_line] -= line.quantity
    return left


def _return(desk: Desk, command: ReturnStock, sent: dict[UUID, Decimal]) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    place = desk.place(site, command.location, default=Purpose.RECEIVING)
    status = desk.status(command.status)
    quantity = desk.quantity(command.quantity, variant)
    occurred_at = desk.occurred(command.occurred_at)
    reason = reason_of(command.reason)
    unit_cost = _cost(command.unit_cost)
    lot = desk.existing_lot(variant, command.lot)
    desk.check_total(variant, site, quantity)
    desk.check_capacity(place, quantity)
    line = command.order_line
    if line is not None:
        if quantity > sent.get(line, ZERO):
            raise StockcoreError(
                "over_return",
                f"only {plain(sent.get(line, ZERO))} of that line was sent and has not come back",
                field="quantity",
                requested=quantity,
                returnable=sent.get(line, ZERO),
            )
        sent[line] -= quantity
    quant = desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status)
    document = desk.document("return", site.id, reference=command.reference, reason=reason, occurred_at=occurred_at)
    desk.document_line(document, 1, quant, quantity, unit_cost=unit_cost, reference_line=line)
    posting = desk.posting("return", document.id, reason, occurred_at)
    desk.book.change_on_hand(
        posting,
        MovementKind.RETURN,
        quant,
        quantity,
        counterpart=Counterpart.CUSTOMER,
        unit_cost=unit_cost,
        line=line,
    )
    settle(desk, posting, [])
    change = stock_change(desk, posting, document.number, variant, site, quantity)
    return announce(desk, "stock.returned", posting, change)


RECEIVE_STOCK: Final = UseCase("stock.receive", StockChange, _receive_all)
ADJUST_STOCK: Final = UseCase("stock.adjust", StockChange, _adjust_all)
COUNT_STOCK: Final = UseCase("stock.count", StockChange, _count_all)
MOVE_STOCK: Final = UseCase("stock.move", StockChange, _move_all)
CHANGE_STATUS: Final = UseCase("stock.change_status", StockChange, _change_status_all)
DAMAGE_STOCK: Final = UseCase("stock.damage", StockChange, _damage_all)
RETURN_STOCK: Final = UseCase("stock.return", StockChange, _return_all)
