"""Who waits is served although nothing was posted: a place was unblocked, or the figures were put right."""

from __future__ import annotations

from typing import Final

from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.text import lookup_codes
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.commands import UnblockLocation
from stockcore.locations.records import Sites
from stockcore.locations.results import LocationDocument
from stockcore.locations.use_cases import unblock_locations
from stockcore.stock.commands import ServeQueue
from stockcore.stock.desk import Desk
from stockcore.stock.holds import release_expired
from stockcore.stock.records import LockPoolsAt, VariantsAwaitedAt
from stockcore.stock.results import Served
from stockcore.stock.serving import serve


def _unblock_all(uow: UnitOfWork, work: Work[UnblockLocation, LocationDocument]) -> None:
    """The pools first: whoever places an order or receives there either is done, and is seen to wait, or comes after
    us and finds the place open."""
    codes = lookup_codes(command.site for command in work.commands)
    uow.load(LockPoolsAt(codes))
    unblock_locations(uow, work)
    served: Work[ServeQueue, Served] = Work(SERVE_QUEUE, [ServeQueue()], uow.new_ids(1))
    _serve(uow, served, codes)
    work.inserted |= served.inserted


def _serve_all(uow: UnitOfWork, work: Work[ServeQueue, Served]) -> None:
    codes = tuple(sorted(site.normal_code for site in uow.load(Sites())))
    uow.load(LockPoolsAt(codes))
    _serve(uow, work, codes)


def _serve(uow: UnitOfWork, work: Work[ServeQueue, Served], sites: tuple[str, ...]) -> None:
    """Serve all who wait for a variant that these sites have."""
    desk = Desk(uow, work, [variant.sku for variant in uow.load(VariantsAwaitedAt(sites))], ids_per_command=64)
    release_expired(uow, desk.book, desk.floor)
    waiting = [(backorder, backorder.outstanding) for backorder in desk.book.backorders.values()]
    desk.book.raised.update(variant.id for variant in desk.variants.values())
    serve(desk.book, desk.posting("queue", uow.new_ids(1)[0], "queue served", None), desk.floor)
    count = sum(backorder.outstanding < before for backorder, before in waiting)
    work.decide(lambda _: Served(count), desk.changes)
    desk.finish()


UNBLOCK_LOCATION: Final = UseCase("locations.unblock_location", LocationDocument, _unblock_all)
SERVE_QUEUE: Final = UseCase("stock.serve_queue", Served, _serve_all)
