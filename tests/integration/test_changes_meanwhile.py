"""Who changes a product or a place, and who posts goods to it, at the same time: whoever commits later knows what the
other did (CAT-12, LOC-13). On PostgreSQL; SQLite and memory have one writer at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from stockcore.catalog.commands import ChangeProduct, DeactivateProduct
from stockcore.catalog.use_cases import CHANGE_PRODUCT, DEACTIVATE_PRODUCT
from stockcore.kernel.execution import UseCase, execute
from stockcore.kernel.results import Accepted, value_of
from stockcore.kernel.unit_of_work import ChangedMeanwhileError, Origin
from stockcore.locations.commands import ChangeLocation, DeactivateLocation
from stockcore.locations.use_cases import CHANGE_LOCATION, DEACTIVATE_LOCATION
from stockcore.orders import following
from stockcore.orders.cancelling import CANCEL_ORDER
from stockcore.orders.commands import AdvanceOrder, CancelOrder, EditOrder, LineEdit
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.records import LockOffers, LockOrders
from stockcore.stock.commands import (
    AdjustStock,
    CountStock,
    DamageStock,
    MoveStock,
    ReceiveStock,
    ReserveStock,
    SendTransfer,
    TransferLine,
)
from stockcore.stock.records import FollowUp
from stockcore.stock.reserving import RESERVE_STOCK
from stockcore.stock.transfers import SEND_TRANSFER
from stockcore.stock.use_cases import ADJUST_STOCK, COUNT_STOCK, DAMAGE_STOCK, MOVE_STOCK, RECEIVE_STOCK
from stockcore_sql.stores import SqlStore
from tests.support.house import House, d, order, proven
from tests.support.meanwhile import Wish, meanwhile
from tests.support.stores import ANN, codes


@pytest.fixture
def house(postgres_url: str) -> Iterator[House]:
    """Sites LEEDS and HULL with places BIN and SHELF in LEEDS; A was in LEEDS and is gone, B was never anywhere, S is a
    service."""
    store = SqlStore(postgres_url)
    with proven(store) as house:
        house.product("A", "B", "C")
        house.product("S", stocked=False)
        house.site("LEEDS", "HULL", time_zone="Europe/London")
        house.place("LEEDS", "BIN", "SHELF")
        house.receive("A", 1)
        house.advance(house.order(("A", 1)).number, "delivered", through=True)
        house.receive("C", 2)
        yield house
    store.close()


def receipt(sku: str, quantity: str = "2", **fields: Any) -> Wish:
    return RECEIVE_STOCK, ReceiveStock(sku=sku, site="LEEDS", quantity=d(quantity), **fields)


def deactivation(sku: str) -> Wish:
    return DEACTIVATE_PRODUCT, DeactivateProduct(sku=sku)


def closing(site: str = "LEEDS", location: str | None = "BIN") -> Wish:
    return DEACTIVATE_LOCATION, DeactivateLocation(site=site, location=location)


def stocking(sku: str, stocked: bool) -> Wish:
    return CHANGE_PRODUCT, ChangeProduct(sku=sku, stocked=stocked)


def unit(sku: str, name: str) -> Wish:
    return CHANGE_PRODUCT, ChangeProduct(sku=sku, unit=name)


MOVE: Wish = (
    MOVE_STOCK,
    MoveStock(sku="C", site="LEEDS", quantity=d(1), from_location="RECEIVING", to_location="BIN"),
)
TRANSFER: Wish = (
    SEND_TRANSFER,
    SendTransfer(from_site="LEEDS", to_site="HULL", lines=(TransferLine(sku="C", quantity=d(1)),)),
)
SERVICE: Wish = (PLACE_ORDER, order(("S", 1)))
KEPT: Wish = (PLACE_ORDER, order(("B", 1), keep_received=True))
NO_STORAGE: Wish = (CHANGE_LOCATION, ChangeLocation(site="LEEDS", location="BIN", purpose="none"))


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        pytest.param(receipt("B"), unit("B", "kg"), "base_unit_fixed", id="first receipt, unit"),
        pytest.param(receipt("B"), deactivation("B"), "in_use", id="first receipt, deactivation"),
        pytest.param(deactivation("B"), receipt("B"), "inactive_sku", id="deactivation, first receipt"),
        pytest.param(
            deactivation("B"),
            (RESERVE_STOCK, ReserveStock(sku="B", quantity=d(1), reference="web-1")),
            "inactive_sku",
            id="deactivation, reservation",
        ),
        pytest.param(receipt("B", location="BIN"), closing(), "in_use", id="receipt, closing"),
        pytest.param(closing(), receipt("B", location="BIN"), "location_inactive", id="closing, receipt"),
        pytest.param(MOVE, closing(), "in_use", id="move, closing"),
        pytest.param(closing(), MOVE, "location_inactive", id="closing, move"),
        pytest.param(receipt("A", location="BIN"), NO_STORAGE, "in_use", id="receipt, purpose"),
        pytest.param(NO_STORAGE, receipt("A", location="BIN"), "location_not_storable", id="purpose, receipt"),
        pytest.param(TRANSFER, closing("HULL", None), "in_use", id="transfer, closing"),
        pytest.param(closing("HULL", None), TRANSFER, "location_inactive", id="closing, transfer"),
        pytest.param(SERVICE, stocking("S", True), "base_unit_fixed", id="order of a service, stocked"),
        pytest.param(stocking("S", True), SERVICE, "insufficient_stock", id="stocked, order of a service"),
        pytest.param(KEPT, stocking("B", False), "base_unit_fixed", id="order that is kept, service"),
    ],
)
def test_who_comes_later_knows_what_the_other_did(house: House, one: Wish, other: Wish, code: str) -> None:
    assert isinstance(house.store, SqlStore)
    assert codes([meanwhile(house.store.url, one, other)]) == [code]


def test_a_first_receipt_is_in_the_unit_that_was_changed_meanwhile(house: House) -> None:
    assert isinstance(house.store, SqlStore)
    assert isinstance(meanwhile(house.store.url, unit("B", "kg"), receipt("B", "0.5")), Accepted)
    assert house.stock("B") == (d("0.5"), 0, d("0.5"))


def test_a_place_that_closes_keeps_no_goods_from_another(house: House) -> None:
    assert isinstance(house.store, SqlStore)
    assert isinstance(meanwhile(house.store.url, closing(), receipt("B", location="SHELF")), Accepted)


def test_an_order_finds_a_sku_that_others_renamed_and_gave_to_another_product(house: House, postgres_url: str) -> None:
    house.receive("A", 5)
    house.receive("C", 5)
    house.order(("A", 1), ("C", 1))  # from now on this store knows which variants A and C are
    others = SqlStore(postgres_url)
    for sku, new_sku in (("A", "OLD"), ("C", "A")):
        value_of(execute(others, CHANGE_PRODUCT, [ChangeProduct(sku=sku, new_sku=new_sku)], origin=Origin())[0])
    others.close()
    house.order(("A", 1))
    house.order(("OLD", 2), ("A", 1))
    assert house.refused(PLACE_ORDER, order(("C", 1))).code == "unknown_sku"
    assert house.pool("OLD").reserved == d(3)
    assert house.pool("A").reserved == d(2 + 1)


def offered(store: SqlStore, code: str) -> list[str]:
    with store.transaction(Origin()) as uow:
        return [offer.sku for offer in uow.load(LockOffers((code,)))]


def test_what_was_renamed_is_not_looked_up_again_behind_ids_drawn_before(house: House, postgres_url: str) -> None:
    """Ids of the ledger must be drawn behind all locks: another order may have been there in between."""
    house.receive("A", 5)
    house.order(("A", 1))  # from now on this store knows which variant A is
    others = SqlStore(postgres_url)
    value_of(execute(others, CHANGE_PRODUCT, [ChangeProduct(sku="A", new_sku="OLD")], origin=Origin())[0])
    others.close()
    assert isinstance(house.store, SqlStore)
    with pytest.raises(ChangedMeanwhileError):
        offered(house.store, "a")
    assert offered(house.store, "old") == ["OLD"]


def first_goods(sku: str) -> Wish:
    return RECEIVE_STOCK, ReceiveStock(sku=sku, site="HULL", quantity=d(5))


def waiting_order(sku: str) -> Wish:
    return PLACE_ORDER, order((sku, 4), policy="backorder", number="X")


@pytest.mark.parametrize("sku", ["A", "B"], ids=["first at this site", "first anywhere"])
@pytest.mark.parametrize(
    ("use_case", "command"),
    [
        pytest.param(DAMAGE_STOCK, partial(DamageStock, quantity=d(3), reason="wet"), id="damage"),
        pytest.param(ADJUST_STOCK, partial(AdjustStock, quantity=d(-3), reason="lost"), id="adjustment"),
        pytest.param(COUNT_STOCK, partial(CountStock, counted=d(2)), id="count"),
    ],
)
def test_the_first_goods_at_a_site_are_seen_by_who_waited_for_them(
    house: House, sku: str, use_case: UseCase[Any, Any], command: Any
) -> None:
    assert isinstance(house.store, SqlStore)
    value_of(meanwhile(house.store.url, first_goods(sku), (use_case, command(sku=sku, site="HULL"))))


@pytest.mark.parametrize("sku", ["A", "B"], ids=["first at this site", "first anywhere"])
@pytest.mark.parametrize("goods_first", [True, False])
def test_an_order_placed_while_the_first_goods_arrive_is_served(house: House, sku: str, goods_first: bool) -> None:
    assert isinstance(house.store, SqlStore)
    one, other = (first_goods(sku), waiting_order(sku)) if goods_first else (waiting_order(sku), first_goods(sku))
    value_of(meanwhile(house.store.url, one, other))
    assert house.line("X") == (4, 0, 0)


@pytest.mark.parametrize("sku", ["A", "B"], ids=["first at this site", "first anywhere"])
@pytest.mark.parametrize(
    ("use_case", "command", "reserved"),
    [
        pytest.param(CANCEL_ORDER, CancelOrder(number="X"), 0, id="cancel"),
        pytest.param(EDIT_ORDER, EditOrder(number="X", lines=(LineEdit(line=1, quantity=d(5)),)), 5, id="edit"),
        pytest.param(ADVANCE_ORDER, AdvanceOrder(number="X", to="dispatched", through=True), 0, id="advance"),
    ],
)
def test_an_order_that_is_served_while_it_is_changed_stays_whole(
    house: House, sku: str, use_case: UseCase[Any, Any], command: Any, reserved: int
) -> None:
    assert isinstance(house.store, SqlStore)
    house.do(*waiting_order(sku))
    value_of(meanwhile(house.store.url, first_goods(sku), (use_case, command)))
    assert house.line("X")[0] == reserved


def test_the_follow_ups_of_an_order_that_somebody_holds_keep_no_other_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FOLLOW_UPS_MAX", 2)
    assert isinstance(house.store, SqlStore)
    held, free = house.order(("B", 3), policy="backorder").number, house.order(("B", 1), policy="backorder").number
    for _ in range(4):
        house.receive("B", 1)
    holder = SqlStore(house.store.url)
    try:
        with holder.transaction(ANN) as uow:
            uow.load(LockOrders((held,)))
            assert house.follow_up() == 1
        assert house.header(free).version == 2
        assert len(house.rows(FollowUp)) == 3
        assert house.follow_up() == 2
        assert not house.rows(FollowUp)
    finally:
        holder.close()
