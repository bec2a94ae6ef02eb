"""What a shell, a network and a careless hand do to the program (shared bad inputs, CLI)."""

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from stockcore_replay.demo import what_next
from tests.integration.cli.conftest import PROGRAM, Program


def test_more_cannot_be_taken_than_is_there_b157(small_shop: Program) -> None:
    before = small_shop.answer("stock", "show", "--sku", "B")
    refusal = small_shop.refusal(1, "stock", "adjust", "--sku", "B", "--site", "MAIN", "--quantity=-5")
    assert refusal["code"] == "insufficient_stock"
    assert small_shop.answer("stock", "show", "--sku", "B") == before


def test_an_argument_is_data_and_never_a_command_b109_b161(small_shop: Program) -> None:
    wicked = "A-1; rm -rf /'); DROP TABLE stock_pool;--"
    adjust = ("stock", "adjust", "--site", "MAIN", "--quantity", "1", "--sku", wicked)
    assert small_shop.refusal(1, *adjust)["code"] == "unknown_sku"
    assert small_shop.answer("product", "add", "--sku", wicked, "--name", wicked)["name"] == wicked
    assert small_shop.answer("product", "show", wicked)["name"] == wicked


def test_a_sku_is_taken_whatever_its_case_and_blanks_b049(small_shop: Program) -> None:
    assert small_shop.refusal(1, "product", "add", "--sku", " a", "--name", "x")["code"] == "duplicate_sku"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://stockcore:secret-pass@127.0.0.1:1/stockcore",
        "postgresql://stockcore:secret-pass@no-such-host.invalid/stockcore",
        "sqlite:////no/such/folder/stock.db",
    ],
)
def test_a_database_out_of_reach_is_exit_4_and_no_password_is_told_b165(url: str) -> None:
    done = Program(url).run("stock", "show", "--sku", "A", "--json")
    assert done.returncode == 4
    assert '"code":"db_unavailable"' in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_password_is_exit_4_and_is_not_told_b165(postgres_url: str) -> None:
    url = make_url(postgres_url).set(username="nobody_of_that_name", password="secret-pass")
    done = Program(url.render_as_string(hide_password=False)).run("db", "info", "--json")
    assert done.returncode == 4
    assert '"code":"db_unavailable"' in done.stdout
    assert "secret" not in done.stdout + done.stderr


def test_what_is_said_of_a_database_leaves_out_its_secrets_b165(postgres_url: str) -> None:
    url = make_url(postgres_url).update_query_dict({"password": "secret-one", "sslpassword": "secret-two"})
    program = Program(url.render_as_string(hide_password=False))
    for done in (program.run("db", "info"), program.run("db", "info", "--json"), program.run("db", "upgrade")):
        assert done.returncode == 0, done.stderr
        assert "secret" not in done.stdout + done.stderr
    commands = what_next("postgresql://ann:secret-one@localhost/shop?sslpassword=secret-two&port=5433", "stockcore")
    assert not [command for _, command in commands if "secret" in command]
    assert "'postgresql://ann:***@localhost/shop?port=5433'" in commands[0][1]


def test_a_sqlite_url_takes_no_options(tmp_path: Path) -> None:
    refusal = Program(f"sqlite:///{tmp_path}/shop.db?mode=ro").refusal(4, "product", "list")
    assert refusal["code"] == "database_url"
    assert not list(tmp_path.iterdir())


def test_a_dry_run_on_a_file_that_cannot_be_looked_at_is_refused_like_the_real_one(tmp_path: Path) -> None:
    program = Program(f"sqlite:///{tmp_path}/{'x' * 300}.db")
    assert program.refusal(4, "product", "list", "--dry-run")["code"] == "db_unavailable"


def test_every_wrong_line_of_an_order_is_told_ord11(shop: Program) -> None:
    done = shop.run("order", "place", "--line", "A=1", "--line", "Z=1", "--line", "A=0.5")
    assert done.returncode == 1
    assert "lines/1/sku" in done.stderr
    assert "lines/2/quantity" in done.stderr


def test_a_replay_of_what_is_no_file_is_refused_at_once(program: Program, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "orders.csv")
    refusal = program.refusal(3, "replay", "online-retail", str(tmp_path / "orders.csv"))
    assert refusal["code"] == "file_invalid"


def test_a_file_that_is_no_database_is_exit_4(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no database, but long enough to be taken for one " * 20)
    assert Program(f"sqlite:///{tmp_path}/text.db").refusal(4, "product", "list")["code"] == "db_unavailable"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("sqlite://host/shop.db", "database_url"),
        ("sqlite:////%00.db", "database_url"),
        ("postgresql://nobody@localhost/shop?nosuch=1", "database_url"),
        ("sqlite:////dev/null", "db_unavailable"),
        ("sqlite:////", "db_unavailable"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_as_one_b165(url: str, code: str) -> None:
    assert Program(url).refusal(4, "stock", "list")["code"] == code


def test_a_file_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE product (a)")
        other.commit()
    before = file.read_bytes()
    program = Program(f"sqlite:///{file}")
    assert program.refusal(4, "stock", "show", "--sku", "MUG")["code"] == "schema_missing"
    assert program.refusal(4, "db", "upgrade")["facts"] == {"tables": ["product"]}
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("product",)]
    assert len(file.read_bytes()) == len(before)


@pytest.mark.parametrize("words", [("db", "upgrade"), ("product", "add", "--sku", "A", "--name", "a"), ("db", "info")])
def test_a_dry_run_makes_no_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    Program(f"sqlite:///{tmp_path}/new.db").answer(*words, "--dry-run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["people", "programs"])
@pytest.mark.parametrize("output", ["/dev/full", None], ids=["full", "closed"])
def test_an_answer_that_cannot_be_written_is_exit_4_in_one_line_and_says_that_it_may_be_done(
    small_shop: Program, options: tuple[str, ...], output: str | None
) -> None:
    receive = shlex.join(
        [str(PROGRAM), "stock", "receive", "--sku", "A", "--site", "MAIN", "--quantity", "1", *options]
    )
    done = subprocess.run(
        ["sh", "-c", f"{receive} >{output or '&-'}"],
        env={**os.environ, "STOCKCORE_DATABASE_URL": small_shop.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 4
    assert done.stderr.splitlines()[1:] == []
    assert "(output_failed)" in done.stderr


def test_help_that_cannot_be_written_is_exit_4_in_one_line() -> None:
    command = f"{shlex.quote(str(PROGRAM))} order place --help >/dev/full"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 4
    assert "(output_failed)" in done.stderr
    assert done.stderr.splitlines()[1:] == []


@pytest.mark.parametrize("words", [(), ("order",)])
def test_a_missing_command_is_told_with_the_help(words: tuple[str, ...]) -> None:
    done = subprocess.run([str(PROGRAM), *words, "--json"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "usage"
    assert done.stderr.count("Usage:") == 1


def test_an_unmigrated_server_says_what_to_do(empty_postgres_url: str) -> None:
    program = Program(empty_postgres_url)
    refusal = program.refusal(4, "product", "list")
    assert refusal["code"] == "schema_missing"
    assert "stockcore db upgrade" in refusal["message"]
    assert program.answer("db", "info")["schema"] is None
    program.answer("db", "upgrade")
    assert program.answer("product", "list") == []


def test_a_program_that_keeps_its_own_alembic_version_can_have_stockcore_beside_it(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url, autocommit=True) as host:
        host.execute("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL)")
        host.execute("INSERT INTO alembic_version VALUES ('4f1d2e3a5b6c')")
        program = Program(empty_postgres_url)
        program.answer("db", "upgrade")
        assert program.answer("product", "list") == []
        assert host.execute("SELECT version_num FROM alembic_version").fetchall() == [("4f1d2e3a5b6c",)]


def test_a_newer_schema_is_left_alone_b173(sqlite_url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "stockcore.db")) as connection:
        connection.execute("UPDATE stockcore_version SET version_num = '9999'")
        connection.commit()
    program = Program(sqlite_url)
    for line in (("product", "list"), ("db", "upgrade"), ("product", "add", "--sku", "A", "--name", "A")):
        assert program.refusal(4, *line)["code"] == "schema_mismatch"
    assert program.answer("db", "info")["schema"] == "9999"


def test_a_reader_that_goes_away_ends_the_program_quietly_b167(small_shop: Program) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "STOCKCORE_DATABASE_URL": small_shop.url}
    for line in (["product", "list"], ["product", "list", "--json"], ["--help"]):
        done = subprocess.run(
            [str(PROGRAM), *line], env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
        )
        assert done.returncode in (0, 141)
        assert done.stderr == ""
    os.close(writing)


def test_bytes_that_are_no_text_are_refused_b171(small_shop: Program) -> None:
    done = small_shop.run("stock", "show", "--json", "--sku", b"\xff", PYTHONUTF8="1")
    assert done.returncode == 2
    assert '"code":"text_invalid"' in done.stdout


def test_broken_books_are_exit_5_with_a_list_and_nothing_is_changed_b169(small_shop: Program, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "stockcore.db")) as connection:
        connection.execute("UPDATE stock_pool SET on_hand = on_hand + 1000000")
        connection.commit()
    for _ in range(2):
        done = small_shop.run("verify", "--json")
        assert done.returncode == 5
        assert '"pools_equal_ledger"' in done.stdout
        assert '"ok":false' in done.stdout
    assert small_shop.answer("rebuild", "--dry-run")["rows"] == 2
    assert small_shop.run("verify").returncode == 5
    small_shop.answer("rebuild")
    assert small_shop.answer("verify")["ok"] is True


def test_an_interrupted_program_is_exit_130() -> None:
    script = (
        "import os, signal; signal.signal(2, signal.default_int_handler); from stockcore_cli import main; "
        "main.stockcore.main = lambda **arguments: os.kill(os.getpid(), signal.SIGINT); main.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr


def test_without_a_url_the_books_are_in_the_users_data_folder(tmp_path: Path) -> None:
    environment = {"STOCKCORE_DATABASE_URL": "", "XDG_DATA_HOME": str(tmp_path / "data"), "HOME": str(tmp_path)}
    done = Program("").run("product", "list", "--json", **environment)
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert (tmp_path / "data" / "stockcore" / "stockcore.db").exists()


def test_names_are_shown_literally_in_tables_b111(small_shop: Program) -> None:
    name = '"><img src=x onerror=alert(1)> [red]x[/red]'
    small_shop.answer("product", "add", "--sku", "X", "--name", name)
    assert name in small_shop.run("product", "list").stdout


def test_importing_the_library_brings_no_adapter() -> None:
    script = "import sys, stockcore; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert {"sqlalchemy", "alembic", "click", "rich", "cattrs", "psycopg", "platformdirs"}.isdisjoint(loaded)


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from stockcore_cli.main import run; run(['--help']); "
        "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"sqlalchemy", "alembic", "rich", "cattrs", "psycopg", "pycountry"}.isdisjoint(done.stderr.split())


def test_the_program_is_installed() -> None:
    assert shutil.which(str(PROGRAM)) is not None


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["people", "programs"])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_a_terminal_that_lacks_a_character_is_answered(tmp_path: Path, encoding: str, options: tuple[str, ...]) -> None:
    database = f"sqlite:///{tmp_path}/new.db"
    words = ("product", "add", "--sku", "J\u2603\U0001f600", "--name", "x", "--database", database, *options)
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([str(PROGRAM), *words], env=environment, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    if options:
        assert json.loads(done.stdout.decode(encoding))["sku"] == "J\u2603\U0001f600"
