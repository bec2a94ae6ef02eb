"""Time-ordered ids, drawn from the machine's clock and its source of randomness; every store hands these out."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID, SafeUUID

_new, _set = object.__new__, object.__setattr__
_UNKNOWN = SafeUUID.unknown
_lock = threading.Lock()
_last = 0


def uuid7s(count: int) -> list[UUID]:
    """Time-ordered ids (RFC 9562, version 7): 48 bits of milliseconds, then 74 random bits.

    Within a process each is above all before it, also in one millisecond and where the clock is set back: what is made
    one after the other, as the shipments of a release are, is listed in that order everywhere.
    """
    global _last  # noqa: PLW0603 - a process has one sequence of ids
    noise = int.from_bytes(os.urandom(10)) >> 7  # 73 bits: room to count upwards below the 74 random ones
    first = (time.time_ns() // 1_000_000) << 74 | noise
    with _lock:
        first = max(first, _last + 1)
        _last = first + count - 1
    return [_uuid7(number) for number in range(first, first + count)]


def _uuid7(number: int) -> UUID:
    """With the version and the variant between the 122 bits that count. What `UUID(int=…)` does, without its checks,
    which take four times as long."""
    made = _new(UUID)
    _set(
        made,
        "int",
        (number >> 74) << 80 | 0x7 << 76 | (number >> 62 & 0xFFF) << 64 | 0x2 << 62 | number & 0x3FFFFFFFFFFFFFFF,
    )
    _set(made, "is_safe", _UNKNOWN)
    return made
