"""Where stock comes from: a stated rule that looks only backwards, since the file knows no supply.

A SKU has an opening quantity when it first appears; every Monday supply is ordered up to some weeks of the
mean demand. The rule's figures are in `stockcore_replay.parameters`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Final

import attrs

from stockcore.kernel.quantity import ZERO
from stockcore_replay.calendars import week_of
from stockcore_replay.parameters import DEFAULTS, Parameters

_WEEK: Final = timedelta(days=7)
_COST_STEP: Final = Decimal("0.000001")


def opening_quantity(seed: int, code: str, sizes: tuple[Decimal, ...] = DEFAULTS.opening_sizes) -> Decimal:
    """Units of a SKU when it first appears: one of the sizes, each as likely as the others.

    Drawn from the seed and the normalised code alone, so that the file's length and order do not matter: the
    first eight bytes of SHA-256 over `SEED:CODE` (UTF-8), as a big-endian number, modulo the number of sizes.
    """
    digest = hashlib.sha256(f"{seed}:{code}".encode()).digest()
    return sizes[int.from_bytes(digest[:8], "big") % len(sizes)]


def unit_cost(first_price: Decimal, parameters: Parameters = DEFAULTS) -> Decimal:
    """GBP per unit, 6 decimals: a share of the SKU's first positive price."""
    return (first_price * parameters.cost_share).quantize(_COST_STEP, ROUND_HALF_EVEN)


@attrs.frozen
class RecentDemand:
    """What was asked for in the last closed weeks."""

    total: Decimal
    weeks: int  # closed weeks counted; 0 in the file's first week

    @property
    def mean(self) -> Decimal:
        """Units per week, for people; the rule divides last, so that nothing is rounded before."""
        return self.total / self.weeks if self.weeks else ZERO


class WeeklyDemand:
    """Demand per SKU and London week, Monday to Sunday; only the weeks that can still count are kept.

    Demand is what was ordered, whether or not there was stock for it (lost sales count), less what the
    customer cancelled, both in the week of the order.
    """

    def __init__(self, first_at: datetime, weeks: int = DEFAULTS.demand_weeks) -> None:
        self._first_week = week_of(first_at)  # the file's first part-week counts as one
        self._weeks = weeks
        self._demand: dict[date, dict[str, Decimal]] = {}

    def order(self, code: str, quantity: Decimal, ordered_at: datetime) -> None:
        """So many units are ordered now."""
        week = week_of(ordered_at)
        if week not in self._demand:
            self._demand[week] = {}
            self._forget(week)
        demand = self._demand[week]
        demand[code] = demand.get(code, ZERO) + quantity

    def cancel(self, code: str, quantity: Decimal, ordered_at: datetime) -> None:
        """So many units of an order of that time are cancelled; no effect when its week no longer counts."""
        demand = self._demand.get(week_of(ordered_at))
        if demand is not None and code in demand:
            demand[code] -= quantity

    def recent(self, code: str, now: datetime) -> RecentDemand:
        """The SKU's demand in the last closed weeks; fewer where the file is younger."""
        closed = self._closed(now)
        demand = (self._demand.get(week, {}).get(code, ZERO) for week in closed)
        return RecentDemand(sum(demand, ZERO), len(closed))

    def codes(self, now: datetime) -> set[str]:
        """The SKUs that were asked for in the last closed weeks."""
        return set().union(*(self._demand.get(week, {}) for week in self._closed(now)))

    def _closed(self, now: datetime) -> list[date]:
        current = week_of(now)
        age = max(0, (current - self._first_week) // _WEEK)
        return [current - back * _WEEK for back in range(1, min(self._weeks, age) + 1)]

    def _forget(self, current: date) -> None:
        for week in [week for week in self._demand if current - week > self._weeks * _WEEK]:
            del self._demand[week]


def order_quantity(
    demand: RecentDemand,
    *,
    available: Decimal,
    on_order: Decimal,
    backordered: Decimal,
    parameters: Parameters = DEFAULTS,
) -> Decimal:
    """Units to order on a Monday: the target, rounded up, less what is there and coming; never negative.

    `on_order` is ordered and not yet arrived. Without a closed week there is no mean and nothing is ordered.
    """
    if not demand.weeks:
        return ZERO
    target = (parameters.cover_weeks * demand.total / demand.weeks).to_integral_value(ROUND_CEILING)
    return max(ZERO, target - (available + on_order - backordered))


def codes_to_consider(demand: WeeklyDemand, now: datetime, backordered: Iterable[str]) -> list[str]:
    """The SKUs that a Monday's order can concern, sorted: those lately asked for, and those still owed."""
    return sorted(demand.codes(now) | set(backordered))
