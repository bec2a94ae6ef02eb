"""What the tables' definitions cannot say: append-only triggers, partitions, sequences, row 0, the app's role."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

import attrs
import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex

from stockcore.catalog.units import standard_units
from stockcore.locations.transit import FIXED_IDS, transit_site
from stockcore_sql import schema
from stockcore_sql.migrate import VERSION_TABLE

#: PostgreSQL's sequence gives ids by the block: a batch needs many, and each call costs (docs/adr/0003).
IDS_AT_ONCE = 32

#: Tables that only ever grow.
APPEND_ONLY = ("stock_movement", "posting_reversal", "order_history", "lot_revision", "shipment_line")

#: Tables that the application only reads: openings are written by the owner, together with detaching a partition.
READ_ONLY = ("stock_opening",)

#: PostgreSQL's numeric knows NaN and holds it for greater than any number, so that it passes `>= 0`.
_NO_NAN = {
    "stock_movement": ("quantity", "balance_after"),
    "stock_pool": ("on_hand", "shipped"),
    "stock_quant": ("on_hand",),
    "stock_reservation": ("quantity",),
    "stock_backorder": ("outstanding",),
}


#: A code names one thing at a time (`catalog.codes.check_free`). A unique index cannot say it: validities are spans of
#: days, kinds share a scan code, and a variant's own codes may be equal. `other` is a row that is in `code`'s way.
_TAKEN = """
other.scan_code = {code}.scan_code AND other.id <> {code}.id AND NOT (other.kind = 'sku' AND {code}.kind = 'sku')
AND coalesce(other.valid_from, '0001-01-01') <= coalesce({code}.valid_to, '9999-12-31')
AND coalesce({code}.valid_from, '0001-01-01') <= coalesce(other.valid_to, '9999-12-31')
AND CASE WHEN other.variant = {code}.variant
  THEN other.kind = {code}.kind OR other.packaging <> {code}.packaging
  ELSE other.kind <> 'supplier_sku' AND {code}.kind <> 'supplier_sku' END
"""

#: Who adds codes takes one lock at the end of the writing statement and keeps it until commit, so that the check sees
#: what others committed meanwhile. One lock, not one per code: an import of many codes would fill the lock table.
#: The violation is a unique one: the use case runs again, sees the code, and answers `duplicate_code`.
_CODE_FUNCTION = """
CREATE FUNCTION {schema}.variant_code_taken() RETURNS trigger
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
  found text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('variant_code'), hashtext(current_schema()));
  SELECT fresh.code INTO found FROM fresh JOIN variant_code AS other ON {taken} LIMIT 1;
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'the code % names something else already', found
      USING ERRCODE = 'unique_violation', TABLE = 'variant_code', CONSTRAINT = 'variant_code_taken';
  END IF;
  RETURN NULL;
END $$
"""


def create_all(connection: sa.Connection) -> None:
    """Everything a fresh database needs."""
    if connection.dialect.name == "postgresql":
        _create_postgresql(connection)
    else:
        _create_sqlite(connection)
    _none_rows(connection)


def _none_rows(connection: sa.Connection) -> None:
    """Row 0, "none", of lot, container and owner; the units of measure and the transit site that every company starts
    with."""
    from stockcore_sql.types import EPOCH

    connection.execute(sa.insert(schema.lot).values(id=0, variant=0, code="", attributes="{}", created_at=EPOCH))
    connection.execute(sa.insert(schema.container).values(id=0, code=""))
    connection.execute(sa.insert(schema.owner).values(id=0, code=""))
    connection.execute(sa.insert(schema.unit_of_measure), [attrs.asdict(unit) for unit in standard_units()])
    for place in transit_site(EPOCH):
        connection.execute(sa.insert(schema.location), attrs.asdict(place))


def _create_sqlite(connection: sa.Connection) -> None:
    schema.metadata.create_all(connection)
    run = connection.exec_driver_sql
    run("CREATE TABLE sequence (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT")
    run("INSERT INTO sequence VALUES ('stock_seq', ?), ('order_number_seq', 0)", (FIXED_IDS,))
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            run(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        _refuse_replace(connection, schema.metadata.tables[table])
    for verb in ("INSERT", "UPDATE"):
        run(
            f"CREATE TRIGGER variant_code_taken_{verb.lower()} AFTER {verb} ON variant_code "
            f"WHEN EXISTS (SELECT 1 FROM variant_code AS other WHERE {_TAKEN.format(code='NEW')}) "
            "BEGIN SELECT RAISE(ABORT, 'the code names something else already'); END"
        )


def _refuse_replace(connection: sa.Connection, table: sa.Table) -> None:
    """INSERT OR REPLACE deletes the row that is in its way without asking the triggers on DELETE."""
    same = " AND ".join(f'"{column.name}" = NEW."{column.name}"' for column in table.primary_key)
    connection.exec_driver_sql(
        f"CREATE TRIGGER {table.name}_no_replace BEFORE INSERT ON {table.name} "
        f"WHEN EXISTS (SELECT 1 FROM {table.name} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{table.name} is append-only'); END"
    )


_FIRST_MONTH, _LAST_MONTH = "1990-01-01", "2200-01-01"  # of clocks that are right

_PARTITION_FUNCTION = f"""
CREATE FUNCTION {{schema}}.stock_movement_partition(month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {{schema}}, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  after date := (date_trunc('month', month) + interval '1 month')::date;
  name text := 'stock_movement_' || to_char(first, 'YYYY_MM');
BEGIN
  IF first IS NULL OR first < date '{_FIRST_MONTH}' OR first > date '{_LAST_MONTH}' THEN
    RAISE EXCEPTION 'no partition for %', month USING ERRCODE = 'datetime_field_overflow';
  END IF;
  IF to_regclass(format('%I.%I', current_schema(), name)) IS NOT NULL THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('stock_movement_partition'));
  -- to_regclass may still remember that there was none, for waiting for this lock tells a session nothing
  IF EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace) THEN
    RETURN;
  END IF;
  -- attached, not made in place: that would wait for whoever reads the ledger, and all would wait behind it
  EXECUTE format('CREATE TABLE %I (LIKE stock_movement INCLUDING ALL)', name);
  EXECUTE format('ALTER TABLE stock_movement ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                 name, first::timestamp AT TIME ZONE 'UTC', after::timestamp AT TIME ZONE 'UTC');
  EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION append_only()',
                 name || '_no_truncate', name);
END $$
"""

_APPEND_ONLY_FUNCTION = """
CREATE FUNCTION {schema}.append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$
"""


def _create_postgresql(connection: sa.Connection) -> None:
    run = connection.exec_driver_sql
    place = _current_schema(connection)
    schema.metadata.create_all(
        connection, tables=[table for table in schema.metadata.sorted_tables if table is not schema.stock_movement]
    )
    run(f"CREATE SEQUENCE stock_seq START WITH {FIXED_IDS + 1} INCREMENT BY {IDS_AT_ONCE}")
    run("CREATE SEQUENCE order_number_seq")
    run(_literally(_APPEND_ONLY_FUNCTION.format(schema=place)))
    _create_movement_table(connection)
    for table in APPEND_ONLY:
        run(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION append_only()"
        )
        run(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
        )
    run(_literally(_CODE_FUNCTION.format(schema=place, taken=_TAKEN.format(code="fresh"))))
    for verb in ("INSERT", "UPDATE"):
        run(
            f"CREATE TRIGGER variant_code_taken_{verb.lower()} AFTER {verb} ON variant_code "
            "REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION variant_code_taken()"
        )
    run(_literally(_PARTITION_FUNCTION.format(schema=place)))
    run("REVOKE EXECUTE ON FUNCTION stock_movement_partition(date) FROM PUBLIC")
    for name, columns in _NO_NAN.items():
        rule = " AND ".join(f"{column} <> 'NaN'" for column in columns)
        run(f"ALTER TABLE {name} ADD CONSTRAINT {name}_no_nan_check CHECK ({rule})")
    make_partitions_ahead(connection)


def _literally(text: str) -> str:
    """SQL whose per cent signs are no placeholders."""
    return text.replace("%", "%%")


def _current_schema(connection: sa.Connection) -> str:
    """The schema that the tables are made in, quoted where it must be."""
    return str(connection.scalar(sa.text("SELECT quote_ident(current_schema())")))


#: How many months after the present one have their partition.
MONTHS_AHEAD: Final = 3
#: The ledger's months that have no partition: last month (late clocks), this one and the next ones.
_MONTHS_LACKING: Final = sa.text(
    f"""
    SELECT month FROM (
      SELECT CAST(date_trunc('month', coalesce(CAST(:now AS timestamptz), now()) AT TIME ZONE 'UTC')
        + make_interval(months => m) AS date) AS month FROM generate_series(-1, {MONTHS_AHEAD}) AS m) AS wanted
    WHERE month BETWEEN '{_FIRST_MONTH}' AND '{_LAST_MONTH}'
      AND to_regclass(format('%I.%I', current_schema(), 'stock_movement_' || to_char(month, 'YYYY_MM'))) IS NULL
    ORDER BY month
    """
)


def months_lacking(connection: sa.Connection, now: datetime | None = None) -> list[date]:
    """Which of the ledger's months, from last month to some ahead of `now`, have no partition. PostgreSQL."""
    return list(connection.scalars(_MONTHS_LACKING, {"now": now}))


def make_partitions_ahead(connection: sa.Connection, now: datetime | None = None) -> None:
    """Partitions for the months that lack one; the application's role may. Where none is lacking nobody waits."""
    for month in months_lacking(connection, now):
        connection.execute(sa.text("SELECT stock_movement_partition(:month)"), {"month": month})


def _create_movement_table(connection: sa.Connection) -> None:
    table = schema.stock_movement
    columns = [str(CreateColumn(column).compile(dialect=connection.dialect)) for column in table.columns]
    checks: list[Any] = [item for item in table.constraints if isinstance(item, sa.CheckConstraint)]
    rules = sorted(f"CONSTRAINT {check.name} CHECK ({check.sqltext})" for check in checks)
    body = ", ".join([*columns, "PRIMARY KEY (recorded_at, seq)", *rules])
    connection.exec_driver_sql(f"CREATE TABLE stock_movement ({body}) PARTITION BY RANGE (recorded_at)")
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        connection.execute(CreateIndex(index))


def grant_to(connection: sa.Connection, role: str) -> None:
    """Let a role that owns nothing work with the data: it may only add to what only grows. PostgreSQL."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    place = _current_schema(connection)
    run = connection.exec_driver_sql
    run(f"GRANT USAGE ON SCHEMA {place} TO {quoted}")
    for table in schema.metadata.sorted_tables:
        run(f"GRANT {_rights(table.name)} ON {table.name} TO {quoted}")
    run(f"GRANT SELECT ON {VERSION_TABLE} TO {quoted}")
    run(f"GRANT USAGE ON SEQUENCE stock_seq, order_number_seq TO {quoted}")
    run(f"GRANT EXECUTE ON FUNCTION stock_movement_partition(date) TO {quoted}")


def _rights(table: str) -> str:
    if table in READ_ONLY:
        return "SELECT"
    return "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
