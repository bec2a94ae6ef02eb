"""The plain totals that the stores must agree with: no pools, quants, allocations or queue, only sums.

A SKU may be served from some sites. What is asked for of it (open lines and holds), less what there is at those sites
in status available, is what waits; all else is promised. This is all that orders, cancels, losses and the queue can do
to a sum, whatever each of them does to which order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias, TypeVar

import attrs

SITES: Final = ("LEEDS", "HULL")
TRANSIT: Final = "TRANSIT"
#: From where each SKU may be promised. Of socks there may be some in Leeds too, which nobody is promised.
SERVED_FROM: Final[Mapping[str, tuple[str, ...]]] = {"MUG": SITES, "CUP": SITES, "SOCKS": ("HULL",)}
ZERO: Final = Decimal(0)

K = TypeVar("K")
Sums: TypeAlias = defaultdict[K, Decimal]


def sums() -> Sums[Any]:
    """Of what was never named there is nothing."""
    return defaultdict(Decimal)


@attrs.define
class Line:
    """open: what is ordered and neither cancelled nor shipped."""

    sku: str
    ordered: Decimal
    cancelled: Decimal = ZERO
    shipped: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        return self.ordered - self.cancelled - self.shipped


@attrs.define
class OrderTotals:
    policy: str
    lines: list[Line]
    is_cancelled: bool = False


@attrs.define
class Held:
    """What a hold or an outside order asks for."""

    sku: str
    quantity: Decimal
    expires_at: datetime | None


@attrs.define
class Totals:
    """`on_hand`, `blocked` and `shipped` by SKU and site."""

    on_hand: Sums[tuple[str, str]] = attrs.field(factory=sums)
    blocked: Sums[tuple[str, str]] = attrs.field(factory=sums)
    shipped: Sums[tuple[str, str]] = attrs.field(factory=sums)
    orders: dict[str, OrderTotals] = attrs.Factory(dict)
    holds: dict[str, Held] = attrs.Factory(dict)

    def copy(self) -> Totals:
        return deepcopy(self)

    # -- what follows from the sums ------------------------------------------------------------------------------

    def asked(self, sku: str) -> Decimal:
        lines = (line.open for order in self.orders.values() for line in order.lines if line.sku == sku)
        return sum((held.quantity for held in self.holds.values() if held.sku == sku), sum(lines, ZERO))

    def there(self, sku: str) -> Decimal:
        """At the sites it is served from, in status available."""
        return sum((self.usable(sku, site) for site in SERVED_FROM[sku]), ZERO)

    def usable(self, sku: str, site: str) -> Decimal:
        return self.on_hand[sku, site] - self.blocked[sku, site]

    def promised(self, sku: str) -> Decimal:
        return min(self.asked(sku), self.there(sku))

    def available(self, sku: str) -> Decimal:
        return self.there(sku) - self.promised(sku)

    # -- what happens --------------------------------------------------------------------------------------------

    def forget_expired(self, skus: Iterable[str], now: datetime) -> list[str]:
        """The holds of these SKUs whose time is over end; their references."""
        over = [
            reference
            for reference, held in self.holds.items()
            if held.sku in set(skus) and held.expires_at is not None and held.expires_at <= now
        ]
        for reference in over:
            del self.holds[reference]
        return over

    def order(
        self, number: str, policy: str, wishes: Sequence[tuple[str, Decimal]], given: Mapping[str, Decimal]
    ) -> bool:
        """Place an order if it can be; whether it was. `given`: what holds that end with it had been promised."""
        left = {sku: self.available(sku) + given.get(sku, ZERO) for sku, _ in wishes}
        lines = []
        for sku, quantity in wishes:
            taken = min(quantity, left[sku])
            left[sku] -= taken
            lines.append(Line(sku, quantity, quantity - taken if policy == "ship_available" else ZERO))
            if policy == "all_or_nothing" and taken < quantity:
                return False
        if policy == "ship_available" and not any(line.open for line in lines):
            return False
        self.orders[number] = OrderTotals(policy, lines)
        return True

    def grow(self, number: str, growths: Mapping[int, tuple[str, Decimal]]) -> bool:
        """Ask for more on lines (by index; a new one comes last) if that can be; whether it was."""
        order = self.orders[number]
        left = {sku: self.available(sku) for sku, _ in growths.values()}
        shorts = {}
        for index, (sku, more) in growths.items():
            taken = min(more, left[sku])
            left[sku] -= taken
            shorts[index] = more - taken
        if order.policy == "all_or_nothing" and any(shorts.values()):
            return False
        if order.policy == "ship_available" and all(shorts[index] == more for index, (_, more) in growths.items()):
            return False
        for index, (sku, more) in growths.items():
            if index == len(order.lines):
                order.lines.append(Line(sku, ZERO))
            order.lines[index].ordered += more
            if order.policy == "ship_available":
                order.lines[index].cancelled += shorts[index]
        return True
