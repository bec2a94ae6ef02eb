"""Dates and instants from outside: texts in one spelling of ISO 8601, never guessed, and values that can be kept."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

from stockcore.kernel.errors import StockcoreError

YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2199

#: A day's margin at both ends, whatever the offset from UTC; earlier or later ones no clock could be compared with.
_EARLIEST: Final = datetime(YEAR_MIN, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(9999, 12, 30, tzinfo=UTC)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
)
_WITH_SLASHES = re.compile(r"[0-9]{1,4}[/.][0-9]{1,2}[/.][0-9]{1,4}(?:[T ].*)?")


def read_date(value: object, *, field: str | None = None) -> date:
    """A calendar date as a value, between 1900 and 2199; a moment is none.

    Errors: field_required, type_error, date_invalid.
    """
    if value is None:
        raise StockcoreError("field_required", "a date is needed here", field=field)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise StockcoreError("type_error", f"a date is needed here, not {type(value).__name__}", field=field)
    _check_year(value.year, value.isoformat(), field)
    return value


def read_instant(value: object, *, field: str | None = None) -> datetime:
    """A moment as a value that knows its offset; given back in UTC.

    Errors: field_required, type_error, time_zone_required, time_out_of_range.
    """
    if value is None:
        raise StockcoreError("field_required", "a moment is needed here", field=field)
    if not isinstance(value, datetime):
        raise StockcoreError("type_error", f"a datetime is needed here, not {type(value).__name__}", field=field)
    if not _EARLIEST <= value.replace(tzinfo=UTC) <= _LATEST:
        raise StockcoreError("time_out_of_range", f"that is not between {YEAR_MIN} and 9999", field=field)
    if value.utcoffset() is None:
        raise StockcoreError("time_zone_required", "give the time with its offset", field=field)
    return value.astimezone(UTC)


def optional_date(value: object, *, field: str | None = None) -> date | None:
    """A date where there is one. Errors: those of `read_date`, but not field_required."""
    return None if value is None else read_date(value, field=field)


def optional_instant(value: object, *, field: str | None = None) -> datetime | None:
    """A moment where there is one. Errors: those of `read_instant`, but not field_required."""
    return None if value is None else read_instant(value, field=field)


def parse_date(value: object, *, field: str | None = None) -> date:
    """A calendar date from its text, `2026-04-03`, between 1900 and 2199.

    Errors: field_required, type_error, date_ambiguous (`03/04/2026` is March to some), date_invalid.
    """
    text = _text(value, field)
    if not _DATE.fullmatch(text):
        raise _unreadable(text, field)
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise _invalid(text, field) from None
    _check_year(found.year, text, field)
    return found


def parse_instant(value: object, *, field: str | None = None) -> datetime:
    """A moment from its text, with its offset from UTC: `2026-04-03T17:00:00Z` or `…+01:00`; given back in UTC.

    Errors: field_required, type_error, date_ambiguous, date_invalid, time_zone_required.
    """
    text = _text(value, field)
    match = _INSTANT.fullmatch(text)
    if match is None:
        if _DATE.fullmatch(text):
            parse_date(text, field=field)
            raise _zoneless(text, field)
        raise _unreadable(text, field)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid(text, field) from None
    _check_year(found.year, text, field)
    if match["zone"] is None:
        raise _zoneless(text, field)
    return found.astimezone(UTC)


def _text(value: object, field: str | None) -> str:
    if value is None:
        raise StockcoreError("field_required", "a date is needed here", field=field)
    if not isinstance(value, str):
        raise StockcoreError("type_error", f"a date as text is needed here, not {type(value).__name__}", field=field)
    return value


def _check_year(year: int, text: str, field: str | None) -> None:
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise _invalid(text, field)


def _unreadable(text: str, field: str | None) -> StockcoreError:
    if _WITH_SLASHES.fullmatch(text):
        return StockcoreError(
            "date_ambiguous", f"{text[:40]!r} can be read in two ways: write year-month-day", field=field
        )
    return _invalid(text, field)


def _invalid(text: str, field: str | None) -> StockcoreError:
    return StockcoreError(
        "date_invalid",
        f"{text[:40]!r} is not a date that exists, written like 2026-04-03 or 2026-04-03T17:00:00Z",
        field=field,
    )


def _zoneless(text: str, field: str | None) -> StockcoreError:
    return StockcoreError(
        "time_zone_required",
        f"{text[:40]!r} needs a time and its offset, like 2026-04-03T17:00:00Z",
        field=field,
    )
