"""The tests' own server: it starts for everyone, keeps what it promises, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.postgres import ADDRESS_VARIABLE, SOURCE_VARIABLE, Server, ServerUnavailable

ROOT = Path(__file__).parents[2]


def test_a_test_gets_an_empty_database_in_c_utf8(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        collation = connection.execute(
            "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
        ).fetchone()
    assert tables == (0,)
    assert collation == ("C.UTF-8", "UTF8")


def test_its_address_is_good_for_sqlalchemy_too(empty_postgres_url: str) -> None:
    engine = sa.create_engine(empty_postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT current_database()")) == sa.make_url(empty_postgres_url).database
    engine.dispose()


def test_a_database_is_a_copy_of_its_template(postgres_server: Server) -> None:
    with postgres_server.database() as template:
        with psycopg.connect(template) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
        with (
            postgres_server.database(sa.make_url(template).database) as copy,
            psycopg.connect(copy) as connection,
        ):
            assert connection.execute("SELECT answer FROM kept").fetchone() == (7,)


def test_a_database_goes_even_if_a_test_left_a_connection_open(postgres_server: Server) -> None:
    with postgres_server.database() as url:
        forgotten = psycopg.connect(url)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)
    forgotten.close()


def test_a_durable_server_keeps_through_a_crash_what_was_committed(durable_postgres_server: Server) -> None:
    with durable_postgres_server.database() as url:
        with psycopg.connect(url) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
        durable_postgres_server.crash()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        durable_postgres_server.restart()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (7,)


def test_a_stopped_server_leaves_no_folder() -> None:
    with Server.start(given=False) as server:
        folder = server.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_a_killed_run_leaves_neither_server_nor_folder() -> None:
    script = (
        "import sys; from tests.support.postgres import Server; server = Server.start(given=False);"
        "print(server.pid, server.folder, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        assert _is_running(int(pid))
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (_is_running(int(pid)) or Path(folder).exists()):
        time.sleep(0.05)
    assert not _is_running(int(pid))
    assert not Path(folder).exists()


def test_a_given_server_is_used_and_left_as_it_was(postgres_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres_server.database() as home:
        monkeypatch.setenv(ADDRESS_VARIABLE, home.replace("postgresql://", "postgresql+psycopg://"))
        with Server.start() as given:
            url = given.create_database("stockcore_given")
            psycopg.connect(url).close()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        psycopg.connect(home).close()


def test_a_given_server_that_is_not_durable_is_refused_where_that_matters(
    postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres_server.database() as home:
        joined = "&" if "?" in home else "?"
        monkeypatch.setenv(ADDRESS_VARIABLE, f"{home}{joined}options=-csynchronous_commit%3Doff")
        with pytest.raises(ServerUnavailable, match="durable"):
            Server.start(durable=True)


def test_without_any_server_the_error_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    monkeypatch.setenv(SOURCE_VARIABLE, "wheel")
    monkeypatch.setattr("tests.support.postgres._wheel_folders", list)
    with pytest.raises(ServerUnavailable, match="package `postgresql`"):
        Server.start()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A container's first process may never collect its orphans: those are dead all the same.
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
