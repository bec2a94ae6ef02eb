"""Healthy books, written row by row past the engine: what verify must accept, and what the tests then break.

The ledger's balances, and the pools and quants that follow from it, are kept here by the plainest means. Everything
else is written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs
import sqlalchemy as sa

from stockcore.locations.transit import TRANSIT_PLACE, TRANSIT_SITE
from stockcore_sql import schema
from stockcore_sql.connecting import engine_for

MUG, POT, WRAPPING = 1, 2, 3  # wrapping is a service
LEEDS, LEEDS_DOCK, LEEDS_BIN, LEEDS_STAGING = 110, 111, 112, 113
HULL, HULL_DOCK = 120, 121
TRANSIT = TRANSIT_SITE
LOT = 7

NOW: Final = datetime.now(UTC).replace(microsecond=0)
START: Final = NOW - timedelta(hours=12)
STEP_S: Final = 1


def key(name: str) -> UUID:
    """An id that can be recognised: `key("O1")` is the same everywhere."""
    return UUID(bytes=name.encode().ljust(16, b"\0"))


@attrs.define
class Books:
    """What is to be written, table by table."""

    rows: dict[sa.Table, list[dict[str, Any]]] = attrs.Factory(dict)
    seq: int = 100
    now: datetime = START
    balances: dict[tuple[Any, ...], Decimal] = attrs.Factory(dict)
    quants: dict[tuple[Any, ...], dict[str, Any]] = attrs.Factory(dict)
    pools: dict[tuple[int, int], dict[str, Any]] = attrs.Factory(dict)

    def add(self, table: sa.Table, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def of(self, table: sa.Table) -> list[dict[str, Any]]:
        return self.rows.get(table, [])

    def message(self, name: str, kind: str, about: str, version: int) -> None:
        self.add(
            schema.outbox,
            id=key(name), aggregate_type=kind, aggregate_id=key(about), aggregate_version=version,
            type=f"{kind}.changed", type_version=1, occurred_at=self.now, actor="test", data="{}",
        )  # fmt: skip

    def tick(self) -> int:
        self.seq += 1
        self.now += timedelta(seconds=STEP_S)
        return self.seq

    def pool(self, variant: int, site: int) -> dict[str, Any]:
        zero = dict.fromkeys(("on_hand", "blocked", "reserved", "shipped"), Decimal(0))
        new = {"variant": variant, "site": site, **zero, "last_seq": 0, "last_recorded_at": self.now}
        return self.pools.setdefault((variant, site), new)

    def quant(self, variant: int, site: int, location: int, lot: int, status: str) -> dict[str, Any]:
        quant = self.quants.get((variant, location, lot, status))
        if quant is None:
            quant = {
                "id": len(self.quants) + 1, "variant": variant, "site": site, "location": location, "lot": lot,
                "status": status, "container": 0, "owner": 0, "on_hand": Decimal(0), "allocated": Decimal(0),
                "received_at": self.now, "last_seq": 0, "last_recorded_at": self.now,
            }  # fmt: skip
            self.quants[(variant, location, lot, status)] = quant
        return quant

    def goods(
        self,
        posting: str,
        kind: str,
        variant: int,
        site: int,
        location: int,
        quantity: Decimal | int,
        reference: tuple[str, str],
        *,
        counterpart: str | None = None,
        lot: int = 0,
        status: str = "available",
        line: str | None = None,
    ) -> None:
        """A ledger row of the bucket on_hand, and what follows from it: the first one of a posting has its message."""
        if reference[0] != "shipment" and all(
            row["posting_id"] != key(posting) for row in self.of(schema.stock_movement)
        ):
            self.message(f"{posting} event", "posting", posting, 1)
        quant, pool = self.quant(variant, site, location, lot, status), self.pool(variant, site)
        seq = self.tick()
        quant["on_hand"] += quantity
        pool["on_hand"] += quantity
        pool["blocked"] += quantity if status != "available" else 0
        pool["shipped"] -= quantity if (kind, counterpart) == ("commit", "customer") else 0
        for row in (quant, pool):
            row.update(last_seq=seq, last_recorded_at=self.now)
        self._movement(
            posting, kind, "on_hand", variant, site, location, quantity, quant["on_hand"], reference, line,
            counterpart=counterpart, lot=lot, status=status,
        )  # fmt: skip

    def promise(
        self, posting: str, kind: str, variant: int, site: int, quantity: int, demand: tuple[str, str, str]
    ) -> None:
        """A ledger row of the bucket reserved, and what follows from it. `demand`: type, id, line."""
        pool = self.pool(variant, site)
        seq = self.tick()
        pool["reserved"] += quantity
        pool.update(last_seq=seq, last_recorded_at=self.now)
        self._movement(
            posting, kind, "reserved", variant, site, site, quantity, pool["reserved"], demand[:2], demand[2]
        )

    def _movement(
        self,
        posting: str,
        kind: str,
        bucket: str,
        variant: int,
        site: int,
        location: int,
        quantity: Decimal | int,
        balance: Decimal,
        reference: tuple[str, str],
        line: str | None,
        *,
        counterpart: str | None = None,
        lot: int = 0,
        status: str = "available",
    ) -> None:
        self.add(
            schema.stock_movement,
            seq=self.seq, posting_id=key(posting), kind=kind, bucket=bucket, variant=variant, site=site,
            location=location, lot=lot, serial="", status=status, container=0, owner=0, quantity=Decimal(quantity),
            balance_after=balance, counterpart=counterpart, reference_type=reference[0],
            reference_id=key(reference[1]), reference_line=None if line is None else key(line), unit_cost=None,
            reason=None, actor="test", source="manual", occurred_at=self.now, recorded_at=self.now,
        )  # fmt: skip

    def move(
        self, posting: str, kind: str, variant: int, start: tuple[int, int], end: tuple[int, int], quantity: int,
        reference: tuple[str, str], line: str | None = None,
    ) -> None:  # fmt: skip
        """Two inner rows; a place is (site, location)."""
        self.goods(posting, kind, variant, *start, -quantity, reference, line=line)
        self.goods(posting, kind, variant, *end, quantity, reference, line=line)

    def document(self, name: str, kind: str, site: int, *lines: tuple[int, int, Decimal | int, int, str]) -> None:
        """A document with lines of (variant, location, quantity, lot, status)."""
        self.add(
            schema.stock_document,
            id=key(name), kind=kind, number=name, state="done", site=site, actor="test", occurred_at=self.now,
            recorded_at=self.now,
        )  # fmt: skip
        for number, (variant, location, quantity, lot, status) in enumerate(lines, 1):
            self.add(
                schema.stock_document_line,
                document=key(name), line_no=number, variant=variant, location=location, lot=lot, status=status,
                quantity=Decimal(quantity), settled=Decimal(0),
            )  # fmt: skip

    def reservation(self, number: int, demand: tuple[str, str, str], variant: int, site: int, *figures: int) -> None:
        """`figures`: quantity, consumed, released."""
        quantity, consumed, released = figures
        self.add(
            schema.stock_reservation,
            id=number, demand_type=demand[0], demand_id=key(demand[1]), demand_line=key(demand[2]), variant=variant,
            site=site, quantity=Decimal(quantity), consumed=Decimal(consumed), released=Decimal(released),
            multiple=Decimal(1), priority=0, since=self.now, age=number, requirement="", sites=f"[{site}]",
        )  # fmt: skip

    def order(self, name: str, state: str, steps: Sequence[tuple[str | None, str | None, str]], **options: Any) -> None:
        """An order, its history (shipment, from, to), and a message per entry of it."""
        shipments = len({shipment for shipment, *_ in steps if shipment is not None})
        self.add(
            schema.sales_order,
            id=key(name), number=name, kind="sale", currency="GBP", policy="backorder", ship_complete=False,
            keep_received=options.get("keep_received", False), state=state, on_hold=False, priority=0,
            strategy="priority", shipment_count=shipments, version=len(steps), history_count=len(steps),
            placed_at=self.now, placed_by="test", changed_at=self.now,
        )  # fmt: skip
        for number, (shipment, before, after) in enumerate(steps, 1):
            self.add(
                schema.order_history,
                order_id=key(name), sequence=number, version=number,
                shipment=None if shipment is None else key(shipment), from_state=before,
                to_state=after, at=self.now, actor="test", source="manual",
            )  # fmt: skip
            self.message(f"{name} event {number}", "order", name, number)
            self.add(
                schema.command,
                id=f"{name}-{number}", name="orders.change", fingerprint="-", answer="{}", recorded_at=self.now,
            )  # fmt: skip

    def line(self, order: str, name: str, variant: int, ordered: int, cancelled: int = 0) -> None:
        number = sum(row["order_id"] == key(order) for row in self.rows.get(schema.order_line, ())) + 1
        self.add(
            schema.order_line,
            id=key(name), order_id=key(order), line_no=number, variant=variant, ordered=Decimal(ordered),
            cancelled=Decimal(cancelled), price=Decimal("2.50"), entered=Decimal(ordered), entered_unit="each",
            factor=Decimal(1), requirement="",
        )  # fmt: skip

    def shipment(self, name: str, order: str, site: int, state: str) -> None:
        self.add(
            schema.shipment,
            id=key(name), order_id=key(order), number=name, site=site, state=state, created_at=self.now,
            changed_at=self.now, dispatched_at=self.now if state in ("dispatched", "delivered") else None,
        )  # fmt: skip

    def write(self, url: str) -> None:
        written = {
            **self.rows,
            schema.stock_pool: list(self.pools.values()),
            schema.stock_quant: list(self.quants.values()),
        }
        with as_owner(url) as connection:
            for table in _WRITTEN:
                for values in written.get(table, ()):
                    connection.execute(sa.insert(table).values(**values))
            _continue_numbering(connection, 1000)


def _continue_numbering(connection: sa.Connection, last: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.setval("stock_seq", last)))
    else:
        connection.execute(sa.text("UPDATE sequence SET value = :last WHERE name = 'stock_seq'"), {"last": last})


#: In this order every foreign key finds its row.
_WRITTEN: Final = (
    schema.product, schema.variant, schema.location, schema.lot, schema.stock_opening,
    schema.stock_pool, schema.stock_quant, schema.stock_reservation, schema.stock_allocation, schema.stock_backorder,
    schema.stock_document, schema.stock_document_line, schema.sales_order, schema.order_line, schema.shipment,
    schema.shipment_line, schema.order_history, schema.outbox, schema.command, schema.stock_movement,
    schema.posting_reversal,
)  # fmt: skip

CONFIRMED: Final = [
    (None, None, "received"),
    (None, "received", "validated"),
    (None, "validated", "supplier_confirmed"),
]


def healthy() -> Books:
    """Receipt, move, orders in every state, transfer, return, adjustment, reversal, hold, and an archived month."""
    books = Books()
    _masters(books)
    _arrivals(books)
    _delivered_order(books)
    _backordered_order(books)
    _cancelled_order(books)
    _order_being_picked(books)
    _waiting_order(books)
    _floor(books)
    _reversal(books)
    _issue(books)
    return books


def _masters(books: Books) -> None:
    changed = {"created_at": START, "created_by": "test", "changed_at": START, "changed_by": "test"}
    books.add(schema.product, id=1, name="Kitchen", status="active", **changed)
    for variant, sku in ((MUG, "MUG"), (POT, "POT"), (WRAPPING, "WRAPPING")):
        books.add(
            schema.variant,
            id=variant, product=1, sku=sku, name=sku, attributes="{}", unit="each", step=Decimal("0.25"),
            stocked=variant != WRAPPING, lot_tracked=False, serial_tracking="none", perishable=False, status="active",
            **changed,
        )  # fmt: skip
    places: list[tuple[int, int, int | None, str, str | None, str]] = [
        (LEEDS, LEEDS, None, "LEEDS", "warehouse", "none"),
        (LEEDS_DOCK, LEEDS, LEEDS, "DOCK", None, "receiving"),
        (LEEDS_BIN, LEEDS, LEEDS, "BIN", None, "storage"),
        (LEEDS_STAGING, LEEDS, LEEDS, "STAGING", None, "staging"),
        (HULL, HULL, None, "HULL", "warehouse", "none"),
        (HULL_DOCK, HULL, HULL, "DOCK", None, "receiving"),
    ]
    for number, site, parent, code, kind, purpose in places:
        books.add(
            schema.location,
            id=number, site=site, parent=parent, depth=1 if parent is None else 2, code=code,
            normal_code=code.lower(), name=code, kind=kind, purpose=purpose, active=True, blocked=False, priority=0,
            shipping_cost=Decimal(0), **changed,
        )  # fmt: skip
    books.add(schema.lot, id=LOT, variant=MUG, code="L7", attributes="{}", created_at=START)


def _arrivals(books: Books) -> None:
    """An archived month left 7 pots at Hull, 5 of them promised; then mugs and pots arrive."""
    for bucket, location, balance in (("on_hand", HULL_DOCK, 7), ("reserved", HULL, 0), ("shipped", HULL, 40)):
        books.add(
            schema.stock_opening,
            bucket=bucket, variant=POT, location=location, lot=0, status="available", container=0, owner=0, site=HULL,
            balance=Decimal(balance), last_seq=50,
        )  # fmt: skip
    books.quant(POT, HULL, HULL_DOCK, 0, "available").update(on_hand=Decimal(7), last_seq=50)
    books.pool(POT, HULL).update(on_hand=Decimal(7), shipped=Decimal(40), last_seq=50)
    books.document("R1", "receipt", LEEDS, (MUG, LEEDS_DOCK, 20, 0, "available"),
                   (MUG, LEEDS_DOCK, Decimal("2.25"), LOT, "quarantine"))  # fmt: skip
    books.goods("p1", "receipt", MUG, LEEDS, LEEDS_DOCK, 20, ("receipt", "R1"), counterpart="supplier")
    lot: dict[str, Any] = {"counterpart": "supplier", "lot": LOT, "status": "quarantine"}
    books.goods("p1", "receipt", MUG, LEEDS, LEEDS_DOCK, Decimal("2.25"), ("receipt", "R1"), **lot)
    books.move("p2", "transfer", MUG, (LEEDS, LEEDS_DOCK), (LEEDS, LEEDS_BIN), 20, ("move", "M1"))


def _delivered_order(books: Books) -> None:
    """O1: four mugs, gone, one returned."""
    demand = ("order", "O1", "O1 line")
    steps = [
        *CONFIRMED,
        ("S1", "supplier_confirmed", "picking"),
        ("S1", "picking", "packed"),
        ("S1", "packed", "dispatched"),
        ("S1", "dispatched", "delivered"),
    ]
    books.order("O1", "supplier_confirmed", steps)
    books.line("O1", "O1 line", MUG, 4)
    books.line("O1", "O1 wrapping", WRAPPING, 1)
    books.promise("p3", "reservation", MUG, LEEDS, 4, demand)
    books.move("p4", "pick", MUG, (LEEDS, LEEDS_BIN), (LEEDS, LEEDS_STAGING), 4, ("shipment", "S1"), "O1 line")
    sent: dict[str, Any] = {"counterpart": "customer", "line": "O1 line"}
    books.goods("p5", "commit", MUG, LEEDS, LEEDS_STAGING, -4, ("shipment", "S1"), **sent)
    books.promise("p5", "commit", MUG, LEEDS, -4, demand)
    books.reservation(1, demand, MUG, LEEDS, 4, 4, 0)
    books.shipment("S1", "O1", LEEDS, "delivered")
    books.add(schema.shipment_line, shipment=key("S1"), order_line=key("O1 line"), variant=MUG, quantity=Decimal(4))
    books.document("RT1", "return", LEEDS, (MUG, LEEDS_DOCK, 1, 0, "quarantine"))
    returned: dict[str, Any] = {"counterpart": "customer", "status": "quarantine"}
    books.goods("p6", "return", MUG, LEEDS, LEEDS_DOCK, 1, ("return", "RT1"), **returned)


def _backordered_order(books: Books) -> None:
    """O2: ten pots; seven are reserved at Hull, three wait for Hull or Leeds."""
    demand = ("order", "O2", "O2 line")
    books.order("O2", "supplier_confirmed", CONFIRMED)
    books.line("O2", "O2 line", POT, 10)
    books.promise("p7", "reservation", POT, HULL, 7, demand)
    books.reservation(2, demand, POT, HULL, 7, 0, 0)
    books.add(
        schema.stock_backorder,
        id=3, demand_type="order", demand_id=key("O2"), demand_line=key("O2 line"), variant=POT,
        sites=f"[{HULL}, {LEEDS}]", outstanding=Decimal(3), multiple=Decimal(1), priority=0, since=books.now, age=3,
        requirement="",
    )  # fmt: skip


def _cancelled_order(books: Books) -> None:
    """O3: two mugs, reserved and given back."""
    demand = ("order", "O3", "O3 line")
    books.order("O3", "cancelled", [*CONFIRMED, (None, "supplier_confirmed", "cancelled")])
    books.line("O3", "O3 line", MUG, 2, cancelled=2)
    books.promise("p8", "reservation", MUG, LEEDS, 2, demand)
    books.promise("p9", "reservation_release", MUG, LEEDS, -2, demand)
    books.reservation(4, demand, MUG, LEEDS, 2, 0, 2)


def _order_being_picked(books: Books) -> None:
    """O4: three mugs, allocated in their bin, a picker on the way."""
    demand = ("order", "O4", "O4 line")
    books.order("O4", "supplier_confirmed", [*CONFIRMED, ("S4", "supplier_confirmed", "picking")])
    books.line("O4", "O4 line", MUG, 3)
    books.promise("p10", "reservation", MUG, LEEDS, 3, demand)
    books.reservation(5, demand, MUG, LEEDS, 3, 0, 0)
    books.shipment("S4", "O4", LEEDS, "picking")
    quant = books.quant(MUG, LEEDS, LEEDS_BIN, 0, "available")
    quant["allocated"] += 3
    books.add(
        schema.stock_allocation,
        reservation=5, quant=quant["id"], release=key("S4"), home=quant["id"], quantity=Decimal(3),
    )  # fmt: skip


def _waiting_order(books: Books) -> None:
    """O5: five pots, kept although there are none: the wish is noted, nothing is reserved and nothing queued."""
    books.order("O5", "received", [(None, None, "received")], keep_received=True)
    books.line("O5", "O5 line", POT, 5)
    books.reservation(7, ("order", "O5", "O5 line"), POT, LEEDS, 0, 0, 0)


def _floor(books: Books) -> None:
    """A hold, mugs on their way to Hull, one that broke, and the pots' archived month used up."""
    hold = ("hold", "H1", "H1 line")
    books.promise("p11", "reservation", MUG, LEEDS, 1, hold)
    books.reservation(6, hold, MUG, LEEDS, 1, 0, 0)
    books.document("T1", "transfer", LEEDS, (MUG, LEEDS_BIN, 5, 0, "available"))
    books.move("p12", "transfer", MUG, (LEEDS, LEEDS_BIN), (TRANSIT, TRANSIT_PLACE), 5, ("transfer", "T1"))
    books.document("A1", "adjustment", LEEDS, (MUG, LEEDS_BIN, -1, 0, "available"))
    books.goods("p13", "adjustment", MUG, LEEDS, LEEDS_BIN, -1, ("adjustment", "A1"), counterpart="adjustment")


def _reversal(books: Books) -> None:
    """Two pots counted by mistake, and that undone."""
    books.document("A2", "adjustment", LEEDS, (POT, LEEDS_DOCK, 2, 0, "available"))
    books.goods("p14", "adjustment", POT, LEEDS, LEEDS_DOCK, 2, ("adjustment", "A2"), counterpart="adjustment")
    books.document("U1", "reversal", LEEDS, (POT, LEEDS_DOCK, -2, 0, "available"))
    books.goods("p15", "adjustment", POT, LEEDS, LEEDS_DOCK, -2, ("reversal", "U1"), counterpart="adjustment")
    books.add(schema.posting_reversal, reversed=key("p14"), reversed_by=key("p15"))


def _issue(books: Books) -> None:
    """Two pots that came, were reserved by a shop and left for its customer."""
    demand = ("external", "E1", "E1 line")
    books.document("R2", "receipt", LEEDS, (POT, LEEDS_DOCK, 2, 0, "available"))
    books.goods("p16", "receipt", POT, LEEDS, LEEDS_DOCK, 2, ("receipt", "R2"), counterpart="supplier")
    books.promise("p17", "reservation", POT, LEEDS, 2, demand)
    books.document("I1", "issue", LEEDS, (POT, LEEDS_DOCK, -2, 0, "available"))
    sent: dict[str, Any] = {"counterpart": "customer", "line": "E1 line"}
    books.goods("p18", "commit", POT, LEEDS, LEEDS_DOCK, -2, ("issue", "I1"), **sent)
    books.promise("p18", "commit", POT, LEEDS, -2, demand)
    books.reservation(8, demand, POT, LEEDS, 2, 2, 0)


@contextmanager
def as_owner(url: str) -> Iterator[sa.Connection]:
    """A transaction of the one whom the tables belong to."""
    engine = engine_for(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def disarmed(url: str) -> Iterator[sa.Connection]:
    """The same, with triggers, checks and foreign keys out of the way: what a fault or a vandal could do."""
    engine = engine_for(url)
    disarm = _disarm_postgresql if engine.dialect.name == "postgresql" else _disarm_sqlite
    try:
        with engine.begin() as connection:
            disarm(connection)
            yield connection
    finally:
        engine.dispose()


def _disarm_postgresql(connection: sa.Connection) -> None:
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    rules = connection.execute(
        sa.text(
            "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint "
            "WHERE connamespace = current_schema()::regnamespace AND coninhcount = 0 "
            "AND (contype = 'c' OR contype = 'p' AND conrelid = 'command'::regclass)"
        )
    )
    for table, name in rules.all():
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def _disarm_sqlite(connection: sa.Connection) -> None:
    run = connection.exec_driver_sql
    run("PRAGMA foreign_keys = OFF")
    run("PRAGMA ignore_check_constraints = ON")
    for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
        run(f"DROP TRIGGER {name}")
    run("ALTER TABLE command RENAME TO command_with_key")
    run("CREATE TABLE command AS SELECT * FROM command_with_key")
