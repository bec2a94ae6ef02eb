"""Locations as they are shown."""

from __future__ import annotations

from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class LocationView:
    """A site (`kind` says which) or a place below one (`purpose`); `parent` is the code of the place it is in."""

    code: str
    name: str
    site: str
    parent: str | None
    depth: int
    kind: str | None
    purpose: str
    capacity: Decimal | None
    active: bool
    blocked: bool
    time_zone: str | None
    country: str | None
