"""Time-ordered ids, drawn from the machine's clock and its source of randomness; every store hands these out."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7s(count: int) -> list[UUID]:
    """Time-ordered ids (RFC 9562, version 7): 48 bits of milliseconds, then random bits, rising within one call."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10)) >> 7  # 73 bits: room to count upwards below the 74 random ones
    made = []
    for number in range(noise, noise + count):
        value = milliseconds << 80 | 0x7 << 76 | (number >> 62 & 0xFFF) << 64 | 0x2 << 62 | number & 0x3FFFFFFFFFFFFFFF
        made.append(UUID(int=value))
    return made
