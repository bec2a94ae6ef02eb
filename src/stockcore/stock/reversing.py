"""Undoing a posting by another of the opposite signs, once (DESIGN 3: nothing in the ledger is changed or removed).

Only goods are put back: promises that were made or gave way in the same posting stay as they are, and a reversal that
they stand against is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

from stockcore.catalog.lifecycle import check_active
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ZERO, plain
from stockcore.kernel.text import NOTE_MAX, read_text
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.stock.book import Posting, QuantKey
from stockcore.stock.commands import ReversePosting
from stockcore.stock.desk import Desk, check_storable, read_key, skus_of
from stockcore.stock.holds import release_expired
from stockcore.stock.records import (
    Bucket,
    Document,
    Movement,
    MovementKind,
    MovementsOfPosting,
    PostingReversal,
    Quant,
    ReversalsOf,
    Status,
)
from stockcore.stock.results import StockChange
from stockcore.stock.use_cases import Sent, announce, settle, stock_change

#: Postings that one person made in one go. A shipment, a transfer or a put-back belongs to a process of its own.
REVERSIBLE: Final = ("receipt", "adjustment", "count", "move", "status_change", "return", "reversal")


def _reverse_all(uow: UnitOfWork, work: Work[ReversePosting, StockChange]) -> None:
    named: list[object] = [command.posting_id for command in work.commands]
    wanted = tuple(sorted({key for key in named if isinstance(key, UUID)}))
    movements: dict[UUID, list[Movement]] = {}
    for movement in uow.load(MovementsOfPosting(wanted)):  # rows of the ledger never change: no lock is needed
        if movement.bucket == Bucket.ON_HAND:
            movements.setdefault(movement.posting_id, []).append(movement)
    variants = {movement.variant for rows in movements.values() for movement in rows}
    desk = Desk(uow, work, skus_of(uow, variants), promises=True, ids_per_command=32)
    reversed_before = {reversal.reversed: reversal.reversed_by for reversal in uow.load(ReversalsOf(wanted))}
    sent = Sent(uow, (row.reference_line for rows in movements.values() for row in rows if _is_of_return(row)))
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _reverse(desk, movements, reversed_before, sent, command), desk.changes)
    desk.finish()


def _reverse(
    desk: Desk,
    movements: dict[UUID, list[Movement]],
    reversed_before: dict[UUID, UUID],
    sent: Sent,
    command: ReversePosting,
) -> StockChange:
    """Errors: unknown_posting, already_reversed, insufficient_stock (the goods are gone), would_uncover_reservations
    (they are promised or chosen for someone), lot_expired (they would be available again), over_return (more would
    have come back than was sent), inactive_sku, location_inactive, location_not_storable (nothing may come there)."""
    read_key(command.posting_id, field="posting_id")
    reason = read_text(command.reason, field="reason", longest=NOTE_MAX)
    rows = movements.get(command.posting_id, [])
    if not rows or rows[0].reference_type not in REVERSIBLE:
        raise StockcoreError(
            "unknown_posting",
            f"there is no posting {command.posting_id} that can be reversed",
            field="posting_id",
            kind=rows[0].reference_type if rows else None,
        )
    if command.posting_id in reversed_before:
        raise StockcoreError(
            "already_reversed",
            "that posting was reversed before",
            field="posting_id",
            reversed_by=reversed_before[command.posting_id],
        )
    _check_there(desk, rows)
    _check_may_come(desk, rows)
    _check_not_expired(desk, rows)
    _take_note_of_returns(desk, rows, sent)
    posting, document = _post(desk, rows, str(command.posting_id), reason)
    desk.changes.insert(PostingReversal(command.posting_id, posting.id))
    reversed_before[command.posting_id] = posting.id
    settle(desk, posting, [])
    first = rows[0]
    variant = next(variant for variant in desk.variants.values() if variant.id == first.variant)
    site = next(site for site in desk.sites.values() if site.id == first.site)
    total = -sum((row.quantity for row in rows if row.variant == first.variant), ZERO)
    number = None if document is None else document.number
    return announce(desk, "stock.reversed", posting, stock_change(desk, posting, number, variant, site, total))


def _is_of_return(row: Movement) -> bool:
    return row.kind == MovementKind.RETURN and row.reference_line is not None


def _take_note_of_returns(desk: Desk, rows: Sequence[Movement], sent: Sent) -> None:
    """Errors: over_return."""
    back: dict[tuple[UUID, int], Decimal] = {}
    for row in rows:
        if _is_of_return(row) and row.reference_line is not None:
            key = (row.reference_line, row.variant)
            back[key] = back.get(key, ZERO) - row.quantity
    variants = {variant.id: variant for variant in desk.variants.values()}
    for (line, variant), quantity in back.items():
        if quantity > ZERO:
            sent.check(line, variants[variant], quantity, field="posting_id")
    for (line, variant), quantity in back.items():
        sent.note_return(line, variant, quantity)


def _check_not_expired(desk: Desk, rows: Sequence[Movement]) -> None:
    """Nothing becomes available whose last day is over. Errors: lot_expired."""
    available: dict[tuple[int, int], Decimal] = {}
    for row in rows:
        if row.status == Status.AVAILABLE:
            available[row.lot, row.site] = available.get((row.lot, row.site), ZERO) - row.quantity
    for (lot, site), change in available.items():
        if change > ZERO and desk.floor.is_over(lot, site):
            raise StockcoreError(
                "lot_expired",
                f"the last day of the lot is over: {plain(change)} of it cannot be available again",
                field="posting_id",
                lot=desk.floor.lots[lot].code,
                quantity=change,
            )


def _check_may_come(desk: Desk, rows: Sequence[Movement]) -> None:
    """Goods come back only where, and under a SKU under which, goods may come. Errors: inactive_sku,
    location_inactive, location_not_storable."""
    variants = {variant.id: variant for variant in desk.variants.values()}
    coming: dict[tuple[int, int], Decimal] = {}
    for row in rows:
        key = (row.variant, row.location)
        coming[key] = coming.get(key, ZERO) - row.quantity
    for (variant, location), quantity in coming.items():
        if quantity <= ZERO:
            continue
        check_active(variants[variant], field="posting_id")
        check_storable(desk.floor.places[location], field="posting_id")  # where goods lay the place is loaded


def _key(row: Movement) -> QuantKey:
    return (row.variant, row.location, row.lot, row.status, row.container, row.owner)


def _check_there(desk: Desk, rows: Sequence[Movement]) -> None:
    """What is to be taken away must lie there, and be free. Errors: insufficient_stock, would_uncover_reservations."""
    by_quant: dict[QuantKey, Decimal] = {}
    by_pool: dict[tuple[int, int], Decimal] = {}
    for row in rows:
        by_quant[_key(row)] = by_quant.get(_key(row), ZERO) - row.quantity
        if row.status == Status.AVAILABLE:
            by_pool[(row.variant, row.site)] = by_pool.get((row.variant, row.site), ZERO) - row.quantity
    shortfall = ZERO
    for key, change in by_quant.items():
        quant = desk.book.quants.get(key)
        there = ZERO if quant is None else quant.on_hand
        if there + change < ZERO:
            raise StockcoreError(
                "insufficient_stock",
                f"only {plain(there)} of it is still at {desk.floor.code(key[1])}",
                field="posting_id",
                requested=-change,
                available=there,
            )
        if quant is not None and change < ZERO:
            shortfall = max(shortfall, -(quant.free + change))
    for pool, change in by_pool.items():
        if change < ZERO:
            shortfall = max(shortfall, -(desk.book.available(*pool) + change))
    if shortfall > ZERO:
        raise StockcoreError(
            "would_uncover_reservations",
            f"{plain(shortfall)} of it is promised",
            field="posting_id",
            shortfall=shortfall,
        )


def _post(desk: Desk, rows: Sequence[Movement], reference: str, reason: str) -> tuple[Posting, Document | None]:
    """First what leaves, then what comes; goods that come back are as old as those they take the place of."""
    changes = [(_quant(desk, row), row) for row in sorted(rows, key=lambda row: row.quantity < ZERO)]
    outer = [(quant, row) for quant, row in changes if row.counterpart is not None]
    document = None
    if outer:
        document = desk.document("reversal", rows[0].site, reference=reference, reason=reason, occurred_at=None)
        for line_no, (quant, row) in enumerate(outer, 1):
            line = row.reference_line if row.kind == MovementKind.RETURN else None
            desk.document_line(document, line_no, quant, -row.quantity, unit_cost=row.unit_cost, reference_line=line)
    posting = desk.posting("reversal", desk.uow.new_ids(1)[0] if document is None else document.id, reason, None)
    left = [quant.received_at for quant, row in changes if row.quantity > ZERO]
    for quant, row in changes:
        desk.book.change_on_hand(
            posting,
            MovementKind(row.kind),
            quant,
            -row.quantity,
            counterpart=row.counterpart,
            unit_cost=row.unit_cost,
            line=row.reference_line,
            received_at=min(left) if left and row.quantity < ZERO else None,
        )
    return posting, document


def _quant(desk: Desk, row: Movement) -> Quant:
    return desk.book.quant(
        row.variant, row.site, row.location, lot=row.lot, status=row.status, container=row.container, owner=row.owner
    )


REVERSE_POSTING: Final = UseCase("stock.reverse", StockChange, _reverse_all)
