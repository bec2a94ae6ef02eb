"""Objects to plain data and back: the only module that knows cattrs and orjson.

Plain means JSON: quantities and amounts as plain text (`"10"`, `"0.25"`), instants as ISO 8601 in UTC, ids as
text.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from stockcore.kernel.quantity import plain

R = TypeVar("R")


@lru_cache(maxsize=1)
def _converter() -> Any:
    from cattrs import Converter

    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(Decimal, plain)
    converter.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    converter.register_unstructure_hook(UUID, str)
    converter.register_structure_hook(UUID, lambda value, _: UUID(value))
    converter.register_unstructure_hook(datetime, _instant)
    converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(value))
    return converter


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_plain(value: Any) -> Any:
    """Any of our frozen classes as plain data."""
    return _converter().unstructure(value)


def from_plain(value: Any, kind: type[R]) -> R:
    result: R = _converter().structure(value, kind)
    return result


def to_json(value: object) -> str:
    """Compact JSON of plain data; Decimals, ids and instants that still stand in it become plain."""
    try:
        return orjson.dumps(value, _default, _OPTIONS).decode()
    except TypeError:  # an integer beyond 64 bits, or a text that UTF-8 has no bytes for
        return json.dumps(value, separators=(",", ":"), default=_default)


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As they come back from their JSON, so that a repeated answer is equal to the first."""
    result: dict[str, Any] = json.loads(to_json(facts)) if facts else {}
    return result


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__attrs_attrs__"):
        return to_plain(value)
    return str(value)


_OPTIONS: Final = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS
