"""A count that is entered late is compared with the book of the moment it was made (S117)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from stockcore.stock.commands import CountStock, DamageStock, MoveStock
from stockcore.stock.results import StockChange
from stockcore.stock.use_cases import COUNT_STOCK, DAMAGE_STOCK, MOVE_STOCK
from tests.support.house import House, d


def count(counted: int, at: datetime, **fields: Any) -> CountStock:
    return CountStock(sku="A", site="LEEDS", counted=d(counted), occurred_at=at, **fields)


@pytest.fixture
def counted_at(house: House) -> datetime:
    """100 A were there; an hour later they were sent, and an hour later it is now."""
    clock = house.stop_the_clock()
    house.receive("A", 100)
    clock.pass_time(hours=1)
    counted_at = clock.now
    clock.pass_time(hours=1)
    house.advance(house.order(("A", 100)).number, "dispatched", through=True)
    clock.pass_time(hours=1)
    return counted_at


def entered(house: House, counted: int, at: datetime) -> StockChange:
    return house.do(COUNT_STOCK, count(counted, at))


def test_what_was_sent_after_the_count_is_not_found_again_s117(house: House, counted_at: datetime) -> None:
    assert entered(house, 100, counted_at).quantity == 0
    assert house.stock("A") == (0, 0, 0)
    assert house.exceptions() == []


def test_what_was_sent_before_the_count_is_not_lost_again_s117(house: House, counted_at: datetime) -> None:
    assert entered(house, 0, counted_at + timedelta(hours=1, minutes=30)).quantity == 0
    assert house.stock("A") == (0, 0, 0)


def test_what_a_late_count_finds_more_is_there_now(house: House, counted_at: datetime) -> None:
    assert entered(house, 103, counted_at).quantity == 3
    assert house.stock("A") == (3, 0, 3)


def test_what_a_late_count_misses_may_have_gone_since_and_is_looked_into(house: House, counted_at: datetime) -> None:
    assert entered(house, 90, counted_at).quantity == 0
    assert house.stock("A") == (0, 0, 0)
    assert house.exceptions() == ["discrepancy"]


def test_a_late_count_entered_twice_finds_its_difference_once(house: House, counted_at: datetime) -> None:
    again = [count(103, counted_at), count(103, counted_at)]
    results = [outcome.result for outcome in house.run(COUNT_STOCK, *again)]  # type: ignore[union-attr]
    assert [result.quantity for result in results] == [3, 0]
    assert entered(house, 103, counted_at).quantity == 0


def test_what_was_moved_after_the_count_is_where_it_was_then(house: House) -> None:
    clock = house.stop_the_clock()
    house.place("LEEDS", "BIN")
    house.receive("A", 10)
    counted_at = clock.now
    clock.pass_time(hours=1)
    move = MoveStock(sku="A", site="LEEDS", quantity=d(4), from_location="RECEIVING", to_location="BIN")
    house.do(MOVE_STOCK, move)
    assert house.do(COUNT_STOCK, count(9, counted_at)).quantity == -1
    assert house.do(COUNT_STOCK, count(0, counted_at, location="BIN")).quantity == 0
    assert (house.at("A", "LEEDS", "RECEIVING"), house.at("A", "LEEDS", "BIN")) == (5, 4)


def test_what_is_entered_late_gives_and_takes_promises_when_it_is_entered(house: House) -> None:
    clock = house.stop_the_clock()
    yesterday = clock.now
    clock.pass_time(days=1)
    house.order(("A", 5), policy="backorder")
    house.receive("A", 10, occurred_at=yesterday)
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(8), reason="wet", occurred_at=yesterday))
    assert {row.occurred_at for row in house.ledger("reserved")} == {clock.now}
    assert {row.occurred_at for row in house.ledger()} == {yesterday}


def test_goods_that_came_earlier_leave_first_whenever_they_were_entered(house: House) -> None:
    clock = house.stop_the_clock()
    house.place("LEEDS", "BIN", "SHELF")
    house.receive("A", 5, location="BIN", occurred_at=clock.now - timedelta(days=1))
    house.receive("A", 5, location="SHELF", occurred_at=clock.now - timedelta(days=5))
    house.advance(house.order(("A", 5)).number, "dispatched", through=True)
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "SHELF")) == (5, 0)
