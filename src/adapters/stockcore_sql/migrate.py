"""Schema versions: bring a database to this program's schema, and tell when it is not there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError

HEAD: Final = "0001"
VERSION_TABLE: Final = "stockcore_version"  # of our own: a host may use Alembic beside us
_LOCK: Final = 0x53544F434B  # any number; all upgrades of a PostgreSQL database take it


def upgrade(url: str, *, app_role: str | None = None) -> None:
    """Bring the database to HEAD. Safe to run twice and from several processes at once.

    `app_role` (PostgreSQL) is granted what the application needs, without owning anything.
    Errors: database_url, driver_missing, db_unavailable, schema_mismatch.
    """
    from stockcore_sql.connecting import engine_for, translated

    with translated():
        engine = engine_for(url)
        try:
            with _exclusive(engine) as connection:
                upgrade_connection(connection)
                if app_role is not None:
                    _grant(connection, app_role)
        finally:
            engine.dispose()


def _grant(connection: sa.Connection, app_role: str) -> None:
    from stockcore_sql.ddl import grant_to

    if connection.dialect.name != "postgresql":
        raise StockcoreError("usage", "only PostgreSQL has roles", field="app_role")
    if not connection.scalar(sa.text("SELECT count(*) FROM pg_roles WHERE rolname = :name"), {"name": app_role}):
        raise StockcoreError("value_unknown", f"there is no role {app_role!r}: create it first", field="app_role")
    grant_to(connection, app_role)


@contextlib.contextmanager
def _exclusive(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction that no second upgrade runs beside."""
    from stockcore_sql.connecting import LOCK_WAIT_S, be_patient

    with engine.connect() as connection:
        be_patient(connection)
        if engine.dialect.name == "postgresql":
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL lock_timeout = '60s'")  # another upgrade takes its time
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'")
                yield connection
        else:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
            connection.commit()
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection


def upgrade_connection(connection: sa.Connection) -> None:
    """Bring the database behind an open transaction to HEAD, and its ledger's partitions to the months ahead."""
    from stockcore_sql.ddl import make_partitions_ahead

    found = version(connection)
    if found == HEAD:
        if connection.dialect.name == "postgresql":
            make_partitions_ahead(connection)
        return
    _refuse_newer(found)
    if found is None:
        _refuse_others_tables(connection)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def version(connection: sa.Connection) -> str | None:
    """The schema's version; None where stockcore has no tables yet."""
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return None if found is None else str(found)


def is_empty(connection: sa.Connection) -> bool:
    """Whether the database (PostgreSQL: the schema) has no tables at all."""
    return not sa.inspect(connection).get_table_names()


def _refuse_others_tables(connection: sa.Connection) -> None:
    """Another program may keep its tables beside ours, but not under the same names. Errors: schema_mismatch."""
    from stockcore_sql.schema import metadata

    taken = sorted(set(sa.inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise StockcoreError(
            "schema_mismatch",
            f"the database has tables of something else by our names: {', '.join(taken[:5])}; give stockcore its own",
            tables=taken,
        )


def check(found: str | None) -> None:
    """Refuse to work on a schema that is not this program's. Errors: schema_missing, schema_mismatch."""
    if found is None:
        raise StockcoreError("schema_missing", "the database has no stockcore tables yet: run `stockcore db upgrade`")
    _refuse_newer(found)
    if found != HEAD:
        raise StockcoreError(
            "schema_mismatch",
            f"the database has schema {found}, this program needs {HEAD}: run `stockcore db upgrade`",
            found=found,
            needed=HEAD,
        )


def _refuse_newer(found: str | None) -> None:
    if found is not None and found > HEAD:
        raise StockcoreError(
            "schema_mismatch",
            f"the database has schema {found}, newer than this program's {HEAD}: upgrade the program",
            found=found,
            needed=HEAD,
        )
