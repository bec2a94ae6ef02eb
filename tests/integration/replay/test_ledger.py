"""Same file, same seed: the same ledger, whatever the database and however the work is parted. And what its digest is
good for: anything that is changed in any row shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stockcore_replay.books import Books
from stockcore_replay.engine import Replay
from stockcore_replay.parameters import DEFAULTS, Parameters
from stockcore_replay.source import read_rows
from stockcore_replay.timeline import Outline, outline
from stockcore_sql.stores import SqlStore
from tests.integration.replay.conftest import Finished
from tests.integration.replay.pieces import ledger_of, replayed, reported, write_cut
from tests.support.databases import copy_sqlite
from tests.support.online_retail import fields, write_file


def test_both_databases_get_the_same_ledger_and_tell_the_same(
    finished: Finished, thinned: Path, postgres_url: str
) -> None:
    assert finished.report["verify"]["ok"]
    assert finished.report["ledger"]["rows"] >= 15_000
    on_postgresql = reported(postgres_url, thinned)
    invariants = on_postgresql.pop("verify"), dict(finished.report).pop("verify")
    assert invariants[0] == invariants[1]
    assert on_postgresql == {name: part for name, part in finished.report.items() if name != "verify"}


@pytest.fixture(scope="module")
def together(head: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """The head's ledger when a whole morning is committed at once."""
    folder = tmp_path_factory.mktemp("together")
    return replayed(copy_sqlite(sqlite_template, folder / "books.db"), head, rows_per_transaction=1_000_000)


@pytest.mark.parametrize(("database", "rows"), [("sqlite", 1), ("sqlite", 150), ("postgresql", 40)])
def test_how_many_rows_are_committed_together_changes_nothing(
    head: Path, together: tuple[int, str], request: pytest.FixtureRequest, database: str, rows: int
) -> None:
    url = str(request.getfixturevalue("sqlite_url" if database == "sqlite" else "postgres_url"))
    assert replayed(url, head, rows_per_transaction=rows) == together


@pytest.mark.parametrize("share", [0.25, 0.6])
def test_a_file_cut_where_no_invoice_is_open_gives_a_beginning_of_the_ledger(
    finished: Finished, thinned: Path, sqlite_url: str, tmp_path: Path, share: float
) -> None:
    plan = outline(read_rows(thinned))
    cut = first_cut(plan, int(plan.total * share))
    assert any(span.first_row < other.first_row < span.last_row for span in plan.spans for other in plan.spans)

    rows, _ = replayed(sqlite_url, write_cut(tmp_path / "cut.csv", thinned, cut))

    part, whole = ledger_of(sqlite_url)[0], ledger_of(finished.url)[0]
    assert len(part) == rows > 3000
    assert part == whole[:rows]
    assert rows < len(whole)


def first_cut(plan: Outline, least: int) -> int:
    """The first row from there on that ends every invoice begun so far."""
    return next(
        row
        for row in range(least, plan.total + 1)
        if not any(span.first_row <= row < span.last_row for span in plan.spans)
    )


def test_another_seed_gives_another_ledger(head: Path, tmp_path: Path, sqlite_template: Path) -> None:
    part = write_cut(tmp_path / "part.csv", head, 100)
    digests = [
        replayed(copy_sqlite(sqlite_template, tmp_path / f"{index}.db"), part, Parameters(seed=seed))
        for index, seed in enumerate([1, 1, 2, -1])
    ]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


# -- what the digest notices -----------------------------------------------------------------------------------------

#: A sale that is dispatched and delivered, a sale over the counter, what was found, lost and sent back.
EVERYTHING = [
    fields("536365", "85123A", "6"),
    fields("536365", "22423", "900"),
    fields("536366", "22423", "7", "2010-12-01T09:00:00", customer=""),
    fields("536367", "22423", "30", "2010-12-01T09:10:00", price="0", customer="", description="found"),
    fields("536368", "85123A", "-20", "2010-12-01T09:20:00", price="0", customer="", description="damages"),
    fields("C536369", "85123A", "-2", "2010-12-02T09:00:00"),
    fields("C536370", "85123A", "-3", "2010-12-02T09:10:00", customer=""),
    fields("536371", "85123A", "1", "2010-12-06T09:10:00"),
]  # fmt: skip
CHANGES: dict[str, Callable[[Any], Any]] = {
    "quantity": lambda quantity: quantity + 1,
    "balance_after": lambda balance: balance + 1,
    "site": lambda site: 1,  # goods in transit
    "location": lambda place: 1,
    "reason": lambda reason: f"{reason or ''}?",
    "occurred_at": lambda at: at + 1,  # a microsecond
    "kind": lambda kind: "scrap",
    "bucket": lambda bucket: {"on_hand": "reserved", "reserved": "on_hand"}[bucket],
    "variant": lambda variant: -variant,  # of two SKUs
    "status": lambda status: "hold",
    "serial": lambda serial: "S1",
    "counterpart": lambda counterpart: f"{counterpart or ''}?",
    "reference_type": lambda reference: "nothing",
    "reference_id": lambda reference: "0" * 32,
    "unit_cost": lambda cost: (cost or 0) + 1,
    "actor": lambda actor: "eve",
    "source": lambda source: "api",
}


@pytest.fixture
def books_of_everything(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Books, sqlite3.Connection]]:
    """A small ledger with every kind of row, and a connection that may do to it what nobody may."""
    replayed(sqlite_url, write_file(tmp_path / "everything.csv", EVERYTHING))
    store = SqlStore(sqlite_url)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as owner:
        owner.execute("PRAGMA synchronous = OFF")
        for (name,) in owner.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'stock_movement'"
        ).fetchall():
            owner.execute(f"DROP TRIGGER {name}")
        owner.execute("PRAGMA ignore_check_constraints = ON")
        yield Books(store), owner
    store.close()


@pytest.mark.parametrize("column", CHANGES)
def test_a_change_in_any_row_of_the_ledger_changes_its_digest(
    books_of_everything: tuple[Books, sqlite3.Connection], column: str
) -> None:
    books, owner = books_of_everything
    before = books.digest()
    kept = owner.execute(f"SELECT seq, {column} FROM stock_movement ORDER BY seq").fetchall()
    assert len(kept) == before[0] >= 18
    variants = [row[0] for row in owner.execute("SELECT DISTINCT variant FROM stock_movement")]
    for seq, value in kept:
        changed = sum(variants) + CHANGES[column](value) if column == "variant" else CHANGES[column](value)
        owner.execute(f"UPDATE stock_movement SET {column} = ? WHERE seq = ?", (changed, seq))
        assert books.digest() != before, f"row {seq}: {column} {value} -> {changed}"
        owner.execute(f"UPDATE stock_movement SET {column} = ? WHERE seq = ?", (value, seq))
    assert books.digest() == before


def test_the_order_of_the_rows_and_a_row_less_or_more_change_the_digest(
    books_of_everything: tuple[Books, sqlite3.Connection],
) -> None:
    books, owner = books_of_everything
    before = books.digest()
    first, second = owner.execute("SELECT seq FROM stock_movement ORDER BY seq LIMIT 2").fetchall()
    for old, new in [(first[0], -1), (second[0], first[0]), (-1, second[0])]:
        owner.execute("UPDATE stock_movement SET seq = ? WHERE seq = ?", (new, old))
    assert books.digest()[1] != before[1]
    owner.execute("DELETE FROM stock_movement WHERE seq = (SELECT max(seq) FROM stock_movement)")
    assert books.digest()[0] == before[0] - 1


def test_what_has_no_meaning_is_not_in_the_digest(books_of_everything: tuple[Books, sqlite3.Connection]) -> None:
    books, owner = books_of_everything
    before = books.digest()
    owner.execute("UPDATE stock_movement SET posting_id = lower(hex(randomblob(16))), recorded_at = recorded_at + 5")
    owner.execute("UPDATE stock_movement SET seq = seq + 1000000")
    assert books.digest() == before


@pytest.mark.parametrize("change", ["quantity = quantity + 1", "reason = 'x'", "location = 1", "site = 1",
                                    "occurred_at = occurred_at + interval '1 microsecond'"])  # fmt: skip
def test_on_postgresql_too_a_change_as_the_owner_changes_the_digest(
    postgres_url: str, tmp_path: Path, change: str
) -> None:
    replayed(postgres_url, write_file(tmp_path / "everything.csv", EVERYTHING))
    before = ledger_of(postgres_url)[1]
    with psycopg.connect(postgres_url) as owner:
        owner.execute("SET LOCAL session_replication_role = replica")
        row = "WHERE seq = (SELECT seq FROM stock_movement ORDER BY seq OFFSET 9 LIMIT 1)"
        changed = owner.execute(f"UPDATE stock_movement SET {change} {row}")
        assert changed.rowcount == 1
    assert ledger_of(postgres_url)[1] != before


@contextmanager
def opened(url: str, file: Path) -> Iterator[Replay]:
    replay = Replay(url, file, DEFAULTS)
    try:
        yield replay
    finally:
        replay.store.close()


def test_a_compressed_file_is_the_same_replay(sqlite_url: str, tmp_path: Path) -> None:
    before = replayed(sqlite_url, write_file(tmp_path / "a.csv", EVERYTHING))
    with opened(sqlite_url, write_file(tmp_path / "b.csv.gz", EVERYTHING)) as replay:
        replay.run()
        assert replay.books.digest() == before


LONG = "x" * 300
ODD = [
    pytest.param({"customer": LONG}, "rejected", id="customer too long"),
    pytest.param({"code": LONG}, "rejected", id="code too long"),
    pytest.param({"invoice": LONG}, "rejected", id="invoice too long"),
    pytest.param({"customer": "abc"}, "sale", id="customer in small letters"),
    pytest.param({"customer": "ABC"}, "sale", id="customer in capitals"),
    pytest.param({"description": LONG * 20}, "sale", id="description too long"),
    pytest.param({"description": "bell \x07 and nul \x00"}, "sale", id="description with control characters"),
    pytest.param({"description": "\u202e\u200b"}, "sale", id="description that nobody sees"),
    pytest.param({"country": LONG}, "sale", id="country too long"),
    pytest.param({"country": "Chan\x01nel"}, "sale", id="country with a control character"),
    pytest.param({"invoice": "SO-000001"}, "sale", id="a number like ours"),
    pytest.param({"code": "1\u0131"}, "sale", id="a letter whose capital is another's"),
    pytest.param({"price": "0", "customer": "", "quantity": "-4", "description": LONG * 20}, "write_off", id="reason"),
    pytest.param({"code": "c" * 200}, "sale", id="longest code"),
    pytest.param({"invoice": "i" * 100, "customer": "c" * 100}, "sale", id="longest names"),
]


def test_an_invoice_may_be_called_what_a_part_of_another_would_be(tmp_path: Path) -> None:
    rows = [
        *(fields("100", customer=customer) for customer in ("A", "B")),
        *(fields(invoice, at="2010-12-01T09:00:00") for invoice in ("100/A", "SO-000001", "invoice SO-000001")),
    ]
    report = reported(f"sqlite:///{tmp_path / 'books.db'}", write_file(tmp_path / "odd.csv", rows))
    assert report["orders"]["placed"] == 5
    assert report["verify"]["ok"]


@pytest.mark.parametrize(("odd", "category"), ODD)
def test_no_cell_ends_a_replay(tmp_path: Path, odd: dict[str, str], category: str) -> None:
    rows = [
        fields("536364"),
        fields(**{"invoice": "536365", "code": "NEW", "at": "2010-12-01T09:00:00"} | odd),
        fields("536366", customer="aBc", at="2010-12-13T10:00:00"),
    ]
    report = reported(f"sqlite:///{tmp_path / 'books.db'}", write_file(tmp_path / "odd.csv", rows))
    assert report["rows"]["total"] == 3
    assert report["rows"][category] >= 1
    assert sum(count for name, count in report["rows"].items() if name != "total") == 3
    assert report["verify"]["ok"]
