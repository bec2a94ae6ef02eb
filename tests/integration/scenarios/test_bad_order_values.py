"""What callers of the library get wrong in commands on orders: each refused by its own code, and nothing changed."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import pytest

from stockcore.orders.cancelling import CANCEL_LINES, CANCEL_ORDER, HOLD_ORDER, RESUME_ORDER
from stockcore.orders.commands import (
    AdvanceOrder,
    CancelLines,
    CancelOrder,
    EditOrder,
    HoldOrder,
    LineCancel,
    LineEdit,
    LineRequest,
    PlaceOrder,
    Requirement,
    ResumeOrder,
)
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.records import Order
from stockcore.stock.records import Movement
from tests.support.house import House, accepted, codes, d, order

LINE: Final = LineRequest(sku="A", quantity=d(1))
GOOD: Final[dict[str, Any]] = {"lines": (LINE,)}


@pytest.fixture
def house(house: House) -> House:
    """Nine A at LEEDS."""
    house.receive("A", 9)
    return house


def refused(house: House, use_case: Any, command: Any) -> tuple[str, str | None]:
    """Code and field of a refusal that disturbs nobody else and changes nothing."""
    before = [len(house.rows(record)) for record in (Order, Movement)]
    refusal = house.refused(use_case, command)
    assert [len(house.rows(record)) for record in (Order, Movement)] == before
    return refusal.code, refusal.field


ORDERS: Final = [
    ("lines", None, "lines", "field_required"),
    ("lines", LINE, "lines", "type_error"),
    ("lines", "A", "lines", "type_error"),
    ("lines", ("A",), "lines/0", "type_error"),
    ("lines", (LINE, None), "lines/1", "type_error"),
    ("lines", (), "lines", "order_without_lines"),
    ("customer", 5, "customer", "type_error"),
    ("customer", "a\0b", "customer", "text_invalid"),
    ("customer", "nobody", "customer", "unknown_customer"),
    ("number", 5, "number", "type_error"),
    ("number", "a\0b", "number", "text_invalid"),
    ("number", " ", "number", "text_blank"),
    ("reference", 5, "reference", "type_error"),
    ("reference", "a\0b", "reference", "text_invalid"),
    ("policy", None, "policy", "value_unknown"),
    ("policy", ["backorder"], "policy", "value_unknown"),
    ("strategy", None, "strategy", "value_unknown"),
    ("strategy", ["cheapest"], "strategy", "value_unknown"),
    ("ship_complete", "no", "ship_complete", "type_error"),
    ("ship_complete", None, "ship_complete", "type_error"),
    ("keep_received", 1, "keep_received", "type_error"),
    ("sites", None, "sites", "field_required"),
    ("sites", "LEEDS", "sites", "type_error"),
    ("sites", 5, "sites", "type_error"),
    ("sites", (5,), "sites/0", "type_error"),
    ("sites", ("LEEDS", None), "sites/1", "field_required"),
    ("sites", ("a\0b",), "sites/0", "text_invalid"),
    ("holds", None, "holds", "field_required"),
    ("holds", "h", "holds", "type_error"),
    ("holds", (5,), "holds/0", "type_error"),
    ("holds", ("\ud800",), "holds/0", "text_invalid"),
    ("currency", "nonsense", "currency", "currency_unknown"),
    ("currency", 5, "currency", "type_error"),
    ("currency", "", "currency", "text_blank"),
    ("priority", 10**30, "priority", "quantity_out_of_range"),
    ("priority", 2**31, "priority", "quantity_out_of_range"),
    ("priority", "1", "priority", "type_error"),
    ("priority", None, "priority", "field_required"),
    ("priority", True, "priority", "type_error"),
    ("promise", "2026-12-01", "promise", "type_error"),
    ("promise", date(2026, 12, 1), "promise", "type_error"),
    ("promise", datetime(2026, 12, 1), "promise", "time_zone_required"),  # noqa: DTZ001 - what is refused
    ("promise", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), "promise", "time_out_of_range"),
    ("promise", datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "promise", "time_out_of_range"),
    ("address", "High Street", "address", "type_error"),
    ("address", {"street": 5}, "address/street", "type_error"),
    ("address", {5: "High Street"}, "address", "type_error"),
    ("address", {"street": "a\0b"}, "address/street", "text_invalid"),
    ("address", {"a\0b": "High Street"}, "address", "text_invalid"),
]


@pytest.mark.parametrize(("name", "value", "field", "code"), ORDERS)
def test_what_is_said_of_an_order_is_read(house: House, name: str, value: object, field: str, code: str) -> None:
    """B003, B005, B045."""
    assert refused(house, PLACE_ORDER, PlaceOrder(**{**GOOD, name: value})) == (code, field)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, value, _, _ in ORDERS])
def test_an_order_that_cannot_be_read_leaves_the_others_of_its_batch_alone(
    house: House, name: str, value: object
) -> None:
    """DESIGN 2."""
    batch = [order(("A", 1), number="one"), PlaceOrder(**{**GOOD, name: value}), order(("A", 1), reference="two")]
    outcomes = house.run(PLACE_ORDER, *batch)
    assert (len(accepted(outcomes)), len(codes(outcomes))) == (2, 1)
    assert house.stock("A") == (9, 2, 7)


LINES: Final = [
    ("sku", None, "sku", "field_required"),
    ("sku", 5, "sku", "type_error"),
    ("sku", "a\0b", "sku", "text_invalid"),
    ("sku", " ", "sku", "text_blank"),
    ("sku", "nothing", "sku", "unknown_sku"),
    ("quantity", None, "quantity", "field_required"),
    ("quantity", 1.5, "quantity", "type_error"),
    ("quantity", Decimal("sNaN"), "quantity", "quantity_not_finite"),
    ("price", Decimal("NaN"), "price", "quantity_not_finite"),
    ("price", Decimal("sNaN"), "price", "quantity_not_finite"),
    ("price", Decimal("Infinity"), "price", "quantity_not_finite"),
    ("price", Decimal("1e30"), "price", "quantity_out_of_range"),
    ("price", Decimal("1e999999"), "price", "quantity_out_of_range"),
    ("price", Decimal("1e-7"), "price", "money_precision"),
    ("price", Decimal(-1), "price", "money_negative"),
    ("price", "cheap", "price", "number_format"),
    ("price", 1.5, "price", "type_error"),
    ("unit", 5, "unit", "type_error"),
    ("unit", "a\0b", "unit", "text_invalid"),
    ("unit", "barrel", "unit", "unknown_unit"),
    ("multiple", Decimal("NaN"), "multiple", "quantity_not_finite"),
    ("multiple", "two", "multiple", "number_format"),
    ("multiple", d(0), "multiple", "quantity_not_positive"),
    ("requirement", "L1", "requirement", "type_error"),
    ("requirement", Requirement(lot=5), "lot", "type_error"),  # type: ignore[arg-type]
    ("requirement", Requirement(lot="a\0b"), "lot", "text_invalid"),
    ("requirement", Requirement(lot="L1"), "lot", "unknown_lot"),
    ("requirement", Requirement(location=5), "location", "type_error"),  # type: ignore[arg-type]
    ("requirement", Requirement(location="a\0b"), "location", "text_invalid"),
    ("requirement", Requirement(location=""), "location", "text_blank"),
    ("requirement", Requirement(location="BIN9"), "location", "unknown_location"),
    ("requirement", Requirement(good_until="2026-12-01"), "good_until", "type_error"),  # type: ignore[arg-type]
    ("requirement", Requirement(good_until=datetime(2026, 12, 1, tzinfo=UTC)), "good_until", "type_error"),
    ("requirement", Requirement(shelf_life_days=1.5), "shelf_life_days", "type_error"),  # type: ignore[arg-type]
    ("requirement", Requirement(shelf_life_days=10**12), "shelf_life_days", "quantity_out_of_range"),
]


@pytest.mark.parametrize(("name", "value", "field", "code"), LINES)
def test_what_is_said_of_a_line_is_read(house: House, name: str, value: object, field: str, code: str) -> None:
    """B003, B005, B045."""
    fields: dict[str, Any] = {"sku": "A", "quantity": d(1), name: value}
    line = LineRequest(**fields)
    assert refused(house, PLACE_ORDER, PlaceOrder(lines=(LINE, line))) == (code, f"lines/1/{field}")


def test_a_list_price_of_a_packaging_may_be_too_much_to_keep(house: House) -> None:
    house.product("GOLD", list_price=d("999999999999"))
    house.packaging("GOLD", "box", 12)
    line = LineRequest(sku="GOLD", quantity=d(1), unit="box")
    assert refused(house, PLACE_ORDER, PlaceOrder(lines=(line,))) == ("quantity_out_of_range", "lines/0/price")


def test_what_can_be_read_is_kept_as_it_is_read(house: House) -> None:
    line = LineRequest(sku=" a", quantity="2", price="0.50")  # type: ignore[arg-type]
    at = datetime(2026, 12, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    placed = house.order(line, currency="eur", promise=at, address={"street": " High Street 1 "}, priority=-3)
    header = house.header(placed.number)
    assert (placed.lines[0].ordered, placed.lines[0].price, placed.lines[0].currency) == (d(2), d("0.50"), "EUR")
    assert (header.promise, header.priority) == (at, -3)
    assert header.address is not None
    assert "High Street 1" in header.address


NO_NUMBERS: Final = [(None, "field_required"), (5, "type_error"), ("a\0b", "unknown_order"), ("", "unknown_order")]


@pytest.mark.parametrize(("number", "code"), NO_NUMBERS)
def test_what_is_no_orders_number_names_no_order(house: House, number: Any, code: str) -> None:
    """B059."""
    commands: list[tuple[Any, Any]] = [
        (CANCEL_ORDER, CancelOrder(number=number)),
        (CANCEL_LINES, CancelLines(number=number, lines=(LineCancel(line=1, quantity=d(1)),))),
        (EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(1)),))),
        (ADVANCE_ORDER, AdvanceOrder(number=number, to="picking")),
        (ADVANCE_ORDER, AdvanceOrder(number=number, to="validated")),
        (HOLD_ORDER, HoldOrder(number=number, reason="?")),
        (RESUME_ORDER, ResumeOrder(number=number)),
    ]
    for use_case, command in commands:
        assert refused(house, use_case, command) == (code, "number")


def test_an_order_is_found_by_its_number_with_blanks_around_it(house: House) -> None:
    house.order(("A", 1), number="X1")
    assert house.cancel(" X1 ").number == "X1"


CHANGES: Final[list[tuple[Any, Any, dict[str, Any], str, str]]] = [
    (CANCEL_ORDER, CancelOrder, {"reason": "a\0b"}, "text_invalid", "reason"),
    (CANCEL_ORDER, CancelOrder, {"reason": 5}, "type_error", "reason"),
    (CANCEL_ORDER, CancelOrder, {"reason": "x" * 4001}, "text_too_long", "reason"),
    (CANCEL_LINES, CancelLines, {"lines": None}, "field_required", "lines"),
    (CANCEL_LINES, CancelLines, {"lines": ()}, "order_without_lines", "lines"),
    (CANCEL_LINES, CancelLines, {"lines": (5,)}, "type_error", "lines/0"),
    (CANCEL_LINES, CancelLines, {"lines": (LineCancel(line=1, quantity=d("NaN")),)}, "quantity_not_finite",
     "lines/0/quantity"),
    (CANCEL_LINES, CancelLines, {"lines": (LineCancel(line=1, quantity="x"),)}, "number_format",  # type: ignore[arg-type]
     "lines/0/quantity"),
    (CANCEL_LINES, CancelLines, {"lines": (LineCancel(line=None, quantity=d(1)),)}, "field_required",  # type: ignore[arg-type]
     "lines/0/line"),
    (CANCEL_LINES, CancelLines, {"lines": (LineCancel(line=1, quantity=d(1)),), "reason": ""}, "text_blank", "reason"),
    (EDIT_ORDER, EditOrder, {"lines": None}, "field_required", "lines"),
    (EDIT_ORDER, EditOrder, {"lines": ("A",)}, "type_error", "lines/0"),
    (EDIT_ORDER, EditOrder, {"lines": (LineEdit(sku=5, quantity=d(1)),)}, "type_error",  # type: ignore[arg-type]
     "lines/0/sku"),
    (EDIT_ORDER, EditOrder, {"lines": (LineEdit(sku="a\0b", quantity=d(1)),)}, "text_invalid", "lines/0/sku"),
    (EDIT_ORDER, EditOrder, {"lines": (LineEdit(sku="A", quantity=d(1), price=d("NaN")),)}, "quantity_not_finite",
     "lines/0/price"),
    (EDIT_ORDER, EditOrder, {"lines": (LineEdit(line=1, quantity=d(1), unit=5),)}, "type_error",  # type: ignore[arg-type]
     "lines/0/unit"),
    (ADVANCE_ORDER, AdvanceOrder, {"to": None}, "value_unknown", "to"),
    (ADVANCE_ORDER, AdvanceOrder, {"to": ["picking"]}, "value_unknown", "to"),
    (ADVANCE_ORDER, AdvanceOrder, {"to": "picking", "through": "no"}, "type_error", "through"),
    (ADVANCE_ORDER, AdvanceOrder, {"to": "packed", "shipments": 5}, "type_error", "shipments"),
    (ADVANCE_ORDER, AdvanceOrder, {"to": "packed", "shipments": "X1-1"}, "type_error", "shipments"),
    (HOLD_ORDER, HoldOrder, {"reason": None}, "field_required", "reason"),
    (HOLD_ORDER, HoldOrder, {"reason": ""}, "text_blank", "reason"),
    (HOLD_ORDER, HoldOrder, {"reason": "x" * 4001}, "text_too_long", "reason"),
    (HOLD_ORDER, HoldOrder, {"reason": "a\0b"}, "text_invalid", "reason"),
]  # fmt: skip


@pytest.mark.parametrize(("use_case", "command", "fields", "code", "field"), CHANGES)
def test_what_is_said_of_a_change_is_read(
    house: House, use_case: Any, command: Any, fields: dict[str, Any], code: str, field: str
) -> None:
    """B003, B045."""
    house.order(("A", 1), number="X1")
    assert refused(house, use_case, command(number="X1", **fields)) == (code, field)
    assert (house.state("X1"), house.header("X1").on_hold) == ("supplier_confirmed", False)


def test_a_quantity_to_cancel_may_be_a_text(house: House) -> None:
    number = house.order(("A", 5)).number
    house.do(CANCEL_LINES, CancelLines(number=number, lines=(LineCancel(line=1, quantity="5"),)))  # type: ignore[arg-type]
    assert house.stock("A") == (9, 0, 9)


def test_an_order_that_has_ended_is_not_held(house: House) -> None:
    gone = house.order(("A", 1)).number
    house.cancel(gone)
    sent = house.order(("A", 1)).number
    house.advance(sent, "delivered", through=True)
    for number in (gone, sent):
        assert house.refused(HOLD_ORDER, HoldOrder(number=number, reason="wait")).code == "illegal_transition"
        assert not house.header(number).on_hold
    assert house.refused(RESUME_ORDER, ResumeOrder(number=gone)).code == "illegal_transition"


def test_an_order_that_was_held_after_release_can_be_resumed_when_it_was_delivered(house: House) -> None:
    number = house.order(("A", 1)).number
    house.advance(number, "picking")
    house.do(HOLD_ORDER, HoldOrder(number=number, reason=" wait "))
    assert house.header(number).hold_reason == "wait"
    house.advance(number, "delivered", through=True)
    house.do(RESUME_ORDER, ResumeOrder(number=number))
    assert not house.header(number).on_hold
