"""What a store holds, told without its generated ids and times, so that two stores can be compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs
import sqlalchemy as sa

from stockcore.catalog.records import Variant
from stockcore.kernel.plain import to_plain
from stockcore.kernel.results import Accepted, Outcome
from stockcore.locations.records import Location
from stockcore.orders.records import HistoryEntry, Order, OrderLine, Shipment, ShipmentLine
from stockcore.stock.records import (
    Allocation,
    Backorder,
    DemandName,
    Document,
    DocumentLine,
    FollowUp,
    Movement,
    Pool,
    Quant,
    Reservation,
    StockException,
)
from stockcore_memory import MemoryStore
from stockcore_sql.carrying import SHAPES
from stockcore_sql.stores import SqlStore

Rows: TypeAlias = Callable[[type], list[Any]]
ZERO: Final = Decimal(0)

#: What a store makes up by itself, wherever it stands in an answer.
_GENERATED: Final = {"id", "posting_id", "document", "last_seq"}


def told(outcome: Outcome[Any]) -> Any:
    """An answer without what is generated."""
    if isinstance(outcome, Accepted):
        return {"accepted": _without_generated(to_plain(outcome.result)), "repeated": outcome.repeated}
    return {**_without_generated(attrs.asdict(outcome)), "kind": outcome.kind}


def _without_generated(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_generated(item) for name, item in value.items() if name not in _GENERATED}
    if isinstance(value, (list, tuple)):
        return [_without_generated(item) for item in value]
    return value


def rows_of(store: MemoryStore | SqlStore) -> Rows:
    """How to read all rows of a record class."""
    if isinstance(store, MemoryStore):
        return store.rows
    return lambda record: _sql_rows(store.engine, record)


def _sql_rows(engine: sa.Engine, record: type) -> list[Any]:
    shape = SHAPES[record]
    statement = sa.select(*[shape.table.c[name] for name in shape.columns])
    with engine.connect() as connection:
        found = connection.execute(statement.order_by(*[shape.table.c[name] for name in shape.keys])).all()
    return [record(**dict(zip(shape.columns, row, strict=True))) for row in found]


@attrs.frozen
class LineFigures:
    sku: str
    ordered: Decimal
    cancelled: Decimal
    reserved: Decimal
    backordered: Decimal
    shipped: Decimal


@attrs.frozen
class DemandFigures:
    reserved: Decimal
    backordered: Decimal


@attrs.frozen
class Picture:
    """`pools`: on hand, blocked, reserved, shipped. `quants`: on hand, allocated. `lines` by order and line number,
    `shipments`: state and what is in them by line. `demands`: holds and outside orders by reference."""

    pools: dict[tuple[str, str], tuple[Decimal, Decimal, Decimal, Decimal]]
    quants: dict[tuple[str, str, str, str], tuple[Decimal, Decimal]]
    reservations: list[tuple[Any, ...]]
    backorders: list[tuple[Any, ...]]
    allocations: list[tuple[Any, ...]]
    orders: dict[str, tuple[Any, ...]]
    lines: dict[tuple[str, int], LineFigures]
    shipments: dict[str, tuple[str, str, dict[int, Decimal]]]
    demands: dict[str, DemandFigures]
    transfers: dict[str, tuple[str, str, str, list[tuple[str, Decimal, Decimal]]]]
    exceptions: list[tuple[Any, ...]]
    follow_ups: int
    history: list[tuple[Any, ...]]
    ledger: list[tuple[Any, ...]]


def picture(rows: Rows) -> Picture:
    skus = {variant.id: variant.sku for variant in rows(Variant)}
    places = {place.id: place.code for place in rows(Location)}
    orders = {order.id: order for order in rows(Order)}
    lines = {line.id: line for line in rows(OrderLine)}
    names = {name.id: name.reference for name in rows(DemandName)}
    quants = {quant.id: quant for quant in rows(Quant)}
    shipments = {shipment.id: shipment for shipment in rows(Shipment)}
    reservations = {held.id: held for held in rows(Reservation)}
    backorders = rows(Backorder)

    def whose(row: Any) -> tuple[str, int]:
        """Of which order and line, or of which outside demand."""
        if row.demand_id in orders:
            return orders[row.demand_id].number, lines[row.demand_line].line_no
        return names[row.demand_id], 0

    def where(quant: int) -> tuple[str, str, str, str]:
        found = quants[quant]
        return skus[found.variant], places[found.site], places[found.location], found.status

    sums: dict[tuple[str, int], list[Decimal]] = {}  # reserved, backordered, shipped
    for held in reservations.values():
        figures = sums.setdefault(whose(held), [ZERO, ZERO, ZERO])
        figures[0] += held.outstanding
        figures[2] += held.consumed
    for waiting in backorders:
        sums.setdefault(whose(waiting), [ZERO, ZERO, ZERO])[1] += waiting.outstanding

    content: dict[Any, dict[int, Decimal]] = {key: {} for key in shipments}
    allocations = []
    for chosen in rows(Allocation):
        held = reservations[chosen.reservation]
        release = shipments[chosen.release].number if chosen.release in shipments else ""
        allocations.append((whose(held), where(chosen.quant), where(chosen.home), release, chosen.quantity))
        if chosen.release in content:
            line = whose(held)[1]
            content[chosen.release][line] = content[chosen.release].get(line, ZERO) + chosen.quantity
    for sent in rows(ShipmentLine):
        line = lines[sent.order_line].line_no
        content[sent.shipment][line] = content[sent.shipment].get(line, ZERO) + sent.quantity

    documents = {document.id: document for document in rows(Document) if document.kind == "transfer"}
    on_the_way: dict[Any, list[tuple[str, Decimal, Decimal]]] = {key: [] for key in documents}
    for part in rows(DocumentLine):
        if part.document in on_the_way:
            on_the_way[part.document].append((skus[part.variant], part.quantity, part.settled))

    return Picture(
        pools={
            (skus[pool.variant], places[pool.site]): (pool.on_hand, pool.blocked, pool.reserved, pool.shipped)
            for pool in rows(Pool)
        },
        quants={where(quant.id): (quant.on_hand, quant.allocated) for quant in quants.values()},
        reservations=sorted(
            (*whose(held), skus[held.variant], places[held.site], held.quantity, held.consumed, held.released)
            for held in reservations.values()
        ),
        backorders=sorted((*whose(b), skus[b.variant], b.outstanding, b.priority) for b in backorders),
        allocations=sorted(allocations),
        orders={
            order.number: (order.state, order.on_hold, order.version, order.history_count) for order in orders.values()
        },
        lines={
            (orders[line.order_id].number, line.line_no): LineFigures(
                skus[line.variant],
                line.ordered,
                line.cancelled,
                *sums.get((orders[line.order_id].number, line.line_no), (ZERO, ZERO, ZERO)),
            )
            for line in lines.values()
        },
        shipments={
            shipment.number: (places[shipment.site], shipment.state, content[key])
            for key, shipment in shipments.items()
        },
        demands={reference: DemandFigures(*sums.get((reference, 0), (ZERO, ZERO))[:2]) for reference in names.values()},
        transfers={
            document.number: (document.state, places[document.site], places[document.to_site], on_the_way[key])
            for key, document in documents.items()
        },
        exceptions=[
            (raised.code, skus.get(raised.variant), places.get(raised.site), raised.quantity, json.loads(raised.facts))
            for raised in rows(StockException)
        ],
        follow_ups=len(rows(FollowUp)),
        history=sorted(
            (orders[entry.order_id].number, entry.sequence, entry.version, entry.from_state or "", entry.to_state)
            for entry in rows(HistoryEntry)
        ),
        ledger=[
            (
                moved.kind,
                moved.bucket,
                skus[moved.variant],
                places[moved.site],
                places[moved.location],
                moved.status,
                moved.quantity,
                moved.balance_after,
                moved.counterpart,
                moved.reference_type,
                moved.reason,
                moved.occurred_at,
                moved.recorded_at,
            )
            for moved in sorted(rows(Movement), key=lambda moved: moved.seq)
        ],
    )
