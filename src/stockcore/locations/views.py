"""Locations as they are shown."""

from __future__ import annotations

from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class LocationView:
    """A site (`kind` says which) or a place below one (`purpose`); `parent` is the code of the place it is in.

    `strategy`: how goods are chosen at the site; `capacity` in base units;
    `shipping_cost` per shipment, in the company's currency; latitude and longitude in degrees.
    """

    code: str
    name: str
    site: str
    parent: str | None
    depth: int
    kind: str | None
    purpose: str
    storage_kind: str | None
    capacity: Decimal | None
    priority: int
    shipping_cost: Decimal
    strategy: str | None
    active: bool
    blocked: bool
    time_zone: str | None
    street: str | None
    city: str | None
    postcode: str | None
    country: str | None
    latitude: Decimal | None
    longitude: Decimal | None
