"""What has expired is never available, however it comes to lie somewhere (LOT-06)."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from stockcore.kernel.unit_of_work import Store
from stockcore.stock.commands import (
    AdjustStock,
    ArrivedLine,
    ChangeStatus,
    CountStock,
    ExpireLots,
    ReceiveTransfer,
    ReturnStock,
    ReversePosting,
    SendTransfer,
    TransferLine,
)
from stockcore.stock.expiring import EXPIRE_LOTS
from stockcore.stock.records import Backorder, DocumentLine, Movement
from stockcore.stock.reversing import REVERSE_POSTING
from stockcore.stock.transfers import RECEIVE_TRANSFER, SEND_TRANSFER
from stockcore.stock.use_cases import ADJUST_STOCK, CHANGE_STATUS, COUNT_STOCK, RETURN_STOCK
from tests.support.house import Clock, Figure, House, d, proven

LAST_DAY = date(2026, 11, 20)


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """MILK in lots, at LEEDS and HULL."""
    with proven(store) as house:
        house.product("MILK", lot_tracked=True)
        house.site("LEEDS", "HULL", time_zone="Europe/London")
        yield house


@pytest.fixture
def clock(house: House) -> Clock:
    """Four MILK of lot L1 at LEEDS, on their last day."""
    clock = house.stop_the_clock()
    house.receive("MILK", 4, lot="L1", expires_on=LAST_DAY)
    return clock


def lying(house: House, site: str = "LEEDS") -> tuple[Figure, Figure]:
    """Available and expired at the receiving place."""
    return house.at("MILK", site, "RECEIVING"), house.at("MILK", site, "RECEIVING", "expired")


def change(to_status: str, quantity: int = 4, **fields: Any) -> ChangeStatus:
    wanted = {"sku": "MILK", "site": "LEEDS", "quantity": d(quantity), "to_status": to_status, "reason": "checked"}
    return ChangeStatus(**{**wanted, **fields})


def test_what_expired_before_it_came_is_received_as_expired(house: House) -> None:
    house.stop_the_clock()
    order = house.order(("MILK", 2), policy="backorder").number
    received = house.receive("MILK", 3, lot="OLD", expires_on=date(2026, 11, 19))
    assert [received.on_hand, received.blocked, received.available] == [3, 3, 0]
    assert lying(house) == (0, 3)
    assert [line.status for line in house.rows(DocumentLine)] == ["expired"]
    assert house.line(order) == (0, 2, 0)


def test_goods_are_received_as_good_on_their_last_day(house: House, clock: Clock) -> None:
    assert lying(house) == (4, 0)


def test_the_last_day_ends_when_it_ends_at_the_site(house: House) -> None:
    clock = house.stop_the_clock()
    house.site("PERTH", time_zone="Australia/Perth")
    clock.now = clock.now.replace(hour=23)
    house.receive("MILK", 1, "PERTH", lot="L1", expires_on=LAST_DAY)
    house.receive("MILK", 1, "LEEDS", lot="L1")
    assert (lying(house, "PERTH"), lying(house)) == ((0, 1), (1, 0))


def test_more_of_a_lot_that_has_expired_since_is_received_as_expired(house: House, clock: Clock) -> None:
    clock.pass_time(days=1)
    house.receive("MILK", 1, lot="L1")
    house.receive("MILK", 1, lot="L1", status="quarantine")
    assert lying(house) == (4, 1)
    assert house.at("MILK", "LEEDS", "RECEIVING", "quarantine") == 1


def test_what_has_expired_comes_back_and_is_found_as_expired(house: House, clock: Clock) -> None:
    clock.pass_time(days=1)
    house.do(RETURN_STOCK, ReturnStock(sku="MILK", site="LEEDS", quantity=d(1), lot="L1"))
    house.do(ADJUST_STOCK, AdjustStock(sku="MILK", site="LEEDS", quantity=d(1), lot="L1", reason="found"))
    assert lying(house) == (4, 2)


@pytest.mark.parametrize("status", ["expired", "quarantine"])
def test_what_has_expired_is_not_made_available(house: House, clock: Clock, status: str) -> None:
    house.do(CHANGE_STATUS, change(status))
    order = house.order(("MILK", 2), policy="backorder").number
    clock.pass_time(days=1)
    before = len(house.rows(Movement))
    refusal = house.refused(CHANGE_STATUS, change("available", 1, from_status=status))
    assert (refusal.code, refusal.field) == ("lot_expired", "to_status")
    assert len(house.rows(Movement)) == before
    assert house.line(order) == (0, 2, 0)


def test_of_several_lots_that_which_is_good_is_made_available(house: House, clock: Clock) -> None:
    house.receive("MILK", 2, lot="L2", expires_on=date(2027, 1, 1))
    house.do(CHANGE_STATUS, change("quarantine", 6))
    clock.pass_time(days=1)
    assert house.refused(CHANGE_STATUS, change("available", 3, from_status="quarantine")).code == "lot_expired"
    assert house.refused(CHANGE_STATUS, change("available", 7, from_status="quarantine")).code == "insufficient_stock"
    house.do(CHANGE_STATUS, change("available", 2, from_status="quarantine"))
    assert house.at("MILK", "LEEDS", "RECEIVING", lot="L2") == 2


def test_that_goods_expired_is_not_undone(house: House, clock: Clock) -> None:
    clock.pass_time(days=1)
    house.do(EXPIRE_LOTS, ExpireLots(site="LEEDS"))
    posting = house.ledger()[-1].posting_id
    refusal = house.refused(REVERSE_POSTING, ReversePosting(posting_id=posting, reason="no"))
    assert (refusal.code, refusal.field) == ("lot_expired", "posting_id")
    assert lying(house) == (0, 4)


def test_a_receipt_of_goods_that_have_expired_since_can_be_undone(house: House, clock: Clock) -> None:
    posting = house.ledger()[0].posting_id
    clock.pass_time(days=1)
    house.do(REVERSE_POSTING, ReversePosting(posting_id=posting, reason="was not ours"))
    assert lying(house) == (0, 0)


def send(house: House) -> str:
    line = TransferLine(sku="MILK", quantity=d(4))
    return house.do(SEND_TRANSFER, SendTransfer(from_site="LEEDS", to_site="HULL", lines=(line,))).number


@pytest.mark.parametrize("noticed", [False, True])
def test_what_expires_on_its_way_arrives_as_expired(house: House, clock: Clock, noticed: bool) -> None:
    number = send(house)
    house.order(("MILK", 2), sites=("HULL",), policy="backorder")
    clock.pass_time(days=1)
    if noticed:
        house.do(EXPIRE_LOTS, ExpireLots(site="TRANSIT"))
    lines = (ArrivedLine(line=1, quantity=d(3)), ArrivedLine(line=1, quantity=d(1), status="damaged"))
    house.do(RECEIVE_TRANSFER, ReceiveTransfer(number=number, lines=lines))
    assert lying(house, "HULL") == (0, 3)
    assert house.at("MILK", "HULL", "RECEIVING", "damaged") == 1
    assert [backorder.outstanding for backorder in house.rows(Backorder)] == [2]


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("counted", [0, 3, 4, 6])
def test_what_is_counted_of_a_lot_that_has_expired_is_expired(
    house: House, clock: Clock, counted: int, noticed: bool
) -> None:
    clock.pass_time(days=1)
    if noticed:
        house.do(EXPIRE_LOTS, ExpireLots(site="LEEDS"))
    changed = house.do(COUNT_STOCK, CountStock(sku="MILK", site="LEEDS", counted=d(counted), lot="L1"))
    assert changed.quantity == counted - 4
    assert lying(house) == (0, counted)


def test_promises_give_way_when_a_count_meets_expired_goods(house: House, clock: Clock) -> None:
    order = house.order(("MILK", 3)).number
    clock.pass_time(days=1)
    house.do(COUNT_STOCK, CountStock(sku="MILK", site="LEEDS", counted=d(4), lot="L1"))
    assert house.line(order) == (0, 3, 0)
