"""The database itself refuses what may never happen to the ledger, whoever asks: application, owner or superuser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors, sql

from stockcore_sql import migrate
from stockcore_sql.ddl import APPEND_ONLY, READ_ONLY
from tests.integration.verify.books import LEEDS, LEEDS_BIN, MUG, healthy
from tests.support.postgres import Server, unique_name

Connection = psycopg.Connection[tuple[Any, ...]]

#: A ledger row that nothing is wrong with.
NEW_ROW: Final = """
INSERT INTO {table} SELECT 999999 AS seq, posting_id, kind, bucket, variant, site, location, lot, serial, status,
  container, owner, quantity, balance_after, counterpart, reference_type, reference_id, reference_line, unit_cost,
  reason, actor, source, occurred_at, recorded_at FROM stock_movement WHERE seq = 101
"""

#: Two ways to change a row by adding one.
MERGE: Final = "MERGE INTO stock_movement AS m USING stock_pool AS p ON m.variant = p.variant WHEN MATCHED THEN "
UPSERT: Final = """
INSERT INTO stock_movement SELECT * FROM stock_movement WHERE seq = 101
ON CONFLICT (recorded_at, seq) DO UPDATE SET quantity = 1
"""

PRIVILEGE: Final = errors.InsufficientPrivilege
CHECK: Final = errors.CheckViolation


@pytest.fixture
def owner(postgres_url: str) -> Iterator[Connection]:
    """The owner of healthy books, here even a superuser."""
    healthy().write(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def app(postgres_server: Server, postgres_url: str, owner: Connection) -> Iterator[Connection]:
    """The application's own role, which owns nothing."""
    role = unique_name("app")
    owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'app'").format(sql.Identifier(role)))
    migrate.upgrade(postgres_url, app_role=role)
    address = sa.make_url(postgres_url).set(username=role, password="app")
    try:
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
            yield connection
    finally:
        owner.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


def partitions(owner: Connection) -> list[str]:
    """The ledger's partitions; the one with the books' rows is among them."""
    rows = owner.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'stock_movement'::regclass ORDER BY 1"
    )
    return [row[0] for row in rows]


@contextmanager
def refused(connection: Connection, reason: type[psycopg.Error]) -> Iterator[None]:
    """What the block does is refused for this reason, and leaves the ledger as it was."""
    before = ledger(connection)
    with pytest.raises(reason):
        yield
    assert ledger(connection) == before


def ledger(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT * FROM stock_movement ORDER BY seq").fetchall()


# -- PostgreSQL, as the application ------------------------------------------------------------------------------


def test_the_application_may_read_and_add(app: Connection) -> None:
    before = len(ledger(app))
    app.execute(NEW_ROW.format(table="stock_movement"))
    assert len(ledger(app)) == before + 1


CHANGES: Final = [
    "UPDATE {table} SET quantity = 1",
    "UPDATE {table} SET reason = 'x' WHERE seq = 101",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER USER",
    "ALTER TABLE {table} DROP CONSTRAINT stock_movement_balance_after_check",
    "ALTER TABLE {table} RENAME TO gone",
    "ALTER TABLE {table} OWNER TO CURRENT_USER",
    "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION append_only()",
    "CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
    "DROP TABLE {table} CASCADE",
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_application_cannot_change_the_ledger_or_a_partition(
    app: Connection, owner: Connection, change: str
) -> None:
    for table in ["stock_movement", *partitions(owner)]:
        with refused(app, PRIVILEGE):
            app.execute(change.format(table=table).encode())


def test_the_application_cannot_write_past_the_parent(app: Connection, owner: Connection) -> None:
    for table in partitions(owner):
        with refused(app, PRIVILEGE):
            app.execute(NEW_ROW.format(table=table).encode())
        with refused(app, PRIVILEGE):
            app.execute(f"SELECT * FROM {table} FOR UPDATE".encode())


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER stock_movement_append_only ON stock_movement",
        "DROP TRIGGER stock_movement_no_truncate ON stock_movement",
        "ALTER TRIGGER stock_movement_append_only ON stock_movement RENAME TO gone",
        "CREATE OR REPLACE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP FUNCTION append_only() CASCADE",
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = replica",
        "CREATE TABLE mine ()",
        "CREATE TABLE mine PARTITION OF stock_movement DEFAULT",
        "SELECT setval('stock_seq', 1)",
        "ALTER SEQUENCE stock_seq RESTART",
        "UPDATE stockcore_version SET version_num = '0000'",
        MERGE + "UPDATE SET reason = 'x'",
        UPSERT,
        "DO 'BEGIN LOCK TABLE stock_movement IN ACCESS EXCLUSIVE MODE; END'",
    ],
)
def test_the_application_cannot_disarm_what_guards_the_ledger(app: Connection, statement: str) -> None:
    with refused(app, PRIVILEGE):
        app.execute(statement.encode())


def test_the_application_cannot_take_the_owners_part(app: Connection, owner: Connection) -> None:
    name = owner.info.user
    for statement in (f'SET ROLE "{name}"', f'SET SESSION AUTHORIZATION "{name}"', f'GRANT "{name}" TO CURRENT_USER'):
        with refused(app, PRIVILEGE):
            app.execute(statement.encode())


def test_the_application_cannot_detach_or_attach_a_partition(app: Connection, owner: Connection) -> None:
    for table in partitions(owner):
        with refused(app, PRIVILEGE):
            app.execute(f"ALTER TABLE stock_movement DETACH PARTITION {table}".encode())
    owner.execute("CREATE TABLE forged (LIKE stock_movement)")
    with refused(app, PRIVILEGE):
        app.execute(
            "ALTER TABLE stock_movement ATTACH PARTITION forged FOR VALUES FROM ('1999-01-01') TO ('1999-02-01')"
        )


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_application_only_adds_to_whatever_is_append_only(app: Connection, table: str) -> None:
    column = {"lot_revision": "actor", "posting_reversal": "reversed_by"}.get(table, "sequence")
    column = {"stock_movement": "reason", "shipment_line": "quantity"}.get(table, column)
    for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with refused(app, PRIVILEGE):
            app.execute(statement.encode())


@pytest.mark.parametrize("table", READ_ONLY)
def test_the_application_cannot_write_what_only_the_owner_writes(app: Connection, table: str) -> None:
    assert app.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() != (0,)
    for statement in (
        f"INSERT INTO {table} SELECT * FROM {table}",
        f"UPDATE {table} SET balance = 0",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ):
        with refused(app, PRIVILEGE):
            app.execute(statement.encode())


POOL: Final = f"UPDATE stock_pool SET {{}} WHERE variant = {MUG} AND site = {LEEDS}"
QUANT: Final = f"UPDATE stock_quant SET {{}} WHERE variant = {MUG} AND location = {LEEDS_BIN}"


@pytest.mark.parametrize(
    "statement",
    [
        POOL.format("reserved = -1"),
        POOL.format("blocked = -1"),
        POOL.format("on_hand = -1"),
        POOL.format("on_hand = -1, reserved = 0, blocked = 0"),
        POOL.format("shipped = -1"),
        POOL.format("reserved = on_hand - blocked + 0.000001"),
        POOL.format("blocked = on_hand - reserved + 0.000001"),
        POOL.format("on_hand = 'NaN'"),
        POOL.format("reserved = 'NaN'"),
        POOL.format("reserved = 'NaN', on_hand = 'NaN'"),
        QUANT.format("on_hand = -1, allocated = 0"),
        QUANT.format("allocated = -1"),
        QUANT.format("allocated = on_hand + 0.000001"),
        QUANT.format("on_hand = 'NaN'"),
        QUANT.format("status = 'quarantine'"),
        "UPDATE stock_reservation SET consumed = -1",
        "UPDATE stock_reservation SET released = quantity - consumed + 1",
        "UPDATE stock_reservation SET quantity = -1, consumed = 0, released = 0",
        "UPDATE stock_reservation SET quantity = 'NaN'",
        "UPDATE stock_backorder SET outstanding = -1",
        "UPDATE stock_allocation SET quantity = 0",
        "UPDATE order_line SET cancelled = ordered + 1",
        "UPDATE order_line SET ordered = -1, cancelled = 0",
        NEW_ROW.format(table="stock_movement").replace("quantity, balance_after", "quantity, -1"),
        NEW_ROW.format(table="stock_movement").replace("quantity, balance_after", "0, balance_after"),
        NEW_ROW.format(table="stock_movement").replace("quantity, balance_after", "'NaN', balance_after"),
        NEW_ROW.format(table="stock_movement").replace("quantity, balance_after", "quantity, 'NaN'"),
    ],
)
def test_figures_that_cannot_be_are_refused(app: Connection, statement: str) -> None:
    with refused(app, CHECK):
        app.execute(statement.encode())


def test_the_application_can_have_a_month_made_and_it_is_guarded_at_once(app: Connection, owner: Connection) -> None:
    app.execute("SELECT stock_movement_partition('2031-05-17'), stock_movement_partition('2031-05-01')")
    assert "stock_movement_2031_05" in partitions(owner)
    insert = NEW_ROW.format(table="stock_movement").replace("occurred_at, recorded_at FROM", "occurred_at, {} FROM")
    app.execute(insert.format("timestamptz '2031-05-17 12:00+00'").encode())
    for change in CHANGES:
        with refused(app, PRIVILEGE):
            app.execute(change.format(table="stock_movement_2031_05").encode())
    for change in CHANGES[:5]:
        with refused(owner, errors.RestrictViolation):
            owner.execute(change.format(table="stock_movement_2031_05").replace("WHERE seq = 101", "").encode())


@pytest.mark.parametrize(
    "month", ["1989-12-31", "2200-02-01", "4000-01-01", "infinity", "-infinity", "0044-03-15 BC", None]
)
def test_a_month_out_of_bounds_is_not_made(app: Connection, owner: Connection, month: str | None) -> None:
    before = partitions(owner)
    with pytest.raises(errors.DatetimeFieldOverflow):
        app.execute("SELECT stock_movement_partition(%s::date)", (month,))
    assert partitions(owner) == before


def test_a_table_of_the_callers_own_does_not_lead_the_partition_function_astray(
    app: Connection, owner: Connection
) -> None:
    app.execute(
        "CREATE TEMP TABLE stock_movement (seq bigint, recorded_at timestamptz) PARTITION BY RANGE (recorded_at)"
    )
    app.execute("CREATE TEMP TABLE stock_movement_2031_06 (seq bigint)")
    app.execute("SELECT public.stock_movement_partition('2031-06-01')")
    assert "stock_movement_2031_06" in partitions(owner)


# -- PostgreSQL, as the owner and superuser ----------------------------------------------------------------------


def test_even_the_owner_changes_no_ledger_row(owner: Connection) -> None:
    for table in ["stock_movement", *partitions(owner)]:
        rows = owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        with refused(owner, errors.RestrictViolation):
            owner.execute(f"TRUNCATE {table}".encode())
        if rows == (0,):
            continue
        for statement in (f"UPDATE {table} SET reason = 'x'", f"DELETE FROM {table}"):
            with refused(owner, errors.RestrictViolation):
                owner.execute(statement.encode())


def test_even_the_owner_cannot_overwrite_by_inserting(owner: Connection) -> None:
    for statement in (
        UPSERT,
        MERGE + "DELETE",
    ):
        with refused(owner, errors.RestrictViolation):
            owner.execute(statement.encode())


@pytest.mark.parametrize("table", sorted(set(APPEND_ONLY) - {"lot_revision", "posting_reversal"}))
def test_even_the_owner_only_adds_to_what_is_append_only(owner: Connection, table: str) -> None:
    assert owner.execute(f"SELECT count(*) FROM {table}".encode()).fetchone() != (0,)
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(errors.RestrictViolation):
            owner.execute(statement.encode())


# -- SQLite ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_movement SET quantity = 1",
        "UPDATE OR REPLACE stock_movement SET seq = 102 WHERE seq = 101",
        "DELETE FROM stock_movement",
        "DELETE FROM stock_movement WHERE seq = 101",
        "INSERT OR REPLACE INTO stock_movement SELECT * FROM stock_movement WHERE seq = 101",
        "REPLACE INTO stock_movement SELECT * FROM stock_movement WHERE seq = 101",
        UPSERT.replace("recorded_at, seq", "seq"),
        "INSERT OR REPLACE INTO order_history SELECT * FROM order_history",
        "INSERT OR REPLACE INTO shipment_line SELECT * FROM shipment_line",
        "UPDATE order_history SET at = 0",
        "DELETE FROM shipment_line",
    ],
)
def test_sqlite_refuses_to_change_what_is_append_only(sqlite_url: str, statement: str) -> None:
    healthy().write(sqlite_url)
    with closing(sqlite3.connect(str(sa.make_url(sqlite_url).database))) as connection:
        before = connection.execute("SELECT * FROM stock_movement ORDER BY seq").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        assert connection.execute("SELECT * FROM stock_movement ORDER BY seq").fetchall() == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_pool SET reserved = -1",
        "UPDATE stock_pool SET shipped = -1",
        "UPDATE stock_pool SET reserved = on_hand - blocked + 1",
        "UPDATE stock_quant SET allocated = on_hand + 1",
        "INSERT INTO stock_pool SELECT variant, 11, -1, 0, 0, 0, 0, 0 FROM stock_pool",
    ],
)
def test_sqlite_refuses_figures_that_cannot_be(sqlite_url: str, statement: str) -> None:
    healthy().write(sqlite_url)
    with (
        closing(sqlite3.connect(str(sa.make_url(sqlite_url).database))) as connection,
        pytest.raises(sqlite3.IntegrityError, match="CHECK"),
    ):
        connection.execute(statement)
