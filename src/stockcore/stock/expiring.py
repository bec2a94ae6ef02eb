"""What time ends: holds, and goods whose last day is over. Scheduled; what becomes available serves the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import INTEGER_MAX, ZERO, read_integer
from stockcore.kernel.text import lookup_codes
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Location, Sites
from stockcore.stock.allocating import local_day
from stockcore.stock.commands import ExpireHolds, ExpireLots
from stockcore.stock.desk import Desk, skus_of
from stockcore.stock.holds import release_expired
from stockcore.stock.records import ExpiredHolds, LotsExpiredAt, MovementKind, Quant, Status
from stockcore.stock.results import Expired
from stockcore.stock.use_cases import change_status, settle


def _expire_holds_all(uow: UnitOfWork, work: Work[ExpireHolds, Expired]) -> None:
    """Found without locking, then locked like everything else: pools before reservations."""
    most = max((command.most for command in work.commands if _is_readable(command.most)), default=0)
    desk = Desk(uow, work, skus_of(uow, (reservation.variant for reservation in uow.load(ExpiredHolds(most)))))
    counts = iter([release_expired(uow, desk.book, desk.floor)])
    work.decide(lambda command: _expire_holds(command, counts), desk.changes)
    desk.finish()


def _is_readable(most: object) -> bool:
    return type(most) is int and 0 < most <= INTEGER_MAX


def _expire_holds(command: ExpireHolds, counts: Iterator[int]) -> Expired:
    """Errors: those of `read_integer`."""
    read_integer(command.most, field="most", least=1)
    return Expired(next(counts, 0))


def _expire_lots_all(uow: UnitOfWork, work: Work[ExpireLots, Expired]) -> None:
    variants: set[int] = set()
    for site in _named_sites(uow, work):
        today = local_day(uow.draw(1).now, site.time_zone)
        variants |= {lot.variant for lot in uow.load(LotsExpiredAt(site.id, today))}
    desk = Desk(uow, work, skus_of(uow, variants), losses=True, ids_per_command=64)
    release_expired(uow, desk.book, desk.floor)
    work.decide(lambda command: _expire_lots(desk, command), desk.changes)
    desk.finish()


def _named_sites(uow: UnitOfWork, work: Work[ExpireLots, Expired]) -> list[Location]:
    wanted = set(lookup_codes(command.site for command in work.commands))
    return [site for site in uow.load(Sites()) if site.normal_code in wanted]


def _expire_lots(desk: Desk, command: ExpireLots) -> Expired:
    """By the site's own calendar day; promised goods give way. Errors: unknown_site, location_inactive."""
    site = desk.site(command.site, even_transit=True)
    today = desk.floor.today(site.id)
    expired = [quant for quant in desk.book.quants_by_id.values() if quant.site == site.id and _is_over(desk, quant)]
    by_variant: dict[int, list[Quant]] = {}
    for quant in sorted(expired, key=lambda quant: (quant.variant, quant.id)):
        by_variant.setdefault(quant.variant, []).append(quant)
    for quants in by_variant.values():
        posting = desk.posting("status_change", desk.uow.new_ids(1)[0], "expired", None)
        parts = [(quant, quant.on_hand) for quant in quants]
        lots = [{"lot": desk.floor.lots[quant.lot].code, "quantity": quant.on_hand} for quant in quants]
        settle(desk, posting, change_status(desk.book, posting, MovementKind.STATUS_CHANGE, parts, Status.EXPIRED))
        sku = next(v.sku for v in desk.variants.values() if v.id == quants[0].variant)
        desk.event("stock.expired", posting, {"sku": sku, "site": site.code, "on": today, "lots": lots})
    return Expired(len(expired))


def _is_over(desk: Desk, quant: Quant) -> bool:
    return quant.status == Status.AVAILABLE and quant.on_hand > ZERO and desk.floor.is_over(quant.lot, quant.site)


EXPIRE_HOLDS: Final = UseCase("stock.expire_holds", Expired, _expire_holds_all)
EXPIRE_LOTS: Final = UseCase("stock.expire_lots", Expired, _expire_lots_all)
