"""Demand by week in memory, for the plain model of the replay; the replay itself asks the database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from stockcore.kernel.quantity import ZERO
from stockcore_replay.calendars import week_of
from stockcore_replay.parameters import DEFAULTS
from stockcore_replay.supply import RecentDemand

_WEEK: Final = timedelta(days=7)


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
