"""How long `verify` takes on books of a given size, invariant by invariant: on SQLite, then on PostgreSQL."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.bulk import orders_for, write_books
from benchmarks.company import SKUS, schemas
from stockcore_sql import migrate
from stockcore_sql.connecting import engine_for
from stockcore_sql.invariants import INVARIANTS
from stockcore_sql.verify import look, snapshot

SIZE: Final = 2_000_000


def measure(url: str, size: int) -> dict[str, Any]:
    """`size`: ledger rows of the books. `url` is PostgreSQL's; the SQLite file is in a temporary folder."""
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = f"sqlite:///{Path(folder) / 'books.db'}"
        migrate.upgrade(file)
        figures["sqlite"] = look_at_all(file, size)
    with schemas(url, "stockcore_bench_verify") as (within,):
        figures["postgresql"] = look_at_all(within, size)
    figures["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"figures": figures, "ratios": {}}


def look_at_all(url: str, size: int, variants: int = SKUS) -> dict[str, Any]:
    """Write the books and look at each invariant, in one snapshot as `verify` does."""
    began = time.perf_counter()
    written = write_books(url, orders=orders_for(size, variants), variants=variants)
    writing = time.perf_counter() - began
    figures: dict[str, Any] = {"ledger_rows": written, "writing_s": round(writing, 1), "seconds": {}, "violations": {}}
    engine = engine_for(url)
    began = time.perf_counter()
    with snapshot(engine) as connection:
        for invariant in INVARIANTS:
            before = time.perf_counter()
            report = look(connection, invariant)
            figures["seconds"][invariant.name] = round(time.perf_counter() - before, 2)
            if report["violation_count"] or not report["checked"]:
                figures["violations"][invariant.name] = report["violation_count"]
    figures["total_s"] = round(time.perf_counter() - began, 1)
    engine.dispose()
    return figures
