"""From a URL to a connection, and from a driver's exception to a stable code."""

from __future__ import annotations

import contextlib
import select
import sqlite3
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from stockcore.kernel.errors import StockcoreError

LOCK_WAIT_S: Final = 3  # PostgreSQL: longer than this for a lock is `busy`
WRITER_WAIT_S: Final = 60  # SQLite: one writer at a time, the others wait

_SECRETS: Final = ("password", "sslpassword", "passfile")
_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite"}


def url_of(url: str) -> URL:
    """`sqlite:///path` or `postgresql://…` (psycopg 3). Errors: database_url."""
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise StockcoreError(
            "database_url", "not a database URL: write sqlite:///path or postgresql://user@host/name"
        ) from None
    kind = parsed.get_backend_name()
    if "\0" in f"{parsed.database}{parsed.host}" or (kind == "sqlite" and parsed.host):
        raise StockcoreError("database_url", "not a database URL: a file is sqlite:///path or sqlite:////from/the/root")
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StockcoreError("database_url", "the URL names no file: sqlite:///path or sqlite:////from/the/root")
    if kind == "sqlite" and parsed.query:
        raise StockcoreError("database_url", "the URL of a SQLite file takes no options after a question mark")
    if kind not in _DRIVERS:
        raise StockcoreError("database_url", f"no such kind of database: {kind}; sqlite or postgresql", kind=kind)
    return parsed.set(drivername=_DRIVERS[kind])


def shown(url: str) -> str:
    """A database URL as it may be shown: without its secrets. Errors: database_url."""
    parsed = url_of(url)
    kind = parsed.get_backend_name()
    return parsed.set(drivername=kind).difference_update_query(_SECRETS).render_as_string(hide_password=True)


def engine_for(url: str) -> sa.Engine:
    """An engine whose connections behave as the stores need. Opens no connection yet."""
    parsed = url_of(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    try:
        from stockcore_sql.wire import PatientConnection
    except ImportError as error:
        raise StockcoreError(
            "driver_missing", "PostgreSQL needs the extra: pip install 'stockcore[postgres]'"
        ) from error
    settings = f"-c lock_timeout={LOCK_WAIT_S}s -c timezone=UTC -c datestyle=ISO"
    isolation = "-c default_transaction_isolation=read\\ committed"  # who waited for a lock must see what was done
    options = f"{settings} -c plan_cache_mode=force_generic_plan -c jit=off"
    given = parsed.query.get("options")
    options = " ".join([options, *([str(given)] if given else []), isolation])
    engine = sa.create_engine(
        parsed.update_query_dict({"options": options}),
        pool_size=5,
        max_overflow=20,
        pool_reset_on_return=None,  # whoever borrows a connection ends its transaction
        connect_args={"connect_timeout": 10, "keepalives_idle": 5, "tcp_user_timeout": 10_000},
    )

    @sa.event.listens_for(engine, "do_connect")
    def connect(dialect: Any, record: Any, given: Any, named: Any) -> Any:
        return PatientConnection.connect(*given, **named)

    @sa.event.listens_for(engine, "connect")
    def leave_preparing_to_the_wire(connection: Any, record: Any) -> None:
        connection.prepare_threshold = None  # after a roll-back psycopg deallocates all there is, the wire's too

    @sa.event.listens_for(engine, "checkout")
    def leave_out_what_the_server_closed(connection: Any, record: Any, borrowed: Any) -> None:
        """SQLAlchemy then opens another one: after a restart of the server nobody meets a dead connection."""
        connection.silence_max_s = PatientConnection.silence_max_s
        if connection.closed or _has_something_to_say(connection.pgconn.socket):
            raise sa.exc.DisconnectionError

    return engine


def be_patient(connection: sa.Connection) -> None:
    """For statements that may take as long as the books are large: their server is silent and sound."""
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        driver.silence_max_s = None


def _has_something_to_say(socket: int) -> bool:
    """Of a connection at rest: that it has ended. Asks only this machine."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))


def _sqlite_engine(url: URL) -> sa.Engine:
    engine = sa.create_engine(
        url,
        connect_args={"timeout": WRITER_WAIT_S, "isolation_level": None, "check_same_thread": False},
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # NORMAL may lose the last commits with the power
        connection.execute("PRAGMA cache_size = -32768")  # KiB

    return engine


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Drivers' exceptions become StockcoreErrors with a stable code; secrets and SQL stay out of the message."""
    try:
        yield
    except Exception as error:
        if is_of_database(error):
            raise error_of(error) from error
        raise


def is_of_database(error: Exception) -> bool:
    """Whether a driver raised it, or SQLAlchemy for one; `error_of` has its code."""
    ours = (sa.exc.DBAPIError, sa.exc.TimeoutError, sa.exc.PendingRollbackError, sqlite3.Error)
    return isinstance(error, ours) or any(kind.__module__.startswith("psycopg") for kind in type(error).__mro__)


#: SQLSTATE → code and what to tell
_STATES: Final = {
    "55P03": ("busy", "another command holds these rows; try again"),
    "40P01": ("busy", "other commands hold these rows; try again"),
    "40001": ("busy", "other commands changed these rows; try again"),
    "23505": ("busy", "another command made the same row at the same moment; try again"),
    "25P03": ("db_unavailable", "the database ended a transaction that was left open for too long"),
    "42P07": ("busy", "another process made the same table at the same moment; try again"),
    "57014": ("busy", "the database took too long; try again"),
    "53100": ("storage_full", "the database's disk is full"),
    "25006": ("read_only", "the database is read-only"),
    "42P01": ("schema_missing", "the database has no stockcore tables yet: run `stockcore db upgrade`"),
    "22003": ("quantity_out_of_range", "a total would have more than 12 digits before the point"),
}
#: What PostgreSQL says who may not connect any more; a refused connection comes without an SQLSTATE.
_FULL: Final = ("too many clients", "too many connections", "remaining connection slots")
_SILENT: Final = (
    "the database does not answer; whether the command was done is not known: send it again with the same command id"
)
_UNAVAILABLE: Final = "the database cannot be reached, or refuses the user or password"


def _original(error: BaseException) -> Any:
    """The driver's own exception."""
    return error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig is not None else error


def error_of(error: BaseException) -> StockcoreError:
    """The code that fits a driver's exception, or one of SQLAlchemy's own."""
    if isinstance(error, sa.exc.TimeoutError):
        return StockcoreError("busy", "all connections of this process are in use; try again")
    if isinstance(error, sa.exc.PendingRollbackError):
        return StockcoreError("db_unavailable", "the host's transaction has failed: it must be rolled back")
    original = _original(error)
    state = getattr(original, "sqlstate", None)
    if state in _STATES:
        return StockcoreError(*_STATES[state])
    if isinstance(original, sqlite3.Error):
        return _sqlite_error(original)
    if lacks_partition(original):
        return StockcoreError(
            "schema_mismatch", "the ledger has no partition for this month: run `stockcore db upgrade`"
        )
    name = type(original).__name__
    if any(words in str(original) for words in _FULL):
        return StockcoreError("busy", "the database takes no more connections; try again")
    if name == "SilentServerError":
        return StockcoreError("db_unavailable", _SILENT)
    if name == "ProgrammingError" and "connection option" in str(original):  # of the URL's query
        return StockcoreError("database_url", "not a database URL: an option in it is none of PostgreSQL's")
    if name in ("OperationalError", "InterfaceError", "AdminShutdown", "ConnectionTimeout") or (
        state is not None and state[:2] in ("08", "28", "57", "3D")
    ):
        return StockcoreError("db_unavailable", _UNAVAILABLE)
    return StockcoreError("internal", f"the database refused a statement ({state or name})", sqlstate=state)


def _sqlite_error(error: sqlite3.Error) -> StockcoreError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return StockcoreError("busy", "another process is writing to this file; try again")
    if "full" in text:
        return StockcoreError("storage_full", "the disk is full")
    if "readonly" in text or "read-only" in text:
        return StockcoreError("read_only", "the database file is read-only")
    if "no such table" in text:
        return StockcoreError("schema_missing", "the file has no stockcore tables")
    if "I/O" in text or "unable to open" in text or "not a database" in text or "malformed" in text:
        return StockcoreError("db_unavailable", "the database file cannot be opened, or is not a database")
    return StockcoreError("internal", f"the database refused a statement ({type(error).__name__})")


def lacks_partition(error: BaseException) -> bool:
    """Whether the ledger has no partition for a row's month: the only check without a name."""
    original = _original(error)
    if getattr(original, "sqlstate", None) != "23514":
        return False
    return original.diag.constraint_name is None


def is_transient(error: BaseException) -> bool:
    """Whether the whole use case should simply run again: deadlock, serialisation failure, lost connection, or two
    writers that made the same new row (a pool, a command id)."""
    original = _original(error)
    state = getattr(original, "sqlstate", None)
    if state is not None:
        return (
            state in ("40P01", "40001", "23505", "25P03", "42P07", "57P01", "57P02", "57P03", "57P05")
            or state[:2] == "08"
        )
    if isinstance(original, sqlite3.Error):
        return False
    never_connected = str(original).startswith(("connection failed", "connection timeout", "failed to resolve host"))
    return type(original).__name__ in ("OperationalError", "InterfaceError") and not never_connected
