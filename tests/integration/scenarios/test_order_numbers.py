"""Numbers and references of orders: one order each, and never an automatic number twice (ORD-24)."""

import pytest

from stockcore.orders.commands import AddCustomer
from stockcore.orders.customers import ADD_CUSTOMER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.records import Order
from tests.support.house import House, accepted, codes, order


@pytest.fixture
def house(house: House) -> House:
    """Nine A at LEEDS."""
    house.receive("A", 9)
    return house


@pytest.mark.parametrize("number", ["SO-000001", "SO-000002", " SO-000001 ", "SO-1000000", "so-000001"])
def test_a_number_of_the_automatic_form_is_nobodys_to_give(house: House, number: str) -> None:
    refusal = house.refused(PLACE_ORDER, order(("A", 1), number=number))
    assert (refusal.code, refusal.field) == ("number_reserved", "number")
    assert [house.order(("A", 1)).number for _ in range(2)] == ["SO-000001", "SO-000002"]


@pytest.mark.parametrize("number", ["SO-1", "SO-1001", "SO-0000001", "SO-000001-A"])
def test_a_number_that_is_never_given_automatically_is_anybodys(house: House, number: str) -> None:
    assert house.order(("A", 1), number=number).number == number
    assert house.order(("A", 1)).number == "SO-000001"


def test_a_number_that_was_given_automatically_is_a_duplicate(house: House) -> None:
    number = house.order(("A", 1)).number
    assert house.refused(PLACE_ORDER, order(("A", 1), number=number)).code == "duplicate_reference"


@pytest.mark.parametrize("again", ["X1", " X1", "X1 "])
def test_blanks_around_a_number_make_no_other_number(house: House, again: str) -> None:
    assert house.order(("A", 1), number=" X1 ").number == "X1"
    assert house.refused(PLACE_ORDER, order(("A", 1), number=again)).code == "duplicate_reference"


@pytest.mark.parametrize("again", ["R1", " R1", "R1 "])
def test_blanks_around_a_reference_make_no_other_reference(house: House, again: str) -> None:
    """ORD-24."""
    house.do(ADD_CUSTOMER, AddCustomer(code="C-1", name="Carol"))
    for customer in (None, "C-1"):
        assert house.order(("A", 1), customer=customer, reference=" R1 ").reference == "R1"
        refusal = house.refused(PLACE_ORDER, order(("A", 1), customer=customer, reference=again))
        assert (refusal.code, refusal.field) == ("duplicate_reference", "reference")
    assert [each.reference for each in house.rows(Order)] == ["R1", "R1"]


def test_two_spellings_of_a_number_or_a_reference_in_one_batch_are_one(house: House) -> None:
    numbers = house.run(PLACE_ORDER, order(("A", 1), number="X1"), order(("A", 1), number=" X1"))
    references = house.run(PLACE_ORDER, order(("A", 1), reference="R1 "), order(("A", 1), reference="R1"))
    assert codes([*numbers, *references]) == ["duplicate_reference", "duplicate_reference"]
    assert house.stock("A") == (9, 2, 7)


def test_a_refused_order_takes_neither_number_nor_reference(house: House) -> None:
    """DESIGN 2: a rejected command does not disturb the others."""
    for name in ({"number": "N1"}, {"reference": "R1"}):
        outcomes = house.run(PLACE_ORDER, order(("A", 99), **name), order(("A", 1), **name), order(("A", 1), **name))
        assert codes(outcomes) == ["insufficient_stock", "duplicate_reference"]
        assert len(accepted(outcomes)) == 1


def test_an_order_is_answered_with_its_customers_code_as_it_is_kept(house: House) -> None:
    house.do(ADD_CUSTOMER, AddCustomer(code="C-1", name="Carol"))
    assert house.order(("A", 1), customer=" c-1").customer == "C-1"
