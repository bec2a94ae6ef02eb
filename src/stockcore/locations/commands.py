"""What can be asked of locations. `site` and `location` are codes, whatever their case and blanks around them.

`capacity` is in base units of whatever lies there. `priority`: sites with a lower number are preferred when sourcing,
places with a lower number are nearer. `shipping_cost`: what a shipment from the site costs, zero or more, 6 decimals,
in the company's currency. `strategy`: the site's allocation strategy (`expiry,received`). Each command is carried out
once per `command_id`.
"""

from __future__ import annotations

from decimal import Decimal

import attrs

PRIORITY_DEFAULT = 100


@attrs.frozen(kw_only=True)
class AddSite:
    """A site and the places it works with: RECEIVING, STAGING, PACKING and QUARANTINE; a transit site has one place,
    IN-TRANSIT. A site without bins works from its receiving place.

    `kind`: warehouse, retail, dropship, virtual, transit. `time_zone` (IANA name) decides where its days begin.
    """

    code: str
    name: str
    kind: str = "warehouse"
    time_zone: str = "UTC"
    street: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    priority: int = PRIORITY_DEFAULT
    shipping_cost: Decimal = Decimal(0)
    strategy: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class AddLocation:
    """A place below a site, at most 16 levels deep with the site as the first.

    `parent`: the code of a place of the same site, or an id; None: right below the site. It may be added by a later
    command of the same batch. `purpose`: storage, pick_face, receiving, staging, packing, quarantine, or none for a
    zone, aisle or rack that only groups. `name` None: the code.
    """

    site: str
    code: str
    parent: str | int | None = None
    name: str | None = None
    purpose: str = "storage"
    storage_kind: str | None = None
    capacity: Decimal | None = None
    priority: int = PRIORITY_DEFAULT
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ChangeLocation:
    """Change what is given (not None) of a place, or of the site itself (`location` None), and empty the fields named
    in `clear`.

    `parent`: a place of the same site (its own code for right below it). `purpose` changes only while nothing lies
    there. Address, time zone, shipping cost and strategy are a site's; parent, purpose, storage kind and capacity a
    place's.
    """

    site: str
    location: str | None = None
    name: str | None = None
    priority: int | None = None
    parent: str | int | None = None
    purpose: str | None = None
    storage_kind: str | None = None
    capacity: Decimal | None = None
    time_zone: str | None = None
    street: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    shipping_cost: Decimal | None = None
    strategy: str | None = None
    clear: tuple[str, ...] = ()
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class BlockLocation:
    """Forbid taking from and putting into a place and all below it (`location` None: the whole site, which promises
    nothing new meanwhile). Sums and promises stay."""

    site: str
    location: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class UnblockLocation:
    """Allow it again, for the place and all below it; who waits for what lies there is served at once."""

    site: str
    location: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class DeactivateLocation:
    """Take a place and all below it out of use; only while nothing lies there and, for a site, nothing is on its way
    to it (`in_use`)."""

    site: str
    location: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ActivateLocation:
    """Use a place and all below it again; what it lies in must be active."""

    site: str
    location: str | None = None
    command_id: str | None = None
