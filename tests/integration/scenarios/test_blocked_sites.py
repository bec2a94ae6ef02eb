"""A blocked site promises nothing to anybody new: not to an order, not to an edit, not to the queue. Once unblocked it
serves who waits, in the same transaction (LOC-14)."""

from typing import Any

import pytest
import sqlalchemy as sa

from stockcore.kernel.results import value_of
from stockcore.locations.commands import BlockLocation, UnblockLocation
from stockcore.locations.use_cases import BLOCK_LOCATION
from stockcore.orders.commands import AdvanceOrder, EditOrder, LineEdit, LineRequest, PlaceOrder, Requirement
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import ReleaseReservation, ReserveStock, ServeQueue
from stockcore.stock.reserving import RELEASE_RESERVATION, RESERVE_STOCK
from stockcore.stock.waiting import SERVE_QUEUE, UNBLOCK_LOCATION
from stockcore_runtime.application import open_application
from stockcore_sql import schema
from stockcore_sql.stores import SqlStore
from tests.support.house import House, d
from tests.support.meanwhile import Wish, meanwhile


def block(house: House, site: str = "LEEDS", location: str | None = None) -> None:
    house.do(BLOCK_LOCATION, BlockLocation(site=site, location=location))


def unblock(house: House, site: str = "LEEDS", location: str | None = None) -> None:
    house.do(UNBLOCK_LOCATION, UnblockLocation(site=site, location=location))


def a(quantity: int, **fields: Any) -> PlaceOrder:
    return PlaceOrder(lines=(LineRequest(sku="A", quantity=d(quantity)),), **fields)


def test_an_order_is_sourced_from_the_site_that_is_open(house: House) -> None:
    house.receive("A", 5, "LEEDS")
    house.receive("A", 5, "HULL")
    block(house, "HULL")
    house.order(("A", 3))
    assert (house.stock("A", "LEEDS"), house.stock("A", "HULL")) == ((5, 3, 2), (5, 0, 5))


def test_a_refusal_says_which_site_is_blocked(house: House) -> None:
    house.receive("A", 5)
    block(house)
    refusal = house.refused(PLACE_ORDER, a(1, sites=("LEEDS",)))
    assert refusal.code == "insufficient_stock"
    [site] = refusal.facts["lines"][0]["sites"]
    assert (site["site"], site["available"], site["blocked"]) == ("LEEDS", "0", True)
    assert house.refused(RESERVE_STOCK, ReserveStock(sku="A", quantity=d(1), reference="basket")).code == (
        "insufficient_stock"
    )


def test_nobody_who_waits_is_served_from_a_blocked_site(house: House) -> None:
    house.receive("A", 2)
    house.reserve("A", 2, "basket")
    number = house.order(("A", 3), policy="backorder").number
    block(house)
    house.do(RELEASE_RESERVATION, ReleaseReservation(reference="basket"))
    assert house.line(number) == (0, 3, 0)
    house.receive("A", 1, "HULL")
    assert house.line(number) == (1, 2, 0)
    unblock(house)
    assert house.line(number) == (3, 0, 0)


def test_an_edit_beside_a_blocked_site_waits_until_it_is_unblocked(house: House) -> None:
    number = house.order(("A", 1), policy="backorder").number
    house.receive("A", 5)
    block(house)
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(4)),)))
    assert house.line(number) == (1, 3, 0)
    house.prove()
    unblock(house)
    assert house.line(number) == (4, 0, 0)


def test_unblocking_a_site_serves_who_waits_by_age(house: House) -> None:
    house.receive("A", 5)
    block(house)
    first = house.order(("A", 4), policy="backorder").number
    second = house.order(("A", 4), policy="backorder").number
    house.prove()
    unblock(house)
    assert (house.line(first), house.line(second)) == ((4, 0, 0), (1, 3, 0))
    assert house.follow_up() == 2


def test_unblocking_a_bin_serves_who_waits_for_goods_in_it(house: House) -> None:
    house.place("LEEDS", "BIN", purpose="storage")
    house.receive("A", 5, location="BIN")
    block(house, location="BIN")
    pinned = LineRequest(sku="A", quantity=d(2), requirement=Requirement(location="BIN"))
    number = house.order(pinned, policy="backorder", sites=("LEEDS",)).number
    assert house.line(number) == (0, 2, 0)
    unblock(house, location="BIN")
    assert house.line(number) == (2, 0, 0)


def test_nothing_is_picked_from_a_bin_that_was_blocked_after_the_release(house: House) -> None:
    house.place("LEEDS", "BIN", purpose="storage")
    house.receive("A", 5, location="BIN")
    number = house.order(("A", 2)).number
    house.advance(number, "picking")
    block(house, location="BIN")
    refusal = house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to="packed"))
    assert (refusal.code, refusal.facts["places"]) == ("not_allocatable", ["BIN"])
    unblock(house, location="BIN")
    house.advance(number, "packed")


def test_what_a_blocked_site_has_promised_stays_promised(house: House) -> None:
    house.receive("A", 5)
    house.reserve("A", 2, "basket")
    number = house.order(("A", 3)).number
    block(house)
    assert house.line(number) == (3, 0, 0)
    assert house.line(house.order(("A", 2), holds=("basket",)).number) == (2, 0, 0)


def test_unblocking_what_is_open_changes_nothing(house: House) -> None:
    house.receive("A", 5)
    rows = len(house.ledger("reserved"))
    unblock(house)
    assert house.refused(UNBLOCK_LOCATION, UnblockLocation(site="NOWHERE")).code == "unknown_site"
    assert len(house.ledger("reserved")) == rows


def test_serving_the_queue_again_changes_nothing(house: House) -> None:
    number = house.order(("A", 3), policy="backorder").number
    house.receive("A", 2)
    assert house.do(SERVE_QUEUE, ServeQueue()).count == 0
    assert house.line(number) == (2, 1, 0)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_orders_take_note_of_what_unblocking_did_for_them(house: House) -> None:
    assert isinstance(house.store, SqlStore)
    house.receive("A", 5)
    with open_application(house.store.url) as app:
        app.locations.block(site="LEEDS")
        number = house.order(("A", 4), policy="backorder", sites=("LEEDS",)).number
        app.locations.unblock(site="LEEDS")
    assert house.follow_up() == 0
    assert house.header(number).version == 2


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("unblocked_first", [True, False])
def test_an_order_placed_while_a_site_is_unblocked_is_served(house: House, unblocked_first: bool) -> None:
    assert isinstance(house.store, SqlStore)
    house.receive("A", 5)
    block(house)
    order: Wish = (PLACE_ORDER, a(4, policy="backorder", number="X"))
    unblocking: Wish = (UNBLOCK_LOCATION, UnblockLocation(site="LEEDS"))
    one, other = (unblocking, order) if unblocked_first else (order, unblocking)
    value_of(meanwhile(house.store.url, one, other))
    assert house.line("X") == (4, 0, 0)


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("unblocked_first", [True, False])
def test_an_order_for_what_lies_in_a_bin_that_is_unblocked_at_the_moment_is_served(
    house: House, unblocked_first: bool
) -> None:
    assert isinstance(house.store, SqlStore)
    house.place("LEEDS", "BIN")
    house.receive("A", 5, location="BIN")
    block(house, location="BIN")
    line = LineRequest(sku="A", quantity=d(4), requirement=Requirement(location="BIN"))
    order: Wish = (PLACE_ORDER, PlaceOrder(lines=(line,), policy="backorder", number="X"))
    unblocking: Wish = (UNBLOCK_LOCATION, UnblockLocation(site="LEEDS", location="BIN"))
    one, other = (unblocking, order) if unblocked_first else (order, unblocking)
    value_of(meanwhile(house.store.url, one, other))
    assert house.line("X") == (4, 0, 0)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_a_rebuild_that_finds_more_serves_who_waits(house: House) -> None:
    assert isinstance(house.store, SqlStore)
    house.receive("A", 5)
    with house.store.engine.begin() as connection:  # figures that lost the receipt
        connection.execute(sa.update(schema.stock_pool).values(on_hand=0))
        connection.execute(sa.update(schema.stock_quant).values(on_hand=0))
    number = house.order(("A", 3), policy="backorder").number
    assert house.line(number) == (0, 3, 0)
    with open_application(house.store.url) as app:
        assert app.rebuild(dry_run=False)["rows"] == 2
    assert house.line(number) == (3, 0, 0)
