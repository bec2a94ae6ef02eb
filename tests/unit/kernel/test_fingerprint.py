"""Fingerprints: the same command is recognised however it is written (S159)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from stockcore.kernel.fingerprint import canonical, command_fingerprint
from stockcore.kernel.strict_json import read_json


@attrs.frozen
class Add:
    amount: Any
    note: Mapping[str, Any] | str | None = None
    command_id: Any = None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": [2, null]}', '{ "b":[2,null] ,"a":1}'),
        ('{"qty": 1}', '{"qty": 1.0}'),
        ('{"qty": 1}', '{"qty": 10e-1}'),
        ('{"qty": 0}', '{"qty": -0.0}'),
        ('{"name": "é"}', '{"name": "\\u00e9"}'),
    ],
)
def test_spacing_member_order_and_spelling_of_a_number_do_not_matter_s159(one: str, other: str) -> None:
    assert command_fingerprint(Add(read_json(one))) == command_fingerprint(Add(read_json(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"qty": 1}', '{"qty": "1"}'),
        ('{"qty": 1}', '{"qty": true}'),
        ('{"qty": 1}', '{"qty": 1.0000000000000000000000000000000000001}'),
        ('{"qty": 1e999999999}', '{"qty": 1e999999998}'),
        ("[1, 2]", "[2, 1]"),
        ('{"a": null}', "{}"),
        ('{"a": {}}', '{"a": []}'),
        ('{"a": "b,c"}', '{"a": ["b", "c"]}'),
        ("[12]", "[1, 2]"),
    ],
)
def test_what_says_something_else_has_another_fingerprint_s159_b005(one: str, other: str) -> None:
    assert command_fingerprint(Add(read_json(one))) != command_fingerprint(Add(read_json(other)))


def test_the_id_of_a_command_is_no_part_of_what_it_says() -> None:
    one = Add(1, {"b": Decimal("1.0"), "a": [1]}, "x")
    other = Add(Decimal("1.00"), {"a": [Decimal(1)], "b": 1}, "y")
    assert command_fingerprint(one) == command_fingerprint(other)
    assert len({command_fingerprint(Add(amount)) for amount in (1, "1", True, None, "true", ["1"], [1])}) == 7


def test_one_moment_is_the_same_whatever_its_offset() -> None:
    noon, also_noon = datetime.fromisoformat("2026-01-05T12:00Z"), datetime.fromisoformat("2026-01-05T13:00+01:00")
    assert command_fingerprint(Add(noon)) == command_fingerprint(Add(also_noon))
    assert command_fingerprint(Add(noon)) != command_fingerprint(Add(noon.replace(tzinfo=None)))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (Decimal("-0.00"), "0"),
        (100, "1E+2"),
        (Decimal("1.50"), "1.5"),
        (Decimal("-0.05"), "-0.05"),
        (Decimal("1e999999999"), "1E+999999999"),
        (Decimal("sNaN"), "sNaN"),
    ],
)
def test_a_number_has_one_canonical_text(number: Decimal | int, text: str) -> None:
    assert canonical(number) == text
