"""Pools and quants once more from the ledger: what is stored, what the ledger makes of it, and the repair.

Only what follows from the ledger alone is rebuilt: a pool's on hand, blocked, reserved and shipped, a quant's on
hand, and of both the newest row's seq and time. Reservations and allocations are decisions, not sums, and stay as they
are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, localcontext
from typing import Any, Final, TypedDict

import attrs
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ARITHMETIC
from stockcore_sql import migrate
from stockcore_sql.connecting import be_patient, translated
from stockcore_sql.schema import stock_movement, stock_opening, stock_pool, stock_quant
from stockcore_sql.types import EPOCH, BigInt, Instant, Quantity, plainly

SHOWN_MAX: Final = 1000
_LAST: Final = ("last_seq", "last_recorded_at")  # of the key's newest row

_ZERO: Final = sa.literal(Decimal(0), Quantity())


class Difference(TypedDict):
    """One figure that is not what the ledger says; `stored` is None where the whole row is missing."""

    table: str
    key: dict[str, Any]
    column: str
    stored: Any
    computed: Any


class RebuildReport(TypedDict):
    """`rows`: how many rows differ. `differences`: their figures, of the first `SHOWN_MAX` rows per table and kind."""

    dry_run: bool
    rows: int
    differences: list[Difference]


@attrs.frozen
class Projection:
    """A table that the ledger explains: its key, its figures, and the ledger's rows as (key, figures, recorded_at)."""

    table: sa.Table
    keys: tuple[str, ...]
    figures: tuple[str, ...]
    explained_by: sa.CompoundSelect[Any]

    @property
    def ledger(self) -> sa.Subquery:
        """One row per key: the sum of each figure, the newest seq, the first arrival and the newest recorded_at."""
        rows = self.explained_by.subquery("rows")
        return (
            sa.select(
                *[rows.c[name] for name in self.keys],
                *[sa.func.sum(rows.c[name], type_=Quantity()).label(name) for name in self.figures],
                sa.func.max(rows.c.last_seq, type_=BigInt).label("last_seq"),
                sa.func.min(rows.c.arrived_at, type_=Instant()).label("arrived_at"),
                sa.func.max(rows.c.recorded_at, type_=Instant()).label("last_recorded_at"),
            )
            .group_by(*[rows.c[name] for name in self.keys])
            .subquery("ledger")
        )


def _figure(condition: sa.ColumnElement[bool], value: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[Any]:
    return sa.case((condition, value), else_=_ZERO).label(name)


def _pool_rows(table: sa.FromClause, value: sa.ColumnElement[Any], shipped: sa.ColumnElement[bool]) -> list[Any]:
    on_hand = table.c.bucket == "on_hand"
    return [
        table.c.variant,
        table.c.site,
        _figure(on_hand, value, "on_hand"),
        _figure(sa.and_(on_hand, table.c.status != "available"), value, "blocked"),
        _figure(table.c.bucket == "reserved", value, "reserved"),
        _figure(shipped, value if table is stock_opening else -value, "shipped"),
    ]


def _times(table: sa.Table) -> list[Any]:
    """The last columns of `explained_by`: last_seq, arrived_at, recorded_at; an opening has no times."""
    if table is stock_opening:
        nothing = sa.cast(sa.null(), Instant())
        return [table.c.last_seq, nothing.label("arrived_at"), nothing.label("recorded_at")]
    arrived_at = sa.case((table.c.quantity > _ZERO, table.c.recorded_at))
    return [table.c.seq.label("last_seq"), arrived_at.label("arrived_at"), table.c.recorded_at]


_SHIPPED: Final = sa.and_(
    stock_movement.c.bucket == "on_hand",
    stock_movement.c.kind == "commit",
    stock_movement.c.counterpart == "customer",
)
_QUANT_KEY: Final = ("variant", "site", "location", "lot", "status", "container", "owner")

POOLS: Final = Projection(
    stock_pool,
    ("variant", "site"),
    ("on_hand", "blocked", "reserved", "shipped"),
    sa.union_all(
        sa.select(*_pool_rows(stock_movement, stock_movement.c.quantity, _SHIPPED), *_times(stock_movement)),
        sa.select(
            *_pool_rows(stock_opening, stock_opening.c.balance, stock_opening.c.bucket == "shipped"),
            *_times(stock_opening),
        ),
    ),
)
QUANTS: Final = Projection(
    stock_quant,
    _QUANT_KEY,
    ("on_hand",),
    sa.union_all(
        sa.select(
            *[stock_movement.c[name] for name in _QUANT_KEY],
            stock_movement.c.quantity.label("on_hand"),
            *_times(stock_movement),
        ).where(stock_movement.c.bucket == "on_hand"),
        sa.select(
            *[stock_opening.c[name] for name in _QUANT_KEY],
            stock_opening.c.balance.label("on_hand"),
            *_times(stock_opening),
        ).where(stock_opening.c.bucket == "on_hand"),
    ),
)


def rebuild(engine: sa.Engine, *, dry_run: bool = True) -> RebuildReport:
    """List what differs from the ledger; unless `dry_run`, put it right in one transaction that no writer runs beside.

    Errors: verification_failed (the ledger's sums break a rule of the tables, or there is less than is allocated:
    nothing was changed), busy, schema_missing, schema_mismatch.
    """
    report: RebuildReport = {"dry_run": dry_run, "rows": 0, "differences": []}
    with localcontext(ARITHMETIC), translated(), _alone(engine, dry_run) as connection:
        migrate.check(migrate.version(connection))
        for projection in (POOLS, QUANTS):
            rows, differences = _differences(connection, projection)
            report["rows"] += rows
            report["differences"] += differences
            if rows and not dry_run:
                _repair(connection, projection)
    return report


@contextlib.contextmanager
def _alone(engine: sa.Engine, dry_run: bool) -> Iterator[sa.Connection]:
    """A transaction: a snapshot for looking, or one that every writer of pools and quants waits for."""
    postgresql = engine.dialect.name == "postgresql"
    with engine.connect() as connection:
        be_patient(connection)
        if postgresql and dry_run:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            if not postgresql:
                connection.exec_driver_sql("BEGIN" if dry_run else "BEGIN IMMEDIATE")
            elif not dry_run:
                # EXCLUSIVE also waits for those who have locked rows and not yet written them
                connection.exec_driver_sql("LOCK TABLE stock_pool, stock_quant IN EXCLUSIVE MODE")
            yield connection


def _stored_beside_ledger(projection: Projection) -> tuple[sa.Subquery, sa.Join, sa.Join]:
    """The ledger's sums, with the stored row where there is one, and the other way round."""
    table, ledger = projection.table, projection.ledger
    same = sa.and_(*[table.c[name] == ledger.c[name] for name in projection.keys])
    return ledger, ledger.outerjoin(table, same), table.outerjoin(ledger, same)


def _drifted(projection: Projection) -> sa.Select[Any]:
    """Stored rows that differ from the ledger: the key, the stored figures, then the computed ones."""
    table = projection.table
    ledger, _, stored = _stored_beside_ledger(projection)
    computed = [sa.func.coalesce(ledger.c[name], _ZERO, type_=Quantity()) for name in projection.figures]
    kinds = zip(_LAST, (BigInt, Instant()), strict=True)
    computed += [sa.func.coalesce(ledger.c[name], table.c[name], type_=kind) for name, kind in kinds]
    names = (*projection.figures, *_LAST)
    differs = [table.c[name] != value for name, value in zip(names, computed, strict=True)]
    return (
        sa.select(
            *[table.c[name] for name in projection.keys],
            *[table.c[name].label(f"stored_{name}") for name in names],
            *[value.label(f"computed_{name}") for name, value in zip(names, computed, strict=True)],
        )
        .select_from(stored)
        .where(sa.or_(*differs))
    )


def _missing(projection: Projection) -> sa.Select[Any]:
    """The ledger's sums of keys that have no row. A quant at zero may have been purged; a pool stays for ever."""
    table = projection.table
    ledger, beside, _ = _stored_beside_ledger(projection)
    statement = sa.select(ledger).select_from(beside).where(table.c[projection.keys[0]].is_(None))
    return statement if table is stock_pool else statement.where(ledger.c.on_hand != _ZERO)


def _differences(connection: sa.Connection, projection: Projection) -> tuple[int, list[Difference]]:
    """How many rows differ, and the figures of the first of them."""
    names = (*projection.figures, *_LAST)
    number, found = 0, list[Difference]()
    for stored, statement in ((True, _drifted(projection)), (False, _missing(projection))):
        counted = statement.add_columns(sa.func.count().over().label("rows")).limit(SHOWN_MAX)
        rows = connection.execute(counted).mappings().all()
        number += rows[0]["rows"] if rows else 0
        for row in rows:
            found += _of_row(projection, row, names, stored=stored)
    return number, found


def _of_row(projection: Projection, row: Any, names: Sequence[str], *, stored: bool) -> Iterable[Difference]:
    key = {name: row[name] for name in projection.keys}
    for name in names:
        was = row[f"stored_{name}"] if stored else None
        computed = row[f"computed_{name}"] if stored else row[name]
        if was != computed:
            yield {
                "table": projection.table.name,
                "key": key,
                "column": name,
                "stored": plainly(was),
                "computed": plainly(computed),
            }


def _repair(connection: sa.Connection, projection: Projection) -> None:
    """Write what the ledger says: one statement for the rows that are there, one for those that are missing."""
    try:
        connection.execute(_update(projection))
        _insert(connection, projection)
    except sa.exc.IntegrityError as error:
        raise StockcoreError(
            "verification_failed",
            f"what the ledger says of {projection.table.name} breaks a rule of that table; nothing was changed",
            table=projection.table.name,
        ) from error


def _update(projection: Projection) -> sa.Update:
    table, drifted = projection.table, _drifted(projection).subquery("drifted")
    return (
        sa.update(table)
        .where(*[table.c[name] == drifted.c[name] for name in projection.keys])
        .values({name: drifted.c[f"computed_{name}"] for name in (*projection.figures, *_LAST)})
    )


def _insert(connection: sa.Connection, projection: Projection) -> None:
    missing = connection.execute(_missing(projection)).mappings().all()
    if not missing:
        return
    rows = [_row(projection, row) for row in missing]
    if projection.table is stock_quant:
        ids = _next_ids(connection, len(rows))
        rows = [{**row, "id": number} for row, number in zip(rows, ids, strict=True)]
    connection.execute(sa.insert(projection.table), rows)


def _row(projection: Projection, row: Any) -> dict[str, Any]:
    """A row to be written. What only the archive knows the times of is older than anything else."""
    names = (*projection.keys, *projection.figures, "last_seq")
    values = {name: row[name] for name in names} | {"last_recorded_at": row["last_recorded_at"] or EPOCH}
    if projection.table is stock_quant:
        values |= {"allocated": Decimal(0), "received_at": row["arrived_at"] or EPOCH}
    return values


def _next_ids(connection: sa.Connection, count: int) -> list[int]:
    if connection.dialect.name == "postgresql":
        drawn = sa.text("SELECT nextval('stock_seq') FROM generate_series(1, :count)")
        return list(connection.scalars(drawn, {"count": count}))
    raised = sa.text("UPDATE sequence SET value = value + :count WHERE name = 'stock_seq' RETURNING value")
    last = int(connection.scalar(raised, {"count": count}) or 0)
    return list(range(last - count + 1, last + 1))
