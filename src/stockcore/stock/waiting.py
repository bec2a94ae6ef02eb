"""Who waits is served although nothing was posted: a place was unblocked, or the figures were put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.results import Accepted
from stockcore.kernel.text import lookup_codes
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.commands import UnblockLocation
from stockcore.locations.records import Sites
from stockcore.locations.results import LocationDocument
from stockcore.locations.use_cases import unblock_locations
from stockcore.stock.book import sites_of
from stockcore.stock.commands import ServeQueue
from stockcore.stock.desk import Desk, skus_of
from stockcore.stock.holds import release_expired
from stockcore.stock.records import Backorder, LockPools, OpenBackorders
from stockcore.stock.results import Served
from stockcore.stock.serving import serve


def _unblock_all(uow: UnitOfWork, work: Work[UnblockLocation, LocationDocument]) -> None:
    """Whoever comes to wait at this moment shares the lock of the site (`check_nothing_came`): either that is done, and
    we see who waits, or it finds the place open. Pools are locked before places, as everywhere; only those of what came
    to wait meanwhile are locked behind them."""
    codes = lookup_codes(command.site for command in work.commands)
    sites = {site.id for site in uow.load(Sites()) if site.normal_code in codes}

    def concerns(backorder: Backorder) -> bool:
        return not sites.isdisjoint(sites_of(backorder.sites))

    waiting = {backorder.variant for backorder in uow.load(OpenBackorders()) if concerns(backorder)}
    uow.load(LockPools(tuple(sorted(waiting))))
    unblock_locations(uow, work)
    if not any(isinstance(outcome, Accepted) and not outcome.repeated for outcome in work.outcomes):
        return
    serving: Work[ServeQueue, Served] = Work(SERVE_QUEUE, [ServeQueue()], uow.new_ids(1))
    desk, _ = _serve(uow, serving, concerns)
    uow.write(desk.changes)
    work.inserted |= desk.changes.inserted.keys()


def _serve_all(uow: UnitOfWork, work: Work[ServeQueue, Served]) -> None:
    desk, count = _serve(uow, work, lambda _: True)
    work.decide(lambda _: Served(count), desk.changes)
    desk.finish()


def _serve(uow: UnitOfWork, work: Work[ServeQueue, Served], concerns: Callable[[Backorder], bool]) -> tuple[Desk, int]:
    """Serve all who wait for a variant that such a backorder waits for; how many were given something."""
    found = [backorder for backorder in uow.load(OpenBackorders()) if concerns(backorder)]
    skus = skus_of(uow, (backorder.variant for backorder in found))
    desk = Desk(uow, work, skus, ids_per_command=4 * len(found) + 1)
    release_expired(uow, desk.book, desk.floor)
    waiting = [(backorder, backorder.outstanding) for backorder in desk.book.backorders.values()]
    desk.book.raised.update(variant.id for variant in desk.variants.values())
    serve(desk.book, desk.posting("queue", uow.new_ids(1)[0], "queue served", None), desk.floor)
    return desk, sum(backorder.outstanding < before for backorder, before in waiting)


UNBLOCK_LOCATION: Final = UseCase("locations.unblock_location", LocationDocument, _unblock_all)
SERVE_QUEUE: Final = UseCase("stock.serve_queue", Served, _serve_all)
