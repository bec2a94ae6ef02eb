import pytest

from stockcore_replay.categories import Category, Contradiction, categorise, contradiction, rejection
from stockcore_replay.source import SourceRow, UnreadableRow
from tests.support.online_retail import source_row


def test_a_row_with_a_customer_and_a_price_is_a_sale() -> None:
    assert categorise(source_row()) is Category.SALE


def test_a_row_with_a_price_and_no_customer_is_a_counter_sale() -> None:
    assert categorise(source_row(customer=None)) is Category.COUNTER_SALE


def test_goods_at_price_0_for_a_customer_are_free_goods() -> None:
    assert categorise(source_row(price="0.0")) is Category.FREE_GOODS


def test_goods_at_price_0_for_nobody_were_found() -> None:
    assert categorise(source_row(price="0", customer=None)) is Category.FOUND


@pytest.mark.parametrize("customer", [None, "17850"])
def test_a_negative_quantity_at_price_0_is_a_write_off_whoever_it_names(customer: str | None) -> None:
    assert categorise(source_row(quantity=-3, price="0", customer=customer)) is Category.WRITE_OFF


@pytest.mark.parametrize("price", ["2.55", "0"])
@pytest.mark.parametrize("customer", [None, "17850"])
@pytest.mark.parametrize("invoice", ["C536379", "c536379"])
def test_goods_on_an_invoice_c_are_a_return_at_any_price(invoice: str, customer: str | None, price: str) -> None:
    row = source_row(invoice=invoice, quantity=-1, price=price, customer=customer)
    assert categorise(row) is Category.RETURN


@pytest.mark.parametrize(
    "code",
    [
        *("POST", "DOT", "M", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"),
        *("m", "Post", "bank charges", "gift_0001_20", "GIFT_0001_50", " dot "),
    ],
)
@pytest.mark.parametrize(
    ("invoice", "quantity", "price", "customer"),
    [
        ("536365", 1, "18.00", "17850"),
        ("536365", -1, "18.00", None),  # a sign that would be rejected of goods
        ("536365", 0, "18.00", None),
        ("536365", -1, "0", None),
        ("C536379", 1, "18.00", "17850"),
        ("C536379", -1, "0", None),
    ],
)
def test_a_service_is_one_in_any_case_with_any_sign_and_price(
    code: str, invoice: str, quantity: int, price: str, customer: str | None
) -> None:
    row = source_row(code=code, invoice=invoice, quantity=quantity, price=price, customer=customer)
    assert categorise(row) is Category.SERVICE


@pytest.mark.parametrize("code", ["DCGSSGIRL", "DCGS0003", "PADS", "M1", "POSTER", "22423", "GIFT", "C22"])
def test_whatever_is_no_service_is_goods(code: str) -> None:
    assert categorise(source_row(code=code)) is Category.SALE


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (source_row(invoice="A563185", code="B", quantity=1, price="11062.06", customer=None), Contradiction.BAD_DEBT),
        (source_row(invoice="a563185"), Contradiction.BAD_DEBT),
        (source_row(price="-0.01"), Contradiction.NEGATIVE_PRICE),
        (source_row(code="POST", price="-0.01"), Contradiction.NEGATIVE_PRICE),
        (source_row(invoice="C1", quantity=-1, price="-1"), Contradiction.NEGATIVE_PRICE),
        (source_row(quantity=0), Contradiction.ZERO_QUANTITY),
        (source_row(quantity=0, price="0"), Contradiction.ZERO_QUANTITY),
        (source_row(invoice="C1", quantity=0), Contradiction.ZERO_QUANTITY),
        (source_row(invoice="C1", quantity=1), Contradiction.POSITIVE_RETURN),
        (source_row(invoice="C1", quantity=1, price="0"), Contradiction.POSITIVE_RETURN),
        (source_row(quantity=-1), Contradiction.NEGATIVE_SALE),
        (source_row(quantity=-1, customer=None), Contradiction.NEGATIVE_SALE),
    ],
)
def test_a_row_that_contradicts_itself_is_rejected_with_its_number_and_reason(
    row: SourceRow, why: Contradiction
) -> None:
    assert categorise(row) is Category.REJECTED
    assert contradiction(row) is why
    found = rejection(row)
    assert found is not None
    assert (found.number, found.reason) == (1, why.value)
    assert found.message


def test_an_unreadable_row_is_rejected() -> None:
    row = UnreadableRow(12, "Quantity", "number_format", "'six' is no number")
    assert categorise(row) is Category.REJECTED
    found = rejection(row)
    assert found is not None
    assert (found.number, found.field, found.reason) == (12, "Quantity", "number_format")


def test_a_row_that_is_not_rejected_has_no_reason() -> None:
    assert rejection(source_row()) is None
