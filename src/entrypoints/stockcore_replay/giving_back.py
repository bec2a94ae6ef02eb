"""What a customer's return takes: open lines of the SKU oldest first, a line's backordered part before its reserved
one, then sent lines newest first; the rest matches nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import attrs

from stockcore.kernel.quantity import ZERO


@attrs.frozen
class Bought:
    """One order line of the customer and SKU; figures in units. `reserved` is the part of `open` that is promised."""

    order: str
    line_no: int
    line_id: UUID
    open: Decimal  # neither dispatched nor cancelled
    reserved: Decimal
    sent: Decimal  # dispatched and not yet come back


@attrs.frozen
class Cancel:
    order: str
    line_no: int
    backordered: Decimal
    reserved: Decimal

    @property
    def quantity(self) -> Decimal:
        return self.backordered + self.reserved


@attrs.frozen
class Restock:
    line_id: UUID
    quantity: Decimal


@attrs.frozen
class GivenBack:
    cancels: tuple[Cancel, ...]
    restocks: tuple[Restock, ...]
    unmatched: Decimal


def give_back(quantity: Decimal, bought: Sequence[Bought]) -> GivenBack:
    """Spread a returned quantity over the customer's lines, which come oldest first."""
    left = quantity
    cancels = []
    for line in bought:
        part = min(left, line.open)
        if part > ZERO:
            backordered = min(part, line.open - line.reserved)
            cancels.append(Cancel(line.order, line.line_no, backordered, part - backordered))
            left -= part
    restocks = []
    for line in reversed(bought):
        part = min(left, line.sent)
        if part > ZERO:
            restocks.append(Restock(line.line_id, part))
            left -= part
    return GivenBack(tuple(cancels), tuple(restocks), left)
