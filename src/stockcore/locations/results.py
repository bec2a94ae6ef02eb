"""What the locations' commands come back with."""

from __future__ import annotations

from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class SiteDocument:
    """A new site. `places`: the codes of the places that came with it."""

    id: int
    code: str
    name: str
    kind: str
    time_zone: str
    country: str | None
    priority: int
    places: tuple[str, ...]


@attrs.frozen(kw_only=True)
class LocationDocument:
    """A site or place as it is after the command. `parent` is a code, None at a site; `depth` counts from 1 there."""

    id: int
    site: str
    code: str
    parent: str | None
    name: str
    purpose: str
    depth: int
    capacity: Decimal | None
    active: bool
    blocked: bool
    priority: int
