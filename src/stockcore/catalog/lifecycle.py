"""Which status a variant may take, and what its product's is then (CAT-10, CAT-12)."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from stockcore.catalog.records import Sold
from stockcore.kernel.errors import StockcoreError


class Lifecycle(enum.StrEnum):
    """`active`: bought, sold, counted. `discontinued`: sold down and counted, no longer bought. `inactive`: none of
    these; only without stock and without open work."""

    ACTIVE = "active"
    DISCONTINUED = "discontinued"
    INACTIVE = "inactive"


def check_active(variant: Sold, *, field: str) -> None:
    """Whether goods may come in under its SKU, and be promised. Errors: inactive_sku."""
    if variant.status == Lifecycle.INACTIVE:
        raise StockcoreError("inactive_sku", f"{variant.sku} is not active", field=field)


def check_unused(sku: str, *, holds_stock: bool, has_open_work: bool) -> None:
    """Refuse to deactivate what lies somewhere or is waited for. Errors: in_use."""
    if holds_stock:
        raise StockcoreError("in_use", f"{sku} still has stock: it cannot be deactivated", sku=sku, because="stock")
    if has_open_work:
        raise StockcoreError(
            "in_use", f"an open order waits for {sku}: it cannot be deactivated", sku=sku, because="open_work"
        )


def product_status(variants: Iterable[str]) -> str:
    """A product is as alive as its liveliest variant."""
    statuses = set(variants)
    for status in (Lifecycle.ACTIVE, Lifecycle.DISCONTINUED):
        if status in statuses:
            return status.value
    return Lifecycle.INACTIVE.value
