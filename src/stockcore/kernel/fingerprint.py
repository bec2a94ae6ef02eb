"""Fingerprints tell whether a repeated command id came with the same command."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from typing import Final

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.strict_json import read_json


def fingerprint_of_json(text: str) -> str:
    """Of a JSON document: blanks and the order of members do not matter, 1 equals 1.0, "1" is not 1 (S159).

    Errors: invalid_json (also for NaN, Infinity and a member given twice, which `json.loads` would let pass).
    """
    document = read_json(text)
    try:
        return fingerprint(document)
    except RecursionError as error:
        raise StockcoreError("invalid_json", "not a JSON document: nested too deeply") from error


def fingerprint(document: object) -> str:
    """Of plain data: dicts, lists, texts, numbers, booleans, None. SHA-256 in hex."""
    return hashlib.sha256(_canonical(document).encode()).hexdigest()


def _canonical(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (Decimal, int)):
        return canonical(value)
    if isinstance(value, float):
        return canonical(Decimal(repr(value)))
    if isinstance(value, Mapping):
        members = sorted((json.dumps(str(key)), _canonical(item)) for key, item in value.items())
        return "{" + ",".join(f"{key}:{item}" for key, item in members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return json.dumps(str(value))


def canonical(number: Decimal | int) -> str:
    """One text per value, exact: 1, 1.0 and 1E0 are the same; short, however large the exponent is."""
    if not isinstance(number, Decimal):
        number = Decimal(number)
    if not number:
        return "0"
    return str(number.normalize(_EXACT) if number.is_finite() else number)  # NaN and infinity are refused elsewhere


#: Rounds nothing, whatever a number's size.
_EXACT: Final = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
