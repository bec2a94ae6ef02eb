"""How far a replay has come: kept in the database, written in the transaction of the events it counts, so that a
replay that was killed goes on where its last commit was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import attrs

from stockcore.kernel.quantity import ZERO, plain

SETTING: Final = "replay"


@attrs.define
class Progress:
    """`figures` are running totals by name; `months` and `countries` likewise by month and country; `coming` is
    supply ordered and not yet arrived: ISO time of the order → SKU → units. `refused` is what refused orders asked for,
    which no order line in the database tells: ISO date of the week's Monday → SKU → units."""

    source: str  # digest of the file's content
    parameters: dict[str, str]
    events_done: int = 0
    finished: bool = False
    figures: dict[str, Decimal] = attrs.field(factory=dict)
    months: dict[str, dict[str, Decimal]] = attrs.field(factory=dict)
    countries: dict[str, dict[str, Decimal]] = attrs.field(factory=dict)
    coming: dict[str, dict[str, Decimal]] = attrs.field(factory=dict)
    refused: dict[str, dict[str, Decimal]] = attrs.field(factory=dict)
    discrepancies: list[tuple[int, str, Decimal]] = attrs.field(factory=list)

    def add(self, name: str, quantity: Decimal | int) -> None:
        self.figures[name] = self.figures.get(name, ZERO) + quantity

    def get(self, name: str) -> Decimal:
        return self.figures.get(name, ZERO)

    def is_same(self, other: Progress) -> bool:
        """Whether both replay the same file in the same way."""
        return (self.source, self.parameters) == (other.source, other.parameters)

    def on_order(self) -> dict[str, Decimal]:
        """Per SKU, units ordered and not yet arrived."""
        total: dict[str, Decimal] = {}
        for ordered in self.coming.values():
            for sku, quantity in ordered.items():
                total[sku] = total.get(sku, ZERO) + quantity
        return total

    def refuse(self, monday: date, sku: str, quantity: Decimal) -> None:
        """So much was asked for in the week of this Monday by an order that was refused."""
        asked = self.refused.setdefault(monday.isoformat(), {})
        asked[sku] = asked.get(sku, ZERO) + quantity

    def refused_between(self, since: date, until: date) -> dict[str, Decimal]:
        """Per SKU, what refused orders asked for in the weeks from the one Monday up to the other, exclusive."""
        total: dict[str, Decimal] = {}
        for monday, asked in self.refused.items():
            if since <= date.fromisoformat(monday) < until:
                for sku, quantity in asked.items():
                    total[sku] = total.get(sku, ZERO) + quantity
        return total

    def to_json(self) -> str:
        return json.dumps(attrs.asdict(self), default=plain, separators=(",", ":"))

    @classmethod
    def of_json(cls, text: str) -> Progress:
        stored: dict[str, Any] = json.loads(text)
        for name in ("figures", "months", "countries", "coming", "refused"):
            stored[name] = _decimals(stored[name])
        stored["discrepancies"] = [(row, sku, Decimal(quantity)) for row, sku, quantity in stored["discrepancies"]]
        return cls(**stored)


def _decimals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _decimals(item) for key, item in value.items()}
    return Decimal(value)


def count(groups: dict[str, dict[str, Decimal]], group: str, **figures: Decimal | int) -> None:
    """Add to a group's running totals."""
    totals = groups.setdefault(group, {})
    for name, figure in figures.items():
        totals[name] = totals.get(name, ZERO) + figure
