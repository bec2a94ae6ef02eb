"""What a site's or place's command may say (LOC-01, LOC-04, LOC-06, LOC-10, LOC-14)."""

import zoneinfo
from decimal import Decimal
from typing import Any

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.locations.commands import AddLocation, AddSite, ChangeLocation
from stockcore.locations.drafting import (
    check_depth,
    check_fits,
    place_fields,
    places_of,
    read_kind,
    read_priority,
    site_fields,
)
from stockcore.locations.records import Purpose, SiteKind
from stockcore.locations.transit import FIXED_IDS, TRANSIT_PLACE, TRANSIT_SITE, transit_site
from stockcore.locations.zones import read_time_zone
from tests.unit.catalog.things import NOON

D = Decimal


class FewCountries:
    def code_of(self, country: str) -> str | None:
        return {"gb": "GB", "united kingdom": "GB", "fr": "FR"}.get(country.casefold())


def refused_code(function: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(StockcoreError) as refused:
        function(*arguments, **options)
    return refused.value.code


def site(**fields: Any) -> AddSite:
    return AddSite(code="MAIN", name="Main", **fields)


@pytest.mark.parametrize("kind", [kind for kind in SiteKind if kind is not SiteKind.TRANSIT])
def test_loc06_every_working_site_comes_with_places_for_received_picked_packed_and_blocked_stock(kind: str) -> None:
    purposes = {purpose for _, _, purpose in places_of(kind)}
    assert purposes == {Purpose.RECEIVING, Purpose.STAGING, Purpose.PACKING, Purpose.QUARANTINE}


def test_a_transit_site_has_one_place() -> None:
    assert [purpose for _, _, purpose in places_of("transit")] == [Purpose.STORAGE]


def test_every_company_starts_with_one_transit_site_below_all_drawn_ids() -> None:
    root, inside = transit_site(NOON)
    assert (root.id, root.site, root.kind, root.parent) == (TRANSIT_SITE, TRANSIT_SITE, "transit", None)
    assert (inside.id, inside.site, inside.parent, inside.purpose) == (TRANSIT_PLACE, TRANSIT_SITE, root.id, "storage")
    assert max(root.id, inside.id) <= FIXED_IDS


@pytest.mark.parametrize("zone", ["Europe/London", "UTC", "America/Argentina/Ushuaia"])
def test_loc01_time_zones_are_iana_names(zone: str) -> None:
    assert read_time_zone(zone) == zone


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc/passwd", "/etc/passwd", "localtime", "Europe", "+01:00"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    assert refused_code(read_time_zone, zone) == "time_zone_unknown"


def test_b271_without_any_time_zone_data_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert refused_code(read_time_zone, "Europe/Atlantis") == "tzdata_missing"


def test_loc14_a_country_is_asked_of_the_list_when_there_is_one() -> None:
    assert site_fields(site(country="united kingdom"), FewCountries())["country"] == "GB"
    assert refused_code(site_fields, site(country="Atlantis"), FewCountries()) == "country_unknown"
    assert site_fields(site(country="Atlantis"), None)["country"] == "Atlantis"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"latitude": D(91)}, "quantity_out_of_range"),
        ({"longitude": D("-180.000001")}, "quantity_out_of_range"),
        ({"latitude": D("1.0000001")}, "quantity_precision"),
        ({"shipping_cost": D(-1)}, "money_negative"),
        ({"strategy": "moon"}, "value_unknown"),
        ({"street": " "}, "text_blank"),
    ],
)
def test_a_sites_fields_are_checked(fields: dict[str, Any], code: str) -> None:
    assert refused_code(site_fields, site(**fields), None) == code


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"capacity": D(0)}, "quantity_not_positive"),
        ({"capacity": D(-3)}, "quantity_not_positive"),
        ({"purpose": "attic"}, "value_unknown"),
        ({"storage_kind": "x" * 256}, "text_too_long"),
    ],
)
def test_a_places_fields_are_checked(fields: dict[str, Any], code: str) -> None:
    assert refused_code(place_fields, AddLocation(site="MAIN", code="A", **fields)) == code


def test_loc04_the_kinds_of_sites_are_these() -> None:
    assert [read_kind(kind) for kind in ("warehouse", "retail", "dropship", "virtual", "transit")] == list(SiteKind)
    assert refused_code(read_kind, "barn") == "value_unknown"


@pytest.mark.parametrize("priority", [-1, 1_000_000])
def test_a_priority_has_bounds(priority: int) -> None:
    assert refused_code(read_priority, priority) == "quantity_out_of_range"


@pytest.mark.parametrize("priority", [True, "1", D(1)])
def test_a_priority_is_a_whole_number(priority: Any) -> None:
    assert refused_code(read_priority, priority) == "type_error"


def test_b093_sixteen_levels_are_enough() -> None:
    check_depth(16, "A")
    assert refused_code(check_depth, 17, "A") == "location_depth"


def test_what_a_site_and_a_place_have_is_not_mixed_up() -> None:
    assert refused_code(check_fits, ChangeLocation(site="M", capacity=D(1)), is_site=True) == "usage"
    assert refused_code(check_fits, ChangeLocation(site="M", location="A", country="FR"), is_site=False) == "usage"
    assert check_fits(ChangeLocation(site="M", location="A", clear=("capacity",)), is_site=False) == ("capacity",)
    assert refused_code(check_fits, ChangeLocation(site="M", clear=("capacity",)), is_site=True) == "value_unknown"
