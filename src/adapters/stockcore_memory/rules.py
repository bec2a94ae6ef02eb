"""Every table as data: its key, what is unique, what must hold for each row, what must exist, how rows are found.

Written out again on purpose: this store is the independent model beside SQL, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import attrs

import stockcore.catalog.records as catalog
import stockcore.kernel.records as kernel
import stockcore.locations.records as locations
import stockcore.orders.records as orders
import stockcore.stock.records as stock

Holds: TypeAlias = Callable[[Any], bool]
Columns: TypeAlias = tuple[str, ...]


@attrs.frozen
class Index:
    """Rows are found by one column; with `where`, only those for which it holds."""

    column: str
    where: Holds | None = None


@attrs.frozen
class Refers:
    """These columns name a row of `to`; its key comes first in `target`. A None names nothing."""

    columns: Columns
    to: type
    target: Columns


@attrs.frozen(kw_only=True)
class Rules:
    """One table. `unique` and its condition; `checks` by the name a database gives them."""

    table: str
    key: Columns = ("id",)
    unique: Mapping[Columns, Holds | None] = attrs.field(factory=dict)
    checks: Mapping[str, Holds] = attrs.field(factory=dict)
    refers: tuple[Refers, ...] = ()
    indexes: Mapping[str, Index] = attrs.field(factory=dict)
    append_only: bool = False


def _to(to: type, *columns: str) -> tuple[Refers, ...]:
    return tuple(Refers((column,), to, ("id",)) for column in columns)


def _by(*columns: str) -> dict[str, Index]:
    return {column: Index(column) for column in columns}


def _is_one_of(column: str, *words: str) -> Holds:
    return lambda row: getattr(row, column) in words


def _is_outstanding(reservation: Any) -> bool:
    return bool(reservation.consumed + reservation.released < reservation.quantity)


def _nothing_sold_twice(pool: Any) -> bool:
    return bool(pool.reserved >= 0 and pool.blocked >= 0 and pool.reserved + pool.blocked <= pool.on_hand)


def _consumed_and_released_within_quantity(row: Any) -> bool:
    parts = (row.quantity, row.consumed, row.released)
    return min(parts) >= 0 and bool(row.consumed + row.released <= row.quantity)


def _cancelled_within_ordered(line: Any) -> bool:
    return bool(line.ordered > 0 and 0 <= line.cancelled <= line.ordered)


_LIFECYCLE: Final = _is_one_of("status", "active", "discontinued", "inactive")
_DEMAND: Final = ("demand_id", "demand_line", "variant", "demand_type")
_QUANT: Final = ("variant", "location", "lot", "status", "container", "owner")

_KERNEL: Final[Mapping[type, Rules]] = {
    kernel.Setting: Rules(table="setting", key=("name",)),
    kernel.CommandRecord: Rules(table="command"),
    kernel.Message: Rules(table="outbox", unique={("aggregate_id", "aggregate_version"): None}),
}

_CATALOG: Final[Mapping[type, Rules]] = {
    catalog.UnitOfMeasure: Rules(
        table="unit_of_measure",
        key=("code",),
        checks={"positive": lambda unit: unit.step > 0 and unit.factor > 0},
    ),
    catalog.Product: Rules(table="product", checks={"status": _LIFECYCLE}),
    catalog.Variant: Rules(
        table="variant",
        checks={
            "step": lambda variant: variant.step > 0,
            "status": _LIFECYCLE,
            "serial_tracking": _is_one_of("serial_tracking", "none", "receipt", "dispatch"),
        },
        refers=(*_to(catalog.Product, "product"), Refers(("unit",), catalog.UnitOfMeasure, ("code",))),
        indexes=_by("product"),
    ),
    catalog.Packaging: Rules(
        table="packaging",
        unique={("variant", "code"): None},
        checks={"ratio": lambda packaging: packaging.numerator > 0 and packaging.denominator > 0},
        refers=_to(catalog.Variant, "variant"),
        indexes=_by("variant"),
    ),
    catalog.VariantCode: Rules(
        table="variant_code",
        unique={("normal_code",): lambda code: code.kind == "sku"},
        checks={"kind": _is_one_of("kind", "sku", "barcode", "gtin", "supplier_sku")},
        refers=_to(catalog.Variant, "variant"),
        indexes=_by("normal_code", "scan_code", "variant"),
    ),
}

_LOCATIONS: Final[Mapping[type, Rules]] = {
    locations.Location: Rules(
        table="location",
        unique={
            ("id", "site"): None,
            ("site", "normal_code"): None,
            ("normal_code",): lambda location: location.parent is None,
        },
        checks={
            "root_is_site": lambda location: (location.parent is None) == (location.id == location.site),
            "site_has_kind": lambda location: (location.parent is None) == (location.kind is not None),
            "depth": lambda location: 1 <= location.depth <= 16,
        },
        refers=(Refers(("parent", "site"), locations.Location, ("id", "site")),),
        indexes=_by("site", "normal_code", "purpose", "parent"),
    ),
}

_STOCK: Final[Mapping[type, Rules]] = {
    stock.Lot: Rules(table="lot", unique={("variant", "code"): None}, indexes=_by("variant")),
    stock.LotRevision: Rules(table="lot_revision", refers=_to(stock.Lot, "lot"), append_only=True),
    stock.Owner: Rules(table="owner", unique={("code",): None}),
    stock.Container: Rules(table="container", unique={("code",): None}, refers=_to(stock.Container, "parent")),
    stock.Pool: Rules(
        table="stock_pool",
        key=("variant", "site"),
        checks={"nothing_sold_twice": _nothing_sold_twice, "shipped": lambda pool: pool.shipped >= 0},
        refers=(*_to(catalog.Variant, "variant"), *_to(locations.Location, "site")),
        indexes=_by("variant"),
    ),
    stock.Quant: Rules(
        table="stock_quant",
        unique={_QUANT: None},
        checks={
            "allocated_within_on_hand": lambda quant: 0 <= quant.allocated <= quant.on_hand,
            "allocated_only_available": lambda quant: quant.allocated == 0 or quant.status == "available",
            "status": _is_one_of("status", "available", "quarantine", "damaged", "expired", "hold"),
        },
        refers=(
            *_to(catalog.Variant, "variant"),
            *_to(stock.Lot, "lot"),
            *_to(stock.Container, "container"),
            *_to(stock.Owner, "owner"),
            Refers(("location", "site"), locations.Location, ("id", "site")),
        ),
        indexes=_by("variant", "location"),
    ),
    stock.StockRecord: Rules(
        table="stock_record",
        unique={("variant", "location"): None},
        refers=(*_to(catalog.Variant, "variant"), *_to(locations.Location, "location")),
        indexes=_by("variant"),
    ),
    stock.Reservation: Rules(
        table="stock_reservation",
        unique={("demand_id", "demand_line", "variant", "site", "demand_type"): None},
        checks={
            "consumed_and_released_within_quantity": _consumed_and_released_within_quantity,
            "expires": lambda row: row.expires_at is None or row.demand_type in ("hold", "external"),
        },
        indexes={
            **_by("demand_id"),
            "open": Index("variant", _is_outstanding),
            "expiring": Index("variant", lambda row: row.expires_at is not None and _is_outstanding(row)),
        },
    ),
    stock.Allocation: Rules(
        table="stock_allocation",
        key=("reservation", "quant", "release", "home"),
        checks={"positive": lambda allocation: allocation.quantity > 0},
        refers=(*_to(stock.Reservation, "reservation"), *_to(stock.Quant, "quant")),
        indexes=_by("reservation"),
    ),
    stock.Backorder: Rules(
        table="stock_backorder",
        unique={_DEMAND: None},
        checks={"outstanding": lambda backorder: backorder.outstanding >= 0},
        indexes={**_by("demand_id"), "open": Index("variant", lambda backorder: backorder.outstanding > 0)},
    ),
    stock.Movement: Rules(
        table="stock_movement",
        key=("seq",),
        checks={
            "quantity": lambda movement: movement.quantity != 0,
            "balance_after": lambda movement: movement.balance_after >= 0,
            "bucket": _is_one_of("bucket", "on_hand", "reserved"),
        },
        indexes=_by("posting_id", "variant", "reference_id"),
        append_only=True,
    ),
    stock.Document: Rules(
        table="stock_document",
        unique={("number",): None},
        refers=_to(locations.Location, "site", "to_site"),
        indexes=_by("number"),
    ),
    stock.DocumentLine: Rules(
        table="stock_document_line",
        key=("document", "line_no"),
        refers=(*_to(stock.Document, "document"), *_to(catalog.Variant, "variant")),
        indexes=_by("document", "reference_line"),
    ),
    stock.PostingReversal: Rules(table="posting_reversal", key=("reversed",), append_only=True),
    stock.DemandName: Rules(table="stock_demand_name", unique={("type", "reference"): None}),
    stock.StockException: Rules(table="stock_exception"),
    stock.FollowUp: Rules(table="stock_follow_up"),
}

_ORDERS: Final[Mapping[type, Rules]] = {
    orders.Customer: Rules(table="customer", unique={("normal_code",): None}, indexes=_by("normal_code")),
    orders.Order: Rules(
        table="sales_order",
        unique={
            ("number",): None,
            ("customer", "reference"): lambda order: order.reference is not None,  # no customer is one customer
        },
        checks={
            "state": _is_one_of("state", "received", "validated", "supplier_confirmed", "cancelled"),
            "policy": _is_one_of("policy", "all_or_nothing", "ship_available", "backorder"),
        },
        refers=_to(orders.Customer, "customer"),
        indexes=_by("number", "reference", "customer"),
    ),
    orders.OrderLine: Rules(
        table="order_line",
        unique={("order_id", "line_no"): None},
        checks={"cancelled_within_ordered": _cancelled_within_ordered},
        refers=(*_to(orders.Order, "order_id"), *_to(catalog.Variant, "variant")),
        indexes=_by("order_id", "variant"),
    ),
    orders.HistoryEntry: Rules(
        table="order_history",
        key=("order_id", "sequence"),
        refers=_to(orders.Order, "order_id"),
        indexes=_by("order_id"),
        append_only=True,
    ),
    orders.Shipment: Rules(
        table="shipment",
        unique={("number",): None},
        checks={"state": _is_one_of("state", "picking", "packed", "dispatched", "delivered", "cancelled")},
        refers=(*_to(orders.Order, "order_id"), *_to(locations.Location, "site")),
        indexes=_by("order_id", "number"),
    ),
    orders.ShipmentLine: Rules(
        table="shipment_line",
        key=("shipment", "order_line"),
        checks={"positive": lambda line: line.quantity > 0},
        refers=(
            *_to(orders.Shipment, "shipment"),
            *_to(orders.OrderLine, "order_line"),
            *_to(catalog.Variant, "variant"),
        ),
        indexes=_by("shipment"),
        append_only=True,
    ),
}

RULES: Final[Mapping[type, Rules]] = {**_KERNEL, **_CATALOG, **_LOCATIONS, **_STOCK, **_ORDERS}
