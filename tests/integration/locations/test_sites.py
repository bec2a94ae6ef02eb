"""Sites on every store (LOC-01, LOC-04, LOC-06, LOC-14, LOC-15)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from stockcore.kernel.unit_of_work import Store
from stockcore.locations.commands import AddLocation, AddSite
from stockcore.locations.records import Location, LocationsOfSites, Sites
from stockcore.locations.transit import FIXED_IDS, TRANSIT_PLACE, TRANSIT_SITE
from stockcore.locations.use_cases import ADD_LOCATION, ADD_SITE, add_site
from tests.support.house import House
from tests.support.stores import STORES, asked, codes, counted_statements, done, opened, refusal, repeated, run

D = Decimal


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with opened(request.param, request) as opened_store:
        yield opened_store


def site(code: str = "MAIN", **fields: Any) -> AddSite:
    return AddSite(**{"code": code, "name": "Main", **fields})


def places(store: Store, code: str = "main") -> dict[str, Location]:
    return {place.code: place for place in asked(store, LocationsOfSites((code,)))}


class FewCountries:
    def code_of(self, country: str) -> str | None:
        return {"united kingdom": "GB"}.get(country.casefold())


def test_loc01_loc06_a_site_comes_with_the_places_it_works_with(store: Store) -> None:
    [added] = done(
        store,
        ADD_SITE,
        site(
            " Main ",
            time_zone="Europe/London",
            street="1 Dock Road",
            city="Leeds",
            postcode="LS1 1AA",
            country="GB",
            latitude=D("53.8"),
            longitude=D("-1.55"),
            priority=3,
            shipping_cost=D("4.20"),
            strategy="expiry,received",
        ),
    )
    assert (added.code, added.kind, added.time_zone, added.country) == ("Main", "warehouse", "Europe/London", "GB")
    assert added.places == ("RECEIVING", "STAGING", "PACKING", "QUARANTINE")
    found = places(store)
    root = found["Main"]
    assert (root.id, root.site, root.parent, root.depth) == (added.id, added.id, None, 1)
    assert (root.latitude, root.longitude, root.shipping_cost) == (D("53.8"), D("-1.55"), D("4.2"))
    assert (root.purpose, root.strategy, root.priority, root.created_by) == ("none", "expiry,received", 3, "ann")
    assert {place.code: place.purpose for place in found.values() if place.parent == root.id} == {
        "RECEIVING": "receiving",
        "STAGING": "staging",
        "PACKING": "packing",
        "QUARANTINE": "quarantine",
    }


@pytest.mark.parametrize("kind", ["retail", "dropship", "virtual"])
def test_loc04_sites_of_other_kinds_have_them_too(store: Store, kind: str) -> None:
    assert len(done(store, ADD_SITE, site(kind=kind))[0].places) == 4


def test_loc04_what_a_virtual_site_has_can_be_ordered(store: Store) -> None:
    house = House(store)
    house.product("LICENCE")
    house.site("CLOUD", kind="virtual")
    house.receive("LICENCE", 7, "CLOUD")
    number = house.order(("LICENCE", 7)).number
    house.advance(number, "delivered", through=True)
    assert house.line(number)[2] == 7


def test_a_further_transit_site_has_one_place(store: Store) -> None:
    assert done(store, ADD_SITE, site("FERRY", kind="transit"))[0].places == ("IN-TRANSIT",)


def test_a_site_may_be_called_like_a_place(store: Store) -> None:
    assert done(store, ADD_SITE, site("receiving"))[0].places[0] == "RECEIVING-1"


def test_every_company_starts_with_one_transit_site(store: Store) -> None:
    [root] = asked(store, Sites())
    assert (root.id, root.code, root.kind) == (TRANSIT_SITE, "TRANSIT", "transit")
    assert {place.id for place in asked(store, LocationsOfSites(("transit",)))} == {TRANSIT_SITE, TRANSIT_PLACE}
    assert refusal(store, ADD_SITE, site("transit")).code == "duplicate_location"
    assert done(store, ADD_SITE, site())[0].id > FIXED_IDS


def test_loc15_many_sites_live_side_by_side(store: Store) -> None:
    done(store, ADD_SITE, *[site(f"S{number}") for number in range(40)])
    assert len(asked(store, Sites())) == 41
    assert len(asked(store, LocationsOfSites(("s7", "s39")))) == 2 * 5


def test_a_sites_code_is_taken_whatever_its_case(store: Store) -> None:
    done(store, ADD_SITE, site("Main"))
    assert codes(run(store, ADD_SITE, site(" MAIN"), site("B"), site("b"))) == [
        "duplicate_location",
        None,
        "duplicate_location",
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "\0"}, "text_invalid"),
        ({"name": ""}, "text_blank"),
        ({"kind": "barn"}, "value_unknown"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone_unknown"),
        ({"country": "Atlantis"}, "country_unknown"),
        ({"priority": -1}, "quantity_out_of_range"),
        ({"latitude": D(91)}, "quantity_out_of_range"),
        ({"shipping_cost": D("-0.01")}, "money_negative"),
        ({"strategy": "moon"}, "value_unknown"),
    ],
)
def test_a_site_that_cannot_be_is_refused(store: Store, fields: dict[str, Any], code: str) -> None:
    outcomes = run(store, add_site(FewCountries()), site("GOOD", country="United Kingdom"), site(**fields))
    assert codes(outcomes) == [None, code]
    assert [one.code for one in asked(store, Sites())] == ["TRANSIT", "GOOD"]
    assert places(store, "good")["GOOD"].country == "GB"


def test_batches_of_sites_can_be_tried_repeated_and_done_wholly_or_not_at_all(store: Store) -> None:
    a, b, bad = site("A", command_id="a"), site("B", command_id="b"), site("A", command_id="c")
    assert codes(run(store, ADD_SITE, a, b, dry_run=True)) == [None, None]
    assert codes(run(store, ADD_SITE, a, b, bad, atomic=True)) == [
        "batch_refused",
        "batch_refused",
        "duplicate_location",
    ]
    assert len(asked(store, Sites())) == 1
    outcomes = run(store, ADD_SITE, a, b, a)
    assert (codes(outcomes), repeated(outcomes)) == ([None, None, None], [False, False, True])
    again = run(store, ADD_SITE, a, bad)
    assert (codes(again), repeated(again)) == ([None, "duplicate_location"], [True, True])
    assert len(asked(store, Sites())) == 3


def test_a_batch_costs_as_many_statements_as_one_command(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from stockcore_sql.stores import SqlStore

    store = SqlStore(postgres_url)
    done(store, ADD_SITE, site())
    counts = []
    for places_wanted in (1, 150):
        commands = [AddLocation(site="MAIN", code=f"{places_wanted}-{number}") for number in range(places_wanted)]
        with counted_statements(monkeypatch) as so_far:
            done(store, ADD_LOCATION, *commands)
            counts.append(so_far())
    store.close()
    assert counts[0] == counts[1]
