"""Partial fulfilment and the queue (S023 to S033): whatever raises available serves who waits, at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from stockcore.orders.cancelling import CANCEL_LINES
from stockcore.orders.commands import CancelLines, EditOrder, LineCancel, LineEdit
from stockcore.orders.editing import EDIT_ORDER
from stockcore.stock.commands import (
    AdjustStock,
    ArrivedLine,
    ChangeStatus,
    CountStock,
    ExpireHolds,
    ReceiveTransfer,
    ReleaseReservation,
    ReturnStock,
    ReversePosting,
    SendTransfer,
    TransferLine,
)
from stockcore.stock.expiring import EXPIRE_HOLDS
from stockcore.stock.records import FollowUp
from stockcore.stock.reserving import RELEASE_RESERVATION
from stockcore.stock.reversing import REVERSE_POSTING
from stockcore.stock.transfers import RECEIVE_TRANSFER, SEND_TRANSFER
from stockcore.stock.use_cases import ADJUST_STOCK, CHANGE_STATUS, COUNT_STOCK, RETURN_STOCK
from tests.support.house import MORNING, Clock, House, d


def test_an_order_is_split_into_reserved_and_backordered(house: House) -> None:
    """S023: figures as given; the state is computed, so it waits on its open remainder."""
    house.receive("A", 6)
    number = house.order(("A", 10), policy="backorder").number
    assert house.line(number) == (6, 4, 0)
    house.advance(number, "dispatched", through=True)
    assert house.line(number) == (0, 4, 6)
    assert house.state(number) == "supplier_confirmed"
    house.receive("A", 10)
    assert house.line(number) == (4, 0, 6)
    assert house.stock("A") == (10, 4, 6)
    house.advance(number, "delivered", through=True)
    assert house.line(number) == (0, 0, 10)
    assert house.state(number) == "delivered"


def test_the_queue_is_served_by_age(house: House) -> None:
    """S025; the ship-complete order keeps what it gets, and its release is held."""
    numbers = [house.order(("A", wanted), policy="backorder", ship_complete=wanted == 5).number for wanted in (4, 3, 5)]
    house.receive("A", 8)
    assert [house.line(number)[0] for number in numbers] == [4, 3, 1]
    assert house.stock("A") == (8, 8, 0)
    house.receive("B", 1)  # nothing more of A: nothing changes
    assert [house.line(number)[0] for number in numbers] == [4, 3, 1]
    with pytest.raises(Exception, match="ships complete"):
        house.advance(numbers[2], "picking")


def test_the_queue_is_served_by_priority_then_promise_then_age(house: House) -> None:
    later, sooner = MORNING + timedelta(days=9), MORNING + timedelta(days=2)
    fields: list[dict[str, Any]] = [{}, {"promise": later}, {"promise": sooner}, {"priority": 1}]
    numbers = [house.order(("A", 2), policy="backorder", **each).number for each in fields]
    served = []
    for _ in numbers:
        house.receive("A", 2)
        served.append(next(n for n in numbers if n not in served and house.line(n)[0] == 2))
    assert served == [numbers[3], numbers[2], numbers[1], numbers[0]]


def test_a_later_order_never_overtakes(house: House) -> None:
    first = house.order(("A", 4), policy="backorder").number
    house.receive("A", 3)
    second = house.order(("A", 2), policy="backorder").number
    house.receive("A", 2)
    assert house.line(first) == (4, 0, 0)
    assert house.line(second) == (1, 1, 0)


def test_a_line_added_after_confirmation_is_reserved_at_once(house: House) -> None:
    """S031."""
    house.product("C")
    house.receive("A", 1)
    house.receive("C", 5)
    number = house.order(("A", 1)).number
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(sku="C", quantity=d(2)),)))
    assert house.stock("C") == (5, 2, 3)
    house.advance(number, "dispatched", through=True)
    assert house.state(number) == "dispatched"
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(sku="C", quantity=d(1)),)))
    assert house.stock("C") == (3, 1, 2)
    assert house.state(number) == "supplier_confirmed"
    assert [figures.shipped for figures in house.lines(number)] == [1, 2, 0]


def test_a_dispatch_lowers_on_hand_and_reserved_together(house: House) -> None:
    """S033."""
    house.receive("A", 100)
    house.reserve("A", 10, "others")
    number = house.order(("A", 1)).number
    house.advance(number, "dispatched", through=True)
    assert house.stock("A") == (99, 10, 89)


# -- everything that raises available ------------------------------------------------------------------------------


def _receipt(house: House, waiting: Callable[[], str]) -> str:
    number = waiting()
    house.receive("A", 2)
    return number


def _release(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 2)
    house.reserve("A", 2, "basket")
    number = waiting()
    house.do(RELEASE_RESERVATION, ReleaseReservation(reference="basket"))
    return number


def _cancel(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 2)
    holder = house.order(("A", 2)).number
    number = waiting()
    house.cancel(holder)
    return number


def _cancelled_line(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 5)
    holder = house.order(("A", 5)).number
    number = waiting()
    house.do(CANCEL_LINES, CancelLines(number=holder, lines=(LineCancel(line=1, quantity=d(2)),)))
    return number


def _smaller_line(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 5)
    holder = house.order(("A", 5)).number
    number = waiting()
    house.do(EDIT_ORDER, EditOrder(number=holder, lines=(LineEdit(line=1, quantity=d(3)),)))
    return number


def _hold_expiry(house: House, waiting: Callable[[], str]) -> str:
    clock = house.stop_the_clock()
    house.receive("A", 2)
    house.reserve("A", 2, "basket", expires_at=clock.now + timedelta(hours=1))
    number = waiting()
    clock.pass_time(hours=2)
    assert house.do(EXPIRE_HOLDS, ExpireHolds()).count == 1
    return number


def _return(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 2)
    sent = house.order(("A", 2)).number
    house.advance(sent, "dispatched", through=True)
    number = waiting()
    house.do(RETURN_STOCK, ReturnStock(sku="A", site="LEEDS", quantity=d(2), order_line=house.line_ids(sent)[0]))
    return number


def _count_gain(house: House, waiting: Callable[[], str]) -> str:
    number = waiting()
    house.do(COUNT_STOCK, CountStock(sku="A", site="LEEDS", counted=d(2)))
    return number


def _adjustment(house: House, waiting: Callable[[], str]) -> str:
    number = waiting()
    house.do(ADJUST_STOCK, AdjustStock(sku="A", site="LEEDS", quantity=d(2), reason="found"))
    return number


def _status_back(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 2, status="quarantine")
    number = waiting()
    change = ChangeStatus(
        sku="A", site="LEEDS", quantity=d(2), from_status="quarantine", to_status="available", reason="inspected"
    )
    house.do(CHANGE_STATUS, change)
    return number


def _reversed_adjustment(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 2)
    lost = house.do(ADJUST_STOCK, AdjustStock(sku="A", site="LEEDS", quantity=d(-2), reason="lost"))
    number = waiting()
    house.do(REVERSE_POSTING, ReversePosting(posting_id=lost.posting_id, reason="found again"))
    return number


def _transfer_in(house: House, waiting: Callable[[], str]) -> str:
    house.receive("A", 2, "HULL")
    lines = (TransferLine(sku="A", quantity=d(2)),)
    sent = house.do(SEND_TRANSFER, SendTransfer(from_site="HULL", to_site="LEEDS", lines=lines))
    number = waiting()
    house.do(RECEIVE_TRANSFER, ReceiveTransfer(number=sent.number, lines=(ArrivedLine(line=1, quantity=d(2)),)))
    return number


@pytest.mark.parametrize(
    "raised_by",
    [
        _receipt,
        _release,
        _cancel,
        _cancelled_line,
        _smaller_line,
        _hold_expiry,
        _return,
        _count_gain,
        _adjustment,
        _status_back,
        _reversed_adjustment,
        _transfer_in,
    ],
)
def test_who_waits_is_served_by_whatever_raises_available(
    house: House, raised_by: Callable[[House, Callable[[], str]], str]
) -> None:
    number = raised_by(house, lambda: house.order(("A", 2), policy="backorder").number)
    assert house.line(number) == (2, 0, 0)
    assert house.stock("A") == (house.pool("A").on_hand, house.pool("A").reserved, 0)
    version = house.header(number).version
    assert house.follow_up() == 1
    assert house.header(number).version == version + 1
    assert house.follow_up() == 0
    assert not house.rows(FollowUp)


@pytest.mark.parametrize("writer", ["receipt", "order", "edit", "cancel"])
def test_a_writer_that_meets_an_expired_hold_serves_the_queue_before_itself(house: House, writer: str) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 3)
    other = house.order(("A", 1)).number
    house.reserve("A", 2, "basket", expires_at=clock.now + timedelta(hours=1))
    waiting = house.order(("A", 1), policy="backorder").number
    clock.pass_time(hours=2)
    _write(house, writer, other, clock)
    assert house.line(waiting) == (1, 0, 0)


def _write(house: House, writer: str, other: str, clock: Clock) -> None:
    match writer:
        case "receipt":
            house.receive("A", 1)
            assert house.stock("A") == (4, 2, 2)
        case "order":
            house.order(("A", 1))
            assert house.stock("A") == (3, 3, 0)
        case "edit":
            house.do(EDIT_ORDER, EditOrder(number=other, lines=(LineEdit(line=1, quantity=d(2)),)))
            assert house.stock("A") == (3, 3, 0)
        case _:
            house.cancel(other)
            assert house.stock("A") == (3, 1, 2)


def test_a_demand_shipped_before_is_served_once_more_in_the_same_reservation(house: House) -> None:
    house.receive("A", 2)
    number = house.order(("A", 4), policy="backorder").number
    house.advance(number, "dispatched", through=True)
    other = house.order(("B", 1), ("A", 1), policy="backorder").number
    house.receive("A", 2)
    assert house.line(number) == (2, 0, 2)
    house.cancel(number)
    assert house.lines(other)[1].reserved == 1
    assert house.lines(number)[0].cancelled == 2


def test_an_edit_keeps_to_the_sites_the_order_was_placed_for(house: House) -> None:
    house.receive("A", 1, "LEEDS")
    house.receive("A", 5, "HULL")
    house.receive("B", 5, "HULL")
    number = house.order(("A", 1), sites=("LEEDS",)).number
    for edit in (LineEdit(line=1, quantity=d(2)), LineEdit(sku="B", quantity=d(1))):
        assert house.refused(EDIT_ORDER, EditOrder(number=number, lines=(edit,))).code == "insufficient_stock"
    assert house.stock("A", "HULL") == (5, 0, 5)
