"""Stock's use cases: receive, adjust, count, move, change status, return, transfer (DESIGN 3). Reservations that no
order makes are in `reserving.py`. Each is a UseCase for `kernel.execution.execute`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from stockcore.catalog.lifecycle import check_active
from stockcore.catalog.records import Variant
from stockcore.kernel.dates import optional_date
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.money import read_unit_price
from stockcore.kernel.quantity import ZERO, plain, read_quantity
from stockcore.kernel.reading import check_flag
from stockcore.kernel.text import NOTE_MAX, optional_text, read_text
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Location, Purpose
from stockcore.stock.book import Book, Posting, QuantKey
from stockcore.stock.commands import (
    AdjustStock,
    ChangeStatus,
    CountStock,
    DamageStock,
    MoveStock,
    ReceiveStock,
    ReturnStock,
)
from stockcore.stock.desk import BACKDATED_MAX, Desk, read_key
from stockcore.stock.holds import release_expired
from stockcore.stock.records import (
    Bucket,
    Counterpart,
    LockReservationsOfLines,
    Lot,
    Movement,
    MovementKind,
    MovementsSince,
    Quant,
    ReturnedFor,
    Status,
)
from stockcore.stock.results import StockChange
from stockcore.stock.serving import serve
from stockcore.stock.shortage import chosen_on, settle_loss


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
    """A unit cost in the company's currency. Errors: those of `read_unit_price`."""
    return None if value is None else read_unit_price(value, field="unit_cost")


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
    work.decide(lambda command: _receive(desk, command), desk.changes)
    desk.finish()


def _receive(desk: Desk, command: ReceiveStock) -> StockChange:
    variant = desk.variant(command.sku)
    check_active(variant, field="sku")
    site = desk.site(command.site)
    place = desk.place(site, command.location, default=Purpose.RECEIVING)
    quantity = desk.entered(command.quantity, command.unit, variant)
    status = desk.status(command.status)
    unit_cost = _cost(command.unit_cost)
    occurred_at = desk.occurred(command.occurred_at)
    reason = reason_of(command.reason)
    reference = _reference(command.reference)
    desk.check_arrival(variant, site, quantity)
    desk.check_capacity(place, quantity)
    lot = _lot_for_receipt(desk, variant, command)
    status = desk.floor.status_of_arriving(status, lot, site.id)
    quant = desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status)
    document = desk.document("receipt", site.id, reference=reference, reason=reason, occurred_at=occurred_at)
    desk.document_line(document, 1, quant, quantity, unit_cost=unit_cost)
    posting = desk.posting("receipt", document.id, reason, occurred_at)
    desk.book.change_on_hand(
        posting, MovementKind.RECEIPT, quant, quantity, counterpart=Counterpart.SUPPLIER, unit_cost=unit_cost
    )
    settle(desk, posting, [])
    change = stock_change(desk, posting, document.number, variant, site, quantity)
    return announce(desk, "stock.received", posting, change)


def reason_of(text: str | None) -> str | None:
    return optional_text(text, field="reason", longest=NOTE_MAX)


def _reference(text: str | None) -> str | None:
    """What the outside calls a document."""
    return optional_text(text, field="reference")


def _lot_for_receipt(desk: Desk, variant: Variant, command: ReceiveStock) -> int:
    """The lot's id, made when it is new. Errors: those of what is read, lot_required, lot_not_tracked,
    expiry_required, lot_conflict."""
    expires_on = optional_date(command.expires_on, field="expires_on")
    manufactured_on = optional_date(command.manufactured_on, field="manufactured_on")
    supplier = optional_text(command.supplier, field="supplier")
    if command.lot is None:
        if variant.lot_tracked:
            raise StockcoreError("lot_required", f"{variant.sku} is lot-tracked: name the lot", field="lot")
        told = {"expires_on": expires_on, "manufactured_on": manufactured_on, "supplier": supplier}
        for field, value in told.items():
            if value is not None:
                raise StockcoreError("lot_not_tracked", f"{variant.sku} is not lot-tracked: only lots say", field=field)
        return 0
    if not variant.lot_tracked:
        raise StockcoreError("lot_not_tracked", f"{variant.sku} is not lot-tracked", field="lot")
    code = read_text(command.lot, field="lot")
    found = desk.lots.get((variant.id, code))
    if found is not None:
        if expires_on is not None and found.expires_on != expires_on:
            raise StockcoreError(
                "lot_conflict", f"lot {code} is known with another expiry date", field="expires_on", lot=code
            )
        return found.id
    if variant.perishable and expires_on is None:
        raise StockcoreError(
            "expiry_required", f"{variant.sku} is perishable: give the expiry date", field="expires_on"
        )
    lot = Lot(
        next(desk.ids),
        variant.id,
        code,
        supplier,
        manufactured_on,
        expires_on,
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
    work.decide(lambda command: _adjust(desk, command), desk.changes)
    desk.finish()


def _adjust(desk: Desk, command: AdjustStock) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    status = desk.status(command.status)
    quantity = desk.quantity(command.quantity, variant, field="quantity", signed=True)
    occurred_at = desk.occurred(command.occurred_at)
    reason = read_text(command.reason, field="reason", longest=NOTE_MAX)
    reference = _reference(command.reference)
    unit_cost = _cost(command.unit_cost)
    check_flag(command.allow_shortage, field="allow_shortage")
    check_flag(command.at_most, field="at_most")
    missing = ZERO
    if quantity > ZERO:
        check_active(variant, field="sku")
        place = desk.place(site, command.location, default=Purpose.RECEIVING)
        desk.check_arrival(variant, site, quantity)
        desk.check_capacity(place, quantity)
        lot = desk.existing_lot(variant, command.lot)
        status = desk.floor.status_of_arriving(status, lot, site.id)
        parts = [(desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status), quantity)]
    else:
        parts, missing = _parts_to_take(desk, command, variant, site, status, -quantity)
        quantity += missing
    document = desk.document("adjustment", site.id, reference=reference, reason=reason, occurred_at=occurred_at)
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
    taken = take_freest(desk.book, quants, wanted)
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
    place = None if location is None else desk.named_place(site, location, even_blocked=True)
    lot = desk.existing_lot(variant, lot_code) if lot_code is not None or (place and variant.lot_tracked) else None
    return [
        quant
        for quant in desk.book.quants_at(variant.id, site.id)
        if quant.status == status
        and quant.on_hand > ZERO
        and (place is None or quant.location == place.id)
        and (lot is None or quant.lot == lot)
    ]


def take_freest(book: Book, quants: list[Quant], wanted: Decimal) -> list[tuple[Quant, Decimal]]:
    """Take what nobody has chosen first (oldest first), then what is chosen, as promises give way: what is picked
    or packed last. Pure."""
    free = [(quant, quant.free) for quant in sorted(quants, key=lambda quant: (quant.received_at, quant.id))]
    chosen = [(book.quants_by_id[a.quant], a.quantity) for a in chosen_on(book, quants)]
    taken: dict[int, Decimal] = {}
    for quant, most in (*free, *chosen):
        part = min(wanted, most)
        if part > ZERO:
            taken[quant.id] = taken.get(quant.id, ZERO) + part
            wanted -= part
    return [(book.quants_by_id[number], part) for number, part in taken.items()]


def _count_all(uow: UnitOfWork, work: Work[CountStock, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], into=[c.location for c in work.commands], losses=True)
    release_expired(uow, desk.book, desk.floor)
    later = _happened_later(desk, [c.occurred_at for c in work.commands])
    work.decide(lambda command: _count(desk, command, later), desk.changes)
    desk.finish()


def _happened_later(desk: Desk, counted_at: Iterable[object]) -> Sequence[Movement]:
    """The ledger since the first count that is entered late; none where all are of now."""
    moments = [at for at in counted_at if isinstance(at, datetime) and at.utcoffset() is not None]
    late = [at for at in moments if desk.now - BACKDATED_MAX <= at < desk.now]
    if not late:
        return []
    variants = tuple(sorted(variant.id for variant in desk.variants.values()))
    return list(desk.uow.load(MovementsSince(variants, min(late))))


def _count(desk: Desk, command: CountStock, later: Sequence[Movement]) -> StockChange:
    """The difference between what was counted and what the book says of that moment, whatever was promised; no more is
    missed than is there now. What lies there of a lot whose last day is over is counted as expired."""
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    place = desk.place(site, command.location, default=Purpose.RECEIVING, even_blocked=True)
    status = desk.status(command.status)
    counted = read_quantity(command.counted, field="counted", zero_allowed=True)
    if counted:
        counted = desk.quantity(counted, variant, field="counted")
    occurred_at = desk.occurred(command.occurred_at)
    lot = desk.existing_lot(variant, command.lot)
    reason = reason_of(command.reason) or "count"
    counted_as = desk.floor.status_of_arriving(status, lot, site.id)
    keys = [(variant.id, place.id, lot, str(one), 0, 0) for one in dict.fromkeys((status, counted_as))]
    lying = [desk.book.quants[key] for key in keys if key in desk.book.quants]
    there = sum((quant.on_hand for quant in lying), ZERO)
    since = _came_since(desk, keys, later, occurred_at)
    found = counted - (there - since)
    difference = max(found, -there)
    desk.check_arrival(variant, site, difference)
    quant = desk.book.quant(variant.id, site.id, place.id, lot=lot, status=counted_as)
    document = desk.document("count", site.id, reference=None, reason=reason, occurred_at=occurred_at)
    posting = desk.posting("count", document.id, reason, occurred_at)
    over = [(other, other.on_hand) for other in lying if other is not quant and other.on_hand > ZERO]
    shrunk = change_status(desk.book, posting, MovementKind.STATUS_CHANGE, over, counted_as)
    if difference:
        desk.document_line(document, 1, quant, difference)
        desk.book.change_on_hand(posting, MovementKind.COUNT, quant, difference, counterpart=Counterpart.ADJUSTMENT)
    if found:
        desk.book.raise_exception(
            "discrepancy", variant=variant.id, site=site.id, quantity=found, place=place.code, counted=counted
        )
    settle(desk, posting, [*shrunk, quant] if difference < ZERO else shrunk)
    change = stock_change(desk, posting, document.number, variant, site, difference)
    return announce(desk, "stock.counted", posting, change)


def _came_since(
    desk: Desk, keys: Sequence[QuantKey], later: Sequence[Movement], occurred_at: datetime | None
) -> Decimal:
    """What came to these quants, less what left them, after a moment; by this batch, too."""
    if occurred_at is None:
        return ZERO
    rows = (*later, *desk.changes.inserted[Movement].values())
    return sum(
        (
            row.quantity
            for row in rows
            if row.bucket == Bucket.ON_HAND
            and row.occurred_at > occurred_at
            and (row.variant, row.location, row.lot, row.status, row.container, row.owner) in keys
        ),
        ZERO,
    )


# -- move, status, damage ----------------------------------------------------------------------------------------


def _move_all(uow: UnitOfWork, work: Work[MoveStock, StockChange]) -> None:
    desk = Desk(
        uow,
        work,
        [c.sku for c in work.commands],
        places=[c.from_location for c in work.commands],
        into=[c.to_location for c in work.commands],
        promises=True,
    )
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _move(desk, command), desk.changes)
    desk.finish()


def _move(desk: Desk, command: MoveStock) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    from_place = desk.named_place(site, command.from_location, field="from_location")
    to_place = desk.named_place(site, command.to_location, field="to_location")
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
    work.decide(lambda command: _change_status(desk, command, MovementKind.STATUS_CHANGE), desk.changes)
    desk.finish()


def _damage_all(uow: UnitOfWork, work: Work[DamageStock, StockChange]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], places=[c.location for c in work.commands], losses=True)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _change_status(desk, _as_status_change(command), MovementKind.DAMAGE), desk.changes)
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
    lying = _lying_there(desk, command.location, command.lot, variant, site, from_status)
    quants = [quant for quant in lying if desk.floor.status_of_arriving(to_status, quant.lot, site.id) == to_status]
    there = sum((quant.on_hand for quant in quants), ZERO)
    if there < quantity <= sum((quant.on_hand for quant in lying), ZERO):
        raise StockcoreError(
            "lot_expired",
            f"the last day of the lot is over: {plain(there)} of it can be {to_status}",
            field="to_status",
            requested=quantity,
            available=there,
        )
    if there < quantity:
        raise StockcoreError(
            "insufficient_stock",
            f"only {plain(there)} of {variant.sku} there is {from_status}",
            field="quantity",
            requested=quantity,
            available=there,
        )
    posting = desk.posting("status_change", desk.uow.new_ids(1)[0], reason, occurred_at)
    shrunk = change_status(desk.book, posting, kind, take_freest(desk.book, quants, quantity), to_status)
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
    skus, into = [c.sku for c in work.commands], [c.location for c in work.commands]
    desk = Desk(uow, work, skus, into=into)
    release_expired(uow, desk.book, desk.floor)
    sent = Sent(uow, (command.order_line for command in work.commands))
    work.decide(lambda command: _return(desk, command, sent), desk.changes)
    desk.finish()


class Sent:
    """What was sent for some demand lines and has not come back. Loaded when pools are locked, so that nobody else
    returns it meanwhile."""

    def __init__(self, uow: UnitOfWork, lines: Iterable[object]) -> None:
        self._left: dict[tuple[UUID, int], Decimal] = {}  # by line and variant
        wanted = tuple(sorted({line for line in lines if isinstance(line, UUID)}))
        if not wanted:
            return
        reservations, returned = uow.load(LockReservationsOfLines(wanted), ReturnedFor(wanted))
        for reservation in reservations:
            self._add(reservation.demand_line, reservation.variant, reservation.consumed)
        for line in returned:
            if line.reference_line is not None:
                self._add(line.reference_line, line.variant, -line.quantity)

    def _add(self, line: UUID, variant: int, quantity: Decimal) -> None:
        self._left[line, variant] = self._left.get((line, variant), ZERO) + quantity

    def check(self, line: UUID, variant: Variant, quantity: Decimal, *, field: str) -> None:
        """Refuse that so much comes back. Errors: unknown_line (it is a line of another SKU), over_return."""
        if (line, variant.id) not in self._left and any(known == line for known, _ in self._left):
            raise StockcoreError("unknown_line", f"that is no line of {variant.sku}", field="order_line", line=line)
        left = max(ZERO, self._left.get((line, variant.id), ZERO))
        if quantity > left:
            raise StockcoreError(
                "over_return",
                f"only {plain(left)} of that line was sent and has not come back",
                field=field,
                requested=quantity,
                returnable=left,
            )

    def note_return(self, line: UUID, variant: int, quantity: Decimal) -> None:
        self._add(line, variant, -quantity)


def _return(desk: Desk, command: ReturnStock, sent: Sent) -> StockChange:
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    place = desk.place(site, command.location, default=Purpose.RECEIVING)
    status = desk.status(command.status)
    quantity = desk.quantity(command.quantity, variant)
    occurred_at = desk.occurred(command.occurred_at)
    reason = reason_of(command.reason)
    reference = _reference(command.reference)
    unit_cost = _cost(command.unit_cost)
    lot = desk.existing_lot(variant, command.lot)
    status = desk.floor.status_of_arriving(status, lot, site.id)
    desk.check_arrival(variant, site, quantity)
    desk.check_capacity(place, quantity)
    line = None if command.order_line is None else read_key(command.order_line, field="order_line")
    if line is not None:
        sent.check(line, variant, quantity, field="quantity")
        sent.note_return(line, variant.id, quantity)
    quant = desk.book.quant(variant.id, site.id, place.id, lot=lot, status=status)
    document = desk.document("return", site.id, reference=reference, reason=reason, occurred_at=occurred_at)
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
