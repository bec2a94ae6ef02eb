"""Shortage: goods are gone, the floor's truth is never refused, so some promises must give way (DESIGN 3). Pure.

Which ones: first those whose own goods are gone and cannot be replaced; then, while more is promised than there is,
unallocated ones. That is enough: what is still allocated then lies there, so that only unallocated promises can be too
many, and no picked one ever gives way for a loss at another place. Within each group the lowest priority first, then
the latest promise, then the newest. What gives way becomes a backorder and an exception, and is served from its other
sites at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from stockcore.kernel.quantity import ZERO, covering_multiples
from stockcore.stock.allocating import choose, requirement_of
from stockcore.stock.book import Book, Posting, demand_of
from stockcore.stock.floor import Floor
from stockcore.stock.records import Allocation, Pool, Quant, Reservation


def settle_loss(book: Book, posting: Posting, floor: Floor, shrunk: list[Quant]) -> None:
    """After goods left these quants: let promises give way until the pools are whole again."""
    for quant in shrunk:
        _displace(book, posting, floor, quant)
    for pool in _pools_of(book, shrunk):
        _cover(book, posting, floor, pool)


def _pools_of(book: Book, shrunk: list[Quant]) -> list[Pool]:
    keys = sorted({(quant.variant, quant.site) for quant in shrunk})
    return [book.pools[key] for key in keys]


def gives_way_first(reservation: Reservation) -> tuple[Any, ...]:
    """The lowest priority, then the latest promise (none is the latest), then the newest."""
    promise = reservation.promise.timestamp() if reservation.promise is not None else float("inf")
    return (reservation.priority, -promise, -reservation.since.timestamp(), -reservation.age)


def _displace(book: Book, posting: Posting, floor: Floor, quant: Quant) -> None:
    """More is allocated to this quant than it holds: move the allocations to free goods, or let them give way."""
    for allocation in chosen_on(book, [quant]):
        lost = min(quant.allocated - quant.on_hand, allocation.quantity)
        if lost <= ZERO:
            continue  # there is enough, or it was given up with another part of the same promise
        release, picked = allocation.release, allocation.home != allocation.quant
        reservation = book.reservations_by_id[allocation.reservation]
        book.deallocate(allocation, lost)
        if not picked:
            fitting = floor.shelves(book, quant.variant, quant.site, requirement_of(reservation.requirement))
            for other, part in choose(fitting, lost):
                book.allocate(reservation, other, part, release=release)
                lost -= part
        if lost > ZERO:
            give_way(book, posting, floor, reservation, lost)


def chosen_on(book: Book, quants: Iterable[Quant]) -> list[Allocation]:
    """The allocations on these quants in the order in which they give way: picked ones last."""
    wanted = {quant.id for quant in quants}
    found = [allocation for listed in book.allocations.values() for allocation in listed if allocation.quant in wanted]

    def rank(allocation: Allocation) -> tuple[Any, ...]:
        return (allocation.home != allocation.quant, *gives_way_first(book.reservations_by_id[allocation.reservation]))

    return sorted(found, key=rank)


def _cover(book: Book, posting: Posting, floor: Floor, pool: Pool) -> None:
    """While more is promised than there is, let unallocated promises give way."""
    here = [r for r in book.reservations_by_id.values() if (r.variant, r.site) == (pool.variant, pool.site)]
    for reservation in sorted(here, key=gives_way_first):
        missing = -pool.available
        if missing <= ZERO:
            return
        part = min(missing, reservation.outstanding - book.allocated(reservation))
        if part > ZERO:
            give_way(book, posting, floor, reservation, part)


def give_way(book: Book, posting: Posting, floor: Floor, reservation: Reservation, quantity: Decimal) -> None:
    """Take a promise back: it becomes a backorder in the place its age gives it, and an exception."""
    quantity = min(covering_multiples(quantity, reservation.multiple), reservation.outstanding)
    free_allocations(book, reservation, book.allocated(reservation) - (reservation.outstanding - quantity))
    book.release(posting, reservation, quantity)
    book.backorder(demand_of(reservation), quantity)
    book.raise_exception(
        "shortage",
        site=reservation.site,
        demand=demand_of(reservation),
        quantity=quantity,
        site_code=floor.code(reservation.site),
    )
    book.follow_up(
        posting,
        reservation.demand_type,
        reservation.demand_id,
        "gave_way",
        line=str(reservation.demand_line),
        quantity=quantity,
    )


def free_allocations(book: Book, reservation: Reservation, excess: Decimal) -> None:
    """Give up allocations that the reservation can no longer have, unpicked ones first."""
    for allocation in sorted(book.allocations_of(reservation), key=lambda a: (a.home != a.quant, a.quant)):
        if excess <= ZERO:
            return
        part = min(excess, allocation.quantity)
        book.deallocate(allocation, part)
        excess -= part
