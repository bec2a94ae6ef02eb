"""What the state machine of tests/integration/stateful found: promises that gave way, and what becomes of them."""

from datetime import timedelta

from stockcore.orders.cancelling import CANCEL_LINES
from stockcore.orders.commands import CancelLines, EditOrder, LineCancel, LineEdit
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.records import OrderLine
from stockcore.stock.commands import DamageStock, ExpireHolds, ReleaseReservation
from stockcore.stock.expiring import EXPIRE_HOLDS
from stockcore.stock.records import Backorder, Reservation
from stockcore.stock.reserving import RELEASE_RESERVATION
from stockcore.stock.use_cases import DAMAGE_STOCK
from tests.support.house import Figure, House, d


def lose(house: House, quantity: int) -> None:
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(quantity), reason="dropped"))


def waiting(house: House) -> Figure:
    return sum((backorder.outstanding for backorder in house.rows(Backorder)), d(0))


def test_a_released_hold_that_had_given_way_does_not_take_back_what_it_released(house: House) -> None:
    house.receive("A", 10)
    house.reserve("A", 8, "basket")
    lose(house, 5)
    assert (house.stock("A"), waiting(house)) == ((10, 5, 0), 3)
    document = house.do(RELEASE_RESERVATION, ReleaseReservation(reference="basket"))
    assert document.reserved == 0
    assert (house.stock("A"), waiting(house)) == ((10, 0, 5), 0)


def test_part_of_a_hold_is_given_back_from_the_queue_first(house: House) -> None:
    house.receive("A", 10)
    house.reserve("A", 8, "basket")
    lose(house, 5)
    house.do(RELEASE_RESERVATION, ReleaseReservation(reference="basket", quantity=d(4)))
    assert (house.stock("A"), waiting(house)) == ((10, 4, 1), 0)
    refusal = house.refused(RELEASE_RESERVATION, ReleaseReservation(reference="basket", quantity=d(5)))
    assert refusal.code == "over_release"


def test_a_hold_that_waits_only_is_released_too(house: House) -> None:
    house.receive("A", 8)
    house.reserve("A", 8, "basket")
    lose(house, 8)
    house.do(RELEASE_RESERVATION, ReleaseReservation(reference="basket"))
    house.receive("A", 8)
    assert (house.stock("A"), waiting(house)) == ((16, 0, 8), 0)


def test_an_expired_hold_waits_for_nothing_more(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 10)
    house.reserve("A", 8, "basket", expires_at=clock.now + timedelta(minutes=10))
    lose(house, 5)
    clock.pass_time(minutes=10)
    assert house.do(EXPIRE_HOLDS, ExpireHolds()).count == 1
    assert (house.stock("A"), waiting(house)) == ((10, 0, 5), 0)


def test_goods_do_not_go_to_a_hold_whose_time_ended_while_it_waited(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 8)
    house.reserve("A", 8, "basket", expires_at=clock.now + timedelta(minutes=10))
    lose(house, 8)
    clock.pass_time(minutes=10)
    house.receive("A", 8)
    assert (house.stock("A"), waiting(house)) == ((16, 0, 8), 0)


def test_what_a_hold_gets_from_another_site_ends_when_the_hold_does(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 8)
    house.receive("A", 8, "HULL")
    house.reserve("A", 8, "basket", sites=("LEEDS", "HULL"), expires_at=clock.now + timedelta(minutes=10))
    lose(house, 8)
    assert house.stock("A", "HULL") == (8, 8, 0)
    clock.pass_time(minutes=10)
    assert house.order(("A", 8), sites=("HULL",)).lines[0].reserved == 8
    assert [r.expires_at for r in house.rows(Reservation) if r.demand_type == "hold"] == [clock.now, clock.now]


def test_who_gives_way_is_served_again_from_a_site_that_it_had_given_back(house: House) -> None:
    house.receive("A", 3)
    house.receive("A", 3, "HULL")
    order = house.order(("A", 6)).number
    house.do(CANCEL_LINES, CancelLines(number=order, lines=(LineCancel(line=1, quantity=d(3)),)))
    lost = next(site for site in ("LEEDS", "HULL") if house.pool("A", site).reserved)
    other = {"LEEDS": "HULL", "HULL": "LEEDS"}[lost]
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site=lost, quantity=d(3), reason="dropped"))
    assert house.pool("A", lost).reserved == 0
    assert house.pool("A", other).reserved == 3
    assert house.line(order) == (3, 0, 0)


def test_a_new_line_of_an_edit_has_the_next_number(house: House) -> None:
    house.receive("A", 9)
    order = house.order(("A", 1)).number
    edits = (LineEdit(line=1, quantity=d(2)), LineEdit(sku="A", quantity=d(3)), LineEdit(sku="A", quantity=d(4)))
    house.do(EDIT_ORDER, EditOrder(number=order, lines=edits))
    assert sorted((line.line_no, line.ordered) for line in house.rows(OrderLine)) == [(1, d(2)), (2, d(3)), (3, d(4))]


def test_shipments_made_together_are_listed_as_they_were_made(house: House) -> None:
    house.receive("A", 1)
    house.receive("A", 1, "HULL")
    order = house.order(("A", 2)).number
    changed = house.advance(order, "packed", through=True)
    assert [shipment.number for shipment in changed.shipments] == [f"{order}-1", f"{order}-2"]
