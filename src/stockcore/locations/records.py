"""Locations: one tree per site, of any depth up to 16 levels (LOC-01..15)."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import Final

import attrs

from stockcore.kernel.unit_of_work import Query


class SiteKind(enum.StrEnum):
    WAREHOUSE = "warehouse"
    RETAIL = "retail"
    DROPSHIP = "dropship"
    VIRTUAL = "virtual"
    TRANSIT = "transit"


#: The kinds of site that demands may be served from; what a virtual one has are goods without a shelf, like licences.
#: Nothing is ever sourced from a transit site.
SOURCED_KINDS: Final = (SiteKind.WAREHOUSE, SiteKind.RETAIL, SiteKind.DROPSHIP, SiteKind.VIRTUAL)


class Purpose(enum.StrEnum):
    """What a place is for. Sites and groupings (zones, aisles, racks) have none and hold no stock themselves."""

    NONE = "none"
    STORAGE = "storage"
    PICK_FACE = "pick_face"
    RECEIVING = "receiving"
    STAGING = "staging"
    PACKING = "packing"
    QUARANTINE = "quarantine"


@attrs.define
class Location:
    """A site (its own root: `site == id`, `parent` None) or a place below one.

    `code` is unique among sites, and within its site. `kind` is the facility kind of a site, `storage_kind` how a bin
    stores (pallet position, mesh bin, cart …). `capacity` is in base units of whatever lies there; None: not
    limited. A `blocked` place is neither taken from nor put into. `priority`: sites with a lower number are
    preferred when sourcing. `strategy` is the site's allocation strategy.
    """

    id: int
    site: int
    parent: int | None
    depth: int
    code: str
    normal_code: str
    name: str
    kind: str | None
    purpose: str
    storage_kind: str | None
    capacity: Decimal | None
    active: bool
    blocked: bool
    priority: int
    shipping_cost: Decimal
    strategy: str | None
    street: str | None
    city: str | None
    postcode: str | None
    country: str | None
    latitude: Decimal | None
    longitude: Decimal | None
    time_zone: str | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str


@attrs.frozen
class Sites(Query[Location]):
    """All sites."""


@attrs.frozen
class LocationsOfSites(Query[Location]):
    """Every place of the sites with these normal codes, the sites themselves included."""

    codes: tuple[str, ...]


@attrs.frozen
class LocationsById(Query[Location]):
    ids: tuple[int, ...]


@attrs.frozen
class ShareSites(Query[Location]):
    """Sites by id, held so that nobody changes them; others may hold them so too."""

    ids: tuple[int, ...]


@attrs.frozen
class LockPlaces(Query[Location]):
    """The places with these ids, locked: who puts goods into a place of limited capacity holds it."""

    ids: tuple[int, ...]


@attrs.frozen
class PlacesFor(Query[Location]):
    """All sites, every site's receiving, staging, packing and quarantine places, the places where goods of these SKUs
    (normal codes) lie, and the places with one of these normal codes at any site."""

    skus: tuple[str, ...]
    places: tuple[str, ...] = ()


@attrs.frozen
class PlacesForOrders(Query[Location]):
    """All sites, every site's service places, and the places where goods of these orders' (numbers) variants lie."""

    numbers: tuple[str, ...]


@attrs.frozen
class LockSites(Query[Location]):
    """The sites with these normal codes, locked: who changes a site's tree holds its root."""

    codes: tuple[str, ...]


@attrs.frozen
class LocationsByCode(Query[Location]):
    """Every location, of whatever site, with one of these normal codes; sites too."""

    codes: tuple[str, ...]


@attrs.frozen
class OccupiedLocations(Query[Location]):
    """The places of the sites with these normal codes where something lies: a quant with on hand above zero."""

    codes: tuple[str, ...]


@attrs.frozen
class AwaitingSites(Query[Location]):
    """Of the sites with these normal codes: those on their way to which goods are, in a transfer document that names
    them as `to_site` and has a line settled for less than its quantity."""

    codes: tuple[str, ...]
