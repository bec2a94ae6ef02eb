"""Reservations that no order of ours makes: holds, channels' and outside orders' (DESIGN 3).

The outside names its demand by a reference; a DemandName row remembers it. What such a demand holds of a SKU is one
demand line, or one more per requirement that pins it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID, uuid5

import attrs

from stockcore.catalog.lifecycle import check_active
from stockcore.catalog.records import Variant
from stockcore.kernel.dates import read_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.plain import to_json
from stockcore.kernel.quantity import ZERO, plain, read_integer, whole_multiples
from stockcore.kernel.reading import one_of, read_texts
from stockcore.kernel.text import lookup_codes, read_text
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import SOURCED_KINDS, Location, Purpose
from stockcore.stock.allocating import Requirement, requirement_of, requirement_to_json
from stockcore.stock.book import Demand, Posting
from stockcore.stock.commands import CommitReservation, ReleaseReservation, ReserveStock
from stockcore.stock.desk import Desk, ambiguous_location, demand_uuid, skus_of
from stockcore.stock.holds import release_expired
from stockcore.stock.records import (
    Backorder,
    Counterpart,
    DemandName,
    DemandNames,
    DemandsReservations,
    DemandType,
    MovementKind,
    Quant,
    Reservation,
)
from stockcore.stock.results import ReservationDocument, ReservedPart
from stockcore.stock.serving import available_to, later_end, reserve, serve
from stockcore.stock.shortage import free_allocations

#: Demands that the outside makes and names. An order of ours reserves by being placed, and ships by its shipments.
OUTSIDE: Final = (DemandType.HOLD, DemandType.EXTERNAL, DemandType.CHANNEL)
EXPIRING: Final = (DemandType.HOLD, DemandType.EXTERNAL)


def _outside_type(value: str) -> DemandType:
    """Errors: value_unknown."""
    return one_of(value, OUTSIDE, field="demand_type")


def _demands(commands: Sequence[ReserveStock | ReleaseReservation | CommitReservation]) -> tuple[UUID, ...]:
    """To be looked up before the commands are checked: an unreadable type or reference names nothing."""
    named = ((command.demand_type, command.reference) for command in commands)
    return tuple(sorted({demand_uuid(k, r) for k, r in named if k in OUTSIDE and lookup_codes([r])}))


def _document(desk: Desk, demand_type: str, reference: str, variant: Variant | None) -> ReservationDocument:
    """What the demand holds now, of one SKU or of all those loaded."""
    demand = demand_uuid(demand_type, reference)
    parts: dict[int, Decimal] = {}
    for reservation in _of_demand(desk, demand, variant):
        if reservation.outstanding > ZERO:
            parts[reservation.site] = parts.get(reservation.site, ZERO) + reservation.outstanding
    return ReservationDocument(
        reference,
        demand_type,
        None if variant is None else variant.sku,
        sum(parts.values(), ZERO),
        tuple(ReservedPart(desk.floor.code(site), quantity) for site, quantity in parts.items()),
    )


def _of_demand(desk: Desk, demand: UUID, variant: Variant | None) -> list[Reservation]:
    """The demand's reservations, as they were made."""
    found = [
        reservation
        for reservation in desk.book.reservations_by_id.values()
        if reservation.demand_id == demand and (variant is None or reservation.variant == variant.id)
    ]
    return sorted(found, key=lambda reservation: reservation.id)


def _announce(desk: Desk, type_: str, posting: Posting, document: ReservationDocument, quantity: Decimal) -> None:
    desk.event(
        type_,
        posting,
        {
            "demand_type": document.demand_type,
            "reference": document.reference,
            "sku": document.sku,
            "quantity": quantity,
            "reserved": document.reserved,
        },
    )


# -- reserve -----------------------------------------------------------------------------------------------------


def _reserve_all(uow: UnitOfWork, work: Work[ReserveStock, ReservationDocument]) -> None:
    demands = _demands(work.commands)
    skus = [command.sku for command in work.commands]
    desk = Desk(uow, work, skus, places=[command.location for command in work.commands], demands=demands)
    names = {name.id: name for name in uow.load(DemandNames(demands))}
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _reserve(desk, names, command), desk.changes)
    desk.finish()


def _reserve(desk: Desk, names: dict[UUID, DemandName], command: ReserveStock) -> ReservationDocument:
    """All of it, from the first sites that have it, or nothing.

    Errors: those of what is read, value_unknown, unknown_field, unknown_sku, inactive_sku, not_stocked, unknown_site,
    no_site, unknown_location, unknown_lot, hold_expired, insufficient_stock.
    """
    demand_type = _outside_type(command.demand_type)
    reference = read_text(command.reference, field="reference")
    variant = desk.variant(command.sku)
    check_active(variant, field="sku")
    quantity = desk.quantity(command.quantity, variant)
    priority = read_integer(command.priority, field="priority")
    expires_at = _expires_at(desk, demand_type, command.expires_at)
    sites, requirement = _candidates(desk, variant, command)
    demand_id = demand_uuid(demand_type, reference)
    demand = Demand(
        demand_type,
        demand_id,
        demand_id if not requirement else uuid5(demand_id, requirement),
        variant.id,
        to_json([site.id for site in sites]),
        variant.step,
        priority,
        expires_at=expires_at,
        requirement=requirement,
    )
    takes = _takes(desk, variant, demand, sites, quantity)
    if demand_id not in names:
        names[demand_id] = DemandName(demand_id, demand_type, reference)
        desk.changes.insert(names[demand_id])
    posting = Posting(desk.uow.new_ids(1)[0], demand_type, demand_id, None, None)
    for site, part in takes:
        reservation = reserve(desk.book, posting, desk.floor, demand, site.id, part)
        if reservation.outstanding == part:
            reservation.expires_at = expires_at  # a new start for what had ended
        else:  # the longer time for all of it
            reservation.expires_at = later_end(expires_at, reservation.expires_at)
    document = _document(desk, demand_type, reference, variant)
    _announce(desk, "stock.reserved", posting, document, quantity)
    return document


def _expires_at(desk: Desk, demand_type: DemandType, at: datetime | None) -> datetime | None:
    """Errors: those of `read_instant`, unknown_field, hold_expired."""
    if at is None:
        return None
    at = read_instant(at, field="expires_at")
    if demand_type not in EXPIRING:
        raise StockcoreError("unknown_field", f"what a {demand_type} reserves does not expire", field="expires_at")
    if at <= desk.now:
        raise StockcoreError("hold_expired", "that time is over already", field="expires_at")
    return at


def _candidates(desk: Desk, variant: Variant, command: ReserveStock) -> tuple[list[Location], str]:
    """The sites to take from, in the order given (else by priority), and what pins the demand."""
    named = read_texts(command.sites, field="sites")
    if named:
        sites = [desk.site(code, field=f"sites/{i}", even_transit=True) for i, code in enumerate(named)]
        found = list({site.id: site for site in sites}.values())
    else:
        found = sorted(desk.sites.values(), key=lambda site: (site.priority, site.code))
    found = [site for site in found if site.active and site.kind in SOURCED_KINDS]
    if not found:
        raise StockcoreError("no_site", "no active site may serve this", field="sites")
    requirement = Requirement(lot=desk.existing_lot(variant, command.lot)) if command.lot is not None else Requirement()
    if command.location is not None:
        place = _place(desk, found, command.location)
        found = [site for site in found if site.id == place.site]
        requirement = attrs.evolve(requirement, location=place.id)
    return found, requirement_to_json(requirement)


def _place(desk: Desk, sites: Sequence[Location], code: str) -> Location:
    """The one place of that code at these sites. Errors: those of `Desk.place`, ambiguous_location."""
    found: dict[str, Location] = {}
    refused: StockcoreError | None = None
    for site in sites:
        try:
            found[site.code] = desk.place(site, code, default=Purpose.STORAGE)
        except StockcoreError as error:
            refused = refused or error
    if not found:
        raise refused or StockcoreError("unknown_location", f"there is no location {code!r}", field="location")
    if len(found) > 1:
        raise ambiguous_location(found, code, field="location")
    return next(iter(found.values()))


def _takes(
    desk: Desk, variant: Variant, demand: Demand, sites: Sequence[Location], quantity: Decimal
) -> list[tuple[Location, Decimal]]:
    """Errors: insufficient_stock, with what each site had when its pool was locked, and the pool's last_seq."""
    takes: list[tuple[Location, Decimal]] = []
    seen = []
    left = quantity
    for site in sites:
        available = available_to(desk.book, desk.floor, demand, site.id)
        pool = desk.book.pools.get((variant.id, site.id))
        seen.append({"site": site.code, "available": available, "last_seq": pool.last_seq if pool is not None else 0})
        part = whole_multiples(min(left, available), variant.step) if available > ZERO else ZERO
        if part > ZERO:
            takes.append((site, part))
            left -= part
    if left > ZERO:
        raise StockcoreError(
            "insufficient_stock",
            f"only {plain(quantity - left)} of {variant.sku} available, not {plain(quantity)}",
            field="quantity",
            sku=variant.sku,
            requested=quantity,
            available=quantity - left,
            sites=seen,
        )
    return takes


# -- release -----------------------------------------------------------------------------------------------------


def _release_all(uow: UnitOfWork, work: Work[ReleaseReservation, ReservationDocument]) -> None:
    demands = _demands(work.commands)
    held = skus_of(uow, (reservation.variant for reservation in uow.load(DemandsReservations(demands))))
    named = [command.sku for command in work.commands if command.sku is not None]
    desk = Desk(uow, work, [*held, *named], demands=demands)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _release(desk, command), desk.changes)
    desk.finish()


def _release(desk: Desk, command: ReleaseReservation) -> ReservationDocument:
    """What waits is given up before what is held: else it would take what is released.

    Errors: value_unknown, unknown_sku, unknown_reservation, field_required, over_release.
    """
    demand_type = _outside_type(command.demand_type)
    reference = read_text(command.reference, field="reference")
    variant = None if command.sku is None else desk.variant(command.sku)
    held = _of_demand(desk, demand_uuid(demand_type, reference), variant)
    _check_known(held, reference)
    waiting = _waiting_of_demand(desk, held[0].demand_id, variant)
    outstanding = sum((reservation.outstanding for reservation in held), ZERO)
    asked = sum((backorder.outstanding for backorder in waiting), outstanding)
    if asked == ZERO:
        return _document(desk, demand_type, reference, variant)  # released before: the answer is what is there now
    quantity = asked
    if command.quantity is not None:
        quantity = desk.quantity(command.quantity, variant or _only_variant(desk, [*held, *waiting]))
        if quantity > asked:
            raise StockcoreError(
                "over_release",
                f"{reference} holds {plain(asked)}, not {plain(quantity)}",
                field="quantity",
                requested=quantity,
                reserved=outstanding,
            )
    posting = Posting(desk.uow.new_ids(1)[0], demand_type, held[0].demand_id, None, None)
    left = quantity
    for backorder in waiting:
        part = min(left, backorder.outstanding)
        if part > ZERO:
            desk.book.settle_backorder(backorder, part)
            left -= part
    _give_back(desk, posting, held, left)
    serve(desk.book, posting, desk.floor)
    document = _document(desk, demand_type, reference, variant)
    _announce(desk, "stock.reservation_released", posting, document, quantity)
    return document


def _check_known(held: Sequence[Reservation], reference: str) -> None:
    if not held:
        raise StockcoreError(
            "unknown_reservation", f"nothing was reserved for {reference!r}", field="reference", reference=reference
        )


def _waiting_of_demand(desk: Desk, demand: UUID, variant: Variant | None) -> list[Backorder]:
    """What the demand waits for, since it had to give way."""
    found = desk.book.backorders.values()
    return [b for b in found if b.demand_id == demand and (variant is None or b.variant == variant.id)]


def _only_variant(desk: Desk, held: Sequence[Reservation | Backorder]) -> Variant:
    """Errors: field_required."""
    variants = {reservation.variant for reservation in held if reservation.outstanding > ZERO}
    if len(variants) > 1:
        raise StockcoreError("field_required", "it holds several SKUs: say which", field="sku")
    return next(variant for variant in desk.variants.values() if variant.id in variants)


def _give_back(desk: Desk, posting: Posting, held: Sequence[Reservation], quantity: Decimal) -> None:
    """What was reserved last is released first."""
    for reservation in reversed(held):
        part = min(quantity, reservation.outstanding)
        if part <= ZERO:
            continue
        free_allocations(desk.book, reservation, desk.book.allocated(reservation) - (reservation.outstanding - part))
        desk.book.release(posting, reservation, part)
        quantity -= part


# -- commit ------------------------------------------------------------------------------------------------------


@attrs.frozen
class _Issue:
    """Goods that will leave."""

    reservation: Reservation
    quant: Quant
    quantity: Decimal


def _commit_all(uow: UnitOfWork, work: Work[CommitReservation, ReservationDocument]) -> None:
    demands = _demands(work.commands)
    desk = Desk(uow, work, [command.sku for command in work.commands], demands=demands, ids_per_command=16)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _commit(desk, command), desk.changes)
    desk.finish()


def _commit(desk: Desk, command: CommitReservation) -> ReservationDocument:
    """Goods leave: on hand and reserved fall together, one issue document per site.

    Errors: value_unknown (an order of ours: its shipments do it), unknown_reservation, hold_expired, over_commit,
    not_allocatable.
    """
    demand_type = _outside_type(command.demand_type)
    reference = read_text(command.reference, field="reference")
    variant = desk.variant(command.sku)
    held = _of_demand(desk, demand_uuid(demand_type, reference), variant)
    _check_known(held, reference)
    occurred_at = desk.occurred(command.occurred_at)
    outstanding = sum((reservation.outstanding for reservation in held), ZERO)
    if outstanding == ZERO and any(_has_expired(desk, reservation) for reservation in held):
        raise StockcoreError("hold_expired", f"{reference!r} holds nothing any more", field="reference")
    quantity = outstanding if command.quantity is None else desk.quantity(command.quantity, variant)
    if quantity > outstanding or quantity == ZERO:
        raise StockcoreError(
            "over_commit",
            f"{reference} holds {plain(outstanding)}" + (f", not {plain(quantity)}" if quantity else " any more"),
            field="quantity",
            requested=quantity,
            reserved=outstanding,
        )
    issues = _issues(desk, variant, held, quantity)
    left: list[tuple[Posting, Decimal]] = []
    for site in dict.fromkeys(issue.reservation.site for issue in issues):
        at_site = [issue for issue in issues if issue.reservation.site == site]
        posting = _issue(desk, site, at_site, occurred_at)
        left.append((posting, sum((issue.quantity for issue in at_site), ZERO)))
    document = _document(desk, demand_type, reference, variant)
    for posting, issued in left:
        _announce(desk, "stock.issued", posting, document, issued)
    return document


def _has_expired(desk: Desk, reservation: Reservation) -> bool:
    return reservation.expires_at is not None and reservation.expires_at <= desk.now and reservation.released > ZERO


def _issues(desk: Desk, variant: Variant, held: Sequence[Reservation], quantity: Decimal) -> list[_Issue]:
    """Where the goods are taken from: what is allocated first, the rest by the site's strategy. Changes nothing.

    Errors: not_allocatable.
    """
    issues: list[_Issue] = []
    chosen: dict[int, Decimal] = {}  # by quant: free goods that an earlier reservation takes
    for reservation in held:
        left = min(quantity, reservation.outstanding)
        quantity -= left
        requirement = requirement_of(reservation.requirement)
        for allocation in desk.book.allocations_of(reservation):
            quant = desk.book.quants_by_id[allocation.quant]
            part = min(left, allocation.quantity)
            if part > ZERO and desk.floor.shelf(quant, requirement) is not None:
                issues.append(_Issue(reservation, quant, part))
                left -= part
        for shelf in desk.floor.shelves(desk.book, variant.id, reservation.site, requirement):
            part = min(left, shelf.quant.free - chosen.get(shelf.quant.id, ZERO))
            if part > ZERO:
                chosen[shelf.quant.id] = chosen.get(shelf.quant.id, ZERO) + part
                issues.append(_Issue(reservation, shelf.quant, part))
                left -= part
        if left > ZERO:
            raise StockcoreError(
                "not_allocatable",
                f"{plain(left)} of {variant.sku} lies where nothing may be taken from",
                field="quantity",
                site=desk.floor.code(reservation.site),
                quantity=left,
            )
    return issues


def _issue(desk: Desk, site: int, issues: Sequence[_Issue], occurred_at: datetime | None) -> Posting:
    document = desk.document("issue", site, reference=None, reason=None, occurred_at=occurred_at)
    posting = desk.posting("issue", document.id, None, occurred_at)
    consumed: dict[int, Decimal] = {}
    for line_no, issue in enumerate(issues, 1):
        reservation, quant = issue.reservation, issue.quant
        allocated = [a for a in desk.book.allocations_of(reservation) if a.quant == quant.id]
        left = issue.quantity
        for allocation in allocated:
            part = min(left, allocation.quantity)
            if part > ZERO:
                desk.book.deallocate(allocation, part)
                left -= part
        desk.document_line(document, line_no, quant, -issue.quantity)
        desk.book.change_on_hand(
            posting,
            MovementKind.COMMIT,
            quant,
            -issue.quantity,
            counterpart=Counterpart.CUSTOMER,
            line=reservation.demand_line,
        )
        consumed[reservation.id] = consumed.get(reservation.id, ZERO) + issue.quantity
    for number, quantity in consumed.items():
        reservation = desk.book.reservations_by_id[number]
        desk.book.consume(posting, reservation, quantity)
        # where other goods were taken than those that it had chosen
        free_allocations(desk.book, reservation, desk.book.allocated(reservation) - reservation.outstanding)
    return posting


RESERVE_STOCK: Final = UseCase("stock.reserve", ReservationDocument, _reserve_all)
RELEASE_RESERVATION: Final = UseCase("stock.release", ReservationDocument, _release_all)
COMMIT_RESERVATION: Final = UseCase("stock.commit", ReservationDocument, _commit_all)
