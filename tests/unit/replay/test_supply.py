from collections import Counter
from datetime import time
from decimal import Decimal

import pytest

from stockcore_replay.parameters import DEFAULTS, Parameters, read_parameters, table
from stockcore_replay.supply import (
    RecentDemand,
    opening_quantity,
    order_quantity,
    unit_cost,
)

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
        (0, 0, -5, 0, 5, 0),  # no closed week: there is no mean
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
