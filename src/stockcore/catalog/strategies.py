"""How an allocation strategy is written: sort keys, the first decides, separated by commas (`expiry,received`)."""

from __future__ import annotations

from typing import Final

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.text import read_text

#: The keys; what each sorts by is `stockcore.stock.allocating`'s.
ALLOCATION_KEYS: Final = ("distance", "expiry", "largest", "pick_face", "quantity", "received")


def read_strategy(value: object, *, field: str | None = None) -> str:
    """An allocation strategy with its keys checked. Errors: those of `read_text`, value_unknown."""
    keys = [key.strip() for key in read_text(value, field=field).split(",")]
    unknown = [key for key in keys if key not in ALLOCATION_KEYS]
    if unknown:
        raise StockcoreError(
            "value_unknown", f"no such allocation key: {unknown[0][:40]!r}", field=field, known=list(ALLOCATION_KEYS)
        )
    return ",".join(keys)
