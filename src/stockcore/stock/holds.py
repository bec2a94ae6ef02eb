"""Holds end by themselves: whoever meets one whose time is over releases it, serves the queue, then goes on."""

from __future__ import annotations

from stockcore.kernel.quantity import ZERO
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.stock.book import Book, Posting
from stockcore.stock.floor import Floor
from stockcore.stock.records import Reservation
from stockcore.stock.serving import serve


def is_expired(reservation: Reservation, book: Book) -> bool:
    expires_at = reservation.expires_at
    return expires_at is not None and expires_at <= book.now and reservation.outstanding > ZERO


def release_expired(uow: UnitOfWork, book: Book, floor: Floor) -> int:
    """Release every loaded hold whose time is over and serve who waits; returns how many ended."""
    expired = sorted(
        (r for r in book.reservations_by_id.values() if is_expired(r, book)), key=lambda r: (r.variant, r.site, r.id)
    )
    if not expired:
        return 0
    for posting_id, reservation in zip(uow.new_ids(len(expired)), expired, strict=True):
        posting = Posting(posting_id, reservation.demand_type, reservation.demand_id, "hold expired", None)
        _give_back(book, posting, reservation)
        serve(book, posting, floor)
    return len(expired)


def release_all(book: Book, posting: Posting, reservation: Reservation) -> None:
    """Give back everything a reservation still holds, its allocations included, and wait for nothing more."""
    backorder = book.backorder_of(reservation)
    if backorder is not None and backorder.outstanding > ZERO:
        book.settle_backorder(backorder, backorder.outstanding)
    _give_back(book, posting, reservation)


def _give_back(book: Book, posting: Posting, reservation: Reservation) -> None:
    """What waits besides, for another part of the demand that has not ended, is left to `serve`."""
    for allocation in book.allocations_of(reservation):
        book.deallocate(allocation, allocation.quantity)
    if reservation.outstanding > ZERO:
        book.release(posting, reservation, reservation.outstanding)
