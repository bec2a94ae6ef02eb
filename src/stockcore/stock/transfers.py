"""Goods between two sites: sent, they lie in the transit site; received, at the other (DESIGN 3).

A transfer is two ordinary moves and a document whose lines say what was sent and how much of it has arrived. Goods keep
lot, container, owner and age on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

import attrs

from stockcore.catalog.records import Variant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ZERO, plain, read_integer
from stockcore.kernel.reading import listed, read_list, readable
from stockcore.kernel.text import read_text
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Location, Purpose
from stockcore.locations.transit import TRANSIT_PLACE, TRANSIT_SITE
from stockcore.stock.allocating import Requirement
from stockcore.stock.book import Posting
from stockcore.stock.commands import ArrivedLine, ReceiveTransfer, SendTransfer, TransferLine
from stockcore.stock.desk import Desk, own_number, skus_of
from stockcore.stock.holds import release_expired
from stockcore.stock.records import (
    Document,
    DocumentLine,
    DocumentLinesOf,
    LockDocuments,
    MovementKind,
    Quant,
    Status,
)
from stockcore.stock.results import TransferDocument, TransferredLine
from stockcore.stock.use_cases import reason_of, settle

KIND: Final = "transfer"
IN_TRANSIT: Final = "in_transit"
RECEIVED: Final = "received"


# -- send --------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Part:
    """Goods of one quant that go."""

    quant: Quant
    quantity: Decimal


def _send_all(uow: UnitOfWork, work: Work[SendTransfer, TransferDocument]) -> None:
    lines = [line for command in work.commands for line in listed(command.lines, TransferLine)]
    numbers = readable(command.number for command in work.commands)
    taken = {document.number for document in uow.load(LockDocuments(numbers))}
    desk = Desk(
        uow,
        work,
        [line.sku for line in lines],
        places=[line.location for line in lines],
        into=[command.to_site for command in work.commands],
        ids_per_command=8 * max(1, len(lines)),
    )
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _send(desk, taken, command), desk.changes)
    desk.finish()


def _send(desk: Desk, taken: set[str], command: SendTransfer) -> TransferDocument:
    """All lines or none; only goods that nobody has chosen and that are promised to nobody.

    Errors: unknown_site, location_inactive, location_other_site, order_without_lines, duplicate_reference,
    number_reserved, unknown_sku, unknown_location, unknown_lot, those of quantities, insufficient_stock.
    """
    from_site = desk.site(command.from_site, field="from_site")
    to_site = desk.site(command.to_site, field="to_site")
    if from_site.id == to_site.id:
        raise StockcoreError("location_other_site", "the goods are at that site: move them", field="to_site")
    wanted = read_list(command.lines, TransferLine, field="lines")
    if not wanted:
        raise StockcoreError("order_without_lines", "a transfer needs a line", field="lines")
    number = None if command.number is None else own_number(command.number)
    if number is not None and number in taken:
        raise StockcoreError("duplicate_reference", f"there is a document {number} already", field="number")
    occurred_at = desk.occurred(command.occurred_at)
    reason = reason_of(command.reason)
    chosen = _choose(desk, from_site, wanted)
    document = desk.document(
        KIND,
        from_site.id,
        reference=None,
        reason=reason,
        occurred_at=occurred_at,
        number=number,
        to_site=to_site.id,
        state=IN_TRANSIT,
    )
    taken.add(document.number)
    posting = desk.posting(KIND, document.id, reason, occurred_at)
    lines = [_send_parts(desk, posting, document, line_no, parts) for line_no, parts in enumerate(chosen, 1)]
    settle(desk, posting, [])
    return _document(desk, document, lines, posting, "stock.transfer_sent")


def _choose(desk: Desk, site: Location, lines: Sequence[TransferLine]) -> list[list[_Part]]:
    """What goes, per line of the document: of each line asked for, the goods of one lot. Changes nothing."""
    by_quant: dict[int, Decimal] = {}
    by_variant: dict[int, Decimal] = {}
    chosen: list[list[_Part]] = []
    for index, line in enumerate(lines):
        field = f"lines/{index}"
        variant = desk.variant(line.sku, field=f"{field}/sku")
        wanted = desk.quantity(line.quantity, variant, field=f"{field}/quantity")
        available = desk.book.available(variant.id, site.id) - by_variant.get(variant.id, ZERO)
        parts = _parts(desk, site, variant, line, min(wanted, available), by_quant)
        found = sum((part.quantity for part in parts), ZERO)
        if found < wanted:
            raise StockcoreError(
                "insufficient_stock",
                f"only {plain(found)} of {variant.sku} at {site.code} can go, not {plain(wanted)}",
                field=f"{field}/quantity",
                requested=wanted,
                available=found,
            )
        by_variant[variant.id] = by_variant.get(variant.id, ZERO) + wanted
        by_lot: dict[int, list[_Part]] = {}
        for part in parts:
            by_quant[part.quant.id] = by_quant.get(part.quant.id, ZERO) + part.quantity
            by_lot.setdefault(part.quant.lot, []).append(part)
        chosen += by_lot.values()
    return chosen


def _parts(
    desk: Desk, site: Location, variant: Variant, line: TransferLine, wanted: Decimal, by_quant: dict[int, Decimal]
) -> list[_Part]:
    lot = None if line.lot is None else desk.existing_lot(variant, line.lot)
    place = None if line.location is None else desk.place(site, line.location, default=Purpose.STORAGE).id
    parts: list[_Part] = []
    for shelf in desk.floor.shelves(desk.book, variant.id, site.id, Requirement(lot=lot, location=place)):
        part = min(wanted, shelf.quant.free - by_quant.get(shelf.quant.id, ZERO))
        if part > ZERO:
            parts.append(_Part(shelf.quant, part))
            wanted -= part
    return parts


def _send_parts(desk: Desk, posting: Posting, document: Document, line_no: int, parts: Sequence[_Part]) -> DocumentLine:
    total = sum((part.quantity for part in parts), ZERO)
    for part in parts:
        quant = part.quant
        transit = desk.book.quant(
            quant.variant, TRANSIT_SITE, TRANSIT_PLACE, lot=quant.lot, container=quant.container, owner=quant.owner
        )
        desk.book.move(posting, MovementKind.TRANSFER, quant, transit, part.quantity)
    return desk.document_line(document, line_no, parts[0].quant, total)


# -- receive -----------------------------------------------------------------------------------------------------


def _receive_all(uow: UnitOfWork, work: Work[ReceiveTransfer, TransferDocument]) -> None:
    documents = uow.load(LockDocuments(readable(command.number for command in work.commands)))
    lines: dict[UUID, list[DocumentLine]] = {}
    for line in uow.load(DocumentLinesOf(tuple(sorted(document.id for document in documents)))):
        lines.setdefault(line.document, []).append(line)
    skus = skus_of(uow, (line.variant for found in lines.values() for line in found))
    places = [command.location for command in work.commands]
    desk = Desk(uow, work, skus, into=places, ids_per_command=8 * max(1, len(skus)))
    release_expired(uow, desk.book, desk.floor)
    by_number = {document.number: document for document in documents if document.kind == KIND}
    work.decide(lambda command: _receive(desk, by_number, lines, command), desk.changes)
    desk.finish()


def _receive(
    desk: Desk,
    documents: dict[str, Document],
    lines: dict[UUID, list[DocumentLine]],
    command: ReceiveTransfer,
) -> TransferDocument:
    """What arrived, in whatever status. Errors: unknown_transfer, unknown_line, value_unknown, those of quantities,
    over_receipt (more than was sent and has not come), unknown_location, over_capacity."""
    number = read_text(command.number, field="number")
    document = documents.get(number)
    if document is None or document.to_site is None:
        raise StockcoreError("unknown_transfer", f"there is no transfer {number!r}", field="number", number=number)
    site = desk.floor.places[document.to_site]
    place = desk.place(site, command.location, default=Purpose.RECEIVING)
    occurred_at = desk.occurred(command.occurred_at)
    arrived = _checked(desk, lines[document.id], read_list(command.lines, ArrivedLine, field="lines"))
    _check_arrivals(desk, site, arrived)
    desk.check_capacity(place, sum((quantity for _, quantity, _ in arrived), ZERO))
    posting = desk.posting(KIND, document.id, None, occurred_at)
    for line, quantity, status in arrived:
        _arrive(desk, posting, line, quantity, site, place, status)
    if all(line.settled == line.quantity for line in lines[document.id]):
        document.state = RECEIVED
        desk.changes.update(document)
    settle(desk, posting, [])
    return _document(desk, document, lines[document.id], posting, "stock.transfer_received")


def _checked(
    desk: Desk, lines: Sequence[DocumentLine], arrived: Sequence[ArrivedLine]
) -> list[tuple[DocumentLine, Decimal, Status]]:
    if not arrived:
        raise StockcoreError("order_without_lines", "say what arrived", field="lines")
    by_number = {line.line_no: line for line in lines}
    variants = {variant.id: variant for variant in desk.variants.values()}
    totals: dict[int, Decimal] = {}
    checked = []
    for index, wanted in enumerate(arrived):
        field = f"lines/{index}"
        line = by_number.get(read_integer(wanted.line, field=f"{field}/line"))
        if line is None:
            raise StockcoreError("unknown_line", f"the transfer has no line {wanted.line}", field=f"{field}/line")
        quantity = desk.quantity(wanted.quantity, variants[line.variant], field=f"{field}/quantity")
        totals[line.line_no] = totals.get(line.line_no, ZERO) + quantity
        left = line.quantity - line.settled
        if totals[line.line_no] > left:
            raise StockcoreError(
                "over_receipt",
                f"only {plain(left)} of line {line.line_no} is on its way",
                field=f"{field}/quantity",
                requested=totals[line.line_no],
                in_transit=left,
            )
        checked.append((line, quantity, desk.status(wanted.status, field=f"{field}/status")))
    _check_there(desk, lines, totals)
    return checked


def _check_arrivals(desk: Desk, site: Location, arrived: Sequence[tuple[DocumentLine, Decimal, Status]]) -> None:
    """Errors: quantity_out_of_range."""
    variants = {variant.id: variant for variant in desk.variants.values()}
    coming: dict[int, Decimal] = {}
    for line, quantity, _ in arrived:
        coming[line.variant] = coming.get(line.variant, ZERO) + quantity
    for variant, total in coming.items():
        desk.check_arrival(variants[variant], site, total)


def _check_there(desk: Desk, lines: Sequence[DocumentLine], totals: dict[int, Decimal]) -> None:
    """Somebody may have adjusted goods away on their way. Errors: insufficient_stock."""
    wanted: dict[tuple[int, int], Decimal] = {}
    for line in lines:
        key = (line.variant, line.lot)
        wanted[key] = wanted.get(key, ZERO) + totals.get(line.line_no, ZERO)
    for (variant, lot), quantity in wanted.items():
        there = sum((quant.on_hand for quant in _in_transit(desk, variant, lot)), ZERO)
        if quantity > there:
            raise StockcoreError(
                "insufficient_stock",
                f"only {plain(there)} of it is still on the way",
                field="lines",
                requested=quantity,
                available=there,
            )


def _in_transit(desk: Desk, variant: int, lot: int) -> list[Quant]:
    """Available goods first; what expired on the way after them."""
    found = [quant for quant in desk.book.quants_at(variant, TRANSIT_SITE) if quant.lot == lot]
    return sorted(found, key=lambda quant: (quant.status != Status.AVAILABLE, quant.id))


def _arrive(
    desk: Desk, posting: Posting, line: DocumentLine, quantity: Decimal, site: Location, place: Location, status: Status
) -> None:
    line.settled += quantity
    desk.changes.update(line)
    for quant in _in_transit(desk, line.variant, line.lot):
        part = min(quantity, quant.on_hand)
        if part <= ZERO:
            continue
        target = desk.book.quant(
            line.variant,
            site.id,
            place.id,
            lot=quant.lot,
            status=_status_on_arrival(desk, quant, site, status),
            container=quant.container,
            owner=quant.owner,
        )
        desk.book.move(posting, MovementKind.TRANSFER, quant, target, part)
        quantity -= part


def _status_on_arrival(desk: Desk, quant: Quant, site: Location, status: Status) -> Status:
    """What expired on its way arrives expired."""
    if status == Status.AVAILABLE and quant.status == Status.EXPIRED:
        return Status.EXPIRED
    return desk.floor.status_of_arriving(status, quant.lot, site.id)


def _document(
    desk: Desk, document: Document, lines: Sequence[DocumentLine], posting: Posting, event: str
) -> TransferDocument:
    skus = {variant.id: variant.sku for variant in desk.variants.values()}
    made = TransferDocument(
        document.number,
        document.state,
        desk.floor.code(document.site),
        desk.floor.code(document.to_site or document.site),
        posting.id,
        tuple(
            TransferredLine(
                line.line_no,
                skus[line.variant],
                desk.floor.lots[line.lot].code if line.lot else None,
                line.quantity,
                line.settled,
            )
            for line in lines
        ),
    )
    desk.event(
        event,
        posting,
        {
            "number": made.number,
            "state": made.state,
            "from_site": made.from_site,
            "to_site": made.to_site,
            "lines": [attrs.asdict(line) for line in made.lines],
        },
    )
    return made


SEND_TRANSFER: Final = UseCase("stock.send_transfer", TransferDocument, _send_all)
RECEIVE_TRANSFER: Final = UseCase("stock.receive_transfer", TransferDocument, _receive_all)
