"""The hot SKU: many processes order single units of one variant for some seconds. All of them wait for one pool."""

from __future__ import annotations

import multiprocessing
import time
from decimal import Decimal
from typing import Any, Final

from benchmarks.company import accepted, found, schemas, sku
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore_runtime.application import open_application

PROCESSES: Final = 16
_SECONDS: Final = 5.0


def measure(url: str, processes: int = PROCESSES) -> dict[str, Any]:
    figures = {}
    with schemas(url, "stockcore_bench_hot") as (within,), open_application(within) as app:
        found(app, skus=1)
        for size in (1, 64):
            figures[f"orders_per_s_in_batches_of_{size}"] = _rate(within, processes, size)
        figures["verify_ok"] = app.verify()["ok"]
    return {"figures": {"processes": processes, **figures}, "ratios": {}}


def _rate(url: str, processes: int, size: int) -> float:
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        counts = pool.starmap(_order_all_the_time, [(url, size, time.time() + 3)] * processes, chunksize=1)
    return round(sum(counts) / _SECONDS, 1)


def _order_all_the_time(url: str, size: int, begin: float) -> int:
    done = 0
    orders = [PlaceOrder(lines=(LineRequest(sku=sku(1), quantity=Decimal(1)),))] * size
    with open_application(url) as app:
        app.stock.show(sku(1))
        time.sleep(max(0.0, begin - time.time()))
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            done += len(accepted(app.orders.place.batch(orders)))
    return done
