"""Dates and moments are read in one spelling, and never guessed."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from stockcore.kernel.dates import parse_date, parse_instant, read_date, read_instant
from stockcore.kernel.errors import StockcoreError


def code_of(value: object) -> str:
    with pytest.raises(StockcoreError) as caught:
        parse_instant(value, field="at")
    assert caught.value.field == "at"
    return caught.value.code


def test_a_day_is_year_month_day() -> None:
    assert parse_date("2026-04-03") == date(2026, 4, 3)


@pytest.mark.parametrize(
    "text",
    ["2026-04-03T17:00:00Z", "2026-04-03T18:00+01:00", "2026-04-03 17:00:00.000000+00:00", "2026-04-03T17:00-00:00"],
)
def test_a_moment_is_given_back_in_utc_b107(text: str) -> None:
    assert parse_instant(text) == datetime(2026, 4, 3, 17, tzinfo=UTC)


def test_years_after_2038_are_years_b265() -> None:
    assert parse_instant("2038-01-19T03:14:08Z").year == 2038


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "field_required"),
        (20260403, "type_error"),
        ("", "date_invalid"),
        ("yesterday", "date_invalid"),
        ("2026-13-01", "date_invalid"),
        ("2026-02-30T00:00:00Z", "date_invalid"),
        ("2026-12-31T23:59:60Z", "date_invalid"),
        ("2026-04-03T17:00:00+25:00", "date_invalid"),
        ("２０２６-04-03T17:00:00Z", "date_invalid"),
        ("0001-01-01T00:00:00Z", "date_invalid"),
        ("03/04/2026", "date_ambiguous"),
        ("03.04.2026 17:00", "date_ambiguous"),
        ("2026-04-03", "time_zone_required"),
        ("2026-10-25T02:30:00", "time_zone_required"),
    ],
)
def test_what_is_no_moment_is_refused_b065_b099_b103_b105_b107_b163(value: object, code: str) -> None:
    assert code_of(value) == code


def refusal_of(read: Callable[..., object], value: object) -> tuple[str, str | None]:
    with pytest.raises(StockcoreError) as caught:
        read(value, field="at")
    return caught.value.code, caught.value.field


def test_a_moment_as_a_value_is_given_back_in_utc_b107() -> None:
    assert read_instant(datetime(2026, 4, 3, 18, tzinfo=timezone(timedelta(hours=1)))) == datetime(
        2026, 4, 3, 17, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "field_required"),
        ("2026-04-03T17:00:00Z", "type_error"),
        (date(2026, 4, 3), "type_error"),
        (20260403, "type_error"),
        (datetime(2026, 4, 3, 17), "time_zone_required"),  # noqa: DTZ001
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "time_out_of_range"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), "time_out_of_range"),
        (datetime(1899, 12, 31, tzinfo=UTC), "time_out_of_range"),
    ],
)
def test_what_is_no_moment_as_a_value_is_refused_b099_b107(value: object, code: str) -> None:
    assert refusal_of(read_instant, value) == (code, "at")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "field_required"),
        ("2026-04-03", "type_error"),
        (datetime(2026, 4, 3, tzinfo=UTC), "type_error"),
        (date.min, "date_invalid"),
        (date.max, "date_invalid"),
    ],
)
def test_what_is_no_date_as_a_value_is_refused_b099(value: object, code: str) -> None:
    assert refusal_of(read_date, value) == (code, "at")
