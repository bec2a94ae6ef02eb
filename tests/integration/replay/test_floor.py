"""What the replay is measured against does the same work: the same rows in the same tables, in as many transactions."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks import replay_floor
from benchmarks.replay import Run, replay_here
from benchmarks.replay_floor import write_floor
from stockcore.kernel.unit_of_work import Changes
from stockcore.stock.records import Pool, Quant
from stockcore_sql import schema
from stockcore_sql.stores import SqliteUnitOfWork, SqlStore
from tests.integration.replay.pieces import replayed, selected

#: The migration makes it, before the replay or its floor begins: only its times differ.
TRANSIT = "id <= 100"


@pytest.fixture(scope="module")
def ours(thinned: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    database = tmp_path_factory.mktemp("ours") / "ours.db"
    return database, replay_here(database, thinned)


def rows(database: Path, table: str) -> list[Any]:
    where = f"WHERE NOT {TRANSIT}" if table == "location" else ""
    return sorted(selected(f"sqlite:///{database}", f"SELECT * FROM {table} {where}"), key=repr)


@pytest.mark.parametrize("encoded", [False, True])
def test_the_floor_ends_with_the_replay_s_own_tables(ours: tuple[Path, Run], tmp_path: Path, encoded: bool) -> None:
    database, run = ours
    write_floor(database, tmp_path / "floor.db", run.marks, encoded=encoded)
    filled = set()
    for table in (*schema.metadata.tables, "sequence"):
        expected = rows(database, table)
        assert rows(tmp_path / "floor.db", table) == expected, table
        if expected:
            filled.add(table)
    assert filled >= {
        "stock_movement", "stock_pool", "stock_quant", "stock_reservation", "stock_backorder",
        "stock_document", "sales_order", "order_line", "order_history", "shipment", "shipment_line", "customer",
        "product", "variant", "command", "outbox", "setting", "sequence",
    }  # fmt: skip


def test_both_have_the_same_indexes_triggers_and_constraints(ours: tuple[Path, Run], tmp_path: Path) -> None:
    database, run = ours
    write_floor(database, tmp_path / "floor.db", run.marks)
    made = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert selected(f"sqlite:///{tmp_path / 'floor.db'}", made) == selected(f"sqlite:///{database}", made)


def test_the_floor_commits_and_updates_pools_and_quants_as_often_as_the_replay(
    thinned: Path, ours: tuple[Path, Run], sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay's own writes are counted anew, past what it notes for its floor."""
    counts = Counter[str]()
    write, transaction = SqliteUnitOfWork.write, SqlStore.transaction
    writes = 0

    def counting(uow: Any, changes: Changes) -> None:
        nonlocal writes
        writes += 1
        counts["stock_pool"] += len(changes.updated.get(Pool, ()))
        counts["stock_quant"] += len(changes.updated.get(Quant, ()))
        write(uow, changes)

    @contextmanager
    def counted(store: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        before = writes
        with transaction(store, *arguments, **options) as uow:
            yield uow
        counts["transactions"] += writes > before

    monkeypatch.setattr(SqliteUnitOfWork, "write", counting)
    monkeypatch.setattr(SqlStore, "transaction", counted)
    replayed(sqlite_url, thinned)

    assert of_the_floor(*ours) == counts
    assert counts["stock_pool"] > 5000
    assert counts["transactions"] > 250


def of_the_floor(database: Path, run: Run) -> Counter[str]:
    counts = Counter[str]()
    with closing(sqlite3.connect(database)) as source:
        for statements in replay_floor._transactions(source, run.marks):
            counts["transactions"] += 1
            for text, rows in statements:
                for table in ("stock_pool", "stock_quant"):
                    counts[table] += len(list(rows())) if text.startswith(f"UPDATE {table} ") else 0
    return counts
