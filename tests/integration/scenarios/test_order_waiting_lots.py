"""What an order gives back serves a pinned demand that holds a part of its lot already."""

from collections.abc import Callable

import pytest

from stockcore.orders.cancelling import CANCEL_LINES, CANCEL_ORDER
from stockcore.orders.commands import (
    CancelLines,
    CancelOrder,
    EditOrder,
    LineCancel,
    LineEdit,
    LineRequest,
    Requirement,
)
from stockcore.orders.editing import EDIT_ORDER
from stockcore.stock.records import Allocation
from tests.support.house import House, d


def cancel(house: House, number: str) -> None:
    house.do(CANCEL_ORDER, CancelOrder(number=number))


def cancel_a_line(house: House, number: str) -> None:
    house.do(CANCEL_LINES, CancelLines(number=number, lines=(LineCancel(line=1, quantity=d(3)),)))


def edit(house: House, number: str) -> None:
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(1)),)))


@pytest.mark.parametrize("give_back", [cancel, cancel_a_line, edit])
def test_a_lot_that_an_order_gives_back_goes_to_the_pinned_line_that_waits_for_more_of_it(
    house: House, give_back: Callable[[House, str], None]
) -> None:
    house.product("L", lot_tracked=True)
    house.receive("L", 5, lot="L1")
    number = house.order(("L", 3)).number
    wish = LineRequest(sku="L", quantity=d(4), requirement=Requirement(lot="L1"))
    waiting = house.order(wish, policy="backorder").number
    assert house.line(waiting) == (2, 2, 0)
    give_back(house, number)
    assert house.line(waiting) == (4, 0, 0)
    assert [allocation.quantity for allocation in house.rows(Allocation)] == [4]
    house.advance(waiting, "dispatched", through=True)
    assert house.line(waiting) == (0, 0, 4)
