"""Demands that not every unit satisfies: a lot, a place, a shelf life. They are allocated when they reserve."""

from datetime import date, timedelta

from stockcore.orders.commands import EditOrder, LineEdit, LineRequest, Requirement
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import DamageStock, ReserveStock
from stockcore.stock.records import Allocation
from stockcore.stock.reserving import RESERVE_STOCK
from stockcore.stock.use_cases import DAMAGE_STOCK
from tests.support.house import MORNING, House, d, order


def pinned(quantity: int, sku: str = "L", **requirement: object) -> LineRequest:
    return LineRequest(sku=sku, quantity=d(quantity), requirement=Requirement(**requirement))  # type: ignore[arg-type]


def two_lots(house: House) -> None:
    """5 of L1 and 3 of L2 in LEEDS."""
    house.product("L", lot_tracked=True)
    house.receive("L", 5, lot="L1")
    house.receive("L", 3, lot="L2")


def test_a_lot_is_reserved_and_allocated_at_once(house: House) -> None:
    two_lots(house)
    house.order(pinned(3, lot="L2"))
    assert sum(allocation.quantity for allocation in house.rows(Allocation)) == 3
    refusal = house.refused(PLACE_ORDER, order(pinned(1, lot="L2")))
    assert refusal.code == "insufficient_stock"
    number = house.order(pinned(2, lot="L1")).number
    house.advance(number, "dispatched", through=True)
    assert house.at("L", "LEEDS", "RECEIVING", lot="L1") == 3


def test_two_lots_of_one_sku_on_two_lines_are_both_there(house: House) -> None:
    two_lots(house)
    number = house.order(pinned(5, lot="L1"), pinned(3, lot="L2")).number
    assert [figures.reserved for figures in house.lines(number)] == [5, 3]
    assert house.refused(PLACE_ORDER, order(pinned(1, lot="L1"))).code == "insufficient_stock"


def test_a_line_for_any_unit_leaves_the_pinned_one_of_the_same_order_its_lot(house: House) -> None:
    two_lots(house)
    number = house.order(("L", 5), pinned(3, lot="L2")).number
    assert [figures.reserved for figures in house.lines(number)] == [5, 3]
    house.advance(number, "dispatched", through=True)
    assert house.stock("L") == (0, 0, 0)


def test_a_pinned_line_waits_for_its_own_lot(house: House) -> None:
    two_lots(house)
    number = house.order(pinned(5, lot="L2"), policy="backorder").number
    assert house.line(number) == (3, 2, 0)
    house.receive("L", 4, lot="L1")
    assert house.line(number) == (3, 2, 0)
    house.receive("L", 4, lot="L2")
    assert house.line(number) == (5, 0, 0)


def test_only_goods_that_keep_long_enough_are_promised(house: House) -> None:
    clock = house.stop_the_clock()
    today = clock.now.date()
    house.product("MILK", lot_tracked=True, perishable=True)
    house.receive("MILK", 4, lot="short", expires_on=today + timedelta(days=19))
    assert house.refused(PLACE_ORDER, order(pinned(1, "MILK", shelf_life_days=30))).code == "insufficient_stock"
    house.receive("MILK", 4, lot="long", expires_on=today + timedelta(days=30))
    number = house.order(pinned(3, "MILK", shelf_life_days=30)).number
    assert house.refused(PLACE_ORDER, order(pinned(2, "MILK", shelf_life_days=30))).code == "insufficient_stock"
    house.order(pinned(4, "MILK", good_until=today + timedelta(days=5)))
    house.advance(number, "dispatched", through=True)
    assert house.at("MILK", "LEEDS", "RECEIVING", lot="long") == 1


def test_what_expires_first_leaves_first(house: House) -> None:
    house.product("MILK", lot_tracked=True, perishable=True)
    house.receive("MILK", 2, lot="later", expires_on=date(2099, 2, 1))
    house.receive("MILK", 2, lot="sooner", expires_on=date(2099, 1, 1))
    house.advance(house.order(("MILK", 2)).number, "dispatched", through=True)
    assert house.at("MILK", "LEEDS", "RECEIVING", lot="sooner") == 0


def test_a_place_pins_a_hold(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 4, location="BIN")
    house.receive("A", 4)
    held = house.reserve("A", 3, "window", location="BIN")
    assert [(part.site, part.quantity) for part in held.parts] == [("LEEDS", d(3))]
    wish = ReserveStock(sku="A", quantity=d(2), reference="other", location="BIN")
    assert house.refused(RESERVE_STOCK, wish).code == "insufficient_stock"
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(2), reason="dropped", location="BIN"))
    assert house.stock("A") == (8, 2, 4)


def test_a_pinned_hold_becomes_the_pinned_line_of_an_order(house: House) -> None:
    two_lots(house)
    house.reserve("L", 3, "basket", lot="L2")
    assert house.refused(PLACE_ORDER, order(pinned(3, lot="L2"))).code == "insufficient_stock"
    house.reserve("L", 5, "other", lot="L1")
    assert house.refused(PLACE_ORDER, order(pinned(5, lot="L1"), holds=("basket",))).code == "insufficient_stock"
    number = house.order(pinned(3, lot="L2"), holds=("basket",)).number
    assert house.line(number) == (3, 0, 0)
    assert house.stock("L") == (8, 8, 0)


def test_a_hold_of_other_skus_stays_when_an_order_takes_it_for_one(house: House) -> None:
    house.receive("A", 2)
    house.receive("B", 2)
    house.reserve("A", 2, "basket")
    house.reserve("B", 2, "basket")
    house.order(("A", 2), holds=("basket",))
    assert house.stock("A") == (2, 2, 0)
    assert house.stock("B") == (2, 2, 0)


def test_more_of_a_pinned_line_comes_from_its_lot_only(house: House) -> None:
    two_lots(house)
    number = house.order(pinned(2, lot="L2")).number
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(3)),)))
    refusal = house.refused(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(4)),)))
    assert refusal.code == "insufficient_stock"
    assert house.line(number) == (3, 0, 0)


def test_lines_that_leave_each_other_no_choice_are_served_whatever_their_order(house: House) -> None:
    """Of two lines for the same goods the one with less to choose from comes first."""
    house.packaging("A", "dozen", 12)
    house.receive("A", 12, "LEEDS")
    house.receive("A", 5, "HULL")
    dozen = LineRequest(sku="A", quantity=d(1), unit="dozen")
    for lines in ((("A", 5), dozen), (dozen, ("A", 5))):
        number = house.order(*lines).number
        assert sum(figures.reserved for figures in house.lines(number)) == 17
        house.cancel(number)
    house.stop_the_clock()
    house.product("MILK", lot_tracked=True, perishable=True)
    house.receive("MILK", 5, lot="SHORT", expires_on=MORNING.date() + timedelta(days=8))
    house.receive("MILK", 5, lot="LONG", expires_on=MORNING.date() + timedelta(days=150))
    wishes = [LineRequest(sku="MILK", quantity=d(5), requirement=Requirement(shelf_life_days=days)) for days in (3, 30)]
    for pinned_lines in (wishes, wishes[::-1]):
        house.cancel(house.order(*pinned_lines).number)
