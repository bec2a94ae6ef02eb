"""The plain model's demand: the last four closed weeks, Monday to Sunday in London."""

from __future__ import annotations

from decimal import Decimal

from stockcore_replay.parameters import DEFAULTS
from stockcore_replay.supply import RecentDemand, order_quantity
from tests.support.online_retail import london
from tests.support.weekly_demand import WeeklyDemand

FIRST = london("2010-12-01T08:26")  # a Wednesday


def D(number: str | int) -> Decimal:  # noqa: N802
    return Decimal(number)


def test_in_the_first_week_there_is_no_closed_week_and_nothing_is_ordered() -> None:
    demand = WeeklyDemand(FIRST)
    demand.order("A", D(10), FIRST)

    recent = demand.recent("A", london("2010-12-05T23:59"))

    assert recent == RecentDemand(D(0), 0)
    assert order_quantity(recent, available=D(-5), on_order=D(0), backordered=D(5)) == 0


def test_the_first_part_week_counts_as_one_and_fewer_weeks_divide_by_those_there_are() -> None:
    demand = WeeklyDemand(FIRST)
    demand.order("A", D(10), FIRST)
    demand.order("A", D(2), london("2010-12-05T12:00"))
    assert demand.recent("A", london("2010-12-06T06:00")) == RecentDemand(D(12), 1)

    demand.order("A", D(5), london("2010-12-06T06:00"))  # the running week does not count yet
    assert demand.recent("A", london("2010-12-12T06:00")) == RecentDemand(D(12), 1)
    assert demand.recent("A", london("2010-12-13T06:00")) == RecentDemand(D(17), 2)
    assert demand.recent("B", london("2010-12-13T06:00")) == RecentDemand(D(0), 2)


def test_only_the_last_four_closed_weeks_count() -> None:
    demand = WeeklyDemand(FIRST)
    for day, quantity in (("12-01", 1), ("12-06", 2), ("12-13", 4), ("12-20", 8), ("12-27", 16)):
        demand.order("A", D(quantity), london(f"2010-{day}T12:00"))

    assert demand.recent("A", london("2010-12-27T18:00")) == RecentDemand(D(15), 4)
    assert demand.recent("A", london("2011-01-03T06:00")) == RecentDemand(D(30), 4)
    assert demand.recent("A", london("2011-01-10T06:00")) == RecentDemand(D(28), 4)
    assert demand.recent("A", london("2011-03-07T06:00")) == RecentDemand(D(0), 4)


def test_what_is_cancelled_is_taken_off_the_week_of_the_order() -> None:
    demand = WeeklyDemand(FIRST)
    demand.order("A", D(10), FIRST)
    demand.order("A", D(3), london("2010-12-07T12:00"))

    demand.cancel("A", D(4), FIRST)  # known in the second week

    assert demand.recent("A", london("2010-12-06T06:00")) == RecentDemand(D(6), 1)
    assert demand.recent("A", london("2010-12-13T06:00")) == RecentDemand(D(9), 2)


def test_cancelling_what_no_longer_counts_changes_nothing() -> None:
    demand = WeeklyDemand(FIRST)
    demand.order("A", D(10), FIRST)
    demand.order("A", D(1), london("2011-01-10T12:00"))

    demand.cancel("A", D(10), FIRST)
    demand.cancel("B", D(10), london("2011-01-10T12:00"))

    assert demand.recent("A", london("2011-01-17T06:00")) == RecentDemand(D(1), 4)


def test_only_the_weeks_that_can_count_are_kept() -> None:
    demand = WeeklyDemand(FIRST)
    for week in range(30):
        demand.order("A", D(1), FIRST.replace(year=2010 + week))
    assert len(demand._demand) <= DEFAULTS.demand_weeks + 1
