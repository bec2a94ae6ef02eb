"""Results, refusals and their codes, and plain data."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import attrs
import pytest

from stockcore.kernel.errors import CODES, Kind, StockcoreError
from stockcore.kernel.plain import from_plain, to_json, to_plain
from stockcore.kernel.results import Accepted, Rejected, value_of
from stockcore.kernel.unit_of_work import Source

KEY = UUID(int=7)
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@attrs.frozen
class Part:
    quantity: Decimal
    lot: str | None


@attrs.frozen
class Whole:
    id: UUID
    at: datetime
    on: date
    price: Decimal | None
    parts: tuple[Part, ...]
    count: int
    done: bool


def test_a_refusal_becomes_a_rejection_with_plain_facts() -> None:
    error = StockcoreError("insufficient_stock", "too little", field="lines/0", short=Decimal("2.50"), line=KEY)
    rejected = Rejected.of(error, row=3)
    assert (rejected.code, rejected.kind, rejected.field, rejected.row) == (
        "insufficient_stock",
        Kind.RULE,
        "lines/0",
        3,
    )
    assert rejected.facts == {"short": "2.5", "line": str(KEY)}


def test_a_rejection_keeps_the_row_that_its_error_named() -> None:
    assert Rejected.of(StockcoreError("row_invalid", "bad", row=7)).row == 7


def test_the_value_of_an_acceptance_is_its_result_and_of_a_rejection_its_error() -> None:
    assert value_of(Accepted(5)) == 5
    with pytest.raises(StockcoreError) as refusal:
        value_of(Rejected(code="unknown_sku", message="no such SKU", field="sku", facts={"sku": "A"}))
    error = refusal.value
    assert (error.code, error.message, error.field, error.facts) == ("unknown_sku", "no such SKU", "sku", {"sku": "A"})


def test_an_error_must_have_a_public_code() -> None:
    with pytest.raises(KeyError):
        StockcoreError("no_such_code", "?")
    assert all(code == code.lower() and " " not in code for code in CODES)


def test_an_object_survives_plain_data_and_json() -> None:
    whole = Whole(KEY, NOON, NOON.date(), None, (Part(Decimal("10.00"), None), Part(Decimal("0.25"), "L")), 2, True)
    document = json.loads(to_json(to_plain(whole)))
    assert document["parts"] == [{"quantity": "10", "lot": None}, {"quantity": "0.25", "lot": "L"}]
    assert document["at"] == "2026-03-01T12:00:00.123456Z"
    assert from_plain(document, Whole) == whole


def test_instants_become_utc_and_other_values_plain_text_in_json() -> None:
    summer = timezone(timedelta(hours=1))
    values = {"at": NOON.astimezone(summer), "n": Decimal("1E+2"), "source": Source.CLI, "id": KEY, "on": NOON.date()}
    assert json.loads(to_json(values)) == {
        "at": "2026-03-01T12:00:00.123456Z",
        "n": "100",
        "source": "cli",
        "id": str(KEY),
        "on": "2026-03-01",
    }
