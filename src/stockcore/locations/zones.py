"""Time zones by their IANA names."""

from __future__ import annotations

import zoneinfo

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.text import read_text

_OF_THE_MACHINE = ("localtime", "posixrules", "factory")  # files in zone folders that are no zone's name


def read_time_zone(value: object, *, field: str | None = None) -> str:
    """The name of a time zone whose rules are known here.

    Errors: those of `read_text`, time_zone_unknown; tzdata_missing where there are no zones at all (B271).
    """
    name = read_text(value, field=field)
    try:
        if name.casefold() in _OF_THE_MACHINE:
            raise ValueError(name)
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        if not zoneinfo.available_timezones():
            raise StockcoreError(
                "tzdata_missing", "no time zones are installed: install the package tzdata", field=field
            ) from None
        raise StockcoreError(
            "time_zone_unknown", f"there is no time zone {name[:60]!r}", field=field, time_zone=name
        ) from None
    return name
