"""Edits that shrink one line and grow another: one's own reservation counts (S009, DESIGN 3)."""

import pytest

from stockcore.orders.cancelling import CANCEL_LINES
from stockcore.orders.commands import (
    AdvanceOrder,
    CancelLines,
    EditOrder,
    LineCancel,
    LineEdit,
    LineRequest,
    Requirement,
)
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from tests.support.house import House, codes, d


def edit(number: str, *quantities: int, **new: int) -> EditOrder:
    """The order's lines in turn get these quantities; `new`: added lines, by SKU."""
    changed = [LineEdit(line=index, quantity=d(quantity)) for index, quantity in enumerate(quantities, 1)]
    return EditOrder(number=number, lines=(*changed, *(LineEdit(sku=sku, quantity=d(new[sku])) for sku in new)))


def reserved(house: House, number: str) -> list[object]:
    return [figures.reserved for figures in house.lines(number)]


def test_what_one_line_gives_up_serves_the_line_that_grows(house: House) -> None:
    """S009."""
    house.receive("A", 6)
    number = house.order(("A", 4), ("A", 2)).number
    house.do(EDIT_ORDER, edit(number, 1, 5))
    assert reserved(house, number) == [1, 5]
    assert house.stock("A") == (6, 6, 0)
    assert house.refused(EDIT_ORDER, edit(number, 1, 6)).code == "insufficient_stock"
    house.do(EDIT_ORDER, edit(number, 2, 4))
    assert reserved(house, number) == [2, 4]


def test_a_growth_that_what_is_given_up_does_not_cover_is_refused_and_changes_nothing(house: House) -> None:
    house.receive("A", 6)
    number = house.order(("A", 4), ("A", 2)).number
    refusal = house.refused(EDIT_ORDER, edit(number, 1, 6))
    assert (refusal.code, refusal.facts["lines"][0]["available"]) == ("insufficient_stock", "3")
    assert reserved(house, number) == [4, 2]


def test_what_an_order_gives_up_is_its_own_before_the_queue_gets_it(house: House) -> None:
    house.receive("A", 5)
    number = house.order(("A", 4), ("A", 1)).number
    waiting = house.order(("A", 3), policy="backorder").number
    house.do(EDIT_ORDER, edit(number, 1, 2))
    assert reserved(house, number) == [1, 2]
    assert house.line(waiting) == (2, 1, 0)


def test_a_new_line_is_served_by_what_another_gives_up_at_its_site(house: House) -> None:
    house.receive("A", 2)
    house.receive("A", 3, "HULL")
    number = house.order(("A", 5)).number
    house.do(EDIT_ORDER, edit(number, 1, A=4))
    assert reserved(house, number) == [1, 4]
    assert [house.pool("A", site).reserved for site in ("LEEDS", "HULL")] == [2, 3]


def test_picked_goods_that_one_line_gives_up_serve_another(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 4, location="BIN")
    number = house.order(("A", 4)).number
    house.advance(number, "packed", through=True)
    house.do(EDIT_ORDER, edit(number, 1, A=3))
    assert reserved(house, number) == [1, 3]
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "PACKING")) == (3, 1)


def test_what_a_pinned_line_gives_up_serves_a_line_that_it_fits(house: House) -> None:
    house.product("L", lot_tracked=True)
    house.receive("L", 5, lot="ONE")
    house.receive("L", 3, lot="TWO")
    lines = [
        LineRequest(sku="L", quantity=d(quantity), requirement=Requirement(lot=lot))
        for quantity, lot in ((3, "ONE"), (2, "ONE"), (3, "TWO"))
    ]
    number = house.order(*lines).number
    assert house.refused(EDIT_ORDER, edit(number, 1, 2, 4)).code == "insufficient_stock"  # of the other lot
    assert reserved(house, number) == [3, 2, 3]
    house.do(EDIT_ORDER, edit(number, 1, 4))
    assert reserved(house, number) == [1, 4, 3]


def test_what_an_edit_leaves_empty_is_no_shipment_any_more(house: House) -> None:
    house.receive("A", 3)
    house.receive("A", 2, "HULL")
    number = house.order(("A", 5)).number
    house.advance(number, "picking")
    house.do(EDIT_ORDER, edit(number, 2))
    assert sorted(shipment.state for shipment in house.shipments(number)) == ["cancelled", "picking"]
    house.advance(number, "delivered", through=True)
    assert house.state(number) == "delivered"


@pytest.mark.parametrize(
    ("quantity", "code"), [(1, "quantity_precision"), (2, None), (3, "quantity_precision"), (4, None)]
)
def test_what_stays_open_of_a_line_in_pairs_is_whole_pairs(house: House, quantity: int, code: str | None) -> None:
    line = LineRequest(sku="A", quantity=d(4), multiple=d(2))
    numbers = [house.order(line, policy="backorder").number for _ in range(2)]
    cancels = CancelLines(number=numbers[0], lines=(LineCancel(line=1, quantity=d(quantity)),))
    edits = EditOrder(number=numbers[1], lines=(LineEdit(line=1, quantity=d(4 - quantity)),)) if quantity < 4 else None
    for use_case, command in ((CANCEL_LINES, cancels), (EDIT_ORDER, edits)):
        if command is not None:
            [outcome] = house.run(use_case, command)
            assert getattr(outcome, "code", None) == code


def test_a_received_order_in_tens_is_edited_by_tens(house: House) -> None:
    line = LineRequest(sku="A", quantity=d(10), multiple=d(10))
    number = house.order(line, keep_received=True).number
    edit = EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(15)),))
    assert house.refused(EDIT_ORDER, edit).code == "quantity_precision"
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(20)),)))


def test_a_shipment_that_the_order_has_not_is_refused(house: House) -> None:
    house.receive("A", 5)
    number = house.order(("A", 2)).number
    for to in ("picking", "packed"):
        wish = AdvanceOrder(number=number, to=to, shipments=("TYPO",))
        assert house.refused(ADVANCE_ORDER, wish).code == "unknown_shipment"
    assert house.shipments(number) == []


def test_a_later_edit_of_a_batch_may_name_a_line_that_an_earlier_one_added(house: House) -> None:
    house.receive("A", 5)
    house.receive("B", 5)
    number = house.order(("A", 1)).number
    edits = (LineEdit(sku="B", quantity=d(2)), LineEdit(line=2, quantity=d(3)))
    outcomes = house.run(EDIT_ORDER, *(EditOrder(number=number, lines=(edit,)) for edit in edits))
    assert codes(outcomes) == []
    assert [line.reserved for line in house.lines(number)] == [1, 3]


def test_what_is_added_later_comes_from_the_sites_that_the_order_may_have_too(house: House) -> None:
    """Also where nothing of it is left that says so: it was all cancelled, or a service alone."""
    house.receive("A", 5, "LEEDS")
    house.product("ADVICE", stocked=False)
    service = house.order(("ADVICE", 1), sites=("HULL",)).number
    refusal = house.refused(EDIT_ORDER, edit(service, A=2))
    assert (refusal.code, [site["site"] for site in refusal.facts["lines"][0]["sites"]]) == (
        "insufficient_stock",
        ["HULL"],
    )
    number = house.order(("A", 1), ("ADVICE", 1), sites=("hull",), policy="backorder").number
    house.do(CANCEL_LINES, CancelLines(number=number, lines=(LineCancel(line=1, quantity=d(1)),)))
    house.do(EDIT_ORDER, edit(number, 2))
    assert house.lines(number)[0].backordered == 1
    assert house.stock("A", "LEEDS") == (5, 0, 5)
    house.receive("A", 1, "HULL")
    assert house.stock("A", "HULL") == (1, 1, 0)
