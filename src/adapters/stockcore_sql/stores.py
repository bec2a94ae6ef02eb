"""The stores: units of work on PostgreSQL and on SQLite, over a connection of our own or a host's."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.records import KnownCommands
from stockcore.kernel.unit_of_work import ChangedMeanwhileError, Changes, Drawn, Origin, Query
from stockcore.locations.records import Location, Sites
from stockcore.orders.records import LockOffers, NextOrderNumbers
from stockcore_ids import uuid7s
from stockcore_sql import migrate
from stockcore_sql.connecting import engine_for, error_of, is_of_database, is_transient, lacks_partition, translated
from stockcore_sql.ddl import IDS_AT_ONCE, make_partitions_ahead
from stockcore_sql.keeping import Kept, KeptSites
from stockcore_sql.reading import LockOffersOfVariants, Postgres, Reader, Sqlite, postgres_value, sqlite_values
from stockcore_sql.types import microseconds
from stockcore_sql.writing import PostgresWriter, SqliteWriter, parts_of

if TYPE_CHECKING:
    from stockcore_sql.wire import HostedWire, PipelinedWire

R = TypeVar("R")
Clock = Callable[[], datetime]

TRIES_MAX: Final = 6

_POSTGRES_READER: Final = Reader(Postgres())
_POSTGRES_WRITER: Final = PostgresWriter()
_NOTHING_KNOWN: Final = KnownCommands(())
_SQLITE_READER: Final = Reader(Sqlite())
_SQLITE_WRITER: Final = SqliteWriter()


class _UnitOfWork:
    """What both databases' units of work share."""

    def __init__(self, origin: Origin, clock: Clock | None) -> None:
        self.origin = origin
        self._clock = clock
        self._announced = 0

    def while_waiting(self, work: Callable[[], object]) -> None:
        """There is no waiting where the database is in this process."""

    def new_ids(self, count: int) -> list[UUID]:
        return uuid7s(count)

    def prepare_draw(self, count: int) -> None:
        self._announced = count


class PostgresUnitOfWork(_UnitOfWork):
    """Over a wire that carries many questions at once: one `load` is one round trip, and so is write and commit
    together."""

    is_served = True

    def __init__(
        self,
        wire: HostedWire | PipelinedWire,
        origin: Origin,
        clock: Clock | None,
        kept: Kept | None = None,
    ) -> None:
        super().__init__(origin, clock)
        self._wire: Any = wire
        self._kept = kept
        self._drawn: Drawn | None = None
        self._known_variants: dict[str, int] = {}  # asked for by id
        self._meanwhile: list[Callable[[], object]] = []

    def while_waiting(self, work: Callable[[], object]) -> None:
        self._meanwhile.append(work)

    def load(self, *queries: Query[Any]) -> Any:
        numbers = sum(query.count for query in queries if isinstance(query, NextOrderNumbers))
        draws = self._announced > 0 or numbers > 0
        kept = self._kept.sites if self._kept and draws and any(isinstance(query, Sites) for query in queries) else None
        asked = [None if kept is not None and isinstance(query, Sites) else self._ask(query) for query in queries]
        draw = self._ask_draw(self._announced, numbers, version=kept is not None) if draws else None
        self._wire.push()
        while self._meanwhile:
            self._meanwhile.pop()()
        answers = [self._answer(query, question) for query, question in zip(queries, asked, strict=True)]
        if draw is not None:
            drawn, fresh, version = self._answer_draw(draw)
            self._drawn = drawn if self._announced else None
            for index, query in enumerate(queries):
                if isinstance(query, NextOrderNumbers):
                    answers[index] = fresh
                elif kept is not None and isinstance(query, Sites):
                    answers[index] = self._sites(kept, version)
        self._announced = 0
        return answers[0] if len(answers) == 1 else tuple(answers)

    def _ask(self, query: Query[Any]) -> Any:
        if isinstance(query, NextOrderNumbers) or query == _NOTHING_KNOWN:
            return None  # drawn together with the ids; nothing to ask
        if isinstance(query, LockOffers) and self._kept is not None:
            known = self._known_variants = self._kept.variants.known(query.codes)
            unknown = tuple(code for code in query.codes if code not in known)
            query = LockOffersOfVariants(tuple(known.values()), unknown)
        statement = _POSTGRES_READER.of(query)
        return self._wire.ask(statement.sql, [self._value(query, name) for name in statement.names])

    def _value(self, query: Query[Any], name: str) -> bytes | None:
        if name == "now":
            return postgres_value(self._clock() if self._clock is not None else None)
        return postgres_value(getattr(query, name))

    def _answer(self, query: Query[Any], question: Any) -> list[Any]:
        if question is None:
            return []
        make = _POSTGRES_READER.of(query).rows.of_row
        answer = [make(row) for row in self._wire.rows(question)]
        if self._kept is None or not isinstance(query, LockOffers):
            return answer
        if not self._kept.variants.note(self._known_variants, answer):
            raise ChangedMeanwhileError  # what was drawn is older than locks that would have to come
        return answer

    def _sites(self, kept: KeptSites, version: str | None) -> list[Location]:
        before, rows = kept.found
        if version is None or version != before:
            asked = self._wire.ask(f"SELECT {_SITES_VERSION}", ())  # first: the rows may be newer, never older
            rows = self._answer(Sites(), self._ask(Sites()))
            kept.found = (self._wire.rows(asked)[0][0], rows)
        return list(rows)

    def _ask_draw(self, count: int, numbers: int, *, version: bool = False) -> Any:
        blocks = -(-count // IDS_AT_ONCE)
        several = [b"%d" % each for each in (blocks, numbers) if each > 1]
        drawn = f"{_next('stock_seq', blocks, 1)}, {_next('order_number_seq', numbers, len(several))}"
        sites = _SITES_VERSION if version else "NULL::text"
        return self._wire.ask(f"SELECT {drawn}, clock_timestamp(), {sites}", several)

    def _answer_draw(self, question: Any) -> tuple[Drawn, list[int], str | None]:
        ((blocks, numbers, now, version),) = self._wire.rows(question)
        ids = [number for first in blocks for number in range(first, first + IDS_AT_ONCE)]
        return Drawn(ids, self._clock() if self._clock is not None else now.astimezone(UTC)), numbers, version

    def draw(self, count: int) -> Drawn:
        drawn, self._drawn = self._drawn, None
        return drawn if drawn is not None else self._answer_draw(self._ask_draw(count, 0))[0]

    def write(self, changes: Changes) -> None:
        parts = parts_of(changes)
        if parts:
            self._wire.tell(*_POSTGRES_WRITER.statement(parts))
            self._wire.push()


#: Which version of each site's row is valid, as PostgreSQL names it: another after every change, and after a roll-back.
_SITES_VERSION: Final = (
    "(SELECT string_agg(concat(ctid, '/', xmin), ' ' ORDER BY id) FROM location WHERE parent IS NULL)"
)


def _next(sequence: str, count: int, parameter: int) -> str:
    """Some of a sequence's next values, as an array; one is what most transactions need, and is quicker asked for."""
    if count == 0:
        return "'{}'::bigint[]"
    if count == 1:
        return f"ARRAY[nextval('{sequence}')]"
    return f"ARRAY(SELECT nextval('{sequence}') FROM generate_series(1, ${parameter}::bigint))"


class SqliteUnitOfWork(_UnitOfWork):
    is_served = False

    def __init__(self, connection: Any, origin: Origin, clock: Clock | None) -> None:
        super().__init__(origin, clock)
        self._connection = connection  # sqlite3's

    def load(self, *queries: Query[Any]) -> Any:
        self._announced = 0
        answers = [self._answer(query) for query in queries]
        return answers[0] if len(answers) == 1 else tuple(answers)

    def _answer(self, query: Query[Any]) -> list[Any]:
        if isinstance(query, NextOrderNumbers):
            return self._next("order_number_seq", query.count)
        statement = _SQLITE_READER.of(query)
        values = {**sqlite_values(query), **statement.fixed}
        if "now" in statement.names:
            values["now"] = microseconds(self._now())
        rows = self._connection.execute(statement.sql, [values[name] for name in statement.names]).fetchall()
        return statement.rows.of_sqlite_rows(rows)

    def _next(self, name: str, count: int) -> list[int]:
        row = self._connection.execute(
            "UPDATE sequence SET value = value + ? WHERE name = ? RETURNING value", (count, name)
        ).fetchone()
        return list(range(row[0] - count + 1, row[0] + 1))

    def _now(self) -> datetime:
        return self._clock() if self._clock is not None else datetime.now(UTC)

    def draw(self, count: int) -> Drawn:
        return Drawn(self._next("stock_seq", count), self._now())

    def write(self, changes: Changes) -> None:
        parts = parts_of(changes)
        if parts:
            _SQLITE_WRITER.write(self._connection.cursor(), parts)


class SqlStore:
    """The books in one database. `clock` is for tests and replays: with it, its time decides everything."""

    def __init__(self, url: str, *, clock: Clock | None = None) -> None:
        self.url = url
        self.engine = engine_for(url)
        self.clock = clock
        self._checked = False
        self._kept = Kept()

    @property
    def is_postgresql(self) -> bool:
        return self.engine.dialect.name == "postgresql"

    def close(self) -> None:
        self.engine.dispose()

    def check_schema(self) -> None:
        """Once per process: an empty SQLite file is given its tables, anything else must have this program's. The
        ledger's next months get their partitions."""
        if self._checked:
            return
        with translated():
            with self.engine.connect() as connection:
                found = migrate.version(connection)
                is_new = found is None and not self.is_postgresql and migrate.is_empty(connection)
            if is_new:
                migrate.upgrade(self.url)
                found = migrate.HEAD
        migrate.check(found)
        if self.is_postgresql:
            self._prepare_months()
        self._checked = True

    def _prepare_months(self) -> None:
        """As far as it can be done at once: nobody is made to wait for months that are not needed yet. The month that a
        row needs is made when it is missed (`retrying`). Who may only read needs none."""
        try:
            with self.engine.begin() as connection:
                connection.exec_driver_sql("SET LOCAL lock_timeout = '100ms'")
                make_partitions_ahead(connection, self.clock() if self.clock is not None else None)
        except sa.exc.DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in ("42501", "25006", "40P01", "55P03"):
                raise error_of(error) from error

    def _make_month(self) -> None:
        with translated(), self.engine.begin() as connection:
            make_partitions_ahead(connection, self.clock() if self.clock is not None else None)

    @contextlib.contextmanager
    def transaction(self, origin: Origin, *, dry_run: bool = False) -> Iterator[Any]:
        """A unit of work on a connection of our own: committed when the block ends without an error, else undone."""
        self.check_schema()
        pooled = self.engine.raw_connection()
        try:
            run = self._postgres_transaction if self.is_postgresql else self._sqlite_transaction
            with run(pooled, origin, dry_run) as uow:
                yield uow
        except BaseException as error:
            if _is_lost(pooled):
                pooled.invalidate(error if isinstance(error, Exception) else None)
            raise
        finally:
            pooled.close()

    @contextlib.contextmanager
    def _postgres_transaction(self, pooled: Any, origin: Origin, dry_run: bool) -> Iterator[Any]:
        from stockcore_sql.wire import PipelinedWire

        wire = pooled.info.get("stockcore_wire")
        if wire is None:
            wire = pooled.info["stockcore_wire"] = PipelinedWire(pooled.driver_connection)
        try:
            wire.begin(undone=dry_run)
            yield PostgresUnitOfWork(wire, origin, self.clock, self._kept)
            if dry_run:
                wire.rollback()
            else:
                wire.commit()
        except BaseException:
            wire.abandon()
            raise

    @contextlib.contextmanager
    def _sqlite_transaction(self, pooled: Any, origin: Origin, dry_run: bool) -> Iterator[Any]:
        connection = pooled.driver_connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield SqliteUnitOfWork(connection, origin, self.clock)
            connection.execute("ROLLBACK" if dry_run else "COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite ends it itself where the disk is full
                connection.execute("ROLLBACK")
            raise

    def new_ids(self, count: int) -> list[UUID]:
        return uuid7s(count)

    def retrying(self, work: Callable[[], R]) -> R:
        """Run `work` again after a deadlock or a lost connection; the command ids decide what had been done."""
        may_lack, changed = True, 0
        for attempt in range(1, TRIES_MAX + 1):
            try:
                return work()
            except StockcoreError:
                raise
            except ChangedMeanwhileError as error:
                changed += 1
                if attempt == TRIES_MAX and changed < attempt:
                    raise _busy() from error
                if attempt == TRIES_MAX:  # nobody is as unlucky as that
                    raise StockcoreError(
                        "internal",
                        "stored figures do not fit together: `stockcore verify` says which",
                    ) from error
            except Exception as error:
                if may_lack and lacks_partition(error):  # running for months
                    may_lack = False
                    self._make_month()
                    continue
                if attempt < TRIES_MAX and is_transient(error):
                    time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - spreads retries, no secret
                    continue
                if is_of_database(error):
                    raise error_of(error) from error
                raise
        raise AssertionError("unreachable")


class HostedStore:
    """The books inside a transaction that the host application owns: nothing is committed, rolled back or retried
    here; everything lives and dies with the host's transaction."""

    def __init__(self, connection: sa.Connection, *, clock: Clock | None = None) -> None:
        self._connection = connection
        self._clock = clock
        self._is_checked = False

    @contextlib.contextmanager
    def transaction(self, origin: Origin, *, dry_run: bool = False) -> Iterator[Any]:
        """A part of the host's transaction: an error (and a dry run) undoes this part only."""
        if not self._connection.in_transaction():
            self._connection.begin()
        driver: Any = self._connection.connection.driver_connection
        is_postgresql = self._connection.dialect.name == "postgresql"
        if is_postgresql:
            self._check_isolation()
        if not is_postgresql and not driver.in_transaction:
            driver.execute("BEGIN IMMEDIATE")  # before the savepoint, which would begin a deferred transaction
        savepoint = self._connection.begin_nested()
        try:
            if is_postgresql:
                from stockcore_sql.wire import HostedWire

                yield PostgresUnitOfWork(HostedWire(driver), origin, self._clock)
            else:
                yield SqliteUnitOfWork(driver, origin, self._clock)
        except BaseException:
            savepoint.rollback()
            raise
        if dry_run:
            savepoint.rollback()
        else:
            savepoint.commit()

    def _check_isolation(self) -> None:
        """Who waited for a lock must see what was done meanwhile; a snapshot of the whole transaction hides it."""
        if self._is_checked:
            return
        with translated():
            level = self._connection.get_isolation_level()
        if level != "READ COMMITTED":
            raise StockcoreError("usage", f"the host's transaction is {level}; stockcore needs READ COMMITTED")
        self._is_checked = True

    def new_ids(self, count: int) -> list[UUID]:
        return uuid7s(count)

    def retrying(self, work: Callable[[], R]) -> R:
        try:
            with translated():
                return work()
        except ChangedMeanwhileError as error:
            raise _busy() from error


def _busy() -> StockcoreError:
    return StockcoreError("busy", "other commands changed what this one reads; try again")


def _is_lost(pooled: Any) -> bool:
    return bool(getattr(pooled.driver_connection, "closed", False))
