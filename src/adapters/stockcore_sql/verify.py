"""Proof of the books: every invariant of `invariants.py`, looked at in one read-only snapshot.

Nothing here is shared with what writes the projections; a mistake there cannot hide itself here. Our own memory holds
at most `SHOWN_MAX` rows, however many there are.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from decimal import localcontext
from typing import Any, Final, TypedDict

import sqlalchemy as sa

from stockcore.kernel.quantity import ARITHMETIC
from stockcore_sql import migrate
from stockcore_sql.connecting import be_patient, engine_for, translated
from stockcore_sql.invariants import INVARIANTS, PARAMETERS, Invariant
from stockcore_sql.types import BigInt, Instant, Key, Quantity, plainly

SHOWN_MAX: Final = 100


class InvariantReport(TypedDict):
    """What was looked at, and the rows that break the invariant (at most `SHOWN_MAX` of `violation_count`)."""

    name: str
    checked: int
    violation_count: int
    violations: list[dict[str, Any]]


class VerifyReport(TypedDict):
    ok: bool
    invariants: list[InvariantReport]


def nothing_pending() -> None:
    """What `verify` does first unless told otherwise: there are no follow-ups to carry out."""


def verify(target: str | sa.Engine, *, carry_out_follow_ups: Callable[[], object] = nothing_pending) -> VerifyReport:
    """Look at every invariant of the books behind a URL or engine, in one read-only snapshot.

    `carry_out_follow_ups` brings orders up to date with what stock has noted for them; it runs first, in transactions
    of its own. Errors: schema_missing, schema_mismatch, db_unavailable.
    """
    carry_out_follow_ups()
    with localcontext(ARITHMETIC), translated(), _engine(target) as engine, snapshot(engine) as connection:
        migrate.check(migrate.version(connection))
        reports = [look(connection, invariant) for invariant in INVARIANTS]
    return {"ok": all(report["violation_count"] == 0 for report in reports), "invariants": reports}


def look(connection: sa.Connection, invariant: Invariant) -> InvariantReport:
    """One invariant, on a connection inside `snapshot`."""
    checked = connection.scalar(sa.text(invariant.counts))
    rows = connection.execute(_statement(invariant, connection.dialect.name), _parameters(invariant)).all()
    return {
        "name": invariant.name,
        "checked": int(checked or 0),
        "violation_count": rows[0][-1] if rows else 0,
        "violations": [
            {name: plainly(value) for name, value in zip(invariant.shows, row, strict=False)} for row in rows
        ],
    }


def _text_of(invariant: Invariant, dialect: str) -> str:
    return invariant.finds if isinstance(invariant.finds, str) else invariant.finds[dialect]


def _parameters(invariant: Invariant) -> dict[str, list[str]]:
    text = invariant.finds if isinstance(invariant.finds, str) else ""
    return {name: values for name, values in PARAMETERS.items() if f":{name}" in text}


def _statement(invariant: Invariant, dialect: str) -> sa.Select[Any]:
    """The first rows that break the invariant, each with the number of all of them: one pass."""
    lists: list[sa.BindParameter[Any]] = [sa.bindparam(name, expanding=True) for name in _parameters(invariant)]
    columns = [sa.column(name, _TYPES[name]) for name in invariant.shows]
    found = sa.text(_text_of(invariant, dialect)).bindparams(*lists).columns(*columns).subquery("found")
    number = sa.func.count().over().label("violation_count")
    return sa.select(*found.c, number).order_by(*found.c).limit(SHOWN_MAX)


@contextlib.contextmanager
def snapshot(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection on which every statement sees the same committed state, and none can write."""
    if engine.dialect.name == "postgresql":
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect() as connection, connection.execution_options(**options).begin():
            be_patient(connection)
            connection.exec_driver_sql("SET LOCAL work_mem = '128MB'")  # per sort; beyond it, to disk
            yield connection
        return
    with engine.connect() as connection, connection.begin():
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA query_only = ON")
        try:
            driver.execute("BEGIN")
            yield connection
        finally:
            driver.execute("PRAGMA query_only = OFF")


@contextlib.contextmanager
def _engine(target: str | sa.Engine) -> Iterator[sa.Engine]:
    if isinstance(target, sa.Engine):
        yield target
        return
    engine = engine_for(target)
    try:
        yield engine
    finally:
        engine.dispose()


# -- what is shown -------------------------------------------------------------------------------------------------

_QUANTITIES: Final = (
    "quantity", "balance_after", "balance_before", "on_hand", "blocked", "reserved", "shipped", "allocated",
    "available", "multiple", "outstanding", "consumed", "released", "ordered", "cancelled", "kept", "backordered",
    "ledger", "ledger_on_hand", "ledger_blocked", "ledger_reserved", "ledger_shipped", "ledger_consumed",
    "quants_on_hand", "document", "stored", "computed",
)  # fmt: skip
_NUMBERS: Final = (
    "seq", "variant", "site", "location", "lot", "container", "owner", "quant", "reservation", "backorder",
    "last_seq", "ledger_last_seq", "sequence", "version", "version_before", "count",
)  # fmt: skip
_KEYS: Final = (
    "posting_id", "reference_id", "reference_line", "demand_id", "demand_line", "order_id", "order_line", "shipment",
    "aggregate_id",
)  # fmt: skip
_TEXTS: Final = (
    "problem", "bucket", "kind", "status", "serial", "reference_type", "demand_type", "id", "found", "expected",
    "in_table", "column_name", "of_table", "missing",
)  # fmt: skip
_INSTANTS: Final = ("recorded_at", "recorded_before", "last_recorded_at", "ledger_last_recorded_at")


class _ShownKey(Key):
    """An id; on SQLite a vandal's text that is none is shown as it is."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        try:
            return super().process_result_value(value, dialect)
        except ValueError:
            return value


_TYPES: Final[Mapping[str, Any]] = {
    **dict.fromkeys(_QUANTITIES, Quantity()),
    **dict.fromkeys(_NUMBERS, BigInt),
    **dict.fromkeys(_KEYS, _ShownKey()),
    **dict.fromkeys(_TEXTS, sa.Text()),
    **dict.fromkeys(_INSTANTS, Instant()),
}
