"""What a data row is: exactly one category, decided in a stated order. Pure."""

from __future__ import annotations

import enum
from typing import Final

import attrs

from stockcore.kernel.quantity import ZERO
from stockcore_replay.source import SourceRow, UnreadableRow


class Category(enum.StrEnum):
    """Every data row has exactly one; in the order in which `categorise` decides."""

    REJECTED = "rejected"  # cannot be read, or contradicts itself; does nothing
    SERVICE = "service"  # postage, fees, vouchers, corrections by hand: no stock, no order line
    RETURN = "return"  # goods on an invoice C…: cancelled, sent back or credited
    WRITE_OFF = "write_off"  # stock found missing or damaged
    FREE_GOODS = "free_goods"  # given to a customer: an order line at price 0
    FOUND = "found"  # stock that the books did not know of
    COUNTER_SALE = "counter_sale"  # sold to nobody in particular
    SALE = "sale"  # a customer's order line


ORDERED: Final = frozenset({Category.FREE_GOODS, Category.COUNTER_SALE, Category.SALE})
"""The categories whose rows are order lines."""

SERVICE_CODES: Final = frozenset({"POST", "DOT", "M", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"})
SERVICE_PREFIX: Final = "GIFT_"


class Contradiction(enum.StrEnum):
    """Why a row that can be read is rejected all the same."""

    BAD_DEBT = "bad_debt"  # an invoice A… adjusts a debt: money, not goods
    NEGATIVE_PRICE = "negative_price"
    ZERO_QUANTITY = "zero_quantity"
    POSITIVE_RETURN = "positive_return"  # a credit note that takes goods
    NEGATIVE_SALE = "negative_sale"  # an invoice that takes goods back for money


@attrs.frozen
class Rejection:
    """A rejected row, for the report: its number and why."""

    number: int
    field: str | None
    reason: str  # a Contradiction, or the code of what could not be read
    message: str


def is_service(code: str) -> bool:
    """Whether this normalised stock code is a service; everything else, DCGS… and PADS too, is goods."""
    return code in SERVICE_CODES or code.startswith(SERVICE_PREFIX)


def is_return(invoice: str) -> bool:
    """Whether the invoice is a cancellation or credit note, C…"""
    return invoice[:1] in ("C", "c")


def categorise(row: SourceRow | UnreadableRow) -> Category:
    """The row's category: the first of the rules, in `Category`'s order, that holds."""
    if isinstance(row, UnreadableRow) or contradiction(row) is not None:
        return Category.REJECTED
    if is_service(row.code):
        return Category.SERVICE
    if is_return(row.invoice):
        return Category.RETURN
    if row.price == ZERO:
        if row.quantity < ZERO:
            return Category.WRITE_OFF
        return Category.FOUND if row.customer is None else Category.FREE_GOODS
    return Category.COUNTER_SALE if row.customer is None else Category.SALE


def contradiction(row: SourceRow) -> Contradiction | None:
    """What makes a readable row impossible to book. A service's sign says nothing; goods must make sense."""
    if row.invoice[:1] in ("A", "a"):
        return Contradiction.BAD_DEBT
    if row.price < ZERO:
        return Contradiction.NEGATIVE_PRICE
    if is_service(row.code):
        return None
    if row.quantity == ZERO:
        return Contradiction.ZERO_QUANTITY
    if is_return(row.invoice):
        return Contradiction.POSITIVE_RETURN if row.quantity > ZERO else None
    return Contradiction.NEGATIVE_SALE if row.quantity < ZERO and row.price > ZERO else None


_FIELDS: Final = {
    Contradiction.BAD_DEBT: "InvoiceNo",
    Contradiction.NEGATIVE_PRICE: "UnitPrice",
    Contradiction.ZERO_QUANTITY: "Quantity",
    Contradiction.POSITIVE_RETURN: "Quantity",
    Contradiction.NEGATIVE_SALE: "Quantity",
}
_MESSAGES: Final = {
    Contradiction.BAD_DEBT: "an invoice A… adjusts a debt and moves no goods",
    Contradiction.NEGATIVE_PRICE: "the price is negative",
    Contradiction.ZERO_QUANTITY: "the quantity is 0",
    Contradiction.POSITIVE_RETURN: "a cancellation (invoice C…) with a positive quantity",
    Contradiction.NEGATIVE_SALE: "a negative quantity with a price, and no cancellation (invoice C…)",
}


def rejection(row: SourceRow | UnreadableRow) -> Rejection | None:
    """Why the row is rejected, or None where it is not."""
    if isinstance(row, UnreadableRow):
        return Rejection(row.number, row.field, row.code, row.message)
    why = contradiction(row)
    return None if why is None else Rejection(row.number, _FIELDS[why], why.value, _MESSAGES[why])
