"""What the database says afterwards, read by plain SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from stockcore_sql import schema as s
from stockcore_sql.connecting import engine_for
from stockcore_sql.verify import verify


@attrs.frozen
class Row:
    """A ledger row of one SKU at one site, as a change of what is available."""

    seq: int
    change: Decimal
    recorded_at: datetime


@attrs.frozen
class Books:
    """`orders`: per number, what there is of it. `commands`: per id, its answer. `ledger`: per SKU and site."""

    orders: Mapping[str, Mapping[str, Any]]
    commands: Mapping[str, Mapping[str, Any]]
    answered_at: Mapping[str, datetime]
    ledger: Mapping[tuple[str, str], list[Row]]
    differences: list[str]


def read(url: str) -> Books:
    engine = engine_for(url)
    try:
        report = verify(engine)
        with engine.connect() as connection:
            answers = connection.execute(
                sa.select(s.command.c.id, s.command.c.answer, s.command.c.recorded_at).where(
                    s.command.c.name == "orders.place"
                )
            ).all()
            return Books(
                orders=_orders(connection),
                commands={row.id: json.loads(row.answer) for row in answers},
                answered_at={row.id: row.recorded_at for row in answers},
                ledger=_ledger(connection),
                differences=[i["name"] for i in report["invariants"] if i["violation_count"]],
            )
    finally:
        engine.dispose()


def _orders(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """Per order: its state, how many lines, what is ordered and reserved, its history, its messages."""
    order, line, held = s.sales_order.c, s.order_line.c, s.stock_reservation.c
    history, message, moved = s.order_history.c, s.outbox.c, s.stock_movement.c
    found = {
        row.id: {"number": row.number, "state": row.state, "version": row.version}
        for row in connection.execute(sa.select(order.id, order.number, order.state, order.version))
    }

    def add(name: str, statement: sa.Select[Any], *, single: bool = True) -> None:
        for row in connection.execute(statement):
            if row[0] not in found:
                continue
            if single:
                found[row[0]][name] = row[1]
            else:
                found[row[0]].setdefault(name, []).append(row[1])

    add("lines", sa.select(line.order_id, sa.func.count()).group_by(line.order_id))
    add("ordered", sa.select(line.order_id, sa.func.sum(line.ordered, type_=line.ordered.type)).group_by(line.order_id))
    add(
        "reserved",
        sa.select(held.demand_id, sa.func.sum(held.quantity, type_=held.quantity.type)).group_by(held.demand_id),
    )
    add(
        "ledger",
        sa.select(moved.reference_id, sa.func.sum(moved.quantity, type_=moved.quantity.type))
        .where(moved.bucket == "reserved")
        .group_by(moved.reference_id),
    )
    add(
        "history",
        sa.select(history.order_id, history.to_state).order_by(history.order_id, history.sequence),
        single=False,
    )
    add("messages", sa.select(message.aggregate_id, message.type), single=False)
    return {facts["number"]: facts for facts in found.values()}


def _ledger(connection: sa.Connection) -> dict[tuple[str, str], list[Row]]:
    moved = s.stock_movement.c
    statement = (
        sa.select(
            s.variant.c.sku, s.location.c.code, moved.seq, moved.bucket, moved.status, moved.quantity, moved.recorded_at
        )
        .join_from(s.stock_movement, s.variant, s.variant.c.id == moved.variant)
        .join(s.location, s.location.c.id == moved.site)
        .order_by(moved.seq)
    )
    ledger: dict[tuple[str, str], list[Row]] = {}
    for sku, site, seq, bucket, status, quantity, recorded_at in connection.execute(statement):
        change = -quantity if bucket == "reserved" else quantity if status == "available" else Decimal(0)
        ledger.setdefault((sku, site), []).append(Row(seq, change, recorded_at))
    return ledger


def available(rows: Iterable[Row], until: int) -> Decimal:
    """What the ledger's rows up to a seq leave available."""
    return sum((row.change for row in rows if row.seq <= until), Decimal(0))
