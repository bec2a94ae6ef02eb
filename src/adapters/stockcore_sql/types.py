"""Column types that mean the same on PostgreSQL and SQLite, and how each is carried to and from the drivers.

On SQLite quantities are integers scaled by 10**6 (SQLAlchemy's Numeric loses digits there) and instants are integer
microseconds since 1970 UTC; ids are 32 hex digits. On PostgreSQL they are numeric(18,6), timestamptz and uuid.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from stockcore.kernel.quantity import ARITHMETIC, plain
from stockcore.stock.figures import as_shown

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
SCALE: Final = 6
_SCALED: Final = Decimal(10) ** SCALE


#: The same few quantities and instants come again and again, and turning them costs more than remembering. Quantities
#: are turned in our own arithmetic: what is remembered serves callers of any decimal context.
_remembered: Final = lru_cache(maxsize=16_384)


@_remembered
def scaled(quantity: Decimal | None) -> int | None:
    """A quantity as SQLite stores it."""
    return None if quantity is None else int(ARITHMETIC.multiply(quantity, _SCALED))


@_remembered
def unscaled(number: int | None) -> Decimal | None:
    return None if number is None else Decimal(number).scaleb(-SCALE, ARITHMETIC)


@_remembered
def microseconds(instant: datetime | None) -> int | None:
    """An instant as SQLite stores it."""
    return None if instant is None else (instant - EPOCH) // _MICROSECOND


@_remembered
def instant_of(number: int | None) -> datetime | None:
    return None if number is None else EPOCH + timedelta(microseconds=number)


class Quantity(sa.types.TypeDecorator[Decimal]):
    """A quantity or an amount, exact to 6 decimals."""

    impl = sa.Numeric(18, SCALE)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Integer())
        return dialect.type_descriptor(sa.Numeric(18, SCALE))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return scaled(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return as_shown(Decimal(value).scaleb(-SCALE, ARITHMETIC) if dialect.name == "sqlite" else value)

    def coerce_compared_value(self, op: Any, value: Any) -> sa.types.TypeEngine[Any]:
        return self


class Instant(sa.types.TypeDecorator[datetime]):
    """A moment in time, aware, UTC, to the microsecond."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Integer())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return microseconds(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return instant_of(value) if dialect.name == "sqlite" else value


class Key(sa.types.TypeDecorator[UUID]):
    """A UUID: version 7 for what is made here (RFC 9562), version 5 for a demand that the outside names."""

    impl = sa.Uuid()
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.Text())
        return dialect.type_descriptor(postgresql.UUID(as_uuid=True))

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return value.hex if dialect.name == "sqlite" and value is not None else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return UUID(hex=value) if dialect.name == "sqlite" and value is not None else value


class Flag(sa.types.TypeDecorator[bool]):
    """True or false."""

    impl = sa.Boolean()
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Integer() if dialect.name == "sqlite" else sa.Boolean())

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else bool(value)


class Day(sa.types.TypeDecorator[date]):
    """A calendar date; ISO text on SQLite."""

    impl = sa.Date()
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Date())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return value.isoformat() if dialect.name == "sqlite" and value is not None else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return date.fromisoformat(value) if dialect.name == "sqlite" and value is not None else value


class Json(sa.types.TypeDecorator[str]):
    """JSON as text: records carry it unparsed, and it is kept byte for byte as it was told."""

    impl = sa.Text()
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text())


class _JsonbAsText(sa.types.UserDefinedType[str]):
    """PostgreSQL's jsonb, given and read as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "JSONB"

    def bind_expression(self, bindvalue: sa.BindParameter[str]) -> sa.ColumnElement[str]:
        return sa.cast(bindvalue, self)

    def column_expression(self, colexpr: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
        return sa.cast(colexpr, sa.Text())


class Attributes(sa.types.TypeDecorator[str]):
    """Free attributes, a JSON object that SQL may look into (CAT-04): jsonb on PostgreSQL, text on our side."""

    impl = sa.Text()
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else _JsonbAsText())


BigInt = sa.BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def plainly(value: Any) -> Any:
    """As programs read it: quantities `10`, `0.25`; ids and times as text."""
    match value:
        case Decimal():
            return plain(value)
        case UUID():
            return str(value)
        case datetime():
            return value.isoformat()
    return value
