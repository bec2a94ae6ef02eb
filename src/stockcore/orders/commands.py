"""What can be asked of orders. Quantities are in the variant's base unit unless `unit` names another or a packaging."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class Requirement:
    """Which units will do: of this lot, from this location (a code that only one of the sites which may serve the
    order has), good for at least so many days or until a date."""

    lot: str | None = None
    location: str | None = None
    shelf_life_days: int | None = None
    good_until: date | None = None


@attrs.frozen(kw_only=True)
class LineRequest:
    """One line of a new order. `price` per `unit` (default: the variant's base unit), None: the list price.
    `multiple`, in base units: reserve whole multiples only (pairs: 2), so the quantity is one too.

    A service (a variant that is not stocked) needs no goods: it counts as shipped as soon as the order is confirmed,
    and can be taken back until the first goods of the order are dispatched."""

    sku: str
    quantity: Decimal
    price: Decimal | None = None
    unit: str | None = None
    multiple: Decimal | None = None
    requirement: Requirement | None = None


@attrs.frozen(kw_only=True)
class PlaceOrder:
    """An order and its reservation, in one transaction (ORD-16).

    `policy`: all_or_nothing, ship_available, backorder. `sites`: only these may serve it. `strategy`: how to choose
    among them. `holds`: references of holds that become this order's reservation. `keep_received`: a short order is
    not refused but stays received, unless it brings holds; `AdvanceOrder` to validated tries it again. Without a number
    the next one is given (`SO-000001`; numbers of that form are stockcore's own and refused from anybody else);
    `reference` is unique per customer. `currency` (ISO 4217): of all its prices; None: that of the list prices it
    takes, where all are in one, else GBP. `priority`: the higher is served first.
    """

    lines: tuple[LineRequest, ...]
    customer: str | None = None
    number: str | None = None
    reference: str | None = None
    policy: str = "all_or_nothing"
    ship_complete: bool = False
    keep_received: bool = False
    sites: tuple[str, ...] = ()
    strategy: str = "fewest_shipments"
    currency: str | None = None
    priority: int = 0
    promise: datetime | None = None
    address: Mapping[str, str] | None = None
    holds: tuple[str, ...] = ()
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class LineEdit:
    """`line` (its number, from 1) gets a new ordered quantity; or, without `line`, a new line of `sku` is added."""

    quantity: Decimal
    line: int | None = None
    sku: str | None = None
    price: Decimal | None = None
    unit: str | None = None


@attrs.frozen(kw_only=True)
class EditOrder:
    """Change quantities of an order that is not cancelled, or add lines; all edits or none. What the line already
    holds counts as available to it. An order that was delivered is open again for what is added to it."""

    number: str
    lines: tuple[LineEdit, ...]
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class LineCancel:
    line: int
    quantity: Decimal


@attrs.frozen(kw_only=True)
class CancelLines:
    """Take back part of lines that is not dispatched: what is backordered first, then what is reserved. An order of
    which nothing is left, and nothing was dispatched, is cancelled."""

    number: str
    lines: tuple[LineCancel, ...]
    reason: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class CancelOrder:
    """Take back whatever is not dispatched."""

    number: str
    reason: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class AdvanceOrder:
    """Move an order's shipments to `to` (picking, packed, dispatched, delivered); with `through`, by all the steps
    between, taking the shipments that exist after release and ignoring an open remainder. `shipments`: only these
    (numbers); all of the order's when empty. To validated: an order that was kept received is tried again."""

    number: str
    to: str
    through: bool = False
    shipments: tuple[str, ...] = ()
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class HoldOrder:
    """Keep an order that has not ended from being released."""

    number: str
    reason: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ResumeOrder:
    number: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class AddCustomer:
    code: str
    name: str
    email: str | None = None
    street: str | None = None
    city: str | None = None
    postcode: str | None = None
    country: str | None = None
    command_id: str | None = None
