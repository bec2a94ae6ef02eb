"""Serving the queue: whatever became available goes to those who wait, in the same transaction (DESIGN 3)."""

from __future__ import annotations

import functools
from datetime import datetime
from decimal import Decimal

import attrs

from stockcore.kernel.quantity import ZERO, whole_multiples
from stockcore.kernel.text import lookup_codes
from stockcore.kernel.unit_of_work import ChangedMeanwhileError, UnitOfWork
from stockcore.locations.records import LocationsOfSites, ShareSites
from stockcore.stock.allocating import choose, requirement_of
from stockcore.stock.book import Book, Demand, Posting, demand_of, sites_of
from stockcore.stock.floor import Floor
from stockcore.stock.records import Backorder, DemandType, LockPools, Reservation


def serve(book: Book, posting: Posting, floor: Floor) -> None:
    """Serve the backorders of every variant of which more became available. Running it again changes nothing."""
    for variant in sorted(book.raised):
        for backorder in book.waiting(variant):
            _serve_one(book, posting, floor, backorder)
    book.raised.clear()


def _serve_one(book: Book, posting: Posting, floor: Floor, backorder: Backorder) -> None:
    expires_at = _expiry(book, backorder)
    if expires_at is not None and expires_at <= book.now:
        book.settle_backorder(backorder, backorder.outstanding)  # its time is over: it waits for nothing more
        return
    demand = attrs.evolve(demand_of(backorder), expires_at=expires_at)
    before = None
    while backorder.outstanding not in (ZERO, before):  # an odd rest may be left that a site before could serve
        before = backorder.outstanding
        for site in sites_of(backorder.sites):
            _serve_from(book, posting, floor, backorder, demand, site)


def _serve_from(book: Book, posting: Posting, floor: Floor, backorder: Backorder, demand: Demand, site: int) -> None:
    available = available_to(book, floor, demand, site)
    wanted = backorder.outstanding  # all of it, also where a line that was cut has an odd rest
    if available < wanted:
        wanted = whole_multiples(available, backorder.multiple)
    if wanted <= ZERO:
        return
    reserve(book, posting, floor, demand, site, wanted)
    book.settle_backorder(backorder, wanted)
    line = str(backorder.demand_line)
    book.follow_up(posting, backorder.demand_type, backorder.demand_id, "served", line=line, quantity=wanted)


def _expiry(book: Book, backorder: Backorder) -> datetime | None:
    """When the demand ends by itself, which its reservations know; an order does not."""
    if backorder.demand_type == DemandType.ORDER:
        return None
    demand, line = backorder.demand_id.int, backorder.demand_line.int
    known = (book.reservations.get((demand, line, backorder.variant, site)) for site in sites_of(backorder.sites))
    ends = [reservation.expires_at for reservation in known if reservation is not None]
    return functools.reduce(later_end, ends) if ends else None


def later_end(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two ends; None is no end."""
    return None if one is None or other is None else max(one, other)


def check_nothing_came(uow: UnitOfWork, book: Book, floor: Floor) -> None:
    """Before anybody is told to wait: while we waited for a lock none of the sites has got the first goods of the SKU,
    or was unblocked (nor, where the demand is pinned, a place in it); and who brings them now, or unblocks it, will see
    who waits. (Of a SKU without a pool the caller shares the product's lock, or holds what waits for it already: the
    first movement waits for either.)

    Errors: ChangedMeanwhileError.
    """
    if not book.queued or not uow.is_served:
        return
    wanted = {(demand.variant, site) for demand in book.queued for site in sites_of(demand.sites)}
    blocked = tuple(sorted({site for _, site in wanted if not floor.may_promise(site)}))
    if blocked and not all(site.blocked for site in uow.load(ShareSites(blocked))):
        raise ChangedMeanwhileError("a site was unblocked")
    pinned = {site for demand in book.queued if demand.requirement for site in sites_of(demand.sites)}
    if pinned:
        uow.load(ShareSites(tuple(sorted(pinned))))
        known = floor.places
        for place in uow.load(LocationsOfSites(lookup_codes(floor.code(site) for site in pinned))):
            if place.id in known and known[place.id].blocked and not place.blocked:
                raise ChangedMeanwhileError(f"place {place.id} was unblocked")
    variants = tuple(sorted({variant for variant, site in wanted if (variant, site) not in book.pools}))
    for pool in uow.load(LockPools(variants)) if variants else ():
        if (pool.variant, pool.site) not in book.pools:
            raise ChangedMeanwhileError(f"variant {pool.variant} has come to site {pool.site}")


def available_to_any(book: Book, floor: Floor, variant: int, site: int) -> Decimal:
    """What the site can promise to a demand that takes any unit: nothing while it is blocked."""
    return book.available(variant, site) if floor.may_promise(site) else ZERO


def available_to(book: Book, floor: Floor, demand: Demand, site: int) -> Decimal:
    """What the site can promise to this demand: nothing while it is blocked; to a pinned one, only what fits its
    requirement."""
    available = available_to_any(book, floor, demand.variant, site)
    if not demand.requirement or available <= ZERO:
        return available
    fitting = floor.shelves(book, demand.variant, site, requirement_of(demand.requirement))
    return min(available, sum((shelf.quant.free for shelf in fitting), ZERO))


def reserve(book: Book, posting: Posting, floor: Floor, demand: Demand, site: int, quantity: Decimal) -> Reservation:
    """Promise to a demand; a pinned one is allocated at once."""
    reservation = book.reserve(posting, demand, site, quantity)
    if demand.requirement:
        fitting = floor.shelves(book, demand.variant, site, requirement_of(demand.requirement))
        for quant, part in choose(fitting, quantity):
            book.allocate(reservation, quant, part)
    return reservation
