"""What several commands on orders bring: addresses and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.text import NOTE_MAX, read_text


def read_address(value: Any) -> dict[str, str] | None:
    """An address's lines by name. Errors: those of read_text."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise StockcoreError(
            "type_error", f"names and texts are needed here, not {type(value).__name__}", field="address"
        )
    return {
        read_text(name, field="address"): read_text(text, field=f"address/{name}", longest=NOTE_MAX)
        for name, text in value.items()
    }


def read_reason(value: object) -> str:
    """Errors: those of read_text."""
    return read_text(value, field="reason", longest=NOTE_MAX)


def reason_if_any(value: object) -> str | None:
    """Errors: those of read_text, but not field_required."""
    return None if value is None else read_reason(value)
