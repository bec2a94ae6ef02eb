"""One row or more of every record class, all keys fitting together; to put the same world into several stores."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import attrs

from stockcore.catalog.records import Packaging, Product, Variant, VariantCode
from stockcore.kernel.records import CommandRecord, Message, Setting
from stockcore.kernel.unit_of_work import Changes, Origin, Store
from stockcore.locations.records import Location
from stockcore.orders.records import Customer, HistoryEntry, Order, OrderLine, Shipment, ShipmentLine
from stockcore.stock.records import (
    NOBODY,
    Allocation,
    Backorder,
    Container,
    DemandName,
    Document,
    DocumentLine,
    FollowUp,
    Lot,
    LotRevision,
    Movement,
    Owner,
    Pool,
    PostingReversal,
    Quant,
    Reservation,
    StockException,
    StockRecord,
)

D = Decimal
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENING = datetime(2026, 3, 1, 18, tzinfo=UTC)
MUG, CUP, SOCKS, ADVICE = 201, 202, 203, 204
LEEDS, LEEDS_DOCK, LEEDS_BIN, HULL, HULL_DOCK = 301, 302, 303, 311, 312
FIRST, SECOND, TRANSFER, HOLD, POSTING, SHIPMENT, RELEASE = (UUID(int=0x100 + number) for number in range(7))
LINES = {(order, line): UUID(int=order.int * 16 + line) for order in (FIRST, SECOND) for line in (1, 2)}
_BY: Final[Any] = {"created_at": NOON, "created_by": "ann", "changed_at": NOON, "changed_by": "ann"}


def small_world() -> Changes:
    """Everything, to be written at once into a store that holds its first rows only."""
    changes = Changes()
    for record in (*_catalog(), *_locations(), *_stock(), *_demand(), *_ledger(), *_orders(), *_kernel()):
        changes.append(record)
    return changes


def fill(store: Store) -> None:
    with store.transaction(Origin()) as uow:
        uow.write(small_world())


def variant(number: int, product: int, sku: str, *, stocked: bool = True) -> Variant:
    return Variant(
        id=number,
        product=product,
        sku=sku,
        name=sku,
        attributes='{"colour": "red"}',
        unit="each",
        step=D(1),
        stocked=stocked,
        lot_tracked=number == CUP,
        serial_tracking="none",
        perishable=False,
        temperature_zone=None,
        weight=D("0.35"),
        length=None,
        width=None,
        height=None,
        unit_cost=D("1.123456"),
        list_price=D("2.5"),
        currency="EUR",
        status="active",
        allocation_strategy=None,
        **_BY,
    )


def _catalog() -> list[object]:
    skus = {MUG: "MUG", CUP: "Cup", SOCKS: "SOCKS", ADVICE: "ADVICE"}
    products = {MUG: 211, CUP: 211, SOCKS: 212, ADVICE: 213}
    names: Any = {"description": None, "category": "home", "brand": None, "status": "active", "deleted_at": None}
    return [
        *(Product(id=number, name=f"thing {number}", **names, **_BY) for number in sorted(set(products.values()))),
        *(variant(number, products[number], sku, stocked=number != ADVICE) for number, sku in skus.items()),
        *(_code(220 + number, "sku", sku, number) for number, sku in skus.items()),
        _code(230, "supplier_sku", "socks", MUG),
        Packaging(id=240, variant=SOCKS, code="box", numerator=12, denominator=1),
        Packaging(id=241, variant=MUG, code="crate", numerator=24, denominator=1),
    ]


def _code(number: int, kind: str, code: str, named: int) -> VariantCode:
    day = date(2026, 1, 1) if kind == "supplier_sku" else None
    return VariantCode(
        id=number,
        kind=kind,
        code=code,
        normal_code=code.casefold(),
        scan_code=code.casefold(),
        variant=named,
        packaging=0,
        valid_from=day,
        valid_to=None,
    )


def _locations() -> list[object]:
    return [
        location(LEEDS, LEEDS, "LEEDS", "none"),
        location(LEEDS_DOCK, LEEDS, "RECEIVING", "receiving"),
        location(LEEDS_BIN, LEEDS, "A-01", "storage"),
        location(HULL, HULL, "HULL", "none"),
        location(HULL_DOCK, HULL, "RECEIVING", "receiving"),
    ]


def location(number: int, site: int, code: str, purpose: str) -> Location:
    return Location(
        id=number,
        site=site,
        parent=None if number == site else site,
        depth=1 if number == site else 2,
        code=code,
        normal_code=code.casefold(),
        name=code,
        kind="warehouse" if number == site else None,
        purpose=purpose,
        storage_kind=None,
        capacity=D(1000) if purpose == "storage" else None,
        active=True,
        blocked=False,
        priority=0,
        shipping_cost=D("4.95"),
        strategy=None,
        street=None,
        city=None,
        postcode=None,
        country="GB",
        latitude=D("53.8"),
        longitude=D("-1.55"),
        time_zone="Europe/London",
        **_BY,
    )


def _stock() -> list[object]:
    return [
        Lot(401, CUP, "L1", "Acme", date(2026, 1, 1), date(2027, 1, 1), None, "{}", NOON),
        Lot(402, CUP, "L2", None, None, None, None, "{}", NOON),
        LotRevision(403, 401, "{}", '{"expires_on": "2027-01-01"}', "ann", NOON),
        Owner(404, "ACME"),
        Container(405, "PALLET-1", None),
        Container(406, "TOTE-1", 405),
        Pool(MUG, LEEDS, D(10), D(2), D(5), D(3), 501, NOON),
        Pool(MUG, HULL, D(0), D(0), D(0), D(0), 502, NOON),
        Pool(CUP, HULL, D("7.25"), D(0), D(0), D(0), 503, NOON),
        quant(411, MUG, LEEDS, LEEDS_BIN, on_hand="8", allocated="3"),
        quant(412, MUG, LEEDS, LEEDS_DOCK, on_hand="2", status="damaged"),
        quant(413, MUG, HULL, HULL_DOCK, on_hand="0"),
        quant(414, CUP, HULL, HULL_DOCK, on_hand="7.25", lot=401),
        StockRecord(420, MUG, LEEDS, D(4), None, D(100), True, NOON, "ann", NOON, "ann"),
    ]


def quant(
    number: int,
    of: int,
    site: int,
    place: int,
    *,
    on_hand: str,
    allocated: str = "0",
    status: str = "available",
    lot: int = 0,
) -> Quant:
    return Quant(number, of, site, place, lot, status, 0, 0, D(on_hand), D(allocated), NOON, 500, NOON)


def reservation(
    number: int,
    kind: str,
    demand: UUID,
    line: UUID,
    of: int,
    site: int,
    quantity: str,
    expires_at: datetime | None = None,
) -> Reservation:
    nothing = D(0)
    parts = (D(quantity), nothing, nothing, D(1))
    return Reservation(number, kind, demand, line, of, site, *parts, 0, None, NOON, number, expires_at, "", f"[{site}]")


def _demand() -> list[object]:
    consumed = reservation(603, "order", SECOND, LINES[SECOND, 1], MUG, LEEDS, "3")
    waiting = (f"[{LEEDS}, {HULL}]", D(4), D(1), 0, None, NOON, 605, "")
    served = (f"[{HULL}]", D(0), D(1), 5, EVENING, NOON, 606, "")
    return [
        reservation(601, "order", FIRST, LINES[FIRST, 1], MUG, LEEDS, "3"),
        reservation(602, "hold", HOLD, HOLD, MUG, LEEDS, "1", EVENING),
        attrs.evolve(consumed, consumed=D(3)),
        attrs.evolve(reservation(610, "order", FIRST, LINES[FIRST, 2], CUP, HULL, "2"), consumed=D(2)),
        reservation(604, "external", TRANSFER, HOLD, CUP, HULL, "1", NOON),
        Allocation(601, 411, RELEASE, 411, D(2)),
        Allocation(601, 411, NOBODY, 411, D(1)),
        Allocation(610, 414, NOBODY, 414, D(1)),
        Backorder(605, "order", FIRST, LINES[FIRST, 2], CUP, *waiting),
        Backorder(606, "order", SECOND, LINES[SECOND, 2], SOCKS, *served),
        DemandName(HOLD, "hold", "web-basket-7"),
        FollowUp(607, "order", FIRST, "served", "{}", POSTING, NOON),
        FollowUp(608, "order", SECOND, "gave_way", "{}", POSTING, NOON),
        StockException(609, "shortage", MUG, None, "order", FIRST, None, D(1), "{}", "open", NOON),
    ]


def _ledger() -> list[object]:
    nothing = D(0)
    place = (0, "", "available", 0, 0)
    who = ("ann", "library", NOON, NOON)
    return [
        Movement(
            502, POSTING, "receipt", "on_hand", MUG, LEEDS, LEEDS_BIN, *place, D(8), D(8), "supplier",
            "receipt", TRANSFER, None, D("1.5"), None, *who,
        ),
        Movement(
            501, POSTING, "reservation", "reserved", MUG, LEEDS, LEEDS, *place, D(3), D(3), None,
            "order", FIRST, LINES[FIRST, 1], None, "because", *who,
        ),
        Document(TRANSFER, "transfer", "T-1", "open", LEEDS, HULL, None, None, "ann", NOON, NOON),
        DocumentLine(TRANSFER, 1, MUG, LEEDS_BIN, 0, "available", D(5), D(2), None, None),
        DocumentLine(TRANSFER, 2, CUP, LEEDS_BIN, 402, "available", D(5), nothing, D("0.5"), LINES[FIRST, 2]),
        PostingReversal(POSTING, RELEASE),
    ]  # fmt: skip


def _orders() -> list[object]:
    return [
        Customer(id=701, code="C-1", normal_code="c-1", name="Ann", email=None, street=None, city=None,
                 postcode=None, country="GB", created_at=NOON, created_by="ann"),
        order(FIRST, "1001", customer=701, reference="web-7", state="received"),
        order(SECOND, "0999", customer=None, reference=None, state="supplier_confirmed"),
        *(_line(owner, number, {(1): MUG, (2): CUP if owner == FIRST else SOCKS}[number]) for owner, number in LINES),
        HistoryEntry(FIRST, 1, 1, None, None, "received", NOON, "ann", "library", None, None),
        HistoryEntry(SECOND, 1, 1, SHIPMENT, "picking", "packed", NOON, "ann", "library", None, '{"why": 1}'),
        Shipment(SHIPMENT, SECOND, "0999-1", LEEDS, "dispatched", NOON, NOON, EVENING),
        ShipmentLine(SHIPMENT, LINES[SECOND, 1], MUG, D(3)),
    ]  # fmt: skip


def order(key: UUID, number: str, *, customer: int | None, reference: str | None, state: str) -> Order:
    flags = ("backorder", False, False, state, False, None, 0, None, "fewest_shipments")
    return Order(key, number, "sale", customer, reference, "EUR", *flags, None, None, 0, 1, 1, NOON, "ann", NOON)


def _line(owner: UUID, number: int, of: int) -> OrderLine:
    key = LINES[owner, number]
    return OrderLine(key, owner, number, of, D(4), D(0), D("2.5"), D(4), "each", D(1), "")


def _kernel() -> list[object]:
    return [
        Setting("base_currency", '"EUR"'),
        CommandRecord("a", "place_orders", "f" * 64, '{"accepted":{}}', NOON),
        CommandRecord("é", "place_orders", "f" * 64, '{"accepted":{}}', EVENING),
        Message(UUID(int=9), "order", FIRST, 1, "order.placed", 1, NOON, "ann", "{}"),
    ]
