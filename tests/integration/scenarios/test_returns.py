"""Goods come back: of what was sent, for the line it was sent for, and no more than that (ORD-25)."""

from typing import Final
from uuid import UUID, uuid4

import pytest

from stockcore.stock.commands import ReturnStock, ReversePosting
from stockcore.stock.records import Movement
from stockcore.stock.reversing import REVERSE_POSTING
from stockcore.stock.use_cases import RETURN_STOCK
from tests.support.house import House, d

SENT: Final = 3


@pytest.fixture
def line(house: House) -> UUID:
    """An order line of which three A were sent."""
    house.receive("A", 5)
    house.receive("B", 5)
    number = house.order(("A", SENT), ("B", 1)).number
    house.advance(number, "dispatched", through=True)
    return house.line_ids(number)[0]


def back(line: UUID, quantity: int = SENT, sku: str = "A") -> ReturnStock:
    return ReturnStock(sku=sku, site="LEEDS", quantity=d(quantity), order_line=line)


def undo(posting: UUID) -> ReversePosting:
    return ReversePosting(posting_id=posting, reason="entered twice")


def test_what_comes_back_for_a_line_is_of_its_sku(house: House, line: UUID) -> None:
    before = len(house.rows(Movement))
    refusal = house.refused(RETURN_STOCK, back(line, sku="B"))
    assert (refusal.code, refusal.field) == ("unknown_line", "order_line")
    assert len(house.rows(Movement)) == before
    house.do(RETURN_STOCK, back(line))
    assert house.stock("A") == (5, 0, 5)


def test_nothing_comes_back_for_a_line_that_nothing_was_sent_for(house: House, line: UUID) -> None:
    assert house.refused(RETURN_STOCK, back(uuid4(), 1)).code == "over_return"


def test_no_more_comes_back_by_instalments_s045(house: House, line: UUID) -> None:
    house.do(RETURN_STOCK, back(line, 1))
    house.do(RETURN_STOCK, back(line, 2))
    refusal = house.refused(RETURN_STOCK, back(line, 1))
    assert (refusal.code, refusal.facts["returnable"]) == ("over_return", "0")


def test_undoing_the_undoing_of_a_return_brings_no_more_back_than_was_sent_b089(house: House, line: UUID) -> None:
    first = house.do(RETURN_STOCK, back(line))
    undone = house.do(REVERSE_POSTING, undo(first.posting_id))
    house.do(RETURN_STOCK, back(line))
    refusal = house.refused(REVERSE_POSTING, undo(undone.posting_id))
    assert (refusal.code, refusal.field) == ("over_return", "posting_id")
    assert "only 0 of" in refusal.message
    assert house.stock("A") == (5, 0, 5)


def test_a_return_may_be_undone_and_done_again(house: House, line: UUID) -> None:
    first = house.do(RETURN_STOCK, back(line))
    undone = house.do(REVERSE_POSTING, undo(first.posting_id))
    assert house.stock("A") == (2, 0, 2)
    house.do(REVERSE_POSTING, undo(undone.posting_id))
    assert house.stock("A") == (5, 0, 5)
    assert house.refused(RETURN_STOCK, back(line, 1)).code == "over_return"


def test_undoings_of_one_batch_bring_no_more_back_than_was_sent(house: House, line: UUID) -> None:
    undone = []
    for _ in range(2):
        returned = house.do(RETURN_STOCK, back(line))
        undone.append(house.do(REVERSE_POSTING, undo(returned.posting_id)))
    first, second = house.run(REVERSE_POSTING, *(undo(posting.posting_id) for posting in undone))
    assert (getattr(first, "code", None), getattr(second, "code", None)) == (None, "over_return")
