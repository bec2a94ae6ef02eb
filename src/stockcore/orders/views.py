"""Orders in lists, and why they are as they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class CustomerView:
    """A customer with all that is known of them; the country as it was written."""

    code: str
    name: str
    email: str | None
    street: str | None
    city: str | None
    postcode: str | None
    country: str | None


@attrs.frozen(kw_only=True)
class OrderSummary:
    number: str
    state: str
    customer: str | None
    reference: str | None
    lines: int
    on_hold: bool
    placed_at: datetime


@attrs.frozen(kw_only=True)
class HistoryView:
    """One transition of an order or of one of its shipments, with what was considered where something was decided."""

    sequence: int
    shipment: str | None
    from_state: str | None
    to_state: str
    at: datetime
    actor: str
    source: str
    reason: str | None
    explanation: Mapping[str, Any] | None
