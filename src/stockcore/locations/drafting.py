"""From what a command says to a location's fields: what is refused, what is filled in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from stockcore.catalog.strategies import read_strategy
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.money import read_unit_price
from stockcore.kernel.quantity import exact, read_decimal, read_quantity
from stockcore.kernel.reading import one_of
from stockcore.kernel.text import normal_code, optional_text, read_text
from stockcore.locations.ports import Countries
from stockcore.locations.records import Location, Purpose, SiteKind
from stockcore.locations.transit import TRANSIT_PLACE_CODE
from stockcore.locations.tree import DEPTH_MAX
from stockcore.locations.zones import read_time_zone

PRIORITY_LIMIT: Final = 1_000_000
ADDRESS: Final = ("street", "city", "postcode")
#: What a site comes with: (code, name, purpose). A transit site has only its one place.
PLACES_OF_A_SITE: Final = (
    ("RECEIVING", "Receiving dock", Purpose.RECEIVING),
    ("STAGING", "Staging", Purpose.STAGING),
    ("PACKING", "Packing station", Purpose.PACKING),
    ("QUARANTINE", "Quarantine", Purpose.QUARANTINE),
)
PLACES_OF_A_TRANSIT_SITE: Final = ((TRANSIT_PLACE_CODE, "Between sites", Purpose.STORAGE),)
#: What a working site must have at least one active place of.
NEEDED: Final = (Purpose.RECEIVING, Purpose.STAGING, Purpose.PACKING, Purpose.QUARANTINE)

OF_SITES: Final = ("time_zone", "country", "latitude", "longitude", "shipping_cost", "strategy", *ADDRESS)
OF_PLACES: Final = ("parent", "purpose", "storage_kind", "capacity")
CLEARABLE_OF_SITES: Final = ("country", "latitude", "longitude", "strategy", *ADDRESS)
CLEARABLE_OF_PLACES: Final = ("storage_kind", "capacity")


def places_of(kind: str) -> tuple[tuple[str, str, Purpose], ...]:
    """The places that a site of this kind comes with."""
    return PLACES_OF_A_TRANSIT_SITE if kind == SiteKind.TRANSIT else PLACES_OF_A_SITE


def read_kind(value: object) -> str:
    """Errors: value_unknown."""
    return one_of(value, list(SiteKind), field="kind")


def read_purpose(value: object) -> str:
    """Errors: value_unknown."""
    return one_of(value, list(Purpose), field="purpose")


def read_priority(value: object) -> int:
    """Errors: type_error, quantity_out_of_range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise StockcoreError("type_error", "a whole number is needed here", field="priority")
    if not 0 <= value < PRIORITY_LIMIT:
        raise StockcoreError("quantity_out_of_range", f"from 0 to {PRIORITY_LIMIT - 1}", field="priority")
    return value


def read_degrees(value: object, limit: int, field: str) -> Decimal | None:
    """Degrees of latitude (limit 90) or longitude (180), 6 decimals. Errors: those of read_decimal."""
    if value is None:
        return None
    degrees = exact(read_decimal(value, field=field), field=field)
    if abs(degrees) > limit:
        raise StockcoreError("quantity_out_of_range", f"from -{limit} to {limit} degrees", field=field)
    return degrees


def read_country(value: object, countries: Countries | None) -> str | None:
    """A country's code; as it was given where there is no list to ask. Errors: those of `read_text`,
    country_unknown."""
    text = optional_text(value, field="country")
    if text is None or countries is None:
        return text
    code = countries.code_of(text)
    if code is None:
        raise StockcoreError("country_unknown", f"there is no country {text!r}", field="country", country=text)
    return code


def site_fields(command: Any, countries: Countries | None) -> dict[str, Any]:
    """The fields that only a site has, as far as the command gives them.

    Errors: time_zone_unknown, tzdata_missing, country_unknown, money_negative, money_precision, value_unknown, those
    of `read_text` and `read_decimal`.
    """
    read = {
        **{name: optional_text(getattr(command, name), field=name) for name in ADDRESS},
        "country": read_country(command.country, countries),
        "time_zone": None if command.time_zone is None else read_time_zone(command.time_zone, field="time_zone"),
        "latitude": read_degrees(command.latitude, 90, "latitude"),
        "longitude": read_degrees(command.longitude, 180, "longitude"),
        "shipping_cost": None
        if command.shipping_cost is None
        else read_unit_price(command.shipping_cost, field="shipping_cost"),
        "strategy": None if command.strategy is None else read_strategy(command.strategy, field="strategy"),
    }
    return {name: value for name, value in read.items() if value is not None}


def place_fields(command: Any) -> dict[str, Any]:
    """The fields that only a place has, but its parent, as far as the command gives them.

    Errors: value_unknown, those of `read_text` and `read_quantity`.
    """
    read = {
        "purpose": None if command.purpose is None else read_purpose(command.purpose),
        "storage_kind": optional_text(command.storage_kind, field="storage_kind"),
        "capacity": None if command.capacity is None else read_quantity(command.capacity, field="capacity"),
    }
    return {name: value for name, value in read.items() if value is not None}


def check_fits(command: Any, *, is_site: bool) -> tuple[str, ...]:
    """Refuse fields that a site, or a place, does not have; gives the fields to empty. Errors: usage, type_error,
    value_unknown."""
    foreign = OF_PLACES if is_site else OF_SITES
    for name in foreign:
        if getattr(command, name) is not None:
            what = "a place's" if is_site else "a site's"
            raise StockcoreError("usage", f"{name} is {what}, not to be set here", field=name)
    if not isinstance(command.clear, (tuple, list)):
        raise StockcoreError("type_error", "a list of field names is needed here", field="clear")
    known = CLEARABLE_OF_SITES if is_site else CLEARABLE_OF_PLACES
    unknown = [name for name in command.clear if name not in known]
    if unknown:
        raise StockcoreError("value_unknown", f"{unknown[0]!r} cannot be emptied", field="clear", known=sorted(known))
    return tuple(command.clear)


def new_location(
    *,
    number: int,
    site: int,
    parent: Location | None,
    code: str,
    name: str,
    purpose: str,
    now: datetime,
    actor: str,
    fields: Mapping[str, Any],
) -> Location:
    """A site (no parent) or a place, with whatever else `fields` gives: priority at least. `number` is its id. What
    lies in a blocked place is blocked."""
    values: dict[str, Any] = {
        **dict.fromkeys(("kind", "storage_kind", "capacity", "strategy", "street", "city", "postcode")),
        **dict.fromkeys(("country", "latitude", "longitude", "time_zone")),
        "shipping_cost": Decimal(0),
        **fields,
    }
    return Location(
        id=number,
        site=site,
        parent=None if parent is None else parent.id,
        depth=1 if parent is None else parent.depth + 1,
        code=code,
        normal_code=normal_code(code),
        name=name,
        purpose=purpose,
        active=True,
        blocked=parent is not None and parent.blocked,
        created_at=now,
        created_by=actor,
        changed_at=now,
        changed_by=actor,
        **values,
    )


def check_depth(depth: int, code: str) -> None:
    """Errors: location_depth."""
    if depth > DEPTH_MAX:
        raise StockcoreError(
            "location_depth",
            f"{code} would lie {depth} levels deep; at most {DEPTH_MAX}",
            field="parent",
            depth=depth,
            deepest=DEPTH_MAX,
        )


def read_name(value: object, default: str) -> str:
    """Errors: those of `read_text`."""
    return default if value is None else read_text(value, field="name")
