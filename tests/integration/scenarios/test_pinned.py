"""Demands that not every unit satisfies: a lot, a place, a shelf life. They are allocated when they reserve."""

from datetime import date, timedelta

from stockcore.locations.commands import BlockLocation, UnblockLocation
from stockcore.locations.use_cases import BLOCK_LOCATION
from stockcore.orders.commands import EditOrder, LineEdit, LineRequest, Requirement
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import CommitReservation, DamageStock, ReserveStock
from stockcore.stock.records import NOBODY, Allocation
from stockcore.stock.reserving import COMMIT_RESERVATION, RESERVE_STOCK
from stockcore.stock.use_cases import DAMAGE_STOCK
from stockcore.stock.waiting import UNBLOCK_LOCATION
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


def block(house: House, *bins: str) -> None:
    for code in bins:
        house.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location=code))


def unblock(house: House, code: str) -> None:
    house.do(UNBLOCK_LOCATION, UnblockLocation(site="LEEDS", location=code))


def two_bins(house: House) -> None:
    """5 of L1 in BIN, 5 in SHELF."""
    house.product("L", lot_tracked=True)
    house.place("LEEDS", "BIN", "SHELF")
    house.receive("L", 5, lot="L1", location="BIN")
    house.receive("L", 5, lot="L1", location="SHELF")


def test_what_commits_other_goods_than_those_chosen_gives_the_chosen_ones_back(house: House) -> None:
    two_bins(house)
    house.do(RESERVE_STOCK, ReserveStock(sku="L", quantity=d(5), reference="w", demand_type="external", lot="L1"))
    block(house, "BIN")
    house.do(COMMIT_RESERVATION, CommitReservation(reference="w", sku="L"))
    assert house.at("L", "LEEDS", "SHELF", lot="L1") == 0
    assert not house.rows(Allocation)
    unblock(house, "BIN")
    house.advance(house.order(pinned(5, lot="L1")).number, "delivered", through=True)


def test_chosen_goods_that_may_no_longer_be_taken_make_no_order_whole(house: House) -> None:
    two_lots(house)
    house.place("LEEDS", "BIN")
    house.receive("L", 5, lot="L3", location="BIN")
    house.do(RESERVE_STOCK, ReserveStock(sku="L", quantity=d(5), reference="g", lot="L3"))
    block(house, "BIN")
    wish = order(pinned(5, lot="L3"), holds=("g",))
    assert house.refused(PLACE_ORDER, wish).code == "insufficient_stock"
    unblock(house, "BIN")
    assert house.do(PLACE_ORDER, wish).lines[0].reserved == 5
    assert house.refused(PLACE_ORDER, order(pinned(1, lot="L3"))).code == "insufficient_stock"


def test_a_hold_counts_for_an_order_that_its_goods_satisfy(house: House) -> None:
    two_bins(house)
    house.do(RESERVE_STOCK, ReserveStock(sku="L", quantity=d(5), reference="h", lot="L1", location="BIN"))
    house.do(RESERVE_STOCK, ReserveStock(sku="L", quantity=d(5), reference="other", lot="L1"))
    placed = house.order(pinned(5, lot="L1"), holds=("h",))
    house.advance(placed.number, "delivered", through=True)
    assert house.at("L", "LEEDS", "BIN", lot="L1") == 0


def test_what_was_chosen_and_is_blocked_now_is_replaced_by_other_goods_that_fit(house: House) -> None:
    two_bins(house)
    number = house.order(pinned(5, lot="L1")).number
    block(house, "BIN")
    house.advance(number, "delivered", through=True)
    assert house.at("L", "LEEDS", "SHELF", lot="L1") == 0
    unblock(house, "BIN")
    assert house.stock("L") == (5, 0, 5)


def test_what_is_replaced_only_in_part_keeps_the_rest_of_what_was_chosen(house: House) -> None:
    two_bins(house)
    number = house.order(pinned(5, lot="L1")).number
    house.do(RESERVE_STOCK, ReserveStock(sku="L", quantity=d(3), reference="h", lot="L1", location="SHELF"))
    block(house, "BIN")
    house.advance(number, "picking")
    released = [allocation.quantity for allocation in house.rows(Allocation) if allocation.release != NOBODY]
    chosen = [allocation.quantity for allocation in house.rows(Allocation) if allocation.release == NOBODY]
    assert (released, chosen) == ([d(2)], [d(3), d(3)])
    unblock(house, "BIN")
    house.advance(number, "delivered", through=True)
    assert house.line(number) == (0, 0, 5)
