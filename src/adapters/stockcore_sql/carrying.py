"""How records travel: which table a record class is a row of, and how its values are given to each driver.

PostgreSQL takes whole columns as array literals (`unnest`), SQLite takes rows (`executemany`). The array classes below
exist so that psycopg sends every column with one fixed type, whatever its values: the statement stays prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, TypeAlias
from uuid import UUID

import attrs
import sqlalchemy as sa

import stockcore.catalog.records as catalog
import stockcore.kernel.records as kernel
import stockcore.locations.records as locations
import stockcore.orders.records as orders
import stockcore.stock.records as stock
from stockcore_sql import schema
from stockcore_sql.types import (
    Attributes,
    Day,
    Flag,
    Instant,
    Json,
    Key,
    Quantity,
    instant_of,
    microseconds,
    scaled,
    unscaled,
)

TABLES: Final[dict[type, sa.Table]] = {
    kernel.Setting: schema.setting,
    kernel.CommandRecord: schema.command,
    kernel.Message: schema.outbox,
    catalog.UnitOfMeasure: schema.unit_of_measure,
    catalog.Product: schema.product,
    catalog.Variant: schema.variant,
    catalog.Packaging: schema.packaging,
    catalog.VariantCode: schema.variant_code,
    locations.Location: schema.location,
    stock.Lot: schema.lot,
    stock.LotRevision: schema.lot_revision,
    stock.Owner: schema.owner,
    stock.Container: schema.container,
    stock.Pool: schema.stock_pool,
    stock.Quant: schema.stock_quant,
    stock.StockRecord: schema.stock_record,
    stock.Reservation: schema.stock_reservation,
    stock.Allocation: schema.stock_allocation,
    stock.Backorder: schema.stock_backorder,
    stock.Movement: schema.stock_movement,
    stock.Document: schema.stock_document,
    stock.DocumentLine: schema.stock_document_line,
    stock.PostingReversal: schema.posting_reversal,
    stock.DemandName: schema.stock_demand_name,
    stock.StockException: schema.stock_exception,
    stock.FollowUp: schema.stock_follow_up,
    orders.Customer: schema.customer,
    orders.Order: schema.sales_order,
    orders.OrderLine: schema.order_line,
    orders.HistoryEntry: schema.order_history,
    orders.Shipment: schema.shipment,
    orders.ShipmentLine: schema.shipment_line,
}

#: Written in this order, so that a foreign key always finds its row (SQLite checks row by row).
ORDER: Final[Sequence[type]] = tuple(TABLES)


#: Fields that stay as they were inserted, and are left out of updates: a column that is set, even to what it is, makes
#: SQLite write its indexes and check its foreign keys again.
FIXED: Final[Mapping[type, frozenset[str]]] = {
    stock.Quant: frozenset({"variant", "site", "location", "lot", "status", "container", "owner"}),
    stock.Reservation: frozenset({"demand_type", "demand_id", "demand_line", "variant", "site", "since", "age"}),
    stock.Backorder: frozenset({"demand_type", "demand_id", "demand_line", "variant", "since", "age"}),
    orders.Order: frozenset({"number", "kind", "customer", "reference", "currency", "sites", "placed_at", "placed_by"}),
    orders.OrderLine: frozenset({"order_id", "line_no", "variant"}),
    orders.Shipment: frozenset({"order_id", "number", "site", "created_at"}),
}


def columns_of(record: type) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(record))


# -- PostgreSQL: columns -------------------------------------------------------------------------------------------


class Array(list[Any]):
    """A column of values on its way to PostgreSQL."""

    __slots__ = ()


class Ints(Array):
    __slots__ = ()


class Numerics(Array):
    __slots__ = ()


class Texts(Array):
    __slots__ = ()


class Jsons(Array):
    __slots__ = ()


class Keys(Array):
    __slots__ = ()


class Instants(Array):
    __slots__ = ()


class Flags(Array):
    __slots__ = ()


class Days(Array):
    __slots__ = ()


def plain_literal(values: Sequence[Any]) -> str:
    text = ",".join(map(str, values))
    return "{" + (text.replace("None", "NULL") if "None" in text else text) + "}"


def text_literal(values: Sequence[Any]) -> str:
    """All texts are escaped as one, with a character between them that PostgreSQL takes in no text."""
    if None not in values:
        text = "\0".join(values)
        if text.count("\0") == len(values) - 1:
            return '{"' + _escaped(text).replace("\0", '","') + '"}'
    return "{" + ",".join(["NULL" if value is None else f'"{_escaped(value)}"' for value in values]) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def key_literal(values: Sequence[Any]) -> str:
    try:
        return "{" + ",".join([f"{value.int:032x}" for value in values]) + "}"
    except AttributeError:  # one of them is None
        return "{" + ",".join(["NULL" if value is None else f"{value.int:032x}" for value in values]) + "}"


def _instant_literal(values: Sequence[Any]) -> str:
    parts = ["NULL" if value is None else '"' + value.isoformat() + '"' for value in values]
    return "{" + ",".join(parts) + "}"


def _flag_literal(values: Sequence[Any]) -> str:
    return "{" + ",".join(["NULL" if value is None else "t" if value else "f" for value in values]) + "}"


@attrs.frozen
class Element:
    """How one kind of value is given to PostgreSQL: its type, its array's oid, one value and a column of them."""

    name: str
    array_oid: int
    one: Callable[[Any], str]
    many: Callable[[Sequence[Any]], str]


ARRAYS: Final[dict[type[Array], Element]] = {
    Ints: Element("bigint", 1016, str, plain_literal),
    Numerics: Element("numeric", 1231, str, plain_literal),
    Texts: Element("text", 1009, str, text_literal),
    Jsons: Element("jsonb", 3807, str, text_literal),
    Keys: Element("uuid", 2951, str, key_literal),
    Instants: Element("timestamptz", 1185, str, _instant_literal),
    Flags: Element("boolean", 1000, str, _flag_literal),
    Days: Element("date", 1182, str, plain_literal),
}


def array_of(kind: sa.types.TypeEngine[Any]) -> type[Array]:
    """The array class that carries a column of this type."""
    match kind:
        case Quantity():
            return Numerics
        case Instant():
            return Instants
        case Key():
            return Keys
        case Flag():
            return Flags
        case Day():
            return Days
        case Attributes():
            return Jsons
        case Json() | sa.Text():
            return Texts
        case _ if isinstance(kind, sa.Integer):
            return Ints
    raise TypeError(f"no array for {kind!r}")


# -- SQLite: rows --------------------------------------------------------------------------------------------------


def _hex(value: UUID | None) -> str | None:
    return None if value is None else f"{value.int:032x}"


@lru_cache(maxsize=8192)  # an order's id comes with each of its rows
def _key(value: str | None) -> UUID | None:
    return None if value is None else UUID(int=int(value, 16))


def _day(value: Any) -> Any:
    return None if value is None else date.fromisoformat(value)


def _iso(value: Any) -> Any:
    return None if value is None else value.isoformat()


def _flag(value: Any) -> Any:
    return None if value is None else bool(value)


Convert: TypeAlias = Callable[[Any], Any]


def to_sqlite(column: sa.Column[Any]) -> tuple[Convert, Convert | None]:
    """How a record's value of this column is taken and then given to sqlite3; None: as it is."""
    take = attrgetter(column.name)
    match column.type:
        case Quantity():
            return take, scaled
        case Instant():
            return take, microseconds
        case Key() if column.nullable:
            return take, _hex
        case Key():
            return attrgetter(f"{column.name}.int"), "%032x".__mod__  # no Python function for the ledger's many ids
        case Day():
            return take, _iso
    return take, None


def from_sqlite(column: sa.ColumnElement[Any]) -> Convert | None:
    """How this column is made of what sqlite3 gives; None: as it is."""
    match column.type:
        case Quantity():
            return unscaled
        case Instant():
            return instant_of
        case Key():
            return _key
        case Day():
            return _day
        case Flag():
            return _flag if getattr(column, "nullable", False) else bool
    return None


def _converted(column: Sequence[Any], convert: Convert) -> Iterable[Any]:
    """A column's values as the other side has them; many columns hold one value in all rows."""
    first = column[0]
    if first is column[-1] and column.count(first) == len(column):
        return repeat(convert(first), len(column))
    return map(convert, column)


class Rows:
    """What is read: records of a class, each from a row of these columns."""

    def __init__(
        self, record: type, columns: Iterable[sa.ColumnElement[Any]], make: Callable[..., Any] | None = None
    ) -> None:
        """`make`: a record of the values of a row; by default the class itself."""
        self.record = record
        self._make = record if make is None else make
        back = [(index, from_sqlite(column)) for index, column in enumerate(columns)]
        self._back = [(index, convert) for index, convert in back if convert is not None]

    def of_sqlite_rows(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Records of rows as sqlite3 gives them; column by column, which is several times faster."""
        columns: list[Any] = list(zip(*rows, strict=True))
        for index, convert in self._back if rows else ():
            columns[index] = _converted(columns[index], convert)
        return list(map(self._make, *columns)) if columns else []

    def of_row(self, row: Sequence[Any]) -> Any:
        """Of a row as psycopg gives it."""
        return self._make(*row)


class Shape(Rows):
    """A record class and its table, with everything about them that is computed once."""

    def __init__(self, record: type, table: sa.Table) -> None:
        self.table = table
        self.columns = columns_of(record)
        missing = [name for name in self.columns if name not in table.c]
        if missing:
            raise TypeError(f"{record.__name__} has fields that {table.name} lacks: {missing}")
        super().__init__(record, [table.c[name] for name in self.columns])
        self.keys = tuple(column.name for column in table.primary_key)
        fixed = {*self.keys, *FIXED.get(record, ())}
        self.updated = (*(name for name in self.columns if name not in fixed), *self.keys)  # keys last
        self.elements = {name: ARRAYS[array_of(table.c[name].type)] for name in self.columns}
        self._out = {name: to_sqlite(table.c[name]) for name in self.columns}

    def sqlite_rows(self, records: Sequence[Any], names: Sequence[str]) -> Iterable[tuple[Any, ...]]:
        """The named columns of the records, as sqlite3 takes them; likewise column by column."""
        columns: list[Iterable[Any]] = []
        for name in names:
            take, convert = self._out[name]
            columns.append(map(take, records) if convert is None else _converted(list(map(take, records)), convert))
        return zip(*columns, strict=True)


SHAPES: Final[dict[type, Shape]] = {record: Shape(record, table) for record, table in TABLES.items()}
