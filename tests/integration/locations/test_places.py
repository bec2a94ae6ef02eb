"""The tree below a site, on every store (LOC-02, LOC-03, LOC-05, LOC-10, LOC-13; B091, B093, B153)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from stockcore.catalog.commands import AddProduct
from stockcore.catalog.use_cases import ADD_PRODUCT
from stockcore.kernel.unit_of_work import Store
from stockcore.locations.commands import (
    ActivateLocation,
    AddLocation,
    AddSite,
    BlockLocation,
    ChangeLocation,
    DeactivateLocation,
    UnblockLocation,
)
from stockcore.locations.records import Location, LocationsOfSites
from stockcore.locations.use_cases import (
    ACTIVATE_LOCATION,
    ADD_LOCATION,
    ADD_SITE,
    BLOCK_LOCATION,
    CHANGE_LOCATION,
    DEACTIVATE_LOCATION,
)
from stockcore.stock.commands import AdjustStock, ReceiveStock
from stockcore.stock.use_cases import ADJUST_STOCK, RECEIVE_STOCK
from stockcore.stock.waiting import UNBLOCK_LOCATION
from tests.support.stores import STORES, asked, codes, done, opened, refusal, repeated, run

D = Decimal


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with opened(request.param, request) as opened_store:
        done(opened_store, ADD_SITE, AddSite(code="MAIN", name="Main"), AddSite(code="HULL", name="Hull"))
        yield opened_store


def place(code: str, parent: str | int | None = None, **fields: Any) -> AddLocation:
    return AddLocation(**{"site": "MAIN", "code": code, "parent": parent, **fields})


def change(location: str | None, **fields: Any) -> ChangeLocation:
    return ChangeLocation(site="main", location=location, **fields)


def found(store: Store, site: str = "main") -> dict[str, Location]:
    return {one.code: one for one in asked(store, LocationsOfSites((site,)))}


def shape(store: Store) -> dict[str, tuple[str | None, int]]:
    """The parent and depth of each place that is not the site's own."""
    places = found(store)
    by_id = {one.id: one.code for one in places.values()}
    own = {"MAIN", "RECEIVING", "STAGING", "PACKING", "QUARANTINE"}
    return {
        one.code: (None if one.parent is None else by_id[one.parent], one.depth)
        for one in places.values()
        if one.code not in own
    }


def stocked(store: Store, location: str, quantity: int = 5) -> None:
    done(store, ADD_PRODUCT, AddProduct(sku="MUG", name="Mug"))
    done(store, RECEIVE_STOCK, ReceiveStock(sku="MUG", site="MAIN", quantity=D(quantity), location=location))


# -- adding --------------------------------------------------------------------------------------------------------


def test_loc03_loc05_a_place_has_code_purpose_storage_kind_and_capacity(store: Store) -> None:
    [zone, aisle, added] = done(
        store,
        ADD_LOCATION,
        place("Z", purpose="none", name="Zone"),
        place("Z-1", "z", purpose="none"),
        place("Z-1-1", "Z-1", storage_kind="mesh bin", capacity=D("99.5"), priority=7),
    )
    assert (zone.parent, aisle.parent, added.parent) == ("MAIN", "Z", "Z-1")
    assert (added.depth, added.purpose, added.capacity, added.name, added.priority) == (
        4,
        "storage",
        D("99.5"),
        "Z-1-1",
        7,
    )
    assert found(store)["Z-1-1"].storage_kind == "mesh bin"
    by_id = done(store, ADD_LOCATION, place("Z-1-2", added.id))[0]
    assert by_id.parent == "Z-1-1"


def test_loc02_the_rows_of_a_tree_may_come_in_any_order(store: Store) -> None:
    outcomes = run(
        store, ADD_LOCATION, place("bin", "rack"), place("rack", "Aisle"), place("AISLE", "zone"), place("zone")
    )
    assert codes(outcomes) == [None] * 4
    assert shape(store) == {
        "zone": ("MAIN", 2),
        "AISLE": ("zone", 3),
        "rack": ("AISLE", 4),
        "bin": ("rack", 5),
    }


def test_b091_a_place_does_not_lie_in_itself(store: Store) -> None:
    refused = refusal(store, ADD_LOCATION, place("A", " a"))
    assert (refused.code, refused.field, refused.facts["ring"]) == ("location_cycle", "parent", ["A", "A"])


def test_b153_a_ring_of_rows_is_refused_and_listed(store: Store) -> None:
    outcomes = run(store, ADD_LOCATION, place("A", "C"), place("B", "A"), place("C", "B"), place("D", "C"), place("E"))
    assert codes(outcomes) == ["location_cycle", "location_cycle", "location_cycle", "location_cycle", None]
    assert outcomes[0].facts["ring"] == ["A", "C", "B", "A"]  # type: ignore[union-attr]
    assert outcomes[1].facts["ring"] == ["B", "A", "C", "B"]  # type: ignore[union-attr]
    assert list(shape(store)) == ["E"]


def test_b093_the_seventeenth_level_is_refused_and_what_would_hang_below_it(store: Store) -> None:
    rows = [place(f"L{level}", f"L{level - 1}" if level > 2 else None) for level in range(2, 201)]
    outcomes = run(store, ADD_LOCATION, *reversed(rows))
    outcomes.reverse()
    assert codes(outcomes[:15]) == [None] * 15
    assert set(codes(outcomes[15:])) == {"location_depth"}
    assert outcomes[15].facts["depth"] == 17  # type: ignore[union-attr]
    assert max(depth for _, depth in shape(store).values()) == 16
    assert refusal(store, ADD_LOCATION, place("deep", "L16")).code == "location_depth"


def test_a_chain_of_a_thousand_in_one_atomic_batch_is_refused_quickly(store: Store) -> None:
    rows = [place(f"L{level}", f"L{level - 1}" if level > 2 else None) for level in range(2, 1_002)]
    outcomes = run(store, ADD_LOCATION, *reversed(rows), atomic=True)
    assert codes(outcomes).count("location_depth") == 985
    assert shape(store) == {}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"site": "NOWHERE"}, "unknown_site"),
        ({"site": "MAIN\0"}, "text_invalid"),
        ({"code": "receiving"}, "duplicate_location"),
        ({"code": "main"}, "duplicate_location"),
        ({"code": " "}, "text_blank"),
        ({"parent": "attic"}, "unknown_location"),
        ({"parent": "attic\0"}, "text_invalid"),
        ({"parent": 999_999}, "unknown_location"),
        ({"parent": 2**70}, "quantity_out_of_range"),
        ({"parent": "H-1"}, "location_other_site"),
        ({"parent": "off"}, "location_inactive"),
        ({"purpose": "attic"}, "value_unknown"),
        ({"capacity": D(0)}, "quantity_not_positive"),
        ({"priority": "1"}, "type_error"),
    ],
)
def test_a_place_that_cannot_be_is_refused_and_leaves_the_others_alone(
    store: Store, fields: dict[str, Any], code: str
) -> None:
    done(store, ADD_LOCATION, place("H-1", site="HULL"), place("off"))
    done(store, DEACTIVATE_LOCATION, DeactivateLocation(site="MAIN", location="off"))
    outcomes = run(store, ADD_LOCATION, place("GOOD"), AddLocation(**{"site": "MAIN", "code": "BAD", **fields}))
    assert codes(outcomes) == [None, code]
    assert set(shape(store)) == {"off", "GOOD"}


def test_a_parent_of_another_site_is_refused_by_its_id_too(store: Store) -> None:
    [other] = done(store, ADD_LOCATION, place("H-1", site="HULL"))
    assert refusal(store, ADD_LOCATION, place("A", other.id)).code == "location_other_site"


def test_codes_are_unique_within_a_site_only(store: Store) -> None:
    assert codes(run(store, ADD_LOCATION, place("A"), place("A", site="HULL"), place(" a"))) == [
        None,
        None,
        "duplicate_location",
    ]


def test_a_tree_is_added_once_per_command_id_and_wholly_or_not_at_all(store: Store) -> None:
    leaf, root = place("leaf", "root", command_id="1"), place("root", command_id="2")
    assert codes(run(store, ADD_LOCATION, leaf, root, dry_run=True)) == [None, None]
    refused = run(store, ADD_LOCATION, leaf, root, place("x", "nowhere", command_id="3"), atomic=True)
    assert codes(refused) == ["batch_refused", "batch_refused", "unknown_location"]
    assert shape(store) == {}
    assert repeated(run(store, ADD_LOCATION, leaf, root, leaf)) == [False, False, True]
    again = run(store, ADD_LOCATION, root, place("second", "root"), leaf)
    assert (codes(again), repeated(again)) == ([None, None, None], [True, False, True])
    assert set(shape(store)) == {"root", "leaf", "second"}


def test_the_very_same_command_object_twice_is_two_commands(store: Store) -> None:
    one = place("A")
    assert codes(run(store, ADD_LOCATION, one, one)) == [None, "duplicate_location"]


# -- changing ------------------------------------------------------------------------------------------------------


def test_what_is_given_changes_and_what_is_not_stays(store: Store) -> None:
    done(store, ADD_LOCATION, place("A", capacity=D(5), storage_kind="shelf"))
    [changed] = done(store, CHANGE_LOCATION, change("a", name="Alpha", priority=1, clear=("capacity",)))
    assert (changed.name, changed.priority, changed.capacity) == ("Alpha", 1, None)
    assert found(store)["A"].storage_kind == "shelf"
    done(store, CHANGE_LOCATION, change(None, time_zone="Europe/Paris", city="Lille", strategy="received"))
    root = found(store)["MAIN"]
    assert (root.time_zone, root.city, root.strategy) == ("Europe/Paris", "Lille", "received")


def test_a_branch_moves_with_all_below_it(store: Store) -> None:
    done(store, ADD_LOCATION, place("A"), place("A-1", "A"), place("A-1-1", "A-1"), place("B"), place("B-1", "B"))
    [moved] = done(store, CHANGE_LOCATION, change("A", parent="B-1"))
    assert (moved.parent, moved.depth) == ("B-1", 4)
    assert shape(store)["A-1-1"] == ("A-1", 6)
    done(store, CHANGE_LOCATION, change("A", parent="MAIN"))
    assert shape(store)["A-1-1"] == ("A-1", 4)


def test_a_branch_does_not_move_into_itself(store: Store) -> None:
    done(store, ADD_LOCATION, place("A"), place("B", "A"), place("C", "B"))
    refused = refusal(store, CHANGE_LOCATION, change("A", parent="C"))
    assert (refused.code, refused.facts["ring"]) == ("location_cycle", ["A", "C", "B", "A"])
    assert refusal(store, CHANGE_LOCATION, change("A", parent="A")).code == "location_cycle"


def test_two_changes_of_one_batch_do_not_close_a_ring_together(store: Store) -> None:
    done(store, ADD_LOCATION, place("A"), place("B"))
    assert codes(run(store, CHANGE_LOCATION, change("A", parent="B"), change("B", parent="A"))) == [
        None,
        "location_cycle",
    ]
    assert shape(store) == {"A": ("B", 3), "B": ("MAIN", 2)}


def test_a_branch_that_would_reach_too_deep_stays(store: Store) -> None:
    done(store, ADD_LOCATION, *[place(f"L{n}", f"L{n - 1}" if n > 2 else None) for n in range(2, 16)])
    done(store, ADD_LOCATION, place("A"), place("A-1", "A"))
    assert refusal(store, CHANGE_LOCATION, change("A", parent="L15")).code == "location_depth"
    assert done(store, CHANGE_LOCATION, change("A", parent="L14"))[0].depth == 15


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (change("none", name="x"), "unknown_location"),
        (ChangeLocation(site="none", name="x"), "unknown_site"),
        (change("A", parent="none"), "unknown_location"),
        (change("A", parent="H-1"), "location_other_site"),
        (change("A", parent="off"), "location_inactive"),
        (change("A", time_zone="UTC"), "usage"),
        (change(None, parent="A"), "usage"),
        (change(None, capacity=D(1)), "usage"),
        (change(None, time_zone="Mars"), "time_zone_unknown"),
        (change("A", clear=("name",)), "value_unknown"),
        (change("A", capacity=D(-1)), "quantity_not_positive"),
    ],
)
def test_a_change_that_cannot_be_is_refused(store: Store, command: ChangeLocation, code: str) -> None:
    done(store, ADD_LOCATION, place("H-1", site="HULL"), place("off"), place("A"))
    done(store, DEACTIVATE_LOCATION, DeactivateLocation(site="MAIN", location="off"))
    before = found(store)
    assert refusal(store, CHANGE_LOCATION, command).code == code
    assert found(store) == before


def test_a_purpose_changes_only_where_nothing_lies(store: Store) -> None:
    done(store, ADD_LOCATION, place("A"), place("B"))
    stocked(store, "A")
    assert refusal(store, CHANGE_LOCATION, change("A", purpose="quarantine")).code == "in_use"
    assert done(store, CHANGE_LOCATION, change("B", purpose="pick_face"))[0].purpose == "pick_face"
    assert done(store, CHANGE_LOCATION, change("A", purpose="storage"))[0].purpose == "storage"


# -- blocking and taking out of use --------------------------------------------------------------------------------


def test_blocking_a_zone_blocks_all_below_it_and_nothing_else(store: Store) -> None:
    done(store, ADD_LOCATION, place("Z"), place("Z-1", "Z"), place("Y"))
    stocked(store, "Z-1")
    assert done(store, BLOCK_LOCATION, BlockLocation(site="MAIN", location="z"))[0].blocked
    assert {code for code, one in found(store).items() if one.blocked} == {"Z", "Z-1"}
    assert done(store, ADD_LOCATION, place("Z-2", "Z"))[0].blocked, "what is added below is blocked too"
    done(store, UNBLOCK_LOCATION, UnblockLocation(site="MAIN", location="Z"))
    assert not any(one.blocked for one in found(store).values())


def test_nothing_inside_a_blocked_zone_is_unblocked_alone(store: Store) -> None:
    done(store, ADD_LOCATION, place("Z"), place("Z-1", "Z"), place("Z-2", "Z-1"))
    done(store, BLOCK_LOCATION, BlockLocation(site="MAIN", location="Z"))
    refused = refusal(store, UNBLOCK_LOCATION, UnblockLocation(site="MAIN", location="Z-2"))
    assert (refused.code, refused.facts["location"]) == ("location_blocked", "Z-1")
    assert found(store)["Z-2"].blocked
    done(store, UNBLOCK_LOCATION, UnblockLocation(site="MAIN"))
    assert not any(one.blocked for one in found(store).values())


def test_loc13_a_place_with_stock_stays_in_use(store: Store) -> None:
    done(store, ADD_LOCATION, place("Z"), place("Z-1", "Z"))
    stocked(store, "Z-1", 3)
    for location in ("Z-1", "Z", None):
        refused = refusal(store, DEACTIVATE_LOCATION, DeactivateLocation(site="MAIN", location=location))
        assert (refused.code, refused.facts["places"]) == ("in_use", ["Z-1"])
    done(store, ADJUST_STOCK, AdjustStock(sku="MUG", site="MAIN", location="Z-1", quantity=D(-3), reason="gone"))
    done(store, DEACTIVATE_LOCATION, DeactivateLocation(site="MAIN", location="Z"))
    assert {code for code, one in found(store).items() if not one.active} == {"Z", "Z-1"}


def test_loc13_a_place_is_activated_with_all_below_it_but_not_inside_what_is_not_active(store: Store) -> None:
    done(store, ADD_LOCATION, place("Z"), place("Z-1", "Z"))
    done(store, DEACTIVATE_LOCATION, DeactivateLocation(site="MAIN", location="Z"))
    assert refusal(store, ACTIVATE_LOCATION, ActivateLocation(site="MAIN", location="Z-1")).code == "location_inactive"
    done(store, ACTIVATE_LOCATION, ActivateLocation(site="MAIN", location="Z"))
    assert all(one.active for one in found(store).values())


def test_a_whole_site_is_taken_out_of_use_and_back(store: Store) -> None:
    done(store, DEACTIVATE_LOCATION, DeactivateLocation(site="MAIN"))
    assert not any(one.active for one in found(store).values())
    done(store, ACTIVATE_LOCATION, ActivateLocation(site="MAIN"))
    assert all(one.active for one in found(store).values())


def test_a_site_keeps_one_place_of_each_purpose_it_works_with(store: Store) -> None:
    last = DeactivateLocation(site="MAIN", location="RECEIVING")
    refused = refusal(store, DEACTIVATE_LOCATION, last)
    assert (refused.code, refused.facts["purpose"]) == ("in_use", "receiving")
    assert refusal(store, CHANGE_LOCATION, change("PACKING", purpose="storage")).code == "in_use"
    done(store, ADD_LOCATION, place("DOCK-2", purpose="receiving"))
    outcomes = run(store, DEACTIVATE_LOCATION, last, DeactivateLocation(site="MAIN", location="DOCK-2"))
    assert codes(outcomes) == [None, "in_use"]


@pytest.mark.parametrize("location", [None, "IN-TRANSIT"])
def test_the_transit_site_stays(store: Store, location: str | None) -> None:
    assert refusal(store, DEACTIVATE_LOCATION, DeactivateLocation(site="TRANSIT", location=location)).code == "in_use"


def test_what_it_is_already_changes_nothing_and_once_is_enough(store: Store) -> None:
    done(store, ADD_LOCATION, place("A"))
    before = found(store)
    done(store, UNBLOCK_LOCATION, UnblockLocation(site="MAIN"))
    done(store, ACTIVATE_LOCATION, ActivateLocation(site="MAIN", location="A"))
    assert codes(run(store, BLOCK_LOCATION, BlockLocation(site="MAIN"), dry_run=True)) == [None]
    assert found(store) == before
    block = BlockLocation(site="MAIN", location="A", command_id="k")
    assert repeated(run(store, BLOCK_LOCATION, block, block)) == [False, True]


def test_an_atomic_batch_of_changes_is_done_wholly_or_not_at_all(store: Store) -> None:
    done(store, ADD_LOCATION, place("A"))
    before = found(store)
    outcomes = run(store, CHANGE_LOCATION, change("A", name="x"), change("B", name="x"), atomic=True)
    assert codes(outcomes) == ["batch_refused", "unknown_location"]
    assert found(store) == before
