"""Where stock comes from: a stated rule that looks only backwards, since the file knows no supply.

A SKU has an opening quantity when it first appears; every Monday supply is ordered up to some weeks of the
mean demand. The rule's figures are in `stockcore_replay.parameters`.
"""

from __future__ import annotations

import hashlib
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Final

import attrs

from stockcore.kernel.quantity import ZERO
from stockcore_replay.parameters import DEFAULTS, Parameters

_COST_STEP: Final = Decimal("0.000001")


def opening_quantity(seed: int, code: str, sizes: tuple[Decimal, ...] = DEFAULTS.opening_sizes) -> Decimal:
    """Units of a SKU when it first appears: one of the sizes, each as likely as the others.

    Drawn from the seed and the normalised code alone, so that the file's length and order do not matter: the
    first eight bytes of SHA-256 over `SEED:CODE` (UTF-8), as a big-endian number, modulo the number of sizes.
    """
    digest = hashlib.sha256(f"{seed}:{code}".encode()).digest()
    return sizes[int.from_bytes(digest[:8], "big") % len(sizes)]


def unit_cost(first_price: Decimal, parameters: Parameters = DEFAULTS) -> Decimal:
    """GBP per unit, 6 decimals: a share of the SKU's first positive price."""
    return (first_price * parameters.cost_share).quantize(_COST_STEP, ROUND_HALF_EVEN)


@attrs.frozen
class RecentDemand:
    """What was asked for in the last closed weeks."""

    total: Decimal
    weeks: int  # closed weeks counted; 0 in the file's first week


def order_quantity(
    demand: RecentDemand,
    *,
    available: Decimal,
    on_order: Decimal,
    backordered: Decimal,
    parameters: Parameters = DEFAULTS,
) -> Decimal:
    """Units to order on a Monday: the target, rounded up, less what is there and coming; never negative.

    `on_order` is ordered and not yet arrived. Without a closed week there is no mean and nothing is ordered.
    """
    if not demand.weeks:
        return ZERO
    target = (parameters.cover_weeks * demand.total / demand.weeks).to_integral_value(ROUND_CEILING)
    return max(ZERO, target - (available + on_order - backordered))
