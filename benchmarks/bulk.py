"""Books of any size, written past the engine but true to it: `stockcore verify` finds nothing in them.

Every variant is received once and put away. Then come orders of three lines, fifteen ledger rows each: reserved,
picked, dispatched. The last hundredth stays open. Everything follows from the two sizes: no chance is involved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import attrs
import sqlalchemy as sa

from stockcore_sql import schema
from stockcore_sql.connecting import engine_for
from stockcore_sql.types import Flag, Instant, Key, Quantity, microseconds

SITE, RECEIVING, STORAGE, STAGING = 101, 102, 103, 104
LINES: Final = 3
ROWS_PER_ORDER: Final = 5 * LINES
_CHUNK: Final = 2_000  # orders per write
_TICK: Final = timedelta(microseconds=200)

Rows = dict[sa.Table, list[tuple[Any, ...]]]


def orders_for(rows: int, variants: int) -> int:
    """How many orders make about this many ledger rows."""
    return max(1, (rows - 3 * variants) // ROWS_PER_ORDER)


def write_books(url: str, *, orders: int, variants: int) -> int:
    """Fill a migrated, empty database; gives the number of ledger rows."""
    engine = engine_for(url)
    start = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0) - timedelta(days=20)
    books = _Books(variants=variants, orders=orders, now=start)
    with engine.begin() as connection:
        load = _loader(connection)
        load(books.masters())
        for rows in books.order_chunks():
            load(rows)
        load(books.projections())
        _set_sequences(connection, books.seq)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    engine.dispose()
    return books.movements


def _key(space: int, number: int) -> UUID:
    return UUID(int=space << 96 | 0x7 << 76 | 0x2 << 62 | number)


@attrs.define
class _Books:
    """What has been written so far, and the balances it left."""

    variants: int
    orders: int
    now: datetime
    seq: int = 0
    movements: int = 0
    quants: dict[tuple[int, int], list[Any]] = attrs.Factory(dict)  # on hand, last seq, last recorded at
    pools: dict[int, list[Any]] = attrs.Factory(dict)  # on hand, reserved, shipped, last seq, last recorded at

    def masters(self) -> Rows:
        """Catalogue, places, and the receipt of everything."""
        now, who = self.now, ("bulk", self.now, "bulk")
        places = [
            _place(SITE, None, "MAIN", "warehouse", "none", now),
            _place(RECEIVING, SITE, "RECEIVING", None, "receiving", now),
            _place(STORAGE, SITE, "STORAGE", None, "storage", now),
            _place(STAGING, SITE, "STAGING", None, "staging", now),
        ]
        numbers = range(1, self.variants + 1)
        rows: Rows = {
            schema.product: [(1, "thing", None, None, None, "active", None, now, *who)],
            schema.variant: [_variant(number, now) for number in numbers],
            schema.variant_code: [
                (number, "sku", f"SKU{number}", f"sku{number}", f"sku{number}", number, 0, None, None)
                for number in numbers
            ],
            schema.location: places,
            schema.stock_document: [],
            schema.stock_document_line: [],
            schema.stock_movement: [],
            schema.outbox: [],
        }
        each = 3 * LINES * (self.orders // self.variants + 2)
        for number in numbers:
            self._receive(rows, number, each)
        return rows

    def _receive(self, rows: Rows, variant: int, quantity: int) -> None:
        document = _key(1, variant)
        rows[schema.stock_document].append(
            (document, "receipt", f"R{variant}", "done", SITE, None, None, None, "bulk", self.now, self.now)
        )
        rows[schema.stock_document_line].append(
            (document, 1, variant, RECEIVING, 0, "available", quantity, 0, None, None)
        )
        out = rows[schema.stock_movement]
        receipt, move = _key(2, variant), _key(3, variant)
        self._on_hand(out, receipt, "receipt", variant, RECEIVING, quantity, "supplier", "receipt", document)
        self._on_hand(out, move, "transfer", variant, RECEIVING, -quantity, None, "move", move)
        self._on_hand(out, move, "transfer", variant, STORAGE, quantity, None, "move", move)
        rows[schema.outbox] += [
            (_key(11, 2 * variant + k), "posting", posting, 1, type_, 1, self.now, "bulk", "{}", None)
            for k, (posting, type_) in enumerate([(receipt, "stock.received"), (move, "stock.moved")])
        ]

    def order_chunks(self) -> Iterator[Rows]:
        for first in range(1, self.orders + 1, _CHUNK):
            rows: Rows = {table: [] for table in _ORDER_TABLES}
            for number in range(first, min(first + _CHUNK, self.orders + 1)):
                self._order(rows, number)
            yield rows

    def _order(self, rows: Rows, number: int) -> None:
        done = number <= self.orders - self.orders // 100
        order, shipment, now = _key(4, number), _key(5, number), self.now
        version, history = (5, 7) if done else (1, 3)
        rows[schema.sales_order].append(
            (
                order, f"SO{number}", "counter_sale", None, None, "GBP", "backorder", False, False,
                "supplier_confirmed", False, None, 0, None, "priority", None, None, int(done), version, history, now,
                "bulk", now,
            )
        )  # fmt: skip
        lines = [
            (_key(6, number * LINES + k), (number * LINES + k) % self.variants + 1, 1 + (number + k) % 3)
            for k in range(LINES)
        ]
        for k, (line, variant, quantity) in enumerate(lines):
            rows[schema.order_line].append((line, order, k + 1, variant, quantity, 0, 2, quantity, "each", 1, ""))
            consumed = quantity if done else 0
            rows[schema.stock_reservation].append(
                (
                    number * LINES + k, "order", order, line, variant, SITE, quantity, consumed, 0, 1, 0, None,
                    now, number * LINES + k, None, "", f"[{SITE}]",
                )
            )  # fmt: skip
        for step in range(history):
            before, after = _STEPS[step]
            rows[schema.order_history].append(
                (
                    order, step + 1, max(1, step - 1), shipment if step > 2 else None, before, after,
                    now, "bulk", "import", None, None,
                )
            )  # fmt: skip
        for change in range(1, version + 1):
            rows[schema.outbox].append(
                (_key(7, number * 8 + change), "order", order, change, "order.changed", 1, now, "bulk", "{}", None)
            )
            rows[schema.command].append((f"{number}-{change}", "orders.change", "-", "{}", now))
        if number % 50 == 0:
            rows[schema.stock_backorder].append(
                (number, "external", order, order, lines[0][1], f"[{SITE}]", 0, 1, 0, None, now, number, "")
            )
        self._move_goods(rows, number, order, lines, shipment if done else None)

    def _move_goods(
        self, rows: Rows, number: int, order: UUID, lines: Sequence[tuple[UUID, int, int]], shipment: UUID | None
    ) -> None:
        out = rows[schema.stock_movement]
        placed, picked, sent = _key(8, number), _key(9, number), _key(10, number)
        for line, variant, quantity in lines:
            self._reserved(out, placed, "reservation", variant, quantity, order, line)
        if shipment is None:
            return
        now = self.now
        rows[schema.shipment].append((shipment, order, f"SO{number}-1", SITE, "delivered", now, now, now))
        for line, variant, quantity in lines:
            self._on_hand(out, picked, "pick", variant, STORAGE, -quantity, None, "shipment", shipment, line)
            self._on_hand(out, picked, "pick", variant, STAGING, quantity, None, "shipment", shipment, line)
        for line, variant, quantity in lines:
            rows[schema.shipment_line].append((shipment, line, variant, quantity))
            self._on_hand(out, sent, "commit", variant, STAGING, -quantity, "customer", "shipment", shipment, line)
            self._reserved(out, sent, "commit", variant, -quantity, order, line)

    def _on_hand(
        self,
        out: list[tuple[Any, ...]],
        posting: UUID,
        kind: str,
        variant: int,
        place: int,
        quantity: int,
        counterpart: str | None,
        reference_type: str,
        reference: UUID,
        line: UUID | None = None,
    ) -> None:
        self._tick()
        quant = self.quants.setdefault((variant, place), [0, 0, self.now])
        pool = self.pools.setdefault(variant, [0, 0, 0, 0, self.now])
        quant[0] += quantity
        pool[0] += quantity
        pool[2] -= quantity if kind == "commit" else 0
        quant[1] = pool[3] = self.seq
        quant[2] = pool[4] = self.now
        out.append(
            (
                self.seq, posting, kind, "on_hand", variant, SITE, place, 0, "", "available", 0, 0, quantity, quant[0],
                counterpart, reference_type, reference, line, None, None, "bulk", "import", self.now, self.now,
            )
        )  # fmt: skip

    def _reserved(
        self, out: list[tuple[Any, ...]], posting: UUID, kind: str, variant: int, quantity: int, order: UUID, line: UUID
    ) -> None:
        self._tick()
        pool = self.pools[variant]
        pool[1] += quantity
        pool[3:] = self.seq, self.now
        out.append(
            (
                self.seq, posting, kind, "reserved", variant, SITE, SITE, 0, "", "available", 0, 0, quantity, pool[1],
                None, "order", order, line, None, None, "bulk", "import", self.now, self.now,
            )
        )  # fmt: skip

    def _tick(self) -> None:
        self.seq += 1
        self.movements += 1
        self.now += _TICK

    def projections(self) -> Rows:
        return {
            schema.stock_pool: [
                (variant, SITE, on_hand, 0, reserved, shipped, last, recorded_at)
                for variant, (on_hand, reserved, shipped, last, recorded_at) in self.pools.items()
            ],
            schema.stock_quant: [
                (self._next(), variant, SITE, place, 0, "available", 0, 0, on_hand, 0, self.now, last, recorded_at)
                for (variant, place), (on_hand, last, recorded_at) in self.quants.items()
            ],
        }

    def _next(self) -> int:
        self.seq += 1
        return self.seq


_ORDER_TABLES: Final = (
    schema.sales_order,
    schema.order_line,
    schema.order_history,
    schema.shipment,
    schema.shipment_line,
    schema.stock_reservation,
    schema.stock_backorder,
    schema.outbox,
    schema.command,
    schema.stock_movement,
)
_STEPS: Final = (
    (None, "received"),
    ("received", "validated"),
    ("validated", "supplier_confirmed"),
    ("supplier_confirmed", "picking"),
    ("picking", "packed"),
    ("packed", "dispatched"),
    ("dispatched", "delivered"),
)


def _variant(number: int, now: datetime) -> tuple[Any, ...]:
    tracking = (True, False, "none", False, None)
    prices = (None, None, None, None, None, 2, "GBP")
    head = (number, 1, f"SKU{number}", f"Thing {number}", "{}", "each", 1)
    return (*head, *tracking, *prices, "active", None, now, "bulk", now, "bulk")


def _place(
    number: int, parent: int | None, code: str, kind: str | None, purpose: str, now: datetime
) -> tuple[Any, ...]:
    depth = 1 if parent is None else 2
    head = (number, SITE, parent, depth, code, code.lower(), code, kind, purpose, None, None, True, False, 0, 0)
    return (*head, *[None] * 8, now, "bulk", now, "bulk")


def _loader(connection: sa.Connection) -> Callable[[Rows], None]:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        driver.execute("SET LOCAL session_replication_role = replica")  # past the foreign keys, for speed
        return lambda rows: _copy(driver, rows)
    driver.execute("BEGIN IMMEDIATE")
    return lambda rows: _execute_many(driver, rows)


def _copy(driver: Any, rows: Rows) -> None:
    for table, tuples in rows.items():
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        with driver.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in tuples:
                copy.write_row(row)


def _execute_many(driver: Any, rows: Rows) -> None:
    for table, tuples in rows.items():
        converters = [_to_sqlite(column) for column in table.columns]
        marks = ", ".join("?" * len(converters))
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        driver.executemany(
            f"INSERT INTO {table.name} ({names}) VALUES ({marks})",
            (
                [value if convert is None else convert(value) for convert, value in zip(converters, row, strict=True)]
                for row in tuples
            ),
        )


def _to_sqlite(column: sa.Column[Any]) -> Callable[[Any], Any] | None:
    match column.type:
        case Quantity():
            return lambda value: None if value is None else value * 1_000_000
        case Instant():
            return microseconds
        case Key():
            return lambda value: None if value is None else value.hex
        case Flag():
            return int
    return None


def _set_sequences(connection: sa.Connection, last: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT setval('stock_seq', :last)"), {"last": last})
    else:
        connection.execute(sa.text("UPDATE sequence SET value = :last WHERE name = 'stock_seq'"), {"last": last})
