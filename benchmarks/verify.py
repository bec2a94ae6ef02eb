"""How long `verify` takes on books of a given size, invariant by invariant.

python -m benchmarks.verify --rows 2000000 [--variants 5000] [--database URL]

Without a database it runs on SQLite in a temporary folder and on a PostgreSQL server of its own, one after the other.
Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bulk import orders_for, write_books
from benchmarks.servers import database
from stockcore_sql import migrate
from stockcore_sql.connecting import engine_for
from stockcore_sql.invariants import INVARIANTS
from stockcore_sql.verify import look, snapshot


def measure(url: str, rows: int, variants: int) -> dict[str, Any]:
    """Write the books and look at each invariant, in one snapshot as `verify` does."""
    began = time.perf_counter()
    written = write_books(url, orders=orders_for(rows, variants), variants=variants)
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
    figures["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    engine.dispose()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--variants", type=int, default=5_000)
    parser.add_argument("--database", help="URL of an empty database; default: both kinds, made for this run")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    figures: dict[str, Any] = {}
    if given.database:
        migrate.upgrade(given.database)
        figures["given"] = measure(given.database, given.rows, given.variants)
    elif given.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'books.db'}"
            migrate.upgrade(url)
            figures["sqlite"] = measure(url, given.rows, given.variants)
    if not given.database and given.only != "sqlite":
        with database(None) as url:
            figures["postgresql"] = measure(url, given.rows, given.variants)
    print(json.dumps({"name": "verify", "machine": platform.platform(), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
