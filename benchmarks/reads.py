"""What people look at all day: availability of 100 SKUs, one order, a page of stock. Milliseconds, medians."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from typing import Final

from benchmarks.company import SKUS, sku
from benchmarks.measuring import seconds
from stockcore_runtime.application import OwnApplication

_TIMES: Final = 50


def measure(app: OwnApplication) -> dict[str, float]:
    dice = random.Random("reads")
    numbers = [summary.number for summary in app.orders.list(limit=500)]

    def availability() -> object:
        return app.stock.availability([sku(number) for number in dice.sample(range(1, SKUS + 1), 100)])

    def order() -> object:
        return app.orders.show(dice.choice(numbers))

    after: list[str | None] = [None]

    def page() -> object:
        after[0] = app.stock.page(after=after[0], limit=100).after  # the next one; after the last, the first again
        return after

    questions: dict[str, Callable[[], object]] = {
        "availability_of_100_skus": availability,
        "an_order": order,
        "a_stock_page_of_100": page,
    }
    return {name: _median_ms(question) for name, question in questions.items()}


def _median_ms(question: Callable[[], object]) -> float:
    question()
    return round(statistics.median(seconds(question) for _ in range(_TIMES)) * 1000, 2)
