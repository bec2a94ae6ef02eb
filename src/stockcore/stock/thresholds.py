"""Stock records: the thresholds of a SKU at a site or at any place below it. They hold no quantity."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from stockcore.catalog.records import Variant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import check_step, read_quantity
from stockcore.kernel.unit_of_work import UnitOfWork
from stockcore.locations.records import Location
from stockcore.stock.commands import SetStockRecord
from stockcore.stock.desk import Desk
from stockcore.stock.records import StockRecord, StockRecordsOf
from stockcore.stock.results import RecordSet


def _set_all(uow: UnitOfWork, work: Work[SetStockRecord, RecordSet]) -> None:
    desk = Desk(uow, work, [c.sku for c in work.commands], places=[c.location for c in work.commands])
    variants = tuple(sorted(variant.id for variant in desk.variants.values()))
    known = {(record.variant, record.location): record for record in uow.load(StockRecordsOf(variants))}
    work.decide(lambda command: _set(desk, known, command), desk.changes)
    desk.finish()


def _set(desk: Desk, known: dict[tuple[int, int], StockRecord], command: SetStockRecord) -> RecordSet:
    """All three thresholds, None meaning none. Errors: unknown_sku, not_stocked, unknown_site, unknown_location,
    those of quantities, quantity_out_of_range (a minimum or reorder point above the maximum)."""
    variant = desk.variant(command.sku)
    site = desk.site(command.site)
    place = site if command.location is None else desk.any_place(site, command.location)
    wanted = {
        name: _threshold(getattr(command, name), variant, name) for name in ("reorder_point", "minimum", "maximum")
    }
    _check_order(wanted)
    record = known.get((variant.id, place.id))
    if record is None:
        record = _new_record(desk, variant, place)
        known[(variant.id, place.id)] = record
        desk.changes.insert(record)
    else:
        desk.changes.update(record)
    record.reorder_point, record.minimum, record.maximum = wanted.values()
    record.changed_at, record.changed_by = desk.now, desk.uow.origin.actor
    return RecordSet(variant.sku, site.code, None if place is site else place.code)


def _threshold(value: Decimal | None, variant: Variant, field: str) -> Decimal | None:
    if value is None:
        return None
    quantity = read_quantity(value, field=field, zero_allowed=True)
    check_step(quantity, variant.step, field=field)
    return quantity


def _check_order(wanted: dict[str, Decimal | None]) -> None:
    maximum = wanted["maximum"]
    for name in ("minimum", "reorder_point"):
        value = wanted[name]
        if maximum is not None and value is not None and value > maximum:
            raise StockcoreError(
                "quantity_out_of_range", f"the {name} is above the maximum", field=name, maximum=maximum
            )


def _new_record(desk: Desk, variant: Variant, place: Location) -> StockRecord:
    actor = desk.uow.origin.actor
    return StockRecord(next(desk.ids), variant.id, place.id, None, None, None, True, desk.now, actor, desk.now, actor)


SET_STOCK_RECORD: Final = UseCase("stock.set_record", RecordSet, _set_all)
