"""Services: variants that are not stocked. They need no goods, so they are done as soon as their order is confirmed,
and can be taken back until the first goods of the order are dispatched (DESIGN 4: the figures of a line)."""

import pytest

from stockcore.orders.cancelling import CANCEL_LINES, CANCEL_ORDER, HOLD_ORDER
from stockcore.orders.commands import (
    AdvanceOrder,
    CancelLines,
    CancelOrder,
    EditOrder,
    HoldOrder,
    LineCancel,
    LineEdit,
)
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.records import OrderLine
from stockcore.orders.results import LineFigures, OrderDocument
from stockcore_sql.order_reads import OrderReads
from stockcore_sql.stores import SqlStore
from tests.support.house import Figure, House, d


@pytest.fixture
def house(house: House) -> House:
    """Ten A at LEEDS, and a service WRAP."""
    house.product("WRAP", stocked=False)
    house.receive("A", 10)
    return house


def shown(house: House, number: str) -> OrderDocument | None:
    """What is shown of an order; a store in memory shows nothing."""
    if not isinstance(house.store, SqlStore):
        return None
    return OrderReads(house.store.engine.connect).show(number)


def parts(line: LineFigures) -> tuple[Figure, ...]:
    """Reserved, backordered, shipped, cancelled, which are what was ordered."""
    assert line.ordered == line.reserved + line.backordered + line.shipped + line.cancelled
    return (line.reserved, line.backordered, line.shipped, line.cancelled)


def check_shown(house: House, number: str, state: str, *lines: tuple[int, int, int, int]) -> None:
    document = shown(house, number)
    if document is not None:
        assert (document.state, [parts(line) for line in document.lines]) == (state, list(lines))


def cancelled(house: House, number: str) -> list[Figure]:
    order = house.header(number)
    lines = [line for line in house.rows(OrderLine) if line.order_id == order.id]
    return [line.cancelled for line in sorted(lines, key=lambda line: line.line_no)]


def cancel(number: str, line: int, quantity: str | int) -> CancelLines:
    return CancelLines(number=number, lines=(LineCancel(line=line, quantity=d(quantity)),))


def test_a_service_is_shown_as_it_was_answered(house: House) -> None:
    placed = house.order(("A", 2), ("WRAP", 3))
    assert [parts(line) for line in placed.lines] == [(2, 0, 0, 0), (0, 0, 3, 0)]
    assert shown(house, placed.number) in (None, placed)
    house.advance(placed.number, "delivered", through=True)
    check_shown(house, placed.number, "delivered", (0, 0, 2, 0), (0, 0, 3, 0))


def test_an_order_of_services_only_has_ended_when_it_is_confirmed(house: House) -> None:
    placed = house.order(("WRAP", 3))
    assert placed.state == "delivered"
    assert shown(house, placed.number) in (None, placed)
    assert house.advance(placed.number, "delivered").state == "delivered"
    assert house.advance(placed.number, "delivered", through=True).state == "delivered"
    assert house.refused(ADVANCE_ORDER, AdvanceOrder(number=placed.number, to="picking")).code == "nothing_to_release"
    assert house.refused(HOLD_ORDER, HoldOrder(number=placed.number, reason="?")).code == "illegal_transition"


def test_an_order_that_was_kept_received_has_shipped_no_service(house: House) -> None:
    placed = house.order(("A", 12), ("WRAP", 3), keep_received=True)
    assert placed.state == "received"
    assert [line.shipped for line in placed.lines] == [0, 0]
    assert shown(house, placed.number) in (None, placed)
    house.receive("A", 2)
    house.advance(placed.number, "validated")
    check_shown(house, placed.number, "supplier_confirmed", (12, 0, 0, 0), (0, 0, 3, 0))


@pytest.mark.parametrize("to", [None, "picking", "packed"])
def test_a_service_is_cancelled_with_an_order_of_which_nothing_was_dispatched(house: House, to: str | None) -> None:
    number = house.order(("A", 2), ("WRAP", 3)).number
    if to is not None:
        house.advance(number, to, through=True)
    assert house.cancel(number).state == "cancelled"
    assert cancelled(house, number) == [2, 3]
    check_shown(house, number, "cancelled", (0, 0, 0, 2), (0, 0, 0, 3))
    assert house.stock("A") == (10, 0, 10)


def test_a_service_stays_with_goods_that_were_dispatched(house: House) -> None:
    number = house.order(("A", 12), ("WRAP", 3), policy="backorder").number
    house.advance(number, "dispatched", through=True)
    assert house.refused(CANCEL_LINES, cancel(number, 2, 1)).code == "over_release"
    less = EditOrder(number=number, lines=(LineEdit(line=2, quantity=d(2)),))
    assert house.refused(EDIT_ORDER, less).code == "illegal_transition"
    house.cancel(number)
    assert cancelled(house, number) == [2, 0]
    check_shown(house, number, "dispatched", (0, 0, 10, 2), (0, 0, 3, 0))
    assert house.refused(CANCEL_ORDER, CancelOrder(number=number)).code == "illegal_transition"


def test_an_order_of_services_only_can_be_taken_back(house: House) -> None:
    number = house.order(("WRAP", 3)).number
    house.do(CANCEL_LINES, cancel(number, 1, 1))
    check_shown(house, number, "delivered", (0, 0, 2, 1))
    assert house.cancel(number).state == "cancelled"
    assert cancelled(house, number) == [3]


@pytest.mark.parametrize("to", [None, "packed"])
def test_part_of_a_service_is_cancelled_until_something_is_dispatched(house: House, to: str | None) -> None:
    number = house.order(("A", 2), ("WRAP", 3)).number
    if to is not None:
        house.advance(number, to, through=True)
    house.do(CANCEL_LINES, cancel(number, 2, 2))
    house.do(CANCEL_LINES, cancel(number, 1, 2))
    check_shown(house, number, "delivered", (0, 0, 0, 2), (0, 0, 1, 2))
    house.do(CANCEL_LINES, cancel(number, 2, 1))
    check_shown(house, number, "cancelled", (0, 0, 0, 2), (0, 0, 0, 3))
    assert house.header(number).state == "cancelled"


def test_a_service_that_is_added_to_is_done_at_once(house: House) -> None:
    number = house.order(("A", 2), ("WRAP", 3)).number
    house.advance(number, "delivered", through=True)
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=2, quantity=d(5)),)))
    check_shown(house, number, "delivered", (0, 0, 2, 0), (0, 0, 5, 0))


def test_an_order_of_which_nothing_is_left_is_cancelled(house: House) -> None:
    house.receive("B", 3)
    number = house.order(("B", 5), policy="ship_available").number
    house.do(CANCEL_LINES, cancel(number, 1, 3))
    assert house.state(number) == "cancelled"
    assert house.stock("B") == (3, 0, 3)


@pytest.mark.parametrize("quantity", ["0.5", "1.25"])
def test_what_is_cancelled_is_a_whole_number_of_the_units_steps(house: House, quantity: str) -> None:
    """CAT-14."""
    number = house.order(("A", 2), ("WRAP", 3)).number
    for line in (1, 2):
        refusal = house.refused(CANCEL_LINES, cancel(number, line, quantity))
        assert (refusal.code, refusal.field) == ("quantity_precision", "lines/0/quantity")
    assert house.stock("A") == (10, 2, 8)
