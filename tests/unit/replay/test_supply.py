from collections import Counter
from datetime import time
from decimal import Decimal

import pytest

from stockcore_replay.parameters import DEFAULTS, Parameters, read_parameters, table
from stockcore_replay.supply import (
    RecentDemand,
    WeeklyDemand,
    codes_to_consider,
    opening_quantity,
    order_quantity,
    unit_cost,
)
from tests.support.online_retail import london

FIRST = london("2010-12-01T08:26")  # a Wednesday


OPENINGS = [192, 384, 96, 384]  # for ever: another draw is another ledger


def D(number: str | int) -> Decimal:  # noqa: N802
    return Decimal(number)


# -------------------------------------------------------------------------------------------------- opening


def test_the_opening_quantity_is_drawn_from_the_seed_and_the_code_alone() -> None:
    assert opening_quantity(1, "85123A") == opening_quantity(1, "85123A")
    assert [opening_quantity(1, code) for code in ("85123A", "71053", "84406B", "22423")] == OPENINGS
    assert any(opening_quantity(1, code) != opening_quantity(2, code) for code in ("85123A", "71053", "22423"))


def test_the_sizes_are_about_equally_likely() -> None:
    drawn = Counter(opening_quantity(1, str(code)) for code in range(10_000))
    assert set(drawn) == {48, 96, 192, 384, 768}
    assert all(1800 < count < 2200 for count in drawn.values())


# --------------------------------------------------------------------------------------------------- demand


def test_in_the_first_week_there_is_no_closed_week_and_nothing_is_ordered() -> None:
    demand = WeeklyDemand(FIRST)
    demand.order("A", D(10), FIRST)

    recent = demand.recent("A", london("2010-12-05T23:59"))

    assert recent == RecentDemand(D(0), 0)
    assert recent.mean == 0
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


def test_supply_considers_what_was_lately_asked_for_and_what_is_still_owed() -> None:
    demand = WeeklyDemand(FIRST)
    demand.order("B", D(1), FIRST)
    demand.order("A", D(1), FIRST)
    demand.order("C", D(1), london("2010-12-06T05:00"))
    assert codes_to_consider(demand, london("2010-12-06T06:00"), ["D", "A"]) == ["A", "B", "D"]


# -------------------------------------------------------------------------------------------------- ordering


@pytest.mark.parametrize(
    ("total", "weeks", "available", "on_order", "backordered", "ordered"),
    [
        (10, 1, 0, 0, 0, 30),
        (10, 1, 12, 8, 0, 10),
        (10, 1, 0, 0, 7, 37),  # what is owed is bought as well
        (10, 1, 40, 0, 0, 0),  # never negative
        (1, 4, 0, 0, 0, 1),  # 0.75 rounded up
        (4, 3, 0, 0, 0, 4),  # exactly 4: a mean cut off at 28 digits would not make it 5
        (7, 4, 0, 0, 0, 6),  # 5.25 rounded up
        (0, 4, 0, 0, 3, 3),
    ],
)
def test_up_to_three_weeks_of_mean_demand_is_ordered(
    total: int, weeks: int, available: int, on_order: int, backordered: int, ordered: int
) -> None:
    quantity = order_quantity(
        RecentDemand(D(total), weeks), available=D(available), on_order=D(on_order), backordered=D(backordered)
    )
    assert quantity == ordered


def test_the_cost_is_60_percent_of_the_price_with_6_decimals() -> None:
    assert str(unit_cost(D("2.55"))) == "1.530000"
    assert str(unit_cost(D("0.001"))) == "0.000600"
    assert str(unit_cost(D("0.000001"))) == "0.000001"


# ------------------------------------------------------------------------------------------------ parameters


def test_the_table_of_parameters_shows_what_can_be_read_back() -> None:
    chosen = Parameters(seed=7, opening_sizes=(D(10),), dispatch_time=time(16, 30), cost_share=D("0.5"))

    shown = {row.name: row.value for row in table(chosen)}

    assert read_parameters(shown) == chosen
    assert shown["dispatch_time"] == "16:30"
    assert all(row.meaning for row in table())
    assert {row.name: row.default for row in table(chosen)} == {row.name: row.value for row in table()}


def test_parameters_not_given_keep_their_defaults() -> None:
    assert read_parameters({}) == DEFAULTS
    assert read_parameters({"cover_weeks": "2.5"}).cover_weeks == D("2.5")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seed", "one"),
        ("opening_sizes", ""),
        ("opening_sizes", "48,0"),
        ("opening_sizes", "1.5"),
        ("demand_weeks", "0"),
        ("lead_time_days", "0"),
        ("delivery_days", "-1"),
        ("cover_weeks", "-1"),
        ("cover_weeks", "NaN"),
        ("cost_share", "60%"),
        ("dispatch_time", "5pm"),
        ("dispatch_time", "25:00"),
        ("moon_phase", "1"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=name):
        read_parameters({name: text})
