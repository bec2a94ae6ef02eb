"""Pieces of the real file, small enough to be replayed many times; and what a replay of one leaves."""

from __future__ import annotations

import gzip
import itertools
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from stockcore_replay import replay_online_retail
from stockcore_replay.books import Books
from stockcore_replay.engine import ROWS_PER_TRANSACTION, Replay
from stockcore_replay.parameters import DEFAULTS, Parameters
from stockcore_replay.report import to_document
from stockcore_replay.source import SourceRow, read_rows
from stockcore_sql.stores import SqlStore
from tests.support.online_retail import THREE_MONTHS

#: What no two runs have in common.
OF_THE_RUN: Final = ("seconds", "rows_per_second", "peak_memory_mb")


def write_head(path: Path, rows: int) -> Path:
    """The file's first rows."""
    return _write(path, _lines()[: rows + 1])


def write_thinned(path: Path, every: int) -> Path:
    """One in so many of the file's customers with all that they did, and of the invoices without one: all three
    months, in a fraction of the rows. In the file hardly any invoice begins before another one ends; here every fourth
    gives its last row away to after the next one's first."""
    header, *lines = _lines()
    kept: dict[str, list[str]] = {}
    for row, line in zip(read_rows(THREE_MONTHS), lines, strict=True):
        if isinstance(row, SourceRow) and zlib.crc32((row.customer or row.invoice).encode()) % every == 0:
            kept.setdefault(row.invoice, []).append(line)
    invoices = list(kept.values())
    for one, another in list(itertools.pairwise(invoices))[::4]:
        if len(one) > 1:
            another.insert(1, one.pop())
    return _write(path, [header, *(line for invoice in invoices for line in invoice)])


def write_cut(path: Path, whole: Path, rows: int) -> Path:
    """The beginning of another piece."""
    with whole.open(encoding="utf-8", newline="") as text:
        return _write(path, text.readlines()[: rows + 1])


def _lines() -> list[str]:
    """No field of the file has a line break in it."""
    with gzip.open(THREE_MONTHS, "rt", encoding="utf-8", newline="") as text:
        return text.readlines()


def _write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


def replayed(
    url: str,
    file: Path,
    parameters: Parameters = DEFAULTS,
    *,
    rows_per_transaction: int = ROWS_PER_TRANSACTION,
) -> tuple[int, str]:
    """Replay a file, without the report; the ledger's rows and its digest."""
    replay = Replay(url, file, parameters, rows_per_transaction=rows_per_transaction)
    try:
        replay.run()
        return replay.books.digest()
    finally:
        replay.store.close()


def reported(url: str, file: Path, parameters: Parameters = DEFAULTS) -> dict[str, Any]:
    """Replay a file; its report, without what belongs to the run."""
    return without_run(to_document(replay_online_retail(url, file, parameters)))


def without_run(document: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in document.items() if name not in OF_THE_RUN}


def ledger_of(url: str) -> tuple[list[Any], tuple[int, str]]:
    """The ledger's rows as the digest says them, and the digest."""
    store = SqlStore(url)
    try:
        books = Books(store)
        return list(books._ledger()), books.digest()
    finally:
        store.close()


def selected(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What a statement answers on SQLite or PostgreSQL, past the product."""
    if url.startswith("sqlite:///"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return list(connection.execute(statement))
    import psycopg

    with psycopg.connect(url) as postgres:
        return list(postgres.execute(statement))


def everything(url: str, tables: Sequence[str]) -> dict[str, list[Any]]:
    """Every row of the tables."""
    return {table: sorted(selected(url, f"SELECT * FROM {table}"), key=repr) for table in tables}
