"""JSON from outside, read strictly: what `json.loads` lets pass and nobody can have meant is refused."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from stockcore.kernel.errors import StockcoreError


def read_json(text: str) -> Any:
    """A JSON document as plain data; numbers with a point or exponent as Decimal.

    Errors: invalid_json, also for NaN and Infinity, a member given twice, a byte order mark, and nesting too deep.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, ArithmeticError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise StockcoreError("invalid_json", f"not a JSON document: {why}") from error


def _refuse(token: str) -> object:
    raise ValueError(f"{token} is not JSON")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is given twice")
    return members
