"""Fingerprints tell whether a repeated command id came with the same command."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, InvalidOperation
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import attrs


def canonical(number: Decimal | int) -> str:
    """One text per value, exact: 1, 1.0 and 1E0 are the same; short, however large the exponent is."""
    if not isinstance(number, Decimal):
        number = Decimal(number)
    if not number:
        return "0"
    return str(number.normalize(_EXACT) if number.is_finite() else number)  # NaN and infinity are refused elsewhere


#: Rounds nothing, whatever a number's size.
_EXACT: Final = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])


def command_fingerprint(command: Any) -> str:
    """Of everything a command says but its id. What has its default is left out, so that a field added to a command
    later does not change it."""
    return hashlib.sha256(_said(command).encode()).hexdigest()


def _said(value: Any) -> str:
    """One text per value: 1 is 1.0, and is not "1" (S159)."""
    say = _SAY.get(type(value))
    if say is not None:
        return say(value)
    kind: Any = type(value)
    fields = _fields(kind)
    if fields is None:
        if isinstance(value, Mapping):
            return "{" + ",".join(sorted(f"{key!r}:{_said(item)}" for key, item in value.items())) + "}"
        return repr(str(value))
    names, defaults, take = fields
    said = [
        f"{name}={_SAY.get(type(item), _said)(item)}"
        for name, default, item in zip(names, defaults, take(value), strict=True)
        if item is not default and (default is None or _differs(item, default))
    ]
    return "(" + ",".join(said) + ")"


def _differs(item: Any, default: Any) -> bool:
    try:
        return bool(item != default)
    except InvalidOperation:  # it is a signalling NaN
        return True


def _said_items(values: Iterable[Any]) -> str:
    return "[" + ",".join(map(_said, values)) + "]"


def _said_instant(value: datetime) -> str:
    """The same for the same moment, whatever its offset."""
    try:
        return repr(str(value.astimezone(UTC) if value.tzinfo is not None else value))
    except OverflowError:  # before the year 1 or after 9999 in UTC
        return repr(str(value))


_SAY: Final[Mapping[type, Callable[[Any], str]]] = {
    str: repr,
    int: canonical,
    Decimal: canonical,
    bool: str,
    type(None): str,
    tuple: _said_items,
    list: _said_items,
    datetime: _said_instant,
}


@lru_cache
def _fields(kind: Any) -> tuple[Sequence[str], Sequence[Any], Callable[[Any], tuple[Any, ...]]] | None:
    """The names of a class's fields, their defaults, and what takes them from an object; None: it is no attrs class."""
    if not attrs.has(kind):
        return None
    fields = [field for field in attrs.fields(kind) if field.name != "command_id"]
    names = [*(field.name for field in fields), "__class__"]
    defaults = [*(None if field.default is attrs.NOTHING else field.default for field in fields), kind]
    if len(names) == 1:  # of which attrgetter makes no tuple
        names, defaults = names * 2, defaults * 2
    return names, defaults, attrgetter(*names)
