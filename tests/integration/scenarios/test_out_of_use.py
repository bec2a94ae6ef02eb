"""Goods never leave from, nor come back to, where that is not allowed, whatever was promised before (LOC-13)."""

from __future__ import annotations

from datetime import date

import pytest

from stockcore.catalog.commands import DeactivateProduct
from stockcore.catalog.use_cases import DEACTIVATE_PRODUCT
from stockcore.locations.commands import BlockLocation, ChangeLocation, DeactivateLocation
from stockcore.locations.use_cases import BLOCK_LOCATION, CHANGE_LOCATION, DEACTIVATE_LOCATION
from stockcore.orders.commands import AdvanceOrder, LineRequest, Requirement
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.stock.commands import AdjustStock, CommitReservation, ReversePosting
from stockcore.stock.reserving import COMMIT_RESERVATION
from stockcore.stock.reversing import REVERSE_POSTING
from stockcore.stock.use_cases import ADJUST_STOCK
from tests.support.house import House, d


@pytest.fixture
def shelf(house: House) -> House:
    """Ten of A in SHELF at LEEDS."""
    house.place("LEEDS", "SHELF")
    house.receive("A", 10, location="SHELF")
    return house


def pinned(house: House, quantity: int, **wanted: object) -> str:
    requirement = Requirement(**wanted)  # type: ignore[arg-type]
    return house.order(LineRequest(sku="A", quantity=d(quantity), requirement=requirement)).number


def refused_release(house: House, number: str) -> str:
    return house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to="picking")).code


def test_pinned_goods_in_a_bin_that_was_blocked_since_are_not_released(shelf: House) -> None:
    number = pinned(shelf, 4, location="SHELF")
    shelf.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location="SHELF"))
    assert refused_release(shelf, number) == "not_allocatable"


def test_a_pinned_lot_that_expired_since_is_not_released(house: House) -> None:
    clock = house.stop_the_clock()
    house.product("MILK", lot_tracked=True, perishable=True)
    day = clock().date()
    house.receive("MILK", 5, lot="L", expires_on=date.fromordinal(day.toordinal() + 20))
    line = LineRequest(sku="MILK", quantity=d(5), requirement=Requirement(shelf_life_days=10))
    number = house.order(line).number
    clock.pass_time(days=30)
    assert refused_release(house, number) == "not_allocatable"


def test_an_outside_order_takes_nothing_from_a_bin_that_was_blocked_since(shelf: House) -> None:
    shelf.reserve("A", 4, "X", demand_type="external", location="SHELF")
    shelf.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location="SHELF"))
    command = CommitReservation(sku="A", reference="X", demand_type="external")
    assert shelf.refused(COMMIT_RESERVATION, command).code == "not_allocatable"


def test_an_order_that_ships_complete_is_not_released_in_part(shelf: House) -> None:
    shelf.receive("A", 5, location="STAGING")
    number = shelf.order(("A", 15), ship_complete=True).number
    assert refused_release(shelf, number) == "not_allocatable"
    assert shelf.shipments(number) == []


def test_what_cannot_be_allocated_names_where_these_goods_lie(shelf: House) -> None:
    shelf.receive("B", 5)
    shelf.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location="SHELF"))
    number = shelf.order(("A", 1)).number
    refusal = shelf.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to="picking"))
    assert (refusal.code, refusal.facts["places"]) == ("not_allocatable", ["SHELF"])


def test_a_picked_order_is_cancelled_though_all_of_its_site_is_blocked(shelf: House) -> None:
    number = shelf.order(("A", 4)).number
    shelf.advance(number, "packed", through=True)
    shelf.do(BLOCK_LOCATION, BlockLocation(site="LEEDS"))
    shelf.cancel(number)
    assert shelf.at("A", "LEEDS", "RECEIVING") == 4
    assert shelf.state(number) == "cancelled"


def test_picked_goods_do_not_go_back_where_nothing_is_kept_any_more(shelf: House) -> None:
    number = shelf.order(("A", 10)).number
    shelf.advance(number, "packed", through=True)
    shelf.do(CHANGE_LOCATION, ChangeLocation(site="LEEDS", location="SHELF", purpose="none"))
    shelf.cancel(number)
    assert shelf.at("A", "LEEDS", "RECEIVING") == 10


@pytest.mark.parametrize(
    ("use_case", "command", "code"),
    [
        (DEACTIVATE_LOCATION, DeactivateLocation(site="LEEDS", location="SHELF"), "location_inactive"),
        (DEACTIVATE_LOCATION, DeactivateLocation(site="LEEDS"), "location_inactive"),
        (BLOCK_LOCATION, BlockLocation(site="LEEDS", location="SHELF"), "location_not_storable"),
        (CHANGE_LOCATION, ChangeLocation(site="LEEDS", location="SHELF", purpose="none"), "location_not_storable"),
        (DEACTIVATE_PRODUCT, DeactivateProduct(sku="A"), "inactive_sku"),
    ],
    ids=["place inactive", "site inactive", "place blocked", "nothing kept there", "SKU inactive"],
)
def test_a_reversal_brings_nothing_back_to_where_nothing_may_come(
    shelf: House, use_case: object, command: object, code: str
) -> None:
    adjust = AdjustStock(sku="A", site="LEEDS", quantity=d(-10), reason="lost", location="SHELF")
    lost = shelf.do(ADJUST_STOCK, adjust)
    shelf.do(use_case, command)  # type: ignore[arg-type]
    reverse = ReversePosting(posting_id=lost.posting_id, reason="found again")
    assert shelf.refused(REVERSE_POSTING, reverse).code == code


def test_a_bin_that_is_moved_below_a_blocked_place_is_blocked(house: House) -> None:
    house.place("LEEDS", "ZONE", "BIN")
    house.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location="ZONE"))
    assert house.do(CHANGE_LOCATION, ChangeLocation(site="LEEDS", location="BIN", parent="ZONE")).blocked
