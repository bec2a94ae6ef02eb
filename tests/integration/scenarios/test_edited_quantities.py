"""What an edit, a cancel or a line's own rule makes of quantities: nothing that is held is lost, nothing is left that
could never be served (S009, S031)."""

from typing import Any

import pytest

from stockcore.orders.cancelling import CANCEL_LINES
from stockcore.orders.commands import (
    CancelLines,
    EditOrder,
    LineCancel,
    LineEdit,
    LineRequest,
    PlaceOrder,
    Requirement,
)
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.records import OrderLine
from stockcore.stock.commands import AdjustStock, CountStock, ReceiveStock, ReturnStock
from stockcore.stock.use_cases import ADJUST_STOCK, COUNT_STOCK, RECEIVE_STOCK, RETURN_STOCK
from tests.support.house import House, d


def edit(house: House, number: str, quantity: int, line: int = 1) -> None:
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=line, quantity=d(quantity)),)))


def figures(house: House, number: str) -> list[tuple[Any, ...]]:
    """Per line: ordered, reserved, backordered, shipped, cancelled."""
    return [(f.ordered, f.reserved, f.backordered, f.shipped, f.cancelled) for f in house.lines(number)]


# -- services ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["all_or_nothing", "ship_available", "backorder"])
def test_two_lines_of_a_service_need_no_goods(house: House, policy: str) -> None:
    house.product("WRAP", stocked=False)
    house.receive("A", 1)
    placed = house.order(("WRAP", 2), ("A", 1), ("WRAP", 3), policy=policy, sites=("LEEDS",))
    found: list[tuple[Any, ...]] = [(f.reserved, f.backordered, f.shipped, f.cancelled) for f in placed.lines]
    assert found == [
        (0, 0, 2, 0),
        (1, 0, 0, 0),
        (0, 0, 3, 0),
    ]


def test_a_service_line_that_is_added_twice_needs_no_goods(house: House) -> None:
    house.product("WRAP", stocked=False)
    house.receive("A", 1)
    number = house.order(("A", 1), ("WRAP", 2), sites=("LEEDS",)).number
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(sku="WRAP", quantity=d(9)),)))
    assert [line.backordered for line in house.lines(number)] == [0, 0, 0]


def test_a_service_alone_makes_nothing_available(house: House) -> None:
    house.product("WRAP", stocked=False)
    wish = PlaceOrder(
        lines=(LineRequest(sku="A", quantity=d(5)), LineRequest(sku="WRAP", quantity=d(1))), policy="ship_available"
    )
    assert house.refused(PLACE_ORDER, wish).code == "insufficient_stock"
    assert house.order(("WRAP", 1), policy="ship_available").lines[0].shipped == 1


# -- edits ---------------------------------------------------------------------------------------------------------


def test_an_edit_down_leaves_out_what_was_cancelled_first(house: House) -> None:
    house.receive("A", 3)
    number = house.order(("A", 5), policy="ship_available").number
    edit(house, number, 3)
    assert figures(house, number) == [(3, 3, 0, 0, 0)]
    edit(house, number, 2)
    assert figures(house, number) == [(2, 2, 0, 0, 0)]
    assert house.stock("A") == (3, 2, 1)


def test_what_is_dispatched_cannot_be_edited_away(house: House) -> None:
    house.receive("A", 3)
    number = house.order(("A", 5), policy="ship_available").number
    house.advance(number, "dispatched", through=True)
    wish = EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(2)),))
    assert house.refused(EDIT_ORDER, wish).code == "illegal_transition"
    edit(house, number, 3)
    assert figures(house, number) == [(3, 0, 0, 3, 0)]


def test_the_odd_rest_of_a_line_in_boxes_is_served(house: House) -> None:
    """Cut to seven, then all of it gives way: six and the rest, as soon as they are there."""
    house.packaging("A", "BOX", 6)
    house.receive("A", 12)
    line = LineRequest(sku="A", quantity=d(2), unit="BOX", price=d("15.00"))
    number = house.order(line, policy="backorder").number
    edit(house, number, 7)
    [kept] = house.rows(OrderLine)
    assert (kept.entered, kept.entered_unit, kept.price) == (d(7), "each", d("2.5"))
    house.do(ADJUST_STOCK, AdjustStock(sku="A", site="LEEDS", quantity=d(-12), reason="fire", allow_shortage=True))
    assert house.line(number) == (0, 7, 0)
    house.receive("A", 6)
    assert house.line(number) == (6, 1, 0)
    house.receive("A", 6)
    assert house.line(number) == (7, 0, 0)


def test_an_odd_rest_is_served_by_a_site_that_could_not_serve_before(house: House) -> None:
    house.receive("A", 6)
    number = house.order(LineRequest(sku="A", quantity=d(6), multiple=d(3)), policy="backorder").number
    house.do(CANCEL_LINES, CancelLines(number=number, lines=(LineCancel(line=1, quantity=d(1)),)))
    house.do(ADJUST_STOCK, AdjustStock(sku="A", site="LEEDS", quantity=d(-6), reason="fire", allow_shortage=True))
    house.receive("A", 2, "HULL")
    assert house.line(number) == (0, 5, 0)
    house.receive("A", 3)
    assert house.line(number) == (5, 0, 0)


# -- lines that want the same goods --------------------------------------------------------------------------------


def test_a_line_for_any_goods_leaves_a_pinned_one_its_own(house: House) -> None:
    house.place("LEEDS", "A1")
    house.receive("A", 5, location="A1")
    house.receive("A", 5, "HULL")
    pinned = LineRequest(sku="A", quantity=d(5), requirement=Requirement(location="A1"))
    number = house.order(("A", 5), pinned).number
    assert [line.reserved for line in house.lines(number)] == [5, 5]
    assert (house.stock("A", "LEEDS"), house.stock("A", "HULL")) == ((5, 5, 0), (5, 5, 0))


def test_a_line_for_fresh_goods_leaves_another_its_lot(house: House) -> None:
    house.product("MILK", lot_tracked=True)
    for lot in ("L1", "L2"):
        house.receive("MILK", 5, lot=lot)
    fresh = LineRequest(sku="MILK", quantity=d(5), requirement=Requirement(shelf_life_days=2))
    number = house.order(fresh, LineRequest(sku="MILK", quantity=d(5), requirement=Requirement(lot="L1"))).number
    assert [line.reserved for line in house.lines(number)] == [5, 5]


# -- prices --------------------------------------------------------------------------------------------------------


def test_a_list_price_is_not_taken_for_another_currency(house: House) -> None:
    house.product("EUX", list_price=d("2.50"), currency="EUR")
    house.receive("EUX", 5)
    house.product("GBX", list_price=d("1.10"))
    line = LineRequest(sku="EUX", quantity=d(1))
    for other in ((line,), (line, LineRequest(sku="GBX", quantity=d(1)))):
        refusal = house.refused(PLACE_ORDER, PlaceOrder(lines=other, currency="GBP" if len(other) == 1 else None))
        assert (refusal.code, refusal.field) == ("currency_mismatch", "lines/0/price")
    for currency in ("EUR", None):
        placed = house.order(line, currency=currency).lines[0]
        assert (placed.price, placed.currency) == (d("2.50"), "EUR")
    own = LineRequest(sku="EUX", quantity=d(1), price=d("2.20"))
    number = house.order(own).number
    added = EditOrder(number=number, lines=(LineEdit(sku="EUX", quantity=d(1)),))
    assert house.refused(EDIT_ORDER, added).code == "currency_mismatch"


# -- what may not come in ------------------------------------------------------------------------------------------


def test_goods_with_numbers_of_their_own_come_in_by_no_way(house: House) -> None:
    house.product("PHONE", serial_tracking="receipt")
    ways = [
        (RECEIVE_STOCK, ReceiveStock(sku="PHONE", site="LEEDS", quantity=d(1))),
        (ADJUST_STOCK, AdjustStock(sku="PHONE", site="LEEDS", quantity=d(1), reason="found")),
        (COUNT_STOCK, CountStock(sku="PHONE", site="LEEDS", counted=d(1))),
        (RETURN_STOCK, ReturnStock(sku="PHONE", site="LEEDS", quantity=d(1))),
    ]
    assert [house.refused(use_case, command).code for use_case, command in ways] == ["serials_not_supported"] * 4  # type: ignore[arg-type]


def test_only_transfers_put_goods_on_the_way(house: House) -> None:
    receipt = ReceiveStock(sku="A", site="TRANSIT", quantity=d(1))
    assert house.refused(RECEIVE_STOCK, receipt).code == "location_not_storable"
    assert house.refused(COUNT_STOCK, CountStock(sku="A", site="TRANSIT", counted=d(1))).code == "location_not_storable"
