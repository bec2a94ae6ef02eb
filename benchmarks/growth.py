"""Does it stay fast: one client places single orders, on books of 100 thousand ledger rows and on large ones.

The same 5,000 SKUs in both, written in bulk (`benchmarks.bulk`) and true to the engine, so that verify is clean. Short
turns on the one and on the other; what is compared is the median latency.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, Final

from benchmarks.bulk import orders_for, write_books
from benchmarks.company import SKUS, accepted, orders, schemas, vacuum
from stockcore.orders.commands import PlaceOrder
from stockcore_runtime.application import OwnApplication, open_application

SMALL: Final = 100_000
_PER_ROUND: Final = 50


def measure(url: str, size: int, rounds: int) -> dict[str, Any]:
    with schemas(url, "stockcore_bench_small", "stockcore_bench_large") as urls:
        rows = []
        for within, wanted in zip(urls, (SMALL, size), strict=True):
            rows.append(write_books(within, orders=orders_for(wanted, SKUS), variants=SKUS))
            vacuum(within)
        apps = [open_application(within) for within in urls]
        try:
            latencies = _in_turns(apps, 2 * rounds)
        finally:
            for app in apps:
                app.close()
    small, large = (statistics.median(each) for each in latencies)
    return {
        "figures": {
            "ledger_rows": rows,
            "median_ms": [round(small * 1000, 3), round(large * 1000, 3)],
            "p95_ms": [round(statistics.quantiles(each, n=20)[-1] * 1000, 3) for each in latencies],
            "orders_each": len(latencies[0]),
        },
        "ratios": {"growth_latency": round(large / small, 3)},
    }


def _in_turns(apps: list[OwnApplication], rounds: int) -> list[list[float]]:
    latencies: list[list[float]] = [[] for _ in apps]
    for turn in range(rounds + 1):
        for index in sorted(range(len(apps)), reverse=turn % 2 == 1):
            taken = [_latency(apps[index], order) for order in orders(_PER_ROUND, f"growth-{turn}", pieces_max=1)]
            latencies[index] += taken if turn else []  # the first round warms up
    return latencies


def _latency(app: OwnApplication, order: PlaceOrder) -> float:
    began = time.perf_counter()
    accepted(app.orders.place.batch([order]))
    return time.perf_counter() - began
