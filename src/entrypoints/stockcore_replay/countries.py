"""The file's country names as ISO 3166-1 alpha-2 codes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

import attrs

NO_CODE: Final = None

ODD_NAMES: Final[Mapping[str, str | None]] = {
    "CHANNEL ISLANDS": NO_CODE,  # Guernsey (GG) and Jersey (JE); the file does not say which
    "CZECH REPUBLIC": "CZ",
    "EIRE": "IE",
    "EUROPEAN COMMUNITY": NO_CODE,  # EU is reserved, and is no country's
    "KOREA": "KR",
    "RSA": "ZA",
    "UK": "GB",
    "UNSPECIFIED": NO_CODE,
    "USA": "US",
    "WEST INDIES": NO_CODE,  # many countries
}
"""Names that ISO 3166 does not know, in capitals; None where no single country is meant."""


@attrs.frozen
class Country:
    """A country as the file names it, and its code where there is one."""

    name: str
    code: str | None

    @property
    def label(self) -> str:
        """The code, or the file's name where it has none."""
        return self.code or self.name


@functools.lru_cache(maxsize=1024)
def country(name: str) -> Country:
    """The country of that name; a name that nobody knows is kept as text, without a code."""
    trimmed = name.strip()
    key = trimmed.upper()
    return Country(trimmed, ODD_NAMES[key] if key in ODD_NAMES else _in_iso_3166(trimmed))


def _in_iso_3166(name: str) -> str | None:
    import pycountry  # a tenth of a second, and only the replay needs it

    try:
        found = pycountry.countries.lookup(name)
    except LookupError:
        return None
    return str(found.alpha_2)
