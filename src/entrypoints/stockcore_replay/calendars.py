"""When things happen: London's days and weeks as instants. Pure, and right when the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from stockcore_replay.parameters import DEFAULTS, Parameters

LONDON: Final = ZoneInfo("Europe/London")
_DAY: Final = timedelta(days=1)


def instant(day: date, at: time) -> datetime:
    """This time of day in London as an aware instant in UTC."""
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def day_of(moment: datetime) -> date:
    """The calendar day in London."""
    return moment.astimezone(LONDON).date()


def week_of(moment: datetime) -> date:
    """The week in London, Monday to Sunday, named by its Monday."""
    day = day_of(moment)
    return day - day.weekday() * _DAY


def next_dispatch_at(moment: datetime, parameters: Parameters = DEFAULTS) -> datetime:
    """When an order of this moment leaves, if reserved: the first dispatch after it.

    An order at 17:00 sharp goes the next day: at one instant, dispatch comes before what the file says.
    """
    day = day_of(moment)
    today = instant(day, parameters.dispatch_time)
    return today if moment < today else instant(day + _DAY, parameters.dispatch_time)


def delivered_at(dispatched_at: datetime, parameters: Parameters = DEFAULTS) -> datetime:
    """When what was dispatched then is delivered: at the same hour in London, two calendar days later."""
    return _days_later(dispatched_at, parameters.delivery_days)


def next_supply_order_at(moment: datetime, parameters: Parameters = DEFAULTS) -> datetime:
    """The first Monday's ordering of supply after this moment."""
    monday = week_of(moment)
    this_week = instant(monday, parameters.order_time)
    return this_week if moment < this_week else instant(monday + 7 * _DAY, parameters.order_time)


def arrives_at(ordered_at: datetime, parameters: Parameters = DEFAULTS) -> datetime:
    """When supply ordered then arrives: at the same hour in London, a lead time of calendar days later."""
    return _days_later(ordered_at, parameters.lead_time_days)


def dispatches(after: datetime, parameters: Parameters = DEFAULTS) -> Iterator[datetime]:
    """Every dispatch after this moment, day by day, without end."""
    moment = next_dispatch_at(after, parameters)
    while True:
        yield moment
        moment = next_dispatch_at(moment, parameters)


def supply_orders(after: datetime, parameters: Parameters = DEFAULTS) -> Iterator[datetime]:
    """Every Monday's ordering of supply after this moment, without end."""
    moment = next_supply_order_at(after, parameters)
    while True:
        yield moment
        moment = next_supply_order_at(moment, parameters)


def _days_later(moment: datetime, days: int) -> datetime:
    local = moment.astimezone(LONDON)
    return instant(local.date() + days * _DAY, local.time())
