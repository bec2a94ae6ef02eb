"""Goods are gone: which promises give way, and what becomes of them (DESIGN 3, the floor's truth)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from stockcore.kernel.execution import execute
from stockcore.kernel.records import Message
from stockcore.orders.commands import AdvanceOrder
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.records import HistoryEntry
from stockcore.stock.commands import AdjustStock, CountStock, DamageStock, MoveStock, ReceiveStock
from stockcore.stock.records import FollowUp
from stockcore.stock.use_cases import ADJUST_STOCK, COUNT_STOCK, DAMAGE_STOCK, MOVE_STOCK, RECEIVE_STOCK
from stockcore_runtime import open_application
from tests.support.house import ANN, MORNING, House, d, order


def lose(house: House, quantity: int, location: str | None = None) -> None:
    house.do(
        DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(quantity), reason="dropped", location=location)
    )


def test_the_lowest_priority_then_the_latest_promise_then_the_newest_gives_way(house: House) -> None:
    sooner, later = MORNING + timedelta(days=2), MORNING + timedelta(days=9)
    house.receive("A", 5)
    fields: list[dict[str, Any]] = [
        {},
        {"promise": later},
        {"priority": 1},
        {},
        {"promise": sooner},
    ]
    numbers = [house.order(("A", 1), sites=("LEEDS",), **each).number for each in fields]
    gone = []
    for _ in numbers:
        lose(house, 1)
        gone.append(next(n for n in numbers if n not in gone and house.line(n) == (0, 1, 0)))
    assert [numbers.index(number) for number in gone] == [3, 0, 1, 4, 2]
    assert house.exceptions() == ["shortage"] * 5


def test_allocated_goods_give_way_after_unallocated_and_picked_ones_last(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 6, location="BIN")
    picked, released, waiting = (house.order(("A", 2), sites=("LEEDS",)).number for _ in range(3))
    house.advance(picked, "packed", through=True)
    house.advance(released, "picking")
    lose(house, 2, "BIN")
    assert [house.line(number)[1] for number in (picked, released, waiting)] == [0, 0, 2]
    lose(house, 2, "BIN")
    assert [house.line(number)[1] for number in (picked, released, waiting)] == [0, 2, 2]
    lose(house, 1, "PACKING")
    assert house.line(picked) == (1, 1, 0)


def test_picked_goods_do_not_give_way_for_a_loss_elsewhere(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 4, location="BIN")
    picked = house.order(("A", 2), sites=("LEEDS",)).number
    house.advance(picked, "packed", through=True)
    urgent = house.order(("A", 2), sites=("LEEDS",), priority=9).number
    lose(house, 1, "BIN")
    assert house.line(picked) == (2, 0, 0)
    assert house.line(urgent) == (1, 1, 0)


def test_whose_own_goods_are_gone_gives_way_even_where_the_site_has_enough(house: House) -> None:
    house.product("L", lot_tracked=True)
    house.receive("L", 2, lot="L1")
    house.receive("L", 5, lot="L2")
    house.reserve("L", 2, "exactly-l1", lot="L1")
    damage = DamageStock(sku="L", site="LEEDS", quantity=d(2), reason="dropped", lot="L1")
    house.do(DAMAGE_STOCK, damage)
    assert house.stock("L") == (7, 0, 5)
    assert house.exceptions() == ["shortage"]


def test_allocated_goods_that_are_gone_are_replaced_by_free_ones(house: House) -> None:
    house.place("LEEDS", "BIN", "OTHER")
    house.receive("A", 3, location="BIN")
    number = house.order(("A", 3), sites=("LEEDS",)).number
    house.advance(number, "picking")
    house.receive("A", 3, location="OTHER")
    house.do(COUNT_STOCK, CountStock(sku="A", site="LEEDS", location="BIN", counted=d(1)))
    assert house.line(number) == (3, 0, 0)
    house.advance(number, "dispatched", through=True)
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "OTHER")) == (0, 1)


def test_what_gives_way_is_served_from_its_other_sites_at_once(house: House) -> None:
    house.receive("A", 3, "LEEDS")
    number = house.order(("A", 3)).number
    house.receive("A", 2, "HULL")
    lose(house, 3)
    assert house.line(number) == (2, 1, 0)
    assert house.stock("A", "HULL") == (2, 2, 0)
    assert house.follow_up() == 1


def test_a_move_takes_free_goods_first_and_carries_allocations_on_the_rest(house: House) -> None:
    house.place("LEEDS", "BIN", "OTHER")
    house.receive("A", 5, location="BIN")
    number = house.order(("A", 3)).number
    house.advance(number, "picking")
    for quantity in (2, 2):
        move = MoveStock(sku="A", site="LEEDS", quantity=d(quantity), from_location="BIN", to_location="OTHER")
        house.do(MOVE_STOCK, move)
    house.advance(number, "dispatched", through=True)
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "OTHER")) == (0, 2)


@pytest.mark.parametrize("to", ["picking", "packed"])
def test_a_shipment_whose_goods_are_all_gone_is_closed_by_the_follow_up(house: House, to: str) -> None:
    house.receive("A", 2)
    number = house.order(("A", 2)).number
    house.advance(number, to, through=True)
    lose(house, 2, "PACKING" if to == "packed" else None)
    assert [shipment.state for shipment in house.shipments(number)] == [to]
    version = house.header(number).version
    assert len(house.rows(FollowUp)) == 1
    assert house.follow_up() == 1
    assert [shipment.state for shipment in house.shipments(number)] == ["cancelled"]
    assert house.header(number).version == version + 1
    assert house.rows(HistoryEntry)[-1].to_state == "cancelled"
    assert house.follow_up() == 0
    assert house.state(number) == "supplier_confirmed"
    house.receive("A", 2)
    house.advance(number, "delivered", through=True)
    assert house.state(number) == "delivered"


def test_a_shipment_that_still_holds_something_stays_open(house: House) -> None:
    house.receive("A", 2)
    number = house.order(("A", 2)).number
    house.advance(number, "packed", through=True)
    lose(house, 1, "PACKING")
    house.follow_up()
    assert [shipment.state for shipment in house.shipments(number)] == ["packed"]
    house.advance(number, "dispatched")
    assert house.line(number) == (0, 1, 1)


def test_the_application_lets_orders_take_note_right_after_each_commit(sqlite_url: str) -> None:
    with open_application(sqlite_url) as app:
        app.catalog.add_product(sku="A", name="A")
        app.locations.add_site(code="LEEDS", name="Leeds")
        number = app.orders.place.do(order(("A", 2), policy="backorder")).number
        app.stock.receive(sku="A", site="LEEDS", quantity=d(2))
        assert app.orders.advance(number=number, to="supplier_confirmed").version == 2
        app.stock.damage(sku="A", site="LEEDS", quantity=d(1), reason="dropped")
        assert app.orders.advance(number=number, to="supplier_confirmed").version == 3
        execute(app.store, RECEIVE_STOCK, [ReceiveStock(sku="A", site="LEEDS", quantity=d(1))], origin=ANN)
        assert app.verify()["ok"]  # verify carries out what a crash left
        assert app.orders.advance(number=number, to="supplier_confirmed").version == 4


def test_an_adjustment_with_at_most_takes_what_is_there_and_says_what_is_missing(house: House) -> None:
    house.receive("A", 3)
    number = house.order(("A", 2)).number
    wish = AdjustStock(sku="A", site="LEEDS", quantity=d(-5), reason="written off", allow_shortage=True, at_most=True)
    change = house.do(ADJUST_STOCK, wish)
    assert (change.quantity, change.missing) == (d(-3), d(2))
    assert house.line(number) == (0, 2, 0)


@pytest.mark.parametrize("to", ["picking", "packed"])
def test_a_shipment_whose_goods_are_all_gone_is_not_moved_on_before_the_follow_up(house: House, to: str) -> None:
    house.receive("A", 4)
    number = house.order(("A", 4)).number
    house.advance(number, to, through=True)
    place = None if to == "picking" else "PACKING"
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(4), reason="fell", location=place))
    for wish in ("packed", "dispatched"):
        refused = house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to=wish, through=wish == "dispatched"))
        assert refused.code in {"illegal_transition", "nothing_to_release"}
    assert house.follow_up() == 1
    assert [shipment.state for shipment in house.shipments(number)] == ["cancelled"]


def test_a_message_tells_apart_what_was_sent_and_what_was_closed_empty(house: House) -> None:
    for site in ("LEEDS", "HULL"):
        house.receive("A", 3, site)
    number = house.order(("A", 6)).number
    house.advance(number, "packed", through=True)
    in_leeds = house.location("LEEDS").id
    (empty,) = (shipment.number for shipment in house.shipments(number) if shipment.site == in_leeds)
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(3), reason="fell", location="PACKING"))
    house.advance(number, "dispatched")
    (told,) = (json.loads(row.data) for row in house.rows(Message) if row.type == "order.dispatched")
    assert told["closed_shipments"] == [empty]
    assert told["shipments"] == [s.number for s in house.shipments(number) if s.state == "dispatched"]
    assert empty not in told["shipments"]
