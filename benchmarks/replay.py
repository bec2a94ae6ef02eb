"""How long the replay of a real file takes on SQLite, against writing its rows alone.

Ours is the whole of `Replay`: both passes over the file, every decision and every write. Reading the file is no part of
either side: what iterating it twice takes, measured in the same process, is taken off ours. Each round runs ours in a
process of its own, whose peak memory is the figure, and then the floor (`benchmarks.replay_floor`) in this one.
"""

from __future__ import annotations

import multiprocessing
import resource
import sqlite3
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

import attrs

from benchmarks.measuring import machine
from benchmarks.replay_floor import Marks, Stopwatch, last_rows, write_floor
from stockcore.kernel.unit_of_work import Changes
from stockcore.stock.records import Movement
from stockcore_sql.stores import SqliteUnitOfWork, SqlStore

ROUNDS: Final = 3


@attrs.frozen
class Run:
    """One replay of ours."""

    clock: Stopwatch  # without reading the file
    reading: Stopwatch  # the file's rows, twice
    rows: int
    ledger_rows: int
    peak_memory_mb: int
    marks: Marks


def run_ours(database: Path, file: Path) -> Run:
    """Replay the file into a new database, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(replay_here, database, file).result()


def replay_here(database: Path, file: Path) -> Run:
    """Replay the file into a new database."""
    from stockcore_replay.engine import Replay
    from stockcore_replay.parameters import DEFAULTS
    from stockcore_replay.source import read_rows
    from stockcore_sql import migrate

    clock, reading = Stopwatch(), Stopwatch()
    url = f"sqlite:///{database}"
    migrate.upgrade(url)
    with closing(sqlite3.connect(database)) as looking, _noting(looking) as marks:
        with clock:
            replay = Replay(url, file, DEFAULTS)
            replay.run()
        ledger_rows = looking.execute("SELECT count(*) FROM stock_movement").fetchone()[0]
    replay.store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with reading:
        for _ in range(2):
            for _ in read_rows(file):
                pass
    return Run(clock.less(reading), reading, replay.plan.total, ledger_rows, peak, marks)


@contextmanager
def _noting(looking: sqlite3.Connection) -> Iterator[Marks]:
    """Notes where the store is after each of its transactions that changed anything, and after each write."""
    marks = Marks([last_rows(looking)], [])
    write, transaction = SqliteUnitOfWork.write, SqlStore.transaction
    version = _version(looking)

    def noting_write(uow: Any, changes: Changes) -> None:
        write(uow, changes)
        if rows := changes.inserted.get(Movement):
            marks.writes.append(max(row.seq for row in rows.values()))

    @contextmanager
    def noting_transaction(store: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        nonlocal version
        with transaction(store, *arguments, **options) as uow:
            yield uow
        if (now := _version(looking)) != version:
            version = now
            marks.commits.append(last_rows(looking))

    with (
        mock.patch.object(SqliteUnitOfWork, "write", noting_write),
        mock.patch.object(SqlStore, "transaction", noting_transaction),
    ):
        yield marks


def _version(looking: sqlite3.Connection) -> int:
    """Changes whenever another connection has committed a change."""
    version: int = looking.execute("PRAGMA data_version").fetchone()[0]
    return version


def measure(file: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Ours and the floor in turn; the ratio is the median of the rounds' own."""
    ours: list[Run] = []
    floors: list[Stopwatch] = []
    encoded: list[Stopwatch] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            run = run_ours(Path(folder, "ours.db"), file)
            ours.append(run)
            floors.append(write_floor(Path(folder, "ours.db"), Path(folder, "floor.db"), run.marks))
            encoded.append(write_floor(Path(folder, "ours.db"), Path(folder, "encoded.db"), run.marks, encoded=True))
    ratios = _ratios(ours, floors)
    of_cpu = [run.clock.cpu / floor.cpu for run, floor in zip(ours, floors, strict=True)]
    seconds = statistics.median(run.clock.seconds for run in ours)
    return {
        "machine": machine(sqlite=sqlite3.sqlite_version),
        "figures": {
            "rows": ours[0].rows,
            "ledger_rows": ours[0].ledger_rows,
            "transactions": len(ours[0].marks.commits) - 1,
            "rounds": rounds,
            "replay_s": round(seconds, 2),
            "floor_s": round(statistics.median(floor.seconds for floor in floors), 2),
            "reading_s": round(statistics.median(run.reading.seconds for run in ours), 2),
            "rows_per_s": round(ours[0].rows / seconds),
            "peak_memory_mb": max(run.peak_memory_mb for run in ours),
            "ratio_min": round(min(ratios), 2),
            "ratio_max": round(max(ratios), 2),
            "replay_cpu_s": round(statistics.median(run.clock.cpu for run in ours), 2),
            "floor_cpu_s": round(statistics.median(floor.cpu for floor in floors), 2),
            "ratio_cpu": round(statistics.median(of_cpu), 2),
            "floor_encoded_s": round(statistics.median(floor.seconds for floor in encoded), 2),
            "ratio_encoded": round(statistics.median(_ratios(ours, encoded)), 2),
        },
        "ratios": {"replay_sqlite": round(statistics.median(ratios), 2)},
    }


def _ratios(ours: Sequence[Run], floors: Sequence[Stopwatch]) -> list[float]:
    return [run.clock.seconds / floor.seconds for run, floor in zip(ours, floors, strict=True)]
