from datetime import UTC, date, datetime
from itertools import islice

import pytest

from stockcore_replay import calendars
from stockcore_replay.calendars import arrives_at, delivered_at, next_dispatch_at, next_supply_order_at, week_of
from tests.support.online_retail import london


@pytest.mark.parametrize(
    ("ordered", "leaves"),
    [
        ("2010-12-01T08:26", "2010-12-01T17:00"),
        ("2010-12-01T16:59", "2010-12-01T17:00"),
        ("2010-12-01T17:00", "2010-12-02T17:00"),  # at one instant the dispatch comes first
        ("2010-12-01T17:06", "2010-12-02T17:00"),
        ("2010-12-03T18:00", "2010-12-04T17:00"),  # a Saturday is a day
        ("2010-12-31T23:59", "2011-01-01T17:00"),
        ("2011-07-01T00:30", "2011-07-01T17:00"),  # still the day before in UTC
    ],
)
def test_an_order_leaves_with_the_first_dispatch_after_it(ordered: str, leaves: str) -> None:
    assert next_dispatch_at(london(ordered)) == london(leaves)


def test_every_day_has_one_dispatch_at_17_in_london_also_when_the_clocks_change() -> None:
    moments = list(islice(calendars.dispatches(london("2011-03-25T18:00")), 4))

    assert [f"{moment.astimezone(calendars.LONDON):%m-%d %H:%M}" for moment in moments] == [
        "03-26 17:00",
        "03-27 17:00",
        "03-28 17:00",
        "03-29 17:00",
    ]
    assert [moment.hour for moment in moments] == [17, 16, 16, 16]
    assert all(moment.tzinfo is UTC for moment in moments)


def test_a_delivery_comes_two_calendar_days_later_at_the_same_hour() -> None:
    assert delivered_at(london("2010-12-01T17:00")) == london("2010-12-03T17:00")
    assert delivered_at(london("2011-03-26T17:00")) == london("2011-03-28T17:00")


def test_supply_is_ordered_on_mondays_at_6_and_arrives_the_next_monday_at_6() -> None:
    mondays = list(islice(calendars.supply_orders(london("2011-03-15T09:00")), 3))

    assert mondays == [london("2011-03-21T06:00"), london("2011-03-28T06:00"), london("2011-04-04T06:00")]
    assert [arrives_at(monday) for monday in mondays[:2]] == mondays[1:]


def test_a_monday_s_order_is_before_or_after_a_moment_of_that_monday() -> None:
    assert next_supply_order_at(london("2010-12-06T05:59")) == london("2010-12-06T06:00")
    assert next_supply_order_at(london("2010-12-06T06:00")) == london("2010-12-13T06:00")


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        (london("2010-12-01T08:26"), date(2010, 11, 29)),
        (london("2010-12-05T23:59"), date(2010, 11, 29)),
        (london("2010-12-06T00:00"), date(2010, 12, 6)),
        (datetime(2011, 6, 5, 23, 30, tzinfo=UTC), date(2011, 6, 6)),  # Monday already in London
    ],
)
def test_a_week_goes_from_monday_to_sunday_in_london(moment: datetime, monday: date) -> None:
    assert week_of(moment) == monday
