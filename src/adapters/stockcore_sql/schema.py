"""Every table, once; PostgreSQL and SQLite share it. A record class of the domain has its table's columns as fields.

Triggers (append-only), partitions and roles are in `ddl.py`; the migrations create both.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from stockcore_sql.types import Attributes, BigInt, Day, Flag, Instant, Json, Key, Quantity

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

_TEXT: Final = sa.Text()
_HOT: Final = {"postgresql_with": {"fillfactor": 80}}  # room on the page: updates stay HOT


def _id(name: str = "id") -> sa.Column[Any]:
    return sa.Column(name, BigInt, primary_key=True, autoincrement=False)


def _required(name: str, kind: Any, *args: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, nullable=False, **options)


def _optional(name: str, kind: Any, *args: Any, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, *args, nullable=True, **options)


def _table(name: str, *items: Any, **options: Any) -> sa.Table:
    return sa.Table(name, metadata, *items, sqlite_strict=True, **options)


def _created() -> list[sa.Column[Any]]:
    return [_required("created_at", Instant()), _required("created_by", _TEXT)]


def _changed() -> list[sa.Column[Any]]:
    return [*_created(), _required("changed_at", Instant()), _required("changed_by", _TEXT)]


# -- kernel ------------------------------------------------------------------------------------------------------

setting = _table("setting", sa.Column("name", _TEXT, primary_key=True), _required("value", Json()))

command = _table(
    "command",
    sa.Column("id", _TEXT, primary_key=True),
    _required("name", _TEXT),
    _required("fingerprint", _TEXT),
    _required("answer", Json()),
    _required("recorded_at", Instant()),
)

outbox = _table(
    "outbox",
    sa.Column("id", Key(), primary_key=True),
    _required("aggregate_type", _TEXT),
    _required("aggregate_id", Key()),
    _required("aggregate_version", BigInt),
    _required("type", _TEXT),
    _required("type_version", sa.Integer),
    _required("occurred_at", Instant()),
    _required("actor", _TEXT),
    _required("data", Json()),
    _optional("position", BigInt, unique=True),  # given by the relay, without gaps
    sa.UniqueConstraint("aggregate_id", "aggregate_version"),
)

# -- catalog -----------------------------------------------------------------------------------------------------

unit_of_measure = _table(
    "unit_of_measure",
    sa.Column("code", _TEXT, primary_key=True),
    _required("name", _TEXT),
    _required("dimension", _TEXT),
    _required("step", Quantity()),
    _required("factor", Quantity()),
    sa.CheckConstraint("step > 0 AND factor > 0", name="positive"),
)

product = _table(
    "product",
    _id(),
    _required("name", _TEXT),
    _optional("description", _TEXT),
    _optional("category", _TEXT, index=True),
    _optional("brand", _TEXT, index=True),
    _required("status", _TEXT),
    _optional("deleted_at", Instant()),
    *_changed(),
    sa.CheckConstraint("status IN ('active', 'discontinued', 'inactive')", name="status"),
)

variant = _table(
    "variant",
    _id(),
    _required("product", BigInt, sa.ForeignKey("product.id"), index=True),
    _required("sku", _TEXT),
    _required("name", _TEXT),
    _required("attributes", Attributes()),
    _required("unit", _TEXT, sa.ForeignKey("unit_of_measure.code")),
    _required("step", Quantity()),
    _required("stocked", Flag()),
    _required("lot_tracked", Flag()),
    _required("serial_tracking", _TEXT),
    _required("perishable", Flag()),
    _optional("temperature_zone", _TEXT),
    _optional("weight", Quantity()),
    _optional("length", Quantity()),
    _optional("width", Quantity()),
    _optional("height", Quantity()),
    _optional("unit_cost", Quantity()),
    _optional("list_price", Quantity()),
    _optional("currency", _TEXT),
    _required("status", _TEXT),
    _optional("allocation_strategy", _TEXT),
    *_changed(),
    sa.CheckConstraint("step > 0", name="step"),
    sa.CheckConstraint("status IN ('active', 'discontinued', 'inactive')", name="status"),
    sa.CheckConstraint("serial_tracking IN ('none', 'receipt', 'dispatch')", name="serial_tracking"),
)

packaging = _table(
    "packaging",
    _id(),
    _required("variant", BigInt, sa.ForeignKey("variant.id")),
    _required("code", _TEXT),
    _required("numerator", BigInt),
    _required("denominator", BigInt),
    sa.UniqueConstraint("variant", "code"),
    sa.CheckConstraint("numerator > 0 AND denominator > 0", name="ratio"),
)

variant_code = _table(
    "variant_code",
    _id(),
    _required("kind", _TEXT),
    _required("code", _TEXT),
    _required("normal_code", _TEXT),
    _required("scan_code", _TEXT, index=True),
    _required("variant", BigInt, sa.ForeignKey("variant.id"), index=True),
    _required("packaging", BigInt),
    _optional("valid_from", Day()),
    _optional("valid_to", Day()),
    sa.CheckConstraint("kind IN ('sku', 'barcode', 'gtin', 'supplier_sku')", name="kind"),
    sa.Index(
        "variant_code_sku_key",
        "normal_code",
        unique=True,
        postgresql_where=sa.text("kind = 'sku'"),
        sqlite_where=sa.text("kind = 'sku'"),
    ),
    sa.Index("variant_code_normal_code_idx", "normal_code", "kind"),
)

# -- locations ---------------------------------------------------------------------------------------------------

location = _table(
    "location",
    _id(),
    _required("site", BigInt),
    _optional("parent", BigInt),
    _required("depth", sa.Integer),
    _required("code", _TEXT),
    _required("normal_code", _TEXT),
    _required("name", _TEXT),
    _optional("kind", _TEXT),
    _required("purpose", _TEXT),
    _optional("storage_kind", _TEXT),
    _optional("capacity", Quantity()),
    _required("active", Flag()),
    _required("blocked", Flag()),
    _required("priority", sa.Integer),
    _required("shipping_cost", Quantity()),
    _optional("strategy", _TEXT),
    _optional("street", _TEXT),
    _optional("city", _TEXT),
    _optional("postcode", _TEXT),
    _optional("country", _TEXT),
    _optional("latitude", Quantity()),
    _optional("longitude", Quantity()),
    _optional("time_zone", _TEXT),
    *_changed(),
    sa.UniqueConstraint("id", "site"),
    sa.UniqueConstraint("site", "normal_code"),
    sa.ForeignKeyConstraint(["parent", "site"], ["location.id", "location.site"], name="location_parent_fkey"),
    sa.CheckConstraint("(parent IS NULL) = (id = site)", name="root_is_site"),
    sa.CheckConstraint("(parent IS NULL) = (kind IS NOT NULL)", name="site_has_kind"),
    sa.CheckConstraint("depth BETWEEN 1 AND 16", name="depth"),
    sa.Index(
        "location_site_code_key",
        "normal_code",
        unique=True,
        postgresql_where=sa.text("parent IS NULL"),
        sqlite_where=sa.text("parent IS NULL"),
    ),
    sa.Index("location_parent_idx", "parent"),
    sa.Index("location_normal_code_idx", "normal_code"),
)

# -- stock -------------------------------------------------------------------------------------------------------

lot = _table(
    "lot",
    _id(),
    _required("variant", BigInt),
    _required("code", _TEXT),
    _optional("supplier", _TEXT),
    _optional("manufactured_on", Day()),
    _optional("expires_on", Day()),
    _optional("certificate", _TEXT),
    _required("attributes", Attributes()),
    _required("created_at", Instant()),
    sa.UniqueConstraint("variant", "code"),
)

lot_revision = _table(
    "lot_revision",
    _id(),
    _required("lot", BigInt, sa.ForeignKey("lot.id"), index=True),
    _required("before", Json()),
    _required("after", Json()),
    _required("actor", _TEXT),
    _required("recorded_at", Instant()),
)

owner = _table("owner", _id(), _required("code", _TEXT, unique=True))

container = _table(
    "container",
    _id(),
    _required("code", _TEXT, unique=True),
    _optional("parent", BigInt, sa.ForeignKey("container.id")),
)

stock_pool = _table(
    "stock_pool",
    sa.Column("variant", BigInt, sa.ForeignKey("variant.id"), primary_key=True, autoincrement=False),
    sa.Column("site", BigInt, sa.ForeignKey("location.id"), primary_key=True, autoincrement=False),
    _required("on_hand", Quantity()),
    _required("blocked", Quantity()),
    _required("reserved", Quantity()),
    _required("shipped", Quantity()),
    _required("last_seq", BigInt),
    _required("last_recorded_at", Instant()),
    sa.CheckConstraint("reserved >= 0 AND blocked >= 0 AND reserved + blocked <= on_hand", name="nothing_sold_twice"),
    sa.CheckConstraint("shipped >= 0", name="shipped"),
    **_HOT,
)

stock_quant = _table(
    "stock_quant",
    _id(),
    _required("variant", BigInt, sa.ForeignKey("variant.id")),
    _required("site", BigInt),
    _required("location", BigInt),
    _required("lot", BigInt, sa.ForeignKey("lot.id")),
    _required("status", _TEXT),
    _required("container", BigInt, sa.ForeignKey("container.id")),
    _required("owner", BigInt, sa.ForeignKey("owner.id")),
    _required("on_hand", Quantity()),
    _required("allocated", Quantity()),
    _required("received_at", Instant()),
    _required("last_seq", BigInt),
    _required("last_recorded_at", Instant()),
    sa.UniqueConstraint("variant", "location", "lot", "status", "container", "owner"),
    sa.ForeignKeyConstraint(["location", "site"], ["location.id", "location.site"]),
    sa.CheckConstraint("allocated >= 0 AND allocated <= on_hand", name="allocated_within_on_hand"),
    sa.CheckConstraint("allocated = 0 OR status = 'available'", name="allocated_only_available"),
    sa.CheckConstraint("status IN ('available', 'quarantine', 'damaged', 'expired', 'hold')", name="status"),
    sa.Index("stock_quant_location_idx", "location"),
    **_HOT,
)

stock_record = _table(
    "stock_record",
    _id(),
    _required("variant", BigInt, sa.ForeignKey("variant.id")),
    _required("location", BigInt, sa.ForeignKey("location.id")),
    _optional("reorder_point", Quantity()),
    _optional("minimum", Quantity()),
    _optional("maximum", Quantity()),
    _required("active", Flag()),
    *_changed(),
    sa.UniqueConstraint("variant", "location"),
)

stock_reservation = _table(
    "stock_reservation",
    _id(),
    _required("demand_type", _TEXT),
    _required("demand_id", Key()),
    _required("demand_line", Key()),
    _required("variant", BigInt),
    _required("site", BigInt),
    _required("quantity", Quantity()),
    _required("consumed", Quantity()),
    _required("released", Quantity()),
    _required("multiple", Quantity()),
    _required("priority", sa.Integer),
    _optional("promise", Instant()),
    _required("since", Instant()),
    _required("age", BigInt),
    _optional("expires_at", Instant()),
    _required("requirement", Json()),
    _required("sites", Json()),
    sa.UniqueConstraint("demand_id", "demand_line", "variant", "site", "demand_type"),
    sa.CheckConstraint(
        "quantity >= 0 AND consumed >= 0 AND released >= 0 AND consumed + released <= quantity",
        name="consumed_and_released_within_quantity",
    ),
    sa.CheckConstraint("expires_at IS NULL OR demand_type IN ('hold', 'external')", name="expires"),
    sa.Index(
        "stock_reservation_outstanding_idx",
        "variant",
        "site",
        postgresql_where=sa.text("consumed + released <> quantity"),
        sqlite_where=sa.text("consumed + released <> quantity"),
    ),
    sa.Index(
        "stock_reservation_expires_at_idx",
        "expires_at",
        postgresql_where=sa.text("expires_at IS NOT NULL AND consumed + released <> quantity"),
        sqlite_where=sa.text("expires_at IS NOT NULL AND consumed + released <> quantity"),
    ),
)

stock_allocation = _table(
    "stock_allocation",
    sa.Column("reservation", BigInt, sa.ForeignKey("stock_reservation.id"), primary_key=True, autoincrement=False),
    sa.Column("quant", BigInt, sa.ForeignKey("stock_quant.id"), primary_key=True, autoincrement=False),
    sa.Column("release", Key(), primary_key=True),
    sa.Column("home", BigInt, primary_key=True, autoincrement=False),
    _required("quantity", Quantity()),
    sa.CheckConstraint("quantity > 0", name="positive"),
    sa.Index("stock_allocation_quant_idx", "quant"),
)

stock_backorder = _table(
    "stock_backorder",
    _id(),
    _required("demand_type", _TEXT),
    _required("demand_id", Key()),
    _required("demand_line", Key()),
    _required("variant", BigInt),
    _required("sites", Json()),
    _required("outstanding", Quantity()),
    _required("multiple", Quantity()),
    _required("priority", sa.Integer),
    _optional("promise", Instant()),
    _required("since", Instant()),
    _required("age", BigInt),
    _required("requirement", Json()),
    sa.UniqueConstraint("demand_id", "demand_line", "variant", "demand_type"),
    sa.CheckConstraint("outstanding >= 0", name="outstanding"),
    sa.Index(
        "stock_backorder_open_idx",
        "variant",
        postgresql_where=sa.text("outstanding > 0"),
        sqlite_where=sa.text("outstanding > 0"),
    ),
)

#: On PostgreSQL partitioned by month of recorded_at (ddl.py); no foreign keys to or from it.
stock_movement = _table(
    "stock_movement",
    sa.Column("seq", BigInt, primary_key=True, autoincrement=False),
    _required("posting_id", Key()),
    _required("kind", _TEXT),
    _required("bucket", _TEXT),
    _required("variant", BigInt),
    _required("site", BigInt),
    _required("location", BigInt),
    _required("lot", BigInt),
    _required("serial", _TEXT),
    _required("status", _TEXT),
    _required("container", BigInt),
    _required("owner", BigInt),
    _required("quantity", Quantity()),
    _required("balance_after", Quantity()),
    _optional("counterpart", _TEXT),
    _required("reference_type", _TEXT),
    _required("reference_id", Key()),
    _optional("reference_line", Key()),
    _optional("unit_cost", Quantity()),
    _optional("reason", _TEXT),
    _required("actor", _TEXT),
    _required("source", _TEXT),
    _required("occurred_at", Instant()),
    _required("recorded_at", Instant()),
    sa.CheckConstraint("quantity <> 0", name="quantity"),
    sa.CheckConstraint("balance_after >= 0", name="balance_after"),
    sa.CheckConstraint("bucket IN ('on_hand', 'reserved')", name="bucket"),
    sa.Index("stock_movement_variant_idx", "variant", "site", "seq"),
    sa.Index("stock_movement_reference_idx", "reference_id"),
)

#: The balance of a key before the oldest month still kept in stock_movement.
stock_opening = _table(
    "stock_opening",
    sa.Column("bucket", _TEXT, primary_key=True),
    sa.Column("variant", BigInt, primary_key=True, autoincrement=False),
    sa.Column("location", BigInt, primary_key=True, autoincrement=False),
    sa.Column("lot", BigInt, primary_key=True, autoincrement=False),
    sa.Column("status", _TEXT, primary_key=True),
    sa.Column("container", BigInt, primary_key=True, autoincrement=False),
    sa.Column("owner", BigInt, primary_key=True, autoincrement=False),
    _required("site", BigInt),
    _required("balance", Quantity()),
    _required("last_seq", BigInt),
)

serial = _table(
    "serial",
    sa.Column("variant", BigInt, sa.ForeignKey("variant.id"), primary_key=True, autoincrement=False),
    sa.Column("serial", _TEXT, primary_key=True),
    _required("lot", BigInt, sa.ForeignKey("lot.id")),
    _optional("quant", BigInt, sa.ForeignKey("stock_quant.id")),
    _required("state", _TEXT),
    _required("last_seq", BigInt),
)

stock_document = _table(
    "stock_document",
    sa.Column("id", Key(), primary_key=True),
    _required("kind", _TEXT),
    _required("number", _TEXT, unique=True),
    _required("state", _TEXT),
    _required("site", BigInt, sa.ForeignKey("location.id")),
    _optional("to_site", BigInt, sa.ForeignKey("location.id")),
    _optional("reference", _TEXT),
    _optional("reason", _TEXT),
    _required("actor", _TEXT),
    _required("occurred_at", Instant()),
    _required("recorded_at", Instant()),
)

stock_document_line = _table(
    "stock_document_line",
    sa.Column("document", Key(), sa.ForeignKey("stock_document.id"), primary_key=True),
    sa.Column("line_no", sa.Integer, primary_key=True, autoincrement=False),
    _required("variant", BigInt, sa.ForeignKey("variant.id")),
    _required("location", BigInt),
    _required("lot", BigInt),
    _required("status", _TEXT),
    _required("quantity", Quantity()),
    _required("settled", Quantity()),
    _optional("unit_cost", Quantity()),
    _optional("reference_line", Key()),
    sa.Index(
        "stock_document_line_reference_line_idx",
        "reference_line",
        postgresql_where=sa.text("reference_line IS NOT NULL"),
        sqlite_where=sa.text("reference_line IS NOT NULL"),
    ),
)

posting_reversal = _table(
    "posting_reversal",
    sa.Column("reversed", Key(), primary_key=True),
    _required("reversed_by", Key()),
)

stock_demand_name = _table(
    "stock_demand_name",
    sa.Column("id", Key(), primary_key=True),
    _required("type", _TEXT),
    _required("reference", _TEXT),
    sa.UniqueConstraint("type", "reference"),
)

stock_exception = _table(
    "stock_exception",
    _id(),
    _required("code", _TEXT),
    _optional("variant", BigInt),
    _optional("site", BigInt),
    _optional("demand_type", _TEXT),
    _optional("demand_id", Key()),
    _optional("demand_line", Key()),
    _optional("quantity", Quantity()),
    _required("facts", Json()),
    _required("state", _TEXT),
    _required("raised_at", Instant()),
)

stock_follow_up = _table(
    "stock_follow_up",
    _id(),
    _required("demand_type", _TEXT),
    _required("demand_id", Key()),
    _required("what", _TEXT),
    _required("facts", Json()),
    _required("posting_id", Key()),
    _required("recorded_at", Instant()),
)

# -- orders ------------------------------------------------------------------------------------------------------

customer = _table(
    "customer",
    _id(),
    _required("code", _TEXT),
    _required("normal_code", _TEXT, unique=True),
    _required("name", _TEXT),
    _optional("email", _TEXT),
    _optional("street", _TEXT),
    _optional("city", _TEXT),
    _optional("postcode", _TEXT),
    _optional("country", _TEXT),
    *_created(),
)

sales_order = _table(
    "sales_order",
    sa.Column("id", Key(), primary_key=True),
    _required("number", _TEXT, unique=True),
    _required("kind", _TEXT),
    _optional("customer", BigInt, sa.ForeignKey("customer.id")),
    _optional("reference", _TEXT),
    _required("currency", _TEXT),
    _required("policy", _TEXT),
    _required("ship_complete", Flag()),
    _required("keep_received", Flag()),
    _required("state", _TEXT),
    _required("on_hold", Flag()),
    _optional("hold_reason", _TEXT),
    _required("priority", sa.Integer),
    _optional("promise", Instant()),
    _required("strategy", _TEXT),
    _optional("address", Json()),
    _optional("sites", Json()),
    _required("shipment_count", sa.Integer),
    _required("version", BigInt),
    _required("history_count", BigInt),
    _required("placed_at", Instant()),
    _required("placed_by", _TEXT),
    _required("changed_at", Instant()),
    sa.CheckConstraint("state IN ('received', 'validated', 'supplier_confirmed', 'cancelled')", name="state"),
    sa.CheckConstraint("policy IN ('all_or_nothing', 'ship_available', 'backorder')", name="policy"),
    sa.Index(
        "sales_order_reference_key",
        sa.text("coalesce(customer, 0)"),
        "reference",
        unique=True,
        postgresql_where=sa.text("reference IS NOT NULL"),
        sqlite_where=sa.text("reference IS NOT NULL"),
    ),
    sa.Index(
        "sales_order_customer_idx",
        "customer",
        postgresql_where=sa.text("customer IS NOT NULL"),
        sqlite_where=sa.text("customer IS NOT NULL"),
    ),
    sa.Index("sales_order_placed_at_idx", "placed_at"),
    **_HOT,
)

order_line = _table(
    "order_line",
    sa.Column("id", Key(), primary_key=True),
    _required("order_id", Key(), sa.ForeignKey("sales_order.id")),
    _required("line_no", sa.Integer),
    _required("variant", BigInt, sa.ForeignKey("variant.id")),
    _required("ordered", Quantity()),
    _required("cancelled", Quantity()),
    _optional("price", Quantity()),
    _required("entered", Quantity()),
    _required("entered_unit", _TEXT),
    _required("factor", Quantity()),
    _required("requirement", Json()),
    sa.UniqueConstraint("order_id", "line_no"),
    sa.CheckConstraint("ordered > 0 AND cancelled >= 0 AND cancelled <= ordered", name="cancelled_within_ordered"),
)

order_history = _table(
    "order_history",
    sa.Column("order_id", Key(), sa.ForeignKey("sales_order.id"), primary_key=True),
    sa.Column("sequence", BigInt, primary_key=True, autoincrement=False),
    _required("version", BigInt),
    _optional("shipment", Key()),
    _optional("from_state", _TEXT),
    _required("to_state", _TEXT),
    _required("at", Instant()),
    _required("actor", _TEXT),
    _required("source", _TEXT),
    _optional("reason", _TEXT),
    _optional("explanation", Json()),
)

shipment = _table(
    "shipment",
    sa.Column("id", Key(), primary_key=True),
    _required("order_id", Key(), sa.ForeignKey("sales_order.id"), index=True),
    _required("number", _TEXT, unique=True),
    _required("site", BigInt, sa.ForeignKey("location.id")),
    _required("state", _TEXT),
    _required("created_at", Instant()),
    _required("changed_at", Instant()),
    _optional("dispatched_at", Instant()),
    sa.CheckConstraint("state IN ('picking', 'packed', 'dispatched', 'delivered', 'cancelled')", name="state"),
)

shipment_line = _table(
    "shipment_line",
    sa.Column("shipment", Key(), sa.ForeignKey("shipment.id"), primary_key=True),
    sa.Column("order_line", Key(), sa.ForeignKey("order_line.id"), primary_key=True),
    _required("variant", BigInt, sa.ForeignKey("variant.id")),
    _required("quantity", Quantity()),
    sa.CheckConstraint("quantity > 0", name="positive"),
    sa.Index("shipment_line_order_line_idx", "order_line"),
)
