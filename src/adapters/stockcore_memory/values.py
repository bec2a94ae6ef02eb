"""Values as a database would keep them: exact to six decimals, instants in UTC, texts that UTF-8 can hold."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

from stockcore.kernel.quantity import QUANTITY_LIMIT
from stockcore_memory.errors import BrokenRuleError, OutOfRangeError

Keep: TypeAlias = Callable[[str, Any], Any]

_SMALLEST: Final = Decimal("0.000001")
_NOTHING: Final = Decimal("0.000000")
_INTEGER_LIMIT: Final = 2**63


def _number(place: str, value: Any) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise BrokenRuleError(place, f"{value!r} is no finite Decimal")
    if value.adjusted() >= 12 and value and abs(value) >= QUANTITY_LIMIT:
        raise OutOfRangeError(place, "more than 12 digits before the point")
    kept = value.quantize(_SMALLEST)
    if kept != value:
        raise BrokenRuleError(place, f"{value} has more than 6 decimals and would be rounded")
    return kept or _NOTHING


def _integer(place: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
        raise BrokenRuleError(place, f"{value!r} is no 64-bit integer")
    return value


def _text(place: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BrokenRuleError(place, f"{value!r} is no text")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise BrokenRuleError(place, "the text holds a lone surrogate")
    if "\0" in value:
        raise BrokenRuleError(place, "the text holds NUL")
    return value if type(value) is str else str(value)  # an enum's word is kept as a word


def _instant(place: str, value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BrokenRuleError(place, f"{value!r} is no aware instant")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _day(place: str, value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise BrokenRuleError(place, f"{value!r} is no date")
    return value


def _flag(place: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BrokenRuleError(place, f"{value!r} is neither true nor false")
    return value


def _key(place: str, value: Any) -> UUID:
    if not isinstance(value, UUID):
        raise BrokenRuleError(place, f"{value!r} is no UUID")
    return value


_KEEP: Final[dict[type, Keep]] = {
    Decimal: _number,
    int: _integer,
    str: _text,
    datetime: _instant,
    date: _day,
    bool: _flag,
    UUID: _key,
}


def keepers(record: type) -> dict[str, Keep]:
    """For each field of a record class, the function that checks a value and gives it back as it is kept."""
    return {name: _keeper(hint) for name, hint in typing.get_type_hints(record).items()}


def _keeper(hint: Any) -> Keep:
    if not isinstance(hint, types.UnionType):
        return _KEEP[hint]
    keep = next(_KEEP[kind] for kind in typing.get_args(hint) if kind is not types.NoneType)
    return lambda place, value: None if value is None else keep(place, value)
