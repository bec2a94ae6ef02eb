"""Real histories replayed through the engine in simulated time.

from stockcore_replay import replay_online_retail

report = replay_online_retail("sqlite:///books.db", Path("online_retail.csv.gz"))
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stockcore_replay.parameters import Parameters
    from stockcore_replay.report import Report

__all__ = ["replay_online_retail"]


def replay_online_retail(
    url: str,
    path: Path,
    parameters: Parameters | None = None,
    *,
    begin: Callable[[int], None] | None = None,
    tick: Callable[[int], None] | None = None,
) -> Report:
    """Replay a file in the UCI Online Retail layout into an empty database, or go on with one that was cut short.

    `begin` is told how many rows there are, `tick` how many were just replayed, or were by an earlier run.
    Errors: not_empty, file_not_found, file_invalid, column_missing, quote_unclosed, file_changed, and those of
    databases.
    """
    import time

    from stockcore_replay.engine import Replay
    from stockcore_replay.figures import report_of
    from stockcore_replay.parameters import DEFAULTS
    from stockcore_sql.verify import verify

    started = time.perf_counter()
    replay = Replay(url, path, parameters or DEFAULTS, tick=tick)
    try:
        if begin is not None:
            begin(replay.plan.total)
        replay.run()
        seconds = time.perf_counter() - started
        return report_of(replay, seconds, verify(replay.store.engine))
    finally:
        replay.store.close()
