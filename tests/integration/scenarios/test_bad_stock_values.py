"""What callers of the library put into the fields of stock's commands: refused by a code and the field's name, and
nothing is changed."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest

from stockcore.kernel.execution import UseCase
from stockcore.stock.commands import (
    AdjustStock,
    ArrivedLine,
    ChangeStatus,
    CommitReservation,
    CountStock,
    DamageStock,
    ExpireHolds,
    ExpireLots,
    MoveStock,
    ReceiveStock,
    ReceiveTransfer,
    ReleaseReservation,
    ReserveStock,
    ReturnStock,
    ReversePosting,
    SendTransfer,
    SetStockRecord,
    TransferLine,
)
from stockcore.stock.expiring import EXPIRE_HOLDS, EXPIRE_LOTS
from stockcore.stock.records import Lot, Movement, Reservation
from stockcore.stock.reserving import COMMIT_RESERVATION, RELEASE_RESERVATION, RESERVE_STOCK
from stockcore.stock.reversing import REVERSE_POSTING
from stockcore.stock.thresholds import SET_STOCK_RECORD
from stockcore.stock.transfers import RECEIVE_TRANSFER, SEND_TRANSFER
from stockcore.stock.use_cases import (
    ADJUST_STOCK,
    CHANGE_STATUS,
    COUNT_STOCK,
    DAMAGE_STOCK,
    MOVE_STOCK,
    RECEIVE_STOCK,
    RETURN_STOCK,
)
from tests.support.house import House, codes, d

ONE: Final = Decimal(1)
SAYS: Final = {"reason": "because"}
AT: Final = {"sku": "A", "site": "LEEDS"}
LINE: Final = TransferLine(sku="A", quantity=ONE)
#: Commands that would be accepted as they stand, by name.
GOOD: Final[dict[str, tuple[UseCase[Any, Any], type[Any], dict[str, Any]]]] = {
    "receive": (RECEIVE_STOCK, ReceiveStock, {**AT, "quantity": ONE}),
    "adjust": (ADJUST_STOCK, AdjustStock, {**AT, **SAYS, "quantity": ONE}),
    "count": (COUNT_STOCK, CountStock, {**AT, "counted": ONE}),
    "move": (MOVE_STOCK, MoveStock, {**AT, "quantity": ONE, "from_location": "RECEIVING", "to_location": "BIN"}),
    "change": (CHANGE_STATUS, ChangeStatus, {**AT, **SAYS, "quantity": ONE, "to_status": "hold"}),
    "damage": (DAMAGE_STOCK, DamageStock, {**AT, **SAYS, "quantity": ONE}),
    "return": (RETURN_STOCK, ReturnStock, {**AT, "quantity": ONE}),
    "send": (SEND_TRANSFER, SendTransfer, {"from_site": "LEEDS", "to_site": "HULL", "lines": (LINE,)}),
    "arrive": (RECEIVE_TRANSFER, ReceiveTransfer, {"number": "T-1", "lines": (ArrivedLine(line=1, quantity=ONE),)}),
    "reserve": (RESERVE_STOCK, ReserveStock, {"sku": "A", "quantity": ONE, "reference": "basket"}),
    "release": (RELEASE_RESERVATION, ReleaseReservation, {"reference": "kept"}),
    "commit": (COMMIT_RESERVATION, CommitReservation, {"reference": "kept", "sku": "A", "demand_type": "hold"}),
    "record": (SET_STOCK_RECORD, SetStockRecord, {**AT, "minimum": ONE}),
    "expire_lots": (EXPIRE_LOTS, ExpireLots, {"site": "LEEDS"}),
    "expire_holds": (EXPIRE_HOLDS, ExpireHolds, {"most": 1}),
    "reverse": (REVERSE_POSTING, ReversePosting, {**SAYS, "posting_id": UUID(int=1)}),
}


@pytest.fixture
def house(house: House) -> House:
    """Ten A at LEEDS, one of them kept for a while, one on its way to HULL."""
    house.place("LEEDS", "BIN")
    house.receive("A", 10)
    house.reserve("A", 1, "kept")
    house.do(SEND_TRANSFER, SendTransfer(from_site="LEEDS", to_site="HULL", lines=(LINE,), number="T-1"))
    return house


def refused(house: House, name: str, field: str, value: object) -> str:
    """The code by which a command is refused for this field; nothing is changed."""
    use_case, command, fields = GOOD[name]
    before = [len(house.rows(record)) for record in (Movement, Lot, Reservation)]
    refusal = house.refused(use_case, command(**{**fields, field: value}))
    assert refusal.field == field
    assert [len(house.rows(record)) for record in (Movement, Lot, Reservation)] == before
    return refusal.code


@pytest.mark.parametrize("name", sorted(GOOD.keys() - {"reverse"}))
def test_the_commands_are_good_but_for_what_a_test_puts_into_them(house: House, name: str) -> None:
    use_case, command, fields = GOOD[name]
    house.do(use_case, command(**fields))


POSTED: Final = ("receive", "adjust", "count", "move", "change", "damage", "return", "send", "arrive", "commit")
MOMENTS: Final = [*[(name, "occurred_at") for name in POSTED], ("reserve", "expires_at")]


@pytest.mark.parametrize(("name", "field"), MOMENTS)
def test_a_moment_is_a_datetime_with_its_offset_b099_b107(house: House, name: str, field: str) -> None:
    for value, code in (
        ("2026-11-20T09:00:00Z", "type_error"),
        (date(2026, 11, 20), "type_error"),
        (1763629200, "type_error"),
        (datetime(2026, 11, 20, 9), "time_zone_required"),  # noqa: DTZ001
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "time_out_of_range"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=5))), "time_out_of_range"),
    ):
        assert refused(house, name, field, value) == code


def test_a_hold_that_ends_in_another_zone_ends_at_that_moment(house: House) -> None:
    house.reserve("A", 1, "basket", expires_at=datetime(2999, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))
    assert datetime(2999, 1, 1, tzinfo=UTC) in [reservation.expires_at for reservation in house.rows(Reservation)]
    house.receive("A", 1)


@pytest.mark.parametrize("field", ["expires_on", "manufactured_on"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("2027-01-01", "type_error"),
        (datetime(2027, 1, 1, tzinfo=UTC), "type_error"),
        (20270101, "type_error"),
        (date.min, "date_invalid"),
        (date.max, "date_invalid"),
    ],
)
def test_a_lots_dates_are_dates_b099(house: House, field: str, value: object, code: str) -> None:
    house.product("MILK", lot_tracked=True)
    before = len(house.rows(Movement))
    fields: Any = {"sku": "MILK", "lot": "L1", field: value}
    refusal = house.refused(RECEIVE_STOCK, ReceiveStock(site="LEEDS", quantity=ONE, **fields))
    assert (refusal.code, refusal.field) == (code, field)
    assert len(house.rows(Movement)) == before
    house.receive("MILK", 1, lot="L1", expires_on=date(2027, 1, 1))


def test_a_date_is_looked_at_without_a_lot_too(house: House) -> None:
    assert refused(house, "receive", "expires_on", "x") == "type_error"


@pytest.mark.parametrize("name", ["receive", "adjust", "return"])
def test_a_cost_is_a_finite_number_of_nothing_or_more(house: House, name: str) -> None:
    for value, code in (
        (d("NaN"), "quantity_not_finite"),
        (d("sNaN"), "quantity_not_finite"),
        (d("Infinity"), "quantity_not_finite"),
        (d("1e30"), "quantity_out_of_range"),
        (d("-0.01"), "money_negative"),
        (d("0.0000001"), "money_precision"),
        ("a penny", "number_format"),
        (1.5, "type_error"),
    ):
        assert refused(house, name, "unit_cost", value) == code


QUANTITIES: Final = [
    ("receive", "quantity"),
    ("adjust", "quantity"),
    ("count", "counted"),
    ("move", "quantity"),
    ("change", "quantity"),
    ("damage", "quantity"),
    ("return", "quantity"),
    ("reserve", "quantity"),
    ("release", "quantity"),
    ("commit", "quantity"),
    ("record", "minimum"),
    ("record", "maximum"),
    ("record", "reorder_point"),
]


@pytest.mark.parametrize(("name", "field"), QUANTITIES)
def test_a_quantity_is_a_finite_number(house: House, name: str, field: str) -> None:
    for value, code in (
        (d("NaN"), "quantity_not_finite"),
        (d("sNaN"), "quantity_not_finite"),
        (d("-Infinity"), "quantity_not_finite"),
        (d("1e30"), "quantity_out_of_range"),
        (10**30, "quantity_out_of_range"),
        ("five", "number_format"),
        (True, "type_error"),
        (1.5, "type_error"),
        ([], "type_error"),
    ):
        assert refused(house, name, field, value) == code


@pytest.mark.parametrize("name", ["receive", "adjust", "count", "move", "change", "damage", "return", "reserve"])
def test_a_quantity_must_be_given(house: House, name: str) -> None:
    assert refused(house, name, "counted" if name == "count" else "quantity", None) == "field_required"


NEEDED: Final = [
    *[
        (name, field)
        for name in ("receive", "adjust", "count", "move", "change", "damage", "return", "record")
        for field in ("sku", "site")
    ],
    *[(name, "reason") for name in ("adjust", "change", "damage")],
    *[("move", field) for field in ("from_location", "to_location")],
    *[("send", field) for field in ("from_site", "to_site")],
    *[(name, "reference") for name in ("reserve", "release", "commit")],
    *[(name, "sku") for name in ("reserve", "commit")],
    ("arrive", "number"),
    ("expire_lots", "site"),
]
OPTIONAL: Final = [
    *[(name, "location") for name in ("receive", "adjust", "count", "change", "damage", "return", "arrive")],
    *[(name, "reason") for name in ("receive", "count", "move", "return", "send")],
    *[(name, "reference") for name in ("receive", "adjust", "return")],
    ("record", "location"),
    ("reserve", "location"),
    ("receive", "unit"),
    ("receive", "supplier"),
    ("release", "sku"),
    ("send", "number"),
]
LOTS: Final = [(name, "lot") for name in ("adjust", "count", "move", "change", "damage", "return", "reserve")]


@pytest.mark.parametrize(("name", "field"), NEEDED)
def test_a_text_must_be_given(house: House, name: str, field: str) -> None:
    assert refused(house, name, field, None) == "field_required"


@pytest.mark.parametrize(("name", "field"), [*NEEDED, *OPTIONAL])
def test_a_text_is_one_that_can_be_kept_b045(house: House, name: str, field: str) -> None:
    for value, code in (
        (5, "type_error"),
        (b"A", "type_error"),
        (["A"], "type_error"),
        ("A\x00", "text_invalid"),
        ("A\x1b[2J", "text_invalid"),
        ("\ud800", "text_invalid"),
        (" ", "text_blank"),
        ("x" * 5_000, "text_too_long"),
    ):
        assert refused(house, name, field, value) == code


@pytest.mark.parametrize(("name", "field"), LOTS)
def test_a_lot_is_named_by_a_text_that_can_be_kept_b045(house: House, name: str, field: str) -> None:
    house.product("MILK", lot_tracked=True)
    house.receive("MILK", 5, lot="L1")
    use_case, command, fields = GOOD[name]
    for value, code in ((5, "type_error"), ("L\x00", "text_invalid"), ("", "text_blank"), ("L2", "unknown_lot")):
        refusal = house.refused(use_case, command(**{**fields, "sku": "MILK", field: value}))
        assert (refusal.code, refusal.field) == (code, field)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("receive", "status"),
        ("adjust", "status"),
        ("count", "status"),
        ("move", "status"),
        ("change", "from_status"),
        ("change", "to_status"),
        ("return", "status"),
        ("reserve", "demand_type"),
        ("release", "demand_type"),
        ("commit", "demand_type"),
    ],
)
def test_a_word_is_one_of_those_that_are_known(house: House, name: str, field: str) -> None:
    unknown: list[object] = [None, 5, [], "sold", "\ud800"]
    for value in unknown:
        assert refused(house, name, field, value) == "value_unknown"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "field_required"),
        ("many", "type_error"),
        (d(1), "type_error"),
        (True, "type_error"),
        (0, "quantity_out_of_range"),
        (-1, "quantity_out_of_range"),
        (2**63, "quantity_out_of_range"),
    ],
)
def test_how_many_holds_are_released_at_most_is_a_number(house: House, value: object, code: str) -> None:
    assert refused(house, "expire_holds", "most", value) == code


@pytest.mark.parametrize(
    ("value", "code"), [(None, "field_required"), ("high", "type_error"), (2**31, "quantity_out_of_range")]
)
def test_a_priority_is_a_whole_number(house: House, value: object, code: str) -> None:
    assert refused(house, "reserve", "priority", value) == code


@pytest.mark.parametrize(("name", "field"), [("reverse", "posting_id"), ("return", "order_line")])
@pytest.mark.parametrize("value", ["00000000-0000-0000-0000-000000000001", 1, []])
def test_what_is_named_by_its_id_is_named_by_a_uuid(house: House, name: str, field: str, value: object) -> None:
    assert refused(house, name, field, value) == "type_error"


def test_a_bad_command_leaves_the_others_of_its_batch_alone(house: House) -> None:
    fields: Any = {"posting_id": None, "reason": "no"}
    bad = ReversePosting(**fields)
    found = house.do(ADJUST_STOCK, AdjustStock(sku="A", site="LEEDS", quantity=ONE, reason="found"))
    good = ReversePosting(posting_id=found.posting_id, reason="no")
    first, second = house.run(REVERSE_POSTING, bad, good)
    assert (codes([first]), codes([second])) == (["field_required"], [])
    assert house.stock("A") == (9, 1, 8)
