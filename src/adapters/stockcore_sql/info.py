"""What `db info` tells: which database, which schema, how much there is, and who owns the tables."""

from __future__ import annotations

from typing import Any, Final, TypedDict

import sqlalchemy as sa

from stockcore_sql import migrate, schema
from stockcore_sql.connecting import be_patient, shown, translated
from stockcore_sql.ddl import MONTHS_AHEAD, months_lacking


class Info(TypedDict):
    database: str
    server: str
    schema: str | None
    needed: str
    counts: dict[str, int]
    warnings: list[str]


_COUNTED: Final = {
    "products": schema.product,
    "variants": schema.variant,
    "locations": schema.location,
    "customers": schema.customer,
    "orders": schema.sales_order,
    "order lines": schema.order_line,
    "ledger rows": schema.stock_movement,
    "open exceptions": schema.stock_exception,
}

_OWNS: Final = sa.text(
    "SELECT pg_has_role(current_user, tableowner, 'USAGE') FROM pg_tables "
    "WHERE schemaname = current_schema() AND tablename = 'stock_movement'"
)
_OWNER_WARNING: Final = (
    "the application connects as a role that owns its tables, so it could switch off what protects the ledger: "
    "run `stockcore db upgrade --app-role NAME` as owner, and connect as NAME"
)


_MONTHS_WARNING: Final = (
    "the ledger has partitions for less than two months ahead: run `stockcore db upgrade`, or restart the application"
)


def info_of(engine: sa.Engine, url: str) -> Info:
    """`url`: what the engine was made of. Errors: db_unavailable."""
    with translated(), engine.connect() as connection:
        be_patient(connection)  # counting takes its time
        found = migrate.version(connection)
        is_postgresql = engine.dialect.name == "postgresql"
        server = ".".join(map(str, engine.dialect.server_version_info or ()))
        warnings = _warnings(connection) if is_postgresql and found is not None else []
        return {
            "database": shown(url),
            "server": f"{'PostgreSQL' if is_postgresql else 'SQLite'} {server}",
            "schema": found,
            "needed": migrate.HEAD,
            "counts": {} if found is None else _counts(connection),
            "warnings": warnings,
        }


def _warnings(connection: sa.Connection) -> list[str]:
    lacking = months_lacking(connection)
    few = len(lacking) > MONTHS_AHEAD - 2  # an alert below two
    return [*([_OWNER_WARNING] if connection.scalar(_OWNS) else []), *([_MONTHS_WARNING] if few else [])]


def _counts(connection: sa.Connection) -> dict[str, int]:
    statement = sa.select(*[_count(name, table) for name, table in _COUNTED.items()])
    return dict(connection.execute(statement).one()._asdict())


def _count(name: str, table: sa.Table) -> sa.ColumnElement[Any]:
    counted = sa.select(sa.func.count()).select_from(table)
    if table is schema.stock_exception:
        counted = counted.where(table.c.state == "open")
    return counted.scalar_subquery().label(name)
