"""What can be asked of stock. Quantities are in the variant's base unit unless `unit` names another unit or packaging.

`occurred_at` (aware) is when it happened, at most 7 days before it is recorded; None: now. `location` and `lot` are
codes. Each command is carried out once per `command_id`.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import attrs

from stockcore.stock.records import Status


@attrs.frozen(kw_only=True)
class ReceiveStock:
    """Goods from a supplier, into a location (default: the site's receiving place). `unit_cost` per base unit in the
    company's currency, None: unknown. What has expired is never available: it comes to lie there as expired, as it
    does when it is found, returned or transferred."""

    sku: str
    site: str
    quantity: Decimal
    location: str | None = None
    unit: str | None = None
    unit_cost: Decimal | None = None
    lot: str | None = None
    expires_on: date | None = None
    manufactured_on: date | None = None
    supplier: str | None = None
    status: str = Status.AVAILABLE
    reference: str | None = None
    reason: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class AdjustStock:
    """A person's correction, up or down. Downwards it never takes more than is there (`insufficient_stock`), and
    promised goods only with `allow_shortage` (else `would_uncover_reservations`). Without a location it takes from
    wherever the goods lie; with `at_most` it takes what is there and answers what is missing."""

    sku: str
    site: str
    quantity: Decimal  # signed
    reason: str
    location: str | None = None
    lot: str | None = None
    status: str = Status.AVAILABLE
    allow_shortage: bool = False
    at_most: bool = False
    reference: str | None = None
    unit_cost: Decimal | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class CountStock:
    """What a person found at a place; the difference is posted, whatever was promised (the floor's truth). It is the
    difference to the book of the moment of the count, `occurred_at`."""

    sku: str
    site: str
    counted: Decimal
    location: str | None = None
    lot: str | None = None
    status: str = Status.AVAILABLE
    reason: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class MoveStock:
    """Between two places of one site, at once."""

    sku: str
    site: str
    quantity: Decimal
    from_location: str
    to_location: str
    lot: str | None = None
    status: str = Status.AVAILABLE
    reason: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ChangeStatus:
    """Part of what lies at a place becomes damaged, quarantined, available again … (`lot_expired` for a lot whose last
    day is over)."""

    sku: str
    site: str
    quantity: Decimal
    to_status: str
    reason: str
    from_status: str = Status.AVAILABLE
    location: str | None = None
    lot: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class DamageStock:
    """Goods found damaged leave what can be sold; promised goods give way."""

    sku: str
    site: str
    quantity: Decimal
    reason: str
    location: str | None = None
    lot: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ReturnStock:
    """Goods come back from a customer, into a status. `order_line`: the line they were sent for (`over_return` beyond
    what was, `unknown_line` for one of another SKU)."""

    sku: str
    site: str
    quantity: Decimal
    status: str = Status.AVAILABLE
    location: str | None = None
    lot: str | None = None
    order_line: UUID | None = None
    unit_cost: Decimal | None = None
    reference: str | None = None
    reason: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class TransferLine:
    sku: str
    quantity: Decimal
    location: str | None = None
    lot: str | None = None


@attrs.frozen(kw_only=True)
class SendTransfer:
    """Goods leave one site for another; until they arrive they lie in the transit site."""

    from_site: str
    to_site: str
    lines: tuple[TransferLine, ...]
    number: str | None = None
    reason: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ArrivedLine:
    """Of one line of a transfer (counted from 1): how much arrived, and in which status."""

    line: int
    quantity: Decimal
    status: str = Status.AVAILABLE


@attrs.frozen(kw_only=True)
class ReceiveTransfer:
    number: str
    lines: tuple[ArrivedLine, ...]
    location: str | None = None
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ReserveStock:
    """A plain reservation: a hold (expires) or an outside order's (external). All of it or none."""

    sku: str
    quantity: Decimal
    reference: str
    demand_type: str = "hold"
    sites: tuple[str, ...] = ()
    location: str | None = None
    lot: str | None = None
    expires_at: datetime | None = None
    priority: int = 0
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ReleaseReservation:
    """Give back what a hold or an outside order holds; all of it without a quantity."""

    reference: str
    sku: str | None = None
    quantity: Decimal | None = None
    demand_type: str = "hold"
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class CommitReservation:
    """Goods reserved for an outside order leave the site."""

    reference: str
    sku: str
    quantity: Decimal | None = None
    demand_type: str = "external"
    occurred_at: datetime | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ExpireHolds:
    """Release holds whose time is over: look for `most` of them, and end those of the same SKUs with them. What they
    held serves the queue."""

    most: int = 500
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ExpireLots:
    """Stock of a site whose last day is over becomes expired."""

    site: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ServeQueue:
    """Who waits gets what is available. Every use case that raises it does so itself; this is for what no use case
    did, such as a rebuild."""

    command_id: str | None = None


@attrs.frozen(kw_only=True)
class SetStockRecord:
    """Thresholds of a SKU at a site or location; never a quantity."""

    sku: str
    site: str
    location: str | None = None
    reorder_point: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ReversePosting:
    """Undo a receipt, adjustment, count, move, change of status, return or reversal by a posting of the opposite
    signs; once, and only where goods may come that come back by it."""

    posting_id: UUID
    reason: str
    command_id: str | None = None
