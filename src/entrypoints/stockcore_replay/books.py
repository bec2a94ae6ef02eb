"""What the replay asks the database from outside its transactions: figures for its rule, the digest, the report."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import attrs
import sqlalchemy as sa

from stockcore.kernel.quantity import ZERO, plain
from stockcore.locations.transit import FIXED_IDS
from stockcore_replay import calendars
from stockcore_replay.categories import Category
from stockcore_replay.parameters import Parameters
from stockcore_replay.report import LineOutcome, Mover, OpenReason, StockFigures
from stockcore_replay.source import normalised
from stockcore_replay.supply import RecentDemand
from stockcore_sql import schema as s
from stockcore_sql.connecting import be_patient
from stockcore_sql.stores import SqlStore
from stockcore_sql.types import Quantity

_WEEK: Final = timedelta(days=7)
_MIDNIGHT: Final = time(0)

_order, _line, _variant = s.sales_order.c, s.order_line.c, s.variant.c
_res, _bo, _pool, _shipment = s.stock_reservation.c, s.stock_backorder.c, s.stock_pool.c, s.shipment.c


@attrs.frozen
class SupplyFigures:
    """What Monday's order looks at, per SKU; units."""

    code: str
    demand: RecentDemand
    available: Decimal
    backordered: Decimal


@attrs.frozen
class LineTotals:
    """Order lines of one kind added up; units. `outcomes` counts lines."""

    ordered: Decimal
    shipped: Decimal
    cancelled: Decimal
    reserved: Decimal
    backordered: Decimal


_canonical_json: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_iso: Final = lru_cache(maxsize=4096)(datetime.isoformat)  # what is written together happened at one moment


def _sum(expression: Any) -> Any:
    return sa.type_coerce(sa.func.coalesce(sa.func.sum(expression), 0), Quantity())


class Books:
    """Reads over one database; nothing here writes but `make_partitions`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def _rows(self, statement: Any) -> list[Any]:
        with self._store.engine.connect() as connection:
            be_patient(connection)
            return list(connection.execute(statement))

    def setting(self, name: str) -> str | None:
        rows = self._rows(sa.select(s.setting.c.value).where(s.setting.c.name == name))
        return str(rows[0][0]) if rows else None

    def is_empty(self) -> bool:
        """Whether nobody has put anything into the database yet: every company begins with its transit site."""
        one = sa.literal(1)
        filled = [sa.select(one).select_from(table) for table in (s.product, s.sales_order, s.customer)]
        filled.append(sa.select(one).select_from(s.location).where(s.location.c.id > FIXED_IDS))
        return not any(self._rows(statement.limit(1)) for statement in filled)

    def has_others(self, actor: str) -> bool:
        """Whether anybody but `actor` has changed something: nearly every command leaves a message, those of the
        catalogue, of places and of customers say in their rows who they were."""
        one = sa.literal(1)
        foreign = [
            sa.select(one).where(s.outbox.c.actor != actor),
            sa.select(one).where(s.stock_movement.c.actor != actor),
            sa.select(one).where(s.customer.c.created_by != actor),
        ]
        for table in (s.product, s.variant, s.location):
            theirs = sa.or_(table.c.created_by != actor, table.c.changed_by != actor)
            own = table.c.id > FIXED_IDS if table is s.location else sa.true()
            foreign.append(sa.select(one).where(theirs, own))
        return any(self._rows(statement.limit(1)) for statement in foreign)

    def make_partitions(self, first_at: datetime, last_at: datetime) -> None:
        """The ledger's months from the file's first to its last, on PostgreSQL."""
        if not self._store.is_postgresql:
            return
        with self._store.engine.begin() as connection:
            connection.execute(
                sa.text(
                    "SELECT stock_movement_partition(month::date) FROM generate_series("
                    "date_trunc('month', CAST(:first AS timestamptz) AT TIME ZONE 'UTC'), "
                    "CAST(:last AS timestamptz) AT TIME ZONE 'UTC', interval '1 month') AS month"
                ),
                {"first": first_at, "last": last_at},
            )

    def costs(self) -> dict[str, Decimal | None]:
        """Every SKU by its normalised code, with its unit cost."""
        return {normalised(sku): cost for sku, cost in self._rows(sa.select(_variant.sku, _variant.unit_cost))}

    def customers(self) -> set[str]:
        return {code.upper() for (code,) in self._rows(sa.select(s.customer.c.normal_code))}

    # -- figures for the rule ------------------------------------------------------------------------------------

    def supply_figures(
        self, now: datetime, parameters: Parameters, refused_between: Callable[[date, date], Mapping[str, Decimal]]
    ) -> list[SupplyFigures]:
        """Demand of the last closed weeks, available and backordered, for every SKU with any of them; by code.

        `refused_between`: per code, what was asked for between two Mondays by orders that were refused. It was lost,
        and counts as demand, but is in no order line.
        """
        this_week = calendars.week_of(now)
        opened = self._rows(sa.select(sa.func.min(s.location.c.created_at)).where(s.location.c.kind == "warehouse"))
        age = (this_week - calendars.week_of(opened[0][0])) // _WEEK
        weeks = min(parameters.demand_weeks, age)
        refused = refused_between(this_week - weeks * _WEEK, this_week)
        since = calendars.instant(this_week - weeks * _WEEK, _MIDNIGHT)
        until = calendars.instant(this_week, _MIDNIGHT)
        wanted = sa.case((_order.kind == "counter_sale", _line.ordered), else_=_line.ordered - _line.cancelled)
        demand = dict(
            self._pairs(
                sa.select(_line.variant, _sum(wanted))
                .join(s.sales_order, _order.id == _line.order_id)
                .where(_order.placed_at >= since, _order.placed_at < until)
                .group_by(_line.variant)
            )
        )
        owed = dict(self._pairs(sa.select(_bo.variant, _sum(_bo.outstanding)).group_by(_bo.variant)))
        available = dict(
            self._pairs(
                sa.select(_pool.variant, _sum(_pool.on_hand - _pool.blocked - _pool.reserved)).group_by(_pool.variant)
            )
        )
        figures = []
        for number, sku in self._rows(sa.select(_variant.id, _variant.sku)):
            code = normalised(sku)
            if number in demand or number in owed or code in refused:
                recent = RecentDemand(demand.get(number, ZERO) + refused.get(code, ZERO), weeks)
                figures.append(SupplyFigures(code, recent, available.get(number, ZERO), owed.get(number, ZERO)))
        return sorted(figures, key=lambda one: one.code)

    def _pairs(self, statement: Any) -> list[tuple[int, Decimal]]:
        return [(row[0], row[1]) for row in self._rows(statement)]

    def orders_to_ship(self) -> list[str]:
        """Numbers of the sale orders for which something is reserved, in order."""
        promised = sa.select(_res.demand_id).where(_res.consumed + _res.released != _res.quantity)
        statement = sa.select(_order.number).where(_order.kind == "sale", _order.id.in_(promised))
        return sorted(number for (number,) in self._rows(statement))

    def shipments_sent_at(self, moment: datetime) -> list[tuple[str, str]]:
        """Order and shipment numbers of what was dispatched at that moment and is not delivered, in order."""
        statement = (
            sa.select(_order.number, _shipment.number)
            .join(s.sales_order, _order.id == _shipment.order_id)
            .where(_shipment.state == "dispatched", _shipment.dispatched_at == moment, _order.kind == "sale")
        )
        return sorted((row[0], row[1]) for row in self._rows(statement))

    # -- the ledger's digest -------------------------------------------------------------------------------------

    def digest(self) -> tuple[int, str]:
        """Rows of the ledger, and SHA-256 over them in seq order: each row as canonical JSON of every column but
        surrogate ids and recorded_at, with references by business key and quantities plain."""
        sha = hashlib.sha256()
        rows = 0
        for values in self._ledger():
            sha.update((_canonical_json(values) + "\n").encode())
            rows += 1
        return rows, sha.hexdigest()

    def _ledger(self) -> Iterator[list[Any]]:
        m = s.stock_movement.c
        names = {row.id: row.sku for row in self._rows(sa.select(_variant.id, _variant.sku))}
        places = {row.id: row.code for row in self._rows(sa.select(s.location.c.id, s.location.c.code))}
        lots = {row.id: row.code for row in self._rows(sa.select(s.lot.c.id, s.lot.c.code))}
        owners = {row.id: row.code for row in self._rows(sa.select(s.owner.c.id, s.owner.c.code))}
        boxes = {row.id: row.code for row in self._rows(sa.select(s.container.c.id, s.container.c.code))}
        reference = sa.func.coalesce(_order.number, _shipment.number, s.stock_document.c.reference)
        statement = (
            sa.select(
                m.kind, m.bucket, m.variant, m.site, m.location, m.lot, m.serial, m.status, m.container, m.owner,
                m.quantity, m.balance_after, m.counterpart, m.reference_type, reference, _line.line_no,
                m.unit_cost, m.reason, m.actor, m.source, m.occurred_at,
            )
            .select_from(s.stock_movement)
            .outerjoin(s.sales_order, _order.id == m.reference_id)
            .outerjoin(s.shipment, _shipment.id == m.reference_id)
            .outerjoin(s.stock_document, s.stock_document.c.id == m.reference_id)
            .outerjoin(s.order_line, _line.id == m.reference_line)
            .order_by(m.seq)
        )  # fmt: skip
        with self._store.engine.connect() as connection:
            be_patient(connection)
            result = connection.execution_options(stream_results=True, yield_per=5000).execute(statement)
            for row in result:
                values = list(row)
                values[2], values[3], values[4] = names[row[2]], places[row[3]], places[row[4]]
                values[5], values[8], values[9] = lots[row[5]], boxes[row[8]], owners[row[9]]
                values[10], values[11] = plain(row[10]), plain(row[11])
                values[16] = None if row[16] is None else plain(row[16])
                values[20] = _iso(row[20])
                yield values

    # -- the report ----------------------------------------------------------------------------------------------

    def _line_figures(self) -> Any:
        """One row per order line: its order's kind, whether it was free, and its figures."""
        held = (
            sa.select(
                _res.demand_line.label("line"),
                sa.func.sum(_res.consumed).label("shipped"),
                sa.func.sum(_res.quantity - _res.consumed - _res.released).label("reserved"),
            )
            .where(_res.demand_type == "order")
            .group_by(_res.demand_line)
            .subquery()
        )
        waiting = sa.select(_bo.demand_line.label("line"), _bo.outstanding.label("backordered")).subquery()
        zero: Any = sa.literal_column("0")
        return (
            sa.select(
                _order.kind.label("kind"),
                (_line.price == zero).label("free"),
                _line.ordered.label("ordered"),
                _line.cancelled.label("cancelled"),
                sa.func.coalesce(held.c.shipped, zero).label("shipped"),
                sa.func.coalesce(held.c.reserved, zero).label("reserved"),
                sa.func.coalesce(waiting.c.backordered, zero).label("backordered"),
            )
            .select_from(s.order_line)
            .join(s.sales_order, _order.id == _line.order_id)
            .outerjoin(held, held.c.line == _line.id)
            .outerjoin(waiting, waiting.c.line == _line.id)
            .subquery()
        )

    @functools.cached_property
    def _totals(self) -> dict[Category, LineTotals]:
        lines = self._line_figures().c
        figures = [
            _sum(getattr(lines, name)) for name in ("ordered", "shipped", "cancelled", "reserved", "backordered")
        ]
        statement = sa.select(lines.kind, lines.free, *figures).group_by(lines.kind, lines.free)
        found: dict[Category, LineTotals] = {}
        for kind, free, *totals in self._rows(statement):
            category = Category.SALE
            if kind == "counter_sale":
                category = Category.COUNTER_SALE
            elif free:
                category = Category.FREE_GOODS
            found[category] = LineTotals(*totals)
        return found

    def line_totals(self) -> dict[Category, LineTotals]:
        """Order lines added up, by the category of the rows that made them."""
        return self._totals

    def line_outcomes(self) -> dict[LineOutcome, int]:
        """How many lines are open, shipped, cancelled or lost."""
        lines = self._line_figures().c
        zero: Any = sa.literal_column("0")
        outcome = sa.case(
            (lines.reserved + lines.backordered > zero, LineOutcome.OPEN.value),
            (lines.shipped > zero, LineOutcome.SHIPPED.value),
            (lines.kind == "counter_sale", LineOutcome.LOST.value),
            else_=LineOutcome.CANCELLED.value,
        ).label("outcome")
        grouped = sa.select(outcome, sa.func.count()).group_by(outcome)
        return {LineOutcome(name): count for name, count in self._rows(grouped)}

    def order_outcomes(self) -> dict[str, int]:
        """How many orders are delivered, cancelled, or open for which reason; the first reason that holds."""
        outstanding = _res.consumed + _res.released != _res.quantity
        outcome = sa.case(
            (_order.state == "cancelled", "cancelled"),
            (_order.id.in_(sa.select(_bo.demand_id)), OpenReason.AWAITING_SUPPLY.value),
            (_order.id.in_(sa.select(_res.demand_id).where(outstanding)), OpenReason.AWAITING_DISPATCH.value),
            (
                _order.id.in_(sa.select(_shipment.order_id).where(_shipment.state == "dispatched")),
                OpenReason.AWAITING_DELIVERY.value,
            ),
            else_="delivered",
        ).label("outcome")
        rows = self._rows(sa.select(outcome, sa.func.count()).group_by(outcome))
        return {str(row[0]): int(row[1]) for row in rows}

    def shipment_count(self) -> int:
        """Shipments that left the house."""
        left = sa.select(sa.func.count()).where(_shipment.dispatched_at.is_not(None))
        return int(self._rows(left)[0][0])

    def waiting(self) -> list[tuple[datetime, Decimal]]:
        """Every backordered line: when it was ordered, and how much of it waits."""
        statement = sa.select(_bo.since, _bo.outstanding).order_by(_bo.since)
        return [(since, outstanding) for since, outstanding in self._rows(statement)]

    def stock(self) -> StockFigures:
        """What lies there, and what it cost; units without a known cost apart."""
        statement = sa.select(_variant.unit_cost, _pool.on_hand, _pool.blocked, _pool.reserved).join(
            s.stock_pool, _pool.variant == _variant.id
        )
        rows = self._rows(statement)
        return StockFigures(
            skus=sum(row.on_hand > ZERO for row in rows),
            on_hand=sum((row.on_hand for row in rows), ZERO),
            blocked=sum((row.blocked for row in rows), ZERO),
            reserved=sum((row.reserved for row in rows), ZERO),
            value=sum((row.on_hand * row.unit_cost for row in rows if row.unit_cost is not None), ZERO),
            without_cost=sum((row.on_hand for row in rows if row.unit_cost is None), ZERO),
        )

    def top_movers(self, most: int) -> list[Mover]:
        """The SKUs of which most was shipped."""
        statement = (
            sa.select(_variant.sku, _variant.name, _sum(_pool.shipped).label("shipped"))
            .join(s.stock_pool, _pool.variant == _variant.id)
            .group_by(_variant.sku, _variant.name)
            .order_by(sa.desc("shipped"), _variant.sku)
            .limit(most)
        )
        return [Mover(row.sku, row.name, row.shipped) for row in self._rows(statement)]
