"""Quantities as they are entered and kept (S069 to S081, B097), and places of limited capacity."""

from decimal import Decimal

import pytest

from stockcore.orders.commands import EditOrder, LineEdit, LineRequest
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.records import OrderLine
from stockcore.stock.commands import AdjustStock, MoveStock, ReceiveStock
from stockcore.stock.use_cases import ADJUST_STOCK, MOVE_STOCK, RECEIVE_STOCK
from tests.support.house import House, d, order


def line(sku: str, quantity: str, unit: str | None = None, **fields: object) -> LineRequest:
    return LineRequest(sku=sku, quantity=d(quantity), unit=unit, **fields)  # type: ignore[arg-type]


def test_five_boxes_of_twelve_are_sixty(house: House) -> None:
    """S069."""
    house.packaging("A", "box", 12)
    house.receive("A", 5, unit="box")
    assert house.stock("A") == (60, 0, 60)
    number = house.order(line("A", "5", "box")).number
    assert house.lines(number)[0].ordered == 60
    [kept] = house.rows(OrderLine)
    assert (kept.entered, kept.entered_unit, kept.factor) == (d(5), "box", d(12))


def test_one_millilitre_of_a_bottle_is_one_millilitre(house: House) -> None:
    """S071."""
    house.product("OIL", unit="ml", step=d(1))
    house.packaging("OIL", "bottle", 120)
    house.receive("OIL", 10, unit="bottle")
    assert house.stock("OIL") == (1200, 0, 1200)
    number = house.order(("OIL", 1)).number
    house.advance(number, "delivered", through=True)
    assert house.stock("OIL") == (1199, 0, 1199)


def test_ten_tenths_are_one(house: House) -> None:
    """S073."""
    house.product("FLOUR", unit="kg")
    for _ in range(10):
        house.receive("FLOUR", "0.1")
    number = house.order(("FLOUR", "1.0")).number
    house.advance(number, "dispatched", through=True)
    assert house.stock("FLOUR") == (0, 0, 0)
    assert house.at("FLOUR", "LEEDS", "RECEIVING") == 0


def test_a_case_can_be_halved_but_not_divided_by_seven(house: House) -> None:
    """S075."""
    house.packaging("A", "case", 24)
    house.receive("A", "0.5", unit="case")
    assert house.stock("A") == (12, 0, 12)
    for seventh in (Decimal(1) / 7, d("0.142857")):
        wish = ReceiveStock(sku="A", site="LEEDS", quantity=seventh, unit="case")
        assert house.refused(RECEIVE_STOCK, wish).code == "quantity_precision"
        refusal = house.refused(PLACE_ORDER, order(LineRequest(sku="A", quantity=seventh, unit="case")))
        assert (refusal.code, refusal.field) == ("quantity_precision", "lines/0/quantity")
    assert house.stock("A") == (12, 0, 12)


def test_a_unit_of_another_kind_is_refused(house: House) -> None:
    """B097: kilograms of what is kept in metres."""
    house.product("ROPE", unit="m")
    wish = ReceiveStock(sku="ROPE", site="LEEDS", quantity=d(1), unit="kg")
    assert house.refused(RECEIVE_STOCK, wish).code == "uom_incompatible"
    refusal = house.refused(PLACE_ORDER, order(line("ROPE", "1", "kg")))
    assert (refusal.code, refusal.field) == ("uom_incompatible", "lines/0/unit")
    assert house.refused(PLACE_ORDER, order(line("ROPE", "1", "barrel"))).code == "unknown_unit"


def test_another_unit_of_the_same_kind_is_converted(house: House) -> None:
    house.product("ROPE", unit="m", list_price=d("2.50"))
    house.receive("ROPE", 250, unit="cm")
    assert house.stock("ROPE") == (d("2.5"), 0, d("2.5"))
    document = house.order(line("ROPE", "50", "cm"))
    assert document.lines[0].ordered == d("0.5")
    assert document.lines[0].price == d("0.025")  # per centimetre, as it was entered


@pytest.mark.parametrize("asked", [line("A", "4", "pair"), line("A", "8", multiple=d(2))])
def test_pairs_are_reserved_in_pairs(house: House, asked: LineRequest) -> None:
    """S081."""
    house.receive("A", 7)
    number = house.order(asked, policy="backorder").number
    assert house.line(number) == (6, 2, 0)
    assert house.stock("A") == (7, 6, 1)
    house.receive("A", 1)
    assert house.line(number) == (8, 0, 0)


def test_an_edit_may_name_a_unit_too(house: House) -> None:
    house.packaging("A", "box", 12)
    house.receive("A", 100)
    number = house.order(("A", 5)).number
    edits = (LineEdit(line=1, quantity=d(2), unit="box"), LineEdit(sku="A", quantity=d(3), unit="box"))
    house.do(EDIT_ORDER, EditOrder(number=number, lines=edits))
    assert [figures.ordered for figures in house.lines(number)] == [24, 36]
    assert house.stock("A") == (100, 60, 40)
    kept = sorted(house.rows(OrderLine), key=lambda line: line.line_no)
    assert [(each.entered, each.entered_unit) for each in kept] == [(d(24), "each"), (d(3), "box")]


def test_a_place_takes_no_more_than_it_holds_of_all_skus(house: House) -> None:
    house.place("LEEDS", "SHELF", capacity=d(10))
    house.receive("A", 6, location="SHELF")
    full = ReceiveStock(sku="B", site="LEEDS", quantity=d(5), location="SHELF")
    refusal = house.refused(RECEIVE_STOCK, full)
    assert (refusal.code, refusal.facts["there"]) == ("over_capacity", "6")
    house.receive("B", 4, location="SHELF")
    house.receive("B", 4)
    move = MoveStock(sku="B", site="LEEDS", quantity=d(1), from_location="RECEIVING", to_location="SHELF")
    assert house.refused(MOVE_STOCK, move).code == "over_capacity"
    gain = AdjustStock(sku="B", site="LEEDS", quantity=d(1), reason="found", location="SHELF")
    assert house.refused(ADJUST_STOCK, gain).code == "over_capacity"
    assert house.at("A", "LEEDS", "SHELF") + house.at("B", "LEEDS", "SHELF") == 10


def test_a_list_price_that_a_small_unit_cannot_say_is_not_rounded_away(house: House) -> None:
    """Half a ton at 400 a ton is 200, also in milligrams."""
    house.product("ORE", unit="t", list_price=d(400))
    house.receive("ORE", 1)
    refusal = house.refused(PLACE_ORDER, order(line("ORE", "500000000", "mg")))
    assert (refusal.code, refusal.field) == ("money_precision", "lines/0/price")
    number = house.order(line("ORE", "500", "kg")).number
    [kept] = house.rows(OrderLine)
    assert (kept.price, house.lines(number)[0].ordered) == (d("0.4"), d("0.5"))


def test_the_list_price_of_a_third_is_a_third_of_the_list_price(house: House) -> None:
    house.product("PIE", list_price=d("7.50"))
    house.packaging("PIE", "third", 1, 3)
    house.receive("PIE", 2)
    house.order(line("PIE", "6", "third"))
    assert [kept.price for kept in house.rows(OrderLine)] == [d("2.5")]


def test_a_quantity_beside_the_lines_multiple_is_told_so(house: House) -> None:
    refusal = house.refused(PLACE_ORDER, order(line("A", "5", multiple=d(2))))
    assert (refusal.code, refusal.field) == ("quantity_precision", "lines/0/quantity")
    assert "the line's multiple 2" in refusal.message
