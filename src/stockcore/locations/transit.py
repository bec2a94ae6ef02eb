"""The one company-wide transit site: goods between two sites lie there (DESIGN 3). Every company starts with it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from stockcore.locations.records import Location, Purpose, SiteKind

TRANSIT_SITE: Final = 1  # its id, and its place's, in every store; a store's own ids begin above FIXED_IDS
TRANSIT_PLACE: Final = 2
FIXED_IDS: Final = 100
TRANSIT_CODE: Final = "TRANSIT"
TRANSIT_PLACE_CODE: Final = "IN-TRANSIT"


def transit_site(now: datetime) -> list[Location]:
    """The site and its place, to be written when a store is made empty. Nothing is ever sourced from a transit site."""
    return [
        _location(TRANSIT_SITE, None, TRANSIT_CODE, "Between sites", now),
        _location(TRANSIT_PLACE, TRANSIT_SITE, TRANSIT_PLACE_CODE, "Between sites", now),
    ]


def _location(number: int, parent: int | None, code: str, name: str, now: datetime) -> Location:
    return Location(
        id=number,
        site=TRANSIT_SITE,
        parent=parent,
        depth=1 if parent is None else 2,
        code=code,
        normal_code=code.casefold(),
        name=name,
        kind=SiteKind.TRANSIT.value if parent is None else None,
        purpose=(Purpose.NONE if parent is None else Purpose.STORAGE).value,
        storage_kind=None,
        capacity=None,
        active=True,
        blocked=False,
        priority=0,
        shipping_cost=Decimal(0),
        strategy=None,
        street=None,
        city=None,
        postcode=None,
        country=None,
        latitude=None,
        longitude=None,
        time_zone="UTC" if parent is None else None,
        created_at=now,
        created_by="stockcore",
        changed_at=now,
        changed_by="stockcore",
    )
