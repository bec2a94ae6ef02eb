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
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import attrs

from benchmarks.replay_floor import Marks, Stopwatch, last_rows, write_floor


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
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(replay_here, (database, file))


def replay_here(database: Path, file: Path) -> Run:
    """Replay the file into a new database."""
    from stockcore_replay.engine import Replay
    from stockcore_replay.parameters import DEFAULTS
    from stockcore_replay.source import read_rows
    from stockcore_sql import migrate, stores
    from stockcore_sql.writing import SqliteWriter

    clock, reading = Stopwatch(), Stopwatch()
    writes: list[int] = []

    class NotingWriter(SqliteWriter):
        def write(self, cursor: Any, parts: Sequence[Any]) -> None:
            super().write(cursor, parts)
            for shape, _, records in parts:
                if shape.table.name == "stock_movement":
                    writes.append(records[-1].seq)

    url = f"sqlite:///{database}"
    migrate.upgrade(url)
    with closing(sqlite3.connect(database)) as looking, mock.patch.object(stores, "_SQLITE_WRITER", NotingWriter()):
        commits = [last_rows(looking)]
        with clock:
            replay = Replay(url, file, DEFAULTS, tick=lambda _: commits.append(last_rows(looking)))
            replay.run()
        commits.append(last_rows(looking))
        ledger_rows = looking.execute("SELECT count(*) FROM stock_movement").fetchone()[0]
    replay.store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with reading:
        for _ in range(2):
            for _ in read_rows(file):
                pass
    return Run(clock.less(reading), reading, replay.plan.total, ledger_rows, peak, Marks(commits, writes))


def measure(file: Path, rounds: int = 3) -> dict[str, Any]:
    """Ours and the floor in turn; the ratio is the median of the rounds' own."""
    ours: list[Run] = []
    floors: list[Stopwatch] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            run = run_ours(Path(folder, "ours.db"), file)
            ours.append(run)
            floors.append(write_floor(Path(folder, "ours.db"), Path(folder, "floor.db"), run.marks))
    ratios = [run.clock.seconds / floor.seconds for run, floor in zip(ours, floors, strict=True)]
    of_cpu = [run.clock.cpu / floor.cpu for run, floor in zip(ours, floors, strict=True)]
    seconds = statistics.median(run.clock.seconds for run in ours)
    return {
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
        },
        "ratios": {"replay_sqlite": round(statistics.median(ratios), 2)},
    }
