"""How each query of the domain is answered: one SELECT, built once per dialect and process.

Queries whose name begins with Lock lock the rows they return, in key order. What goes in are lists, as one parameter
each, so that a statement's text never depends on how much is asked for.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import visitors

import stockcore.catalog.records as catalog
import stockcore.kernel.records as kernel
import stockcore.locations.records as locations
import stockcore.orders.records as orders
import stockcore.stock.records as stock
from stockcore.kernel.unit_of_work import Query
from stockcore_sql import schema as s
from stockcore_sql.carrying import SHAPES, Rows, key_literal, plain_literal, text_literal
from stockcore_sql.types import Day, Flag, Instant

Condition: TypeAlias = sa.ColumnElement[bool]


class Dialect(ABC):
    """What differs between the two databases when reading."""

    name: str

    @abstractmethod
    def among(self, column: sa.ColumnElement[Any], parameter: str) -> Condition:
        """The column has one of the values of a parameter."""

    @abstractmethod
    def now(self) -> sa.ColumnElement[Any]:
        """The simulated time when one is given, else the database's clock."""

    @abstractmethod
    def driver(self) -> sa.Dialect:
        """What the statements are compiled for."""


class Postgres(Dialect):
    name = "postgresql"

    def among(self, column: sa.ColumnElement[Any], parameter: str) -> Condition:
        kind = sa.BigInteger() if isinstance(column.type, sa.Integer) else sa.Text()
        if type(column.type).__name__ == "Key":
            return column == sa.func.any(sa.bindparam(parameter, type_=postgresql.ARRAY(postgresql.UUID())))
        return column == sa.func.any(sa.bindparam(parameter, type_=postgresql.ARRAY(kind)))

    def now(self) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.bindparam("now", type_=sa.DateTime(timezone=True)), sa.func.clock_timestamp())

    def driver(self) -> sa.Dialect:
        from sqlalchemy.dialects.postgresql import psycopg

        return psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Sqlite(Dialect):
    name = "sqlite"

    def among(self, column: sa.ColumnElement[Any], parameter: str) -> Condition:
        listed = sa.func.json_each(sa.bindparam(parameter, type_=sa.Text())).table_valued("value")
        return column.in_(sa.select(listed.c.value))

    def now(self) -> sa.ColumnElement[Any]:
        return sa.bindparam("now", type_=sa.Integer())

    def driver(self) -> sa.Dialect:
        from sqlalchemy.dialects.sqlite import pysqlite

        return pysqlite.dialect(paramstyle="qmark")


Build: TypeAlias = Callable[[Dialect], sa.Select[Any]]


@attrs.frozen
class Read:
    """How a query is answered: with these rows, by this statement."""

    rows: Rows
    build: Build

    @property
    def record(self) -> type:
        return self.rows.record


def _rows(
    record: type,
    *conditions: Callable[[Dialect], Condition],
    lock: bool = False,
    order: tuple[str, ...] = (),
    limited: bool = False,
    skip_locked: bool = False,
    share: bool = False,
) -> Read:
    """`skip_locked`: what somebody else has locked is left out, not waited for. `share`: others may hold them too."""
    shape = SHAPES[record]
    table = shape.table

    def build(dialect: Dialect) -> sa.Select[Any]:
        columns = [table.c[name] for name in shape.columns]
        statement = sa.select(*columns).where(*[condition(dialect) for condition in conditions])
        statement = statement.order_by(*[table.c[name] for name in order or shape.keys])
        if limited:
            statement = statement.limit(sa.bindparam("most", type_=sa.BigInteger()))
        if share:
            return statement.with_for_update(of=table, read=True)
        if not lock:
            return statement
        # NO KEY: of a place every foreign key to it holds the key, and two that put goods there need not wait
        return statement.with_for_update(of=table, key_share=record is locations.Location, skip_locked=skip_locked)

    return Read(shape, build)


def _among(column: sa.ColumnElement[Any], parameter: str) -> Callable[[Dialect], Condition]:
    return lambda dialect: dialect.among(column, parameter)


def _holds(condition: Condition) -> Callable[[Dialect], Condition]:
    return lambda dialect: condition


_site = s.location.alias("site_location")
_vc, _pool, _quant = s.variant_code.c, s.stock_pool.c, s.stock_quant.c
_res, _bo, _alloc = s.stock_reservation.c, s.stock_backorder.c, s.stock_allocation.c
_order, _line = s.sales_order.c, s.order_line.c


def _variants_by_code(column: sa.ColumnElement[Any]) -> Callable[[Dialect], Condition]:
    return lambda dialect: column.in_(
        sa.select(_vc.variant).where(_vc.kind == "sku", dialect.among(_vc.normal_code, "codes"))
    )


def _orders_by_number(column: sa.ColumnElement[Any]) -> Callable[[Dialect], Condition]:
    return lambda dialect: column.in_(sa.select(_order.id).where(dialect.among(_order.number, "numbers")))


def _variants_of_orders(column: sa.ColumnElement[Any]) -> Callable[[Dialect], Condition]:
    return lambda dialect: column.in_(
        sa.select(_line.variant)
        .join(s.sales_order, _order.id == _line.order_id)
        .where(dialect.among(_order.number, "numbers"))
    )


def _reservations_of_orders(column: sa.ColumnElement[Any]) -> Callable[[Dialect], Condition]:
    return lambda dialect: column.in_(
        sa.select(_res.id)
        .join(s.sales_order, _order.id == _res.demand_id)
        .where(dialect.among(_order.number, "numbers"))
    )


#: Literals, because an IN over parameters has a text that depends on how many there are.
_SERVICE: Final[list[sa.ColumnElement[str]]] = [
    sa.literal_column(f"'{purpose}'") for purpose in ("receiving", "staging", "packing", "quarantine")
]


def _places_for(dialect: Dialect) -> Condition:
    skus = sa.select(_vc.variant).where(_vc.kind == "sku", dialect.among(_vc.normal_code, "skus"))
    return sa.or_(
        s.location.c.parent.is_(None),
        s.location.c.purpose.in_(_SERVICE),
        s.location.c.id.in_(sa.select(_quant.location).where(_quant.variant.in_(skus))),
        dialect.among(s.location.c.normal_code, "places"),
    )


def _places_for_orders(dialect: Dialect) -> Condition:
    return sa.or_(
        s.location.c.parent.is_(None),
        s.location.c.purpose.in_(_SERVICE),
        s.location.c.id.in_(sa.select(_quant.location).where(_variants_of_orders(_quant.variant)(dialect))),
    )


def _families(column: sa.ColumnElement[Any]) -> Callable[[Dialect], Condition]:
    """The product is one that a variant with one of these SKUs belongs to."""
    member = s.variant.alias("member")
    return lambda dialect: column.in_(sa.select(member.c.product).where(_variants_by_code(member.c.id)(dialect)))


def _of_sites(column: sa.ColumnElement[Any]) -> Callable[[Dialect], Condition]:
    """The site is one with one of these codes."""
    return lambda dialect: column.in_(
        sa.select(_site.c.id).where(_site.c.parent.is_(None), dialect.among(_site.c.normal_code, "codes"))
    )


#: Something waits for the variant.
_AWAITED = sa.or_(
    sa.exists().where(_pool.variant == s.variant.c.id, _pool.reserved > 0),
    sa.exists().where(_bo.variant == s.variant.c.id, _bo.outstanding > sa.literal_column("0")),
    sa.exists().where(
        _line.variant == s.variant.c.id,
        _line.cancelled < _line.ordered,
        _order.id == _line.order_id,
        _order.state == sa.literal_column("'received'"),
    ),
)
_document, _document_line = s.stock_document.c, s.stock_document_line.c

#: A literal, because a partial index is used only where its condition is seen.
_OPEN: Final = _bo.outstanding > sa.literal_column("0")


def _waits(wanted: Condition) -> Condition:
    """Reservations of demand lines that have a backorder of a wanted variant, and of that variant only: a hold has
    several under one id."""
    waiting = sa.select(_bo.demand_id, _bo.demand_line, _bo.variant).where(wanted, _OPEN)
    return sa.tuple_(_res.demand_id, _res.demand_line, _res.variant).in_(waiting)


#: `<>` and not `<`, although it cannot be more: SQLite uses a partial index only for a condition it knows again.
_ZERO: sa.ColumnElement[Any] = sa.literal_column("0")  # a literal: partial indexes do not know parameters
_OUTSTANDING = _res.consumed + _res.released != _res.quantity

#: Expired holds are few and have an index of their own: with the plus no database goes by the variant's instead.
_RESERVED_VARIANT: Final = sa.literal_column("+stock_reservation.variant", type_=_res.variant.type)


@attrs.frozen
class LockOffersOfVariants(Query[orders.Offer]):
    """What `LockOffers` gives on PostgreSQL, where some of the variants are known (`stockcore_sql.keeping`)."""

    variants: tuple[int, ...]
    codes: tuple[str, ...]  # of those that are not


def _offers(wanted: Callable[[Dialect], sa.ColumnElement[bool]]) -> Read:
    expired = sa.select(_res.variant).where(_res.expires_at.is_not(None), _OUTSTANDING)
    variant, pool = s.variant.c, s.stock_pool.c
    columns = [variant[name] for name in ("id", "sku", "unit", "step", "stocked", "list_price", "currency", "status")]
    columns += [pool[name] for name in SHAPES[stock.Pool].columns if name != "variant"]

    def build(dialect: Dialect) -> sa.Select[Any]:
        return (
            sa.select(*columns, variant.id.in_(expired.where(_res.expires_at <= dialect.now())))
            .select_from(s.variant)
            .join(s.stock_pool, pool.variant == variant.id)
            .where(wanted(dialect))
            .order_by(pool.variant, pool.site)
            .with_for_update(of=s.stock_pool)
        )

    return Read(Rows(orders.Offer, [*columns, sa.literal_column("late", Flag())]), build)


def _of_skus(dialect: Dialect) -> sa.Select[Any]:
    return sa.select(_vc.variant).where(_vc.kind == "sku", dialect.among(_vc.normal_code, "codes"))


def _known_or_of_skus(dialect: Dialect) -> sa.ColumnElement[bool]:
    """In one array, so that all of them are found by the same index."""
    known = sa.bindparam("variants", type_=postgresql.ARRAY(sa.BigInteger))
    return s.variant.c.id == sa.any_(sa.func.array_cat(known, sa.func.array(_of_skus(dialect).scalar_subquery())))


def _allocated() -> Read:
    of_allocation = [_alloc[name] for name in SHAPES[stock.Allocation].columns]
    columns = of_allocation + [_quant[name] for name in SHAPES[stock.Quant].columns]

    def build(dialect: Dialect) -> sa.Select[Any]:
        return (
            sa.select(*columns)
            .select_from(s.sales_order)
            .join(s.stock_reservation, _res.demand_id == _order.id)
            .join(s.stock_allocation, _alloc.reservation == _res.id)
            .join(s.stock_quant, _quant.id == _alloc.quant)
            .where(dialect.among(_order.number, "numbers"))
            .order_by(_quant.id, _alloc.reservation, _alloc.release, _alloc.home)
            .with_for_update(of=s.stock_quant)
        )

    def made(*row: Any) -> stock.Allocated:
        count = len(of_allocation)
        return stock.Allocated(stock.Allocation(*row[:count]), stock.Quant(*row[count:]))

    return Read(Rows(stock.Allocated, columns, made), build)


READS: Final[Mapping[type, Read]] = {
    kernel.KnownCommands: _rows(kernel.CommandRecord, _among(s.command.c.id, "ids")),
    kernel.LockSettings: _rows(kernel.Setting, _among(s.setting.c.name, "names"), lock=True),
    catalog.VariantsByCode: _rows(
        catalog.Variant,
        _variants_by_code(s.variant.c.id),
        _holds(s.variant.c.product.in_(sa.select(s.product.c.id).where(s.product.c.deleted_at.is_(None)))),
    ),
    catalog.CodesOf: _rows(catalog.VariantCode, _among(_vc.scan_code, "codes")),
    catalog.PackagingsOf: _rows(catalog.Packaging, _among(s.packaging.c.variant, "variants")),
    catalog.Units: _rows(catalog.UnitOfMeasure),
    catalog.ShareProducts: _rows(catalog.Product, _families(s.product.c.id), share=True),
    catalog.ShareVariants: _rows(catalog.Variant, _among(s.variant.c.id, "ids"), share=True),
    catalog.LockProducts: _rows(catalog.Product, _families(s.product.c.id), lock=True),
    catalog.LockProductsById: _rows(catalog.Product, _among(s.product.c.id, "ids"), lock=True),
    catalog.VariantsOfProducts: _rows(catalog.Variant, _among(s.variant.c.product, "ids")),
    catalog.SiblingsByCode: _rows(catalog.Variant, _families(s.variant.c.product)),
    catalog.PackagingsByCode: _rows(catalog.Packaging, _variants_by_code(s.packaging.c.variant)),
    catalog.MovedVariants: _rows(
        catalog.Variant,
        _families(s.variant.c.product),
        _holds(sa.exists().where(_pool.variant == s.variant.c.id)),
    ),
    catalog.VariantsWithStock: _rows(
        catalog.Variant,
        _families(s.variant.c.product),
        _holds(sa.exists().where(_pool.variant == s.variant.c.id, _pool.on_hand > 0)),
    ),
    catalog.VariantsWithOpenWork: _rows(catalog.Variant, _families(s.variant.c.product), _holds(_AWAITED)),
    catalog.OrderedVariants: _rows(
        catalog.Variant,
        _families(s.variant.c.product),
        _holds(sa.exists().where(_line.variant == s.variant.c.id)),
    ),
    locations.Sites: _rows(locations.Location, _holds(s.location.c.parent.is_(None))),
    locations.LocationsOfSites: _rows(locations.Location, _of_sites(s.location.c.site)),
    locations.LockSites: _rows(
        locations.Location,
        _holds(s.location.c.parent.is_(None)),
        _among(s.location.c.normal_code, "codes"),
        lock=True,
    ),
    locations.LocationsByCode: _rows(locations.Location, _among(s.location.c.normal_code, "codes")),
    locations.OccupiedLocations: _rows(
        locations.Location,
        _of_sites(s.location.c.site),
        _holds(sa.exists().where(_quant.location == s.location.c.id, _quant.on_hand > sa.literal_column("0"))),
    ),
    locations.AwaitingSites: _rows(
        locations.Location,
        _of_sites(s.location.c.id),
        _holds(
            sa.exists().where(
                _document.to_site == s.location.c.id,
                _document.kind == sa.literal_column("'transfer'"),
                _document_line.document == _document.id,
                _document_line.settled < _document_line.quantity,
            )
        ),
    ),
    locations.LocationsById: _rows(locations.Location, _among(s.location.c.id, "ids")),
    locations.ShareSites: _rows(locations.Location, _among(s.location.c.id, "ids"), share=True),
    locations.LockPlaces: _rows(locations.Location, _among(s.location.c.id, "ids"), lock=True),
    locations.PlacesFor: _rows(locations.Location, _places_for),
    locations.PlacesForOrders: _rows(locations.Location, _places_for_orders),
    stock.LockPoolsByCode: _rows(stock.Pool, _variants_by_code(_pool.variant), lock=True),
    stock.LockPools: _rows(stock.Pool, _among(_pool.variant, "variants"), lock=True),
    stock.LockPoolsOfOrders: _rows(stock.Pool, _variants_of_orders(_pool.variant), lock=True),
    stock.OpenBackorders: _rows(stock.Backorder, _holds(_OPEN)),
    stock.LockPoolsToEdit: _rows(
        stock.Pool,
        lambda dialect: sa.or_(_variants_of_orders(_pool.variant)(dialect), _variants_by_code(_pool.variant)(dialect)),
        lock=True,
    ),
    stock.LockBackorders: _rows(stock.Backorder, _among(_bo.variant, "variants"), _holds(_OPEN), lock=True),
    stock.LockBackordersOfOrders: _rows(stock.Backorder, _orders_by_number(_bo.demand_id), lock=True),
    stock.LockBackordersOfOrdersVariants: _rows(
        stock.Backorder, _variants_of_orders(_bo.variant), _holds(_OPEN), lock=True
    ),
    stock.LockReservationsOfLines: _rows(
        stock.Reservation,
        lambda dialect: _res.demand_id.in_(sa.select(_line.order_id).where(dialect.among(_line.id, "lines"))),
        _among(_res.demand_line, "lines"),
        lock=True,
    ),
    stock.DemandNames: _rows(stock.DemandName, _among(s.stock_demand_name.c.id, "ids")),
    stock.ReturnedFor: _rows(stock.DocumentLine, _among(s.stock_document_line.c.reference_line, "order_lines")),
    stock.LockReservations: _rows(stock.Reservation, _among(_res.variant, "variants"), _holds(_OUTSTANDING), lock=True),
    stock.LockReservationsWaiting: _rows(
        stock.Reservation, lambda dialect: _waits(_among(_bo.variant, "variants")(dialect)), lock=True
    ),
    stock.LockReservationsWaitingWithOrders: _rows(
        stock.Reservation, lambda dialect: _waits(_variants_of_orders(_bo.variant)(dialect)), lock=True
    ),
    stock.LockReservationsOfOrders: _rows(stock.Reservation, _orders_by_number(_res.demand_id), lock=True),
    stock.OutstandingOfOrders: _rows(stock.Reservation, _orders_by_number(_res.demand_id), _holds(_OUTSTANDING)),
    stock.LockExpiredHolds: _rows(
        stock.Reservation,
        _variants_by_code(_RESERVED_VARIANT),
        _holds(_res.expires_at.is_not(None)),
        _holds(_OUTSTANDING),
        lambda dialect: _res.expires_at <= dialect.now(),
        lock=True,
    ),
    stock.LockExpiredHoldsOfOrders: _rows(
        stock.Reservation,
        _variants_of_orders(_RESERVED_VARIANT),
        _holds(_res.expires_at.is_not(None)),
        _holds(_OUTSTANDING),
        lambda dialect: _res.expires_at <= dialect.now(),
        lock=True,
    ),
    stock.ExpiredHolds: _rows(
        stock.Reservation,
        _holds(_res.expires_at.is_not(None)),
        _holds(_OUTSTANDING),
        lambda dialect: _res.expires_at <= dialect.now(),
        order=("expires_at", "id"),
        limited=True,
    ),
    stock.ReservationsOf: _rows(stock.Reservation, _among(_res.demand_id, "demands"), _among(_res.variant, "variants")),
    stock.DemandsReservations: _rows(stock.Reservation, _among(_res.demand_id, "demands")),
    stock.QuantsAt: _rows(stock.Quant, _among(_quant.location, "places"), _holds(_quant.on_hand > _ZERO)),
    stock.LotsExpiredAt: _rows(
        stock.Lot,
        _holds(s.lot.c.expires_on < sa.bindparam("day", type_=Day())),
        _holds(
            sa.exists().where(
                _quant.lot == s.lot.c.id,
                _quant.variant == s.lot.c.variant,
                _quant.site == sa.bindparam("site", type_=sa.BigInteger()),
                _quant.status == sa.literal_column("'available'"),
                _quant.on_hand > 0,
            )
        ),
    ),
    stock.PendingFollowUps: _rows(
        stock.FollowUp,
        _holds(s.stock_follow_up.c.id > sa.bindparam("after", type_=sa.BigInteger())),
        lock=True,
        limited=True,
        skip_locked=True,
    ),
    stock.LockQuants: _rows(stock.Quant, _among(_quant.variant, "variants"), lock=True),
    stock.LockQuantsOfOrders: _rows(stock.Quant, _variants_of_orders(_quant.variant), lock=True),
    stock.LockAllocatedOfOrders: _allocated(),
    stock.LotsOfOrders: _rows(
        stock.Lot, _holds(s.lot.c.id > sa.literal_column("0")), _variants_of_orders(s.lot.c.variant)
    ),
    stock.AllocationsOfVariants: _rows(
        stock.Allocation,
        lambda dialect: _alloc.reservation.in_(
            sa.select(_res.id).where(dialect.among(_res.variant, "variants"), _OUTSTANDING)
        ),
    ),
    stock.AllocationsOfOrders: _rows(stock.Allocation, _reservations_of_orders(_alloc.reservation)),
    stock.AllocationsOfDemands: _rows(
        stock.Allocation,
        lambda dialect: _alloc.reservation.in_(sa.select(_res.id).where(dialect.among(_res.demand_id, "demands"))),
    ),
    stock.LotsOfVariants: _rows(stock.Lot, _among(s.lot.c.variant, "variants")),
    stock.LockDocuments: _rows(stock.Document, _among(s.stock_document.c.number, "numbers"), lock=True),
    stock.DocumentLinesOf: _rows(stock.DocumentLine, _among(s.stock_document_line.c.document, "documents")),
    stock.MovementsOfPosting: _rows(stock.Movement, _among(s.stock_movement.c.posting_id, "postings"), order=("seq",)),
    stock.MovementsSince: _rows(
        stock.Movement,
        _among(s.stock_movement.c.variant, "variants"),
        _holds(s.stock_movement.c.occurred_at > sa.bindparam("since", type_=Instant())),
        order=("seq",),
    ),
    stock.ReversalsOf: _rows(stock.PostingReversal, _among(s.posting_reversal.c.reversed, "postings")),
    stock.StockRecordsOf: _rows(stock.StockRecord, _among(s.stock_record.c.variant, "variants")),
    orders.LockOffers: _offers(lambda dialect: s.variant.c.id.in_(_of_skus(dialect))),
    LockOffersOfVariants: _offers(_known_or_of_skus),
    orders.LockOrders: _rows(orders.Order, _among(_order.number, "numbers"), lock=True, order=("number",)),
    orders.LockOrdersById: _rows(orders.Order, _among(_order.id, "ids"), lock=True, order=("number",)),
    orders.LockFreeOrders: _rows(
        orders.Order, _among(_order.id, "ids"), lock=True, skip_locked=True, order=("number",)
    ),
    orders.OrdersByReference: _rows(orders.Order, _among(_order.reference, "references")),
    orders.LinesOfOrders: _rows(orders.OrderLine, _orders_by_number(_line.order_id), order=("order_id", "line_no")),
    orders.LinesById: _rows(orders.OrderLine, _among(_line.id, "ids")),
    orders.VariantsOfOrders: _rows(catalog.Variant, _variants_of_orders(s.variant.c.id)),
    orders.AllocationsWaitingWithOrders: _rows(
        stock.Allocation,
        lambda dialect: _alloc.reservation.in_(
            sa.select(_res.id).where(_waits(_variants_of_orders(_bo.variant)(dialect)))
        ),
    ),
    orders.LinesOfCustomer: _rows(
        orders.OrderLine,
        _among(_line.variant, "variants"),
        lambda dialect: _line.order_id.in_(
            sa.select(_order.id).where(_order.customer == sa.bindparam("customer", type_=sa.BigInteger()))
        ),
        order=("id",),
    ),
    orders.ShipmentsOfOrders: _rows(orders.Shipment, _orders_by_number(s.shipment.c.order_id)),
    orders.ShipmentsOfOrdersById: _rows(orders.Shipment, _among(s.shipment.c.order_id, "ids")),
    orders.CustomersByCode: _rows(orders.Customer, _among(s.customer.c.normal_code, "codes")),
}


@attrs.frozen
class Compiled:
    """A statement as the driver takes it: its parameters in order, and those that SQLAlchemy gave a value of its own
    (SQLite's OFFSET)."""

    sql: str
    names: tuple[str, ...]
    fixed: Mapping[str, Any]
    rows: Rows


def _compile(read: Read, dialect: Dialect) -> Compiled:
    """Values of the statement's own become literals: a partial index is not used where its condition is a parameter."""
    statement = visitors.cloned_traverse(read.build(dialect), {}, {"bindparam": _spell_out})
    compiled = statement.compile(dialect=dialect.driver(), compile_kwargs={"render_postcompile": True})
    names = tuple(compiled.positiontup or ())
    fixed = {name: compiled.params[name] for name in names if compiled.params[name] is not None}
    return Compiled(str(compiled), names, fixed, read.rows)


def _spell_out(parameter: sa.BindParameter[Any]) -> None:
    parameter.literal_execute = parameter.value is not None
    parameter.required = False  # rendering the literals asks for every value


class Reader:
    """The compiled statements of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._compiled: dict[type, Compiled] = {}

    def of(self, query: object) -> Compiled:
        kind = type(query)
        compiled = self._compiled.get(kind)
        if compiled is None:
            compiled = self._compiled[kind] = _compile(READS[kind], self.dialect)
        return compiled


@lru_cache
def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(kind))


_LITERALS: Final = {UUID: key_literal, int: plain_literal}


def postgres_value(value: Any) -> bytes | None:
    """A query's field as PostgreSQL reads it."""
    if isinstance(value, tuple):
        literal = _LITERALS.get(type(value[0]), text_literal) if value else plain_literal
        return literal(value).encode()
    if value is None:
        return None
    return str(value).encode()


def sqlite_values(query: Any) -> dict[str, Any]:
    """The query's fields as sqlite3 takes them: lists as JSON."""
    return {name: _as_json(getattr(query, name)) for name in _fields(query.__class__)}


def _as_json(value: Any) -> Any:
    if isinstance(value, tuple):
        return json.dumps([item.hex if isinstance(item, UUID) else item for item in value])
    if isinstance(value, datetime):
        from stockcore_sql.types import microseconds

        return microseconds(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
