"""Lines of orders: their multiples, holds that become their reservation, where they are pinned to, and what is no
longer sold."""

from typing import Any, Final

import pytest

from stockcore.catalog.commands import DeactivateProduct
from stockcore.catalog.use_cases import DEACTIVATE_PRODUCT
from stockcore.orders.commands import EditOrder, LineEdit, LineRequest, Requirement
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import ReserveStock
from stockcore.stock.reserving import RESERVE_STOCK
from tests.support.house import House, d, order


def line(quantity: str | int, **fields: Any) -> LineRequest:
    return LineRequest(sku="A", quantity=d(quantity), **fields)


def edit(number: str, quantity: int) -> EditOrder:
    return EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(quantity)),))


@pytest.mark.parametrize("policy", ["all_or_nothing", "ship_available", "backorder"])
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (line(3, multiple=d("0.3")), "multiple"),
        (line(3, multiple=d("1.5")), "multiple"),
        (line(3, multiple=d(2)), "quantity"),
        (line(1, multiple=d(2)), "quantity"),
        (line(2, unit="box", multiple=d(5)), "multiple"),
    ],
)
def test_a_line_is_a_whole_number_of_its_multiples_and_they_of_its_unit(
    house: House, policy: str, asked: LineRequest, field: str
) -> None:
    """CAT-14, S075, S081: what is left over could never be served."""
    house.packaging("A", "box", 12)
    house.receive("A", 40)
    refusal = house.refused(PLACE_ORDER, order(asked, policy=policy))
    assert (refusal.code, refusal.field) == ("quantity_precision", f"lines/0/{field}")
    assert house.stock("A") == (40, 0, 40)


def test_a_line_grows_by_whole_multiples_and_shrinks_by_any_step(house: House) -> None:
    house.receive("A", 10)
    number = house.order(line(4, multiple=d(2)), policy="backorder").number
    assert house.refused(EDIT_ORDER, edit(number, 5)).code == "quantity_precision"
    house.do(EDIT_ORDER, edit(number, 6))
    assert house.line(number) == (6, 0, 0)
    house.do(EDIT_ORDER, edit(number, 3))
    assert house.line(number) == (3, 0, 0)


@pytest.mark.parametrize("names", [("h", "h"), ("h", " h "), (" h", "h")])
def test_a_hold_that_is_named_twice_counts_once(house: House, names: tuple[str, ...]) -> None:
    house.receive("A", 5)
    house.reserve("A", 5, "h", demand_type="hold")
    assert house.refused(PLACE_ORDER, order(("A", 10), holds=names)).code == "insufficient_stock"
    number = house.order(("A", 5), holds=names).number
    assert house.line(number) == (5, 0, 0)
    assert house.stock("A") == (5, 5, 0)


@pytest.fixture
def two_bins(house: House) -> House:
    """A place BIN1 at both sites; five A in HULL's."""
    house.place("LEEDS", "BIN1", "BIN2")
    house.place("HULL", "BIN1")
    house.receive("A", 5, "HULL", location="BIN1")
    house.receive("A", 5, "LEEDS")
    return house


IN_BIN: Final = Requirement(location=" bin1")


def test_a_line_is_pinned_to_the_place_of_a_site_that_may_serve(two_bins: House) -> None:
    number = two_bins.order(line(2, requirement=IN_BIN), sites=("HULL",)).number
    assert two_bins.stock("A", "HULL") == (5, 2, 3)
    two_bins.advance(number, "dispatched", through=True)
    assert two_bins.at("A", "HULL", "BIN1") == 3
    wish = order(line(2, requirement=IN_BIN), sites=("LEEDS",))
    assert two_bins.refused(PLACE_ORDER, wish).code == "insufficient_stock"


@pytest.mark.parametrize("sites", [(), ("LEEDS", "HULL"), ("HULL", "LEEDS")])
def test_a_place_that_several_sites_have_says_too_little(two_bins: House, sites: tuple[str, ...]) -> None:
    refusal = two_bins.refused(PLACE_ORDER, order(line(2, requirement=IN_BIN), sites=sites))
    assert (refusal.code, refusal.field) == ("ambiguous_location", "lines/0/location")
    assert refusal.facts["sites"] == ["HULL", "LEEDS"]
    hold = ReserveStock(sku="A", quantity=d(2), reference="basket", location=" bin1", sites=sites)
    refusal = two_bins.refused(RESERVE_STOCK, hold)
    assert (refusal.code, refusal.field) == ("ambiguous_location", "location")
    assert two_bins.reserve("A", 2, "basket", location="BIN1", sites=("HULL",)).reserved == 2


def test_a_place_of_a_site_that_may_not_serve_is_not_known(two_bins: House) -> None:
    wish = line(2, requirement=Requirement(location="BIN2"))
    assert two_bins.refused(PLACE_ORDER, order(wish, sites=("HULL",))).code == "unknown_location"
    assert two_bins.refused(PLACE_ORDER, order(wish)).code == "insufficient_stock"


def test_no_more_is_ordered_of_what_is_not_sold_any_more(house: House) -> None:
    """ORD-11."""
    house.receive("A", 5)
    house.receive("B", 5)
    number = house.order(("A", 5), ("B", 1)).number
    house.advance(number, "delivered", through=True)
    house.do(DEACTIVATE_PRODUCT, DeactivateProduct(sku="A"))
    refusal = house.refused(EDIT_ORDER, edit(number, 6))
    assert (refusal.code, refusal.field) == ("inactive_sku", "lines/0/line")
    both = EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(5)), LineEdit(line=2, quantity=d(2))))
    house.do(EDIT_ORDER, both)
    assert [figures.ordered for figures in house.lines(number)] == [5, 2]


def test_less_is_ordered_of_what_is_not_sold_any_more(house: House) -> None:
    house.product("WRAP", stocked=False)
    number = house.order(("WRAP", 5)).number
    house.do(DEACTIVATE_PRODUCT, DeactivateProduct(sku="WRAP"))
    house.do(EDIT_ORDER, edit(number, 3))
    assert house.lines(number)[0].ordered == 3
    assert house.refused(EDIT_ORDER, edit(number, 4)).code == "inactive_sku"


def test_every_line_that_cannot_be_is_told_with_its_reason(house: House) -> None:
    """ORD-11."""
    house.receive("A", 5)
    refusal = house.refused(PLACE_ORDER, order(("NOPE", 1), ("A", 1), ("A", "0.5"), ("NONE", 1)))
    assert (refusal.code, refusal.field) == ("unknown_sku", "lines/0/sku")
    assert [(failure["field"], failure["code"]) for failure in refusal.facts["failures"]] == [
        ("lines/0/sku", "unknown_sku"),
        ("lines/2/quantity", "quantity_precision"),
        ("lines/3/sku", "unknown_sku"),
    ]
    assert "failures" not in house.refused(PLACE_ORDER, order(("NOPE", 1), ("A", 1))).facts


@pytest.mark.parametrize("field", ["sku", "price"])
def test_an_edit_of_a_line_changes_nothing_but_its_quantity(house: House, field: str) -> None:
    house.receive("A", 5)
    number = house.order(("A", 1)).number
    wish = LineEdit(line=1, quantity=d(2), **{field: "B" if field == "sku" else d(3)})  # type: ignore[arg-type]
    refusal = house.refused(EDIT_ORDER, EditOrder(number=number, lines=(wish,)))
    assert (refusal.code, refusal.field) == ("unknown_field", f"lines/0/{field}")
    assert house.stock("A") == (5, 1, 4)
