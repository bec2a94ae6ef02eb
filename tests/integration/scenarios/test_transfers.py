"""Goods between two sites (S035 to S041): at each instant they are somewhere."""

import random
import threading
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from stockcore.kernel.results import Rejected
from stockcore.kernel.unit_of_work import Store
from stockcore.locations.transit import TRANSIT_SITE
from stockcore.stock.commands import ArrivedLine, MoveStock, ReceiveTransfer, SendTransfer, TransferLine
from stockcore.stock.records import Pool, Quant
from stockcore.stock.results import TransferDocument
from stockcore.stock.transfers import RECEIVE_TRANSFER, SEND_TRANSFER
from stockcore.stock.use_cases import MOVE_STOCK
from stockcore_memory import MemoryStore
from stockcore_sql.schema import stock_quant
from stockcore_sql.stores import SqlStore
from tests.support.house import Figure, House, d, together


def send(house: House, quantity: str | int, sku: str = "A", **fields: object) -> TransferDocument:
    line = TransferLine(sku=sku, quantity=d(quantity), **fields)  # type: ignore[arg-type]
    return house.do(SEND_TRANSFER, SendTransfer(from_site="LEEDS", to_site="HULL", lines=(line,)))


def arrive(number: str, *parts: tuple[str | int, str], line: int = 1) -> ReceiveTransfer:
    lines = tuple(ArrivedLine(line=line, quantity=d(quantity), status=status) for quantity, status in parts)
    return ReceiveTransfer(number=number, lines=lines)


def totals(house: House) -> tuple[Figure, Figure, Figure]:
    """On hand of A in LEEDS, on the way, in HULL."""
    leeds, transit, hull = (house.pool("A", site).on_hand for site in ("LEEDS", "TRANSIT", "HULL"))
    return leeds, transit, hull


def test_a_transfer_in_two_steps_with_damage(house: House) -> None:
    """S035."""
    house.receive("A", 10)
    sent = send(house, 4)
    assert (sent.state, totals(house)) == ("in_transit", (6, 4, 0))
    arrived = house.do(RECEIVE_TRANSFER, arrive(sent.number, (3, "available"), (1, "damaged")))
    assert (arrived.state, totals(house)) == ("received", (6, 0, 4))
    assert house.at("A", "HULL", "RECEIVING") == 3
    assert house.at("A", "HULL", "RECEIVING", "damaged") == 1
    assert house.stock("A", "HULL") == (4, 0, 3)


def test_everything_that_arrived_is_rejected(house: House) -> None:
    """S037."""
    house.receive("A", 10)
    sent = send(house, 10)
    house.do(RECEIVE_TRANSFER, arrive(sent.number, (10, "quarantine")))
    assert totals(house) == (0, 0, 10)
    assert house.stock("A", "HULL") == (10, 0, 0)


def test_what_lies_only_in_transit_can_be_received(house: House) -> None:
    """S041."""
    house.receive("A", 5)
    sent = send(house, 5)
    assert totals(house) == (0, 5, 0)
    house.do(RECEIVE_TRANSFER, arrive(sent.number, (5, "available")))
    assert totals(house) == (0, 0, 5)


def test_a_transfer_arrives_in_parts_and_no_more_than_was_sent(house: House) -> None:
    house.receive("A", 5)
    sent = send(house, 5)
    assert house.do(RECEIVE_TRANSFER, arrive(sent.number, (2, "available"))).state == "in_transit"
    refusal = house.refused(RECEIVE_TRANSFER, arrive(sent.number, (3, "available"), (1, "damaged")))
    assert (refusal.code, refusal.facts["in_transit"]) == ("over_receipt", "3")
    done = house.do(RECEIVE_TRANSFER, arrive(sent.number, (3, "available")))
    assert (done.state, done.lines[0].arrived) == ("received", d(5))
    assert house.refused(RECEIVE_TRANSFER, arrive(sent.number, (1, "available"))).code == "over_receipt"
    assert house.refused(RECEIVE_TRANSFER, arrive(sent.number, (1, "available"), line=2)).code == "unknown_line"
    assert house.refused(RECEIVE_TRANSFER, arrive("nothing", (1, "available"))).code == "unknown_transfer"


def test_promised_goods_do_not_leave_the_site(house: House) -> None:
    house.receive("A", 10)
    house.order(("A", 7))
    line = TransferLine(sku="A", quantity=d(4))
    refusal = house.refused(SEND_TRANSFER, SendTransfer(from_site="LEEDS", to_site="HULL", lines=(line,)))
    assert (refusal.code, refusal.facts["available"]) == ("insufficient_stock", "3")
    twice = SendTransfer(from_site="LEEDS", to_site="HULL", lines=(TransferLine(sku="A", quantity=d(2)),) * 2)
    assert house.refused(SEND_TRANSFER, twice).code == "insufficient_stock"
    assert totals(house) == (10, 0, 0)
    send(house, 3)
    assert totals(house) == (7, 3, 0)


def test_goods_on_the_way_are_promised_to_nobody(house: House) -> None:
    house.receive("A", 5)
    send(house, 5)
    number = house.order(("A", 5), policy="backorder").number
    assert house.line(number) == (0, 5, 0)


def test_lot_and_age_go_with_the_goods(house: House) -> None:
    clock = house.stop_the_clock()
    house.product("L", lot_tracked=True)
    house.receive("L", 3, lot="L1")
    house.receive("L", 3, lot="L2")
    arrived_first = clock.now
    clock.pass_time(days=1)
    sent = send(house, 5, "L")
    assert [(line.line, line.lot, line.sent) for line in sent.lines] == [(1, "L1", d(3)), (2, "L2", d(2))]
    clock.pass_time(days=1)
    both = (ArrivedLine(line=1, quantity=d(3)), ArrivedLine(line=2, quantity=d(2)))
    house.do(RECEIVE_TRANSFER, ReceiveTransfer(number=sent.number, lines=both))
    assert house.at("L", "HULL", "RECEIVING", lot="L1") == 3
    assert house.at("L", "HULL", "RECEIVING", lot="L2") == 2
    hull = house.location("HULL").id
    assert {quant.received_at for quant in house.rows(Quant) if quant.site == hull} == {arrived_first}
    assert clock.now - arrived_first == timedelta(days=2)


def test_a_transfer_has_two_ends(house: House) -> None:
    house.receive("A", 5)
    line = (TransferLine(sku="A", quantity=d(1)),)
    for wrong, code in (
        (SendTransfer(from_site="LEEDS", to_site="LEEDS", lines=line), "location_other_site"),
        (SendTransfer(from_site="LEEDS", to_site="TRANSIT", lines=line), "location_not_storable"),
        (SendTransfer(from_site="LEEDS", to_site="HULL", lines=()), "order_without_lines"),
        (SendTransfer(from_site="LEEDS", to_site="YORK", lines=line), "unknown_site"),
    ):
        assert house.refused(SEND_TRANSFER, wrong).code == code
    numbered = SendTransfer(from_site="LEEDS", to_site="HULL", lines=line, number="T-1")
    assert house.do(SEND_TRANSFER, numbered).number == "T-1"
    assert house.refused(SEND_TRANSFER, numbered).code == "duplicate_reference"


@pytest.mark.slow
def test_random_moves_neither_make_nor_lose_a_unit(house: House) -> None:
    """S039, bounded by a count: 16 threads move, 4 read all places in one statement."""
    places = [f"BIN-{number}" for number in range(8)]
    house.place("LEEDS", *places)
    for place in places:
        house.receive("A", 125, location=place)
    stop = threading.Event()

    def move(worker: int) -> int:
        dice, moved = random.Random(worker), 0
        for _ in range(25):
            source, target = dice.sample(places, 2)
            wish = MoveStock(
                sku="A", site="LEEDS", quantity=d(dice.randint(1, 9)), from_location=source, to_location=target
            )
            [outcome] = house.run(MOVE_STOCK, wish)
            if isinstance(outcome, Rejected):
                assert outcome.code == "insufficient_stock"
            moved += not isinstance(outcome, Rejected)
        return moved

    def read() -> int:
        seen = 0
        while not stop.is_set() or not seen:
            total, lowest = _total(house.store)
            assert total == 1000
            assert lowest >= 0
            seen += 1
        return seen

    readers = [threading.Thread(target=lambda: reads.append(read())) for _ in range(4)]
    reads: list[int] = []
    for reader in readers:
        reader.start()
    try:
        moved = together(*[lambda worker=worker: move(worker) for worker in range(16)])
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert sum(moved) > 0
    assert len(reads) == 4  # a reader that saw another sum ended without a number
    assert not [pool for pool in house.rows(Pool) if pool.site == TRANSIT_SITE]


def _total(store: Store) -> tuple[Decimal, Decimal]:
    """The sum over all places and the least of them, in one statement."""
    if isinstance(store, MemoryStore):
        quantities = [quant.on_hand for quant in store.rows(Quant)]
        return sum(quantities, d(0)), min(quantities)
    assert isinstance(store, SqlStore)
    held = stock_quant.c.on_hand
    figures = [sa.type_coerce(function(held), held.type) for function in (sa.func.sum, sa.func.min)]
    with store.engine.connect() as connection:
        total, lowest = connection.execute(sa.select(*figures)).one()
    return total, lowest


@pytest.mark.parametrize("number", ["T\u00a01", "T\t2", "TRANSFER-0", "PO-17"])
def test_a_transfer_arrives_under_whatever_number_it_was_sent(house: House, number: str) -> None:
    house.receive("A", 2)
    wish = SendTransfer(from_site="LEEDS", to_site="HULL", lines=(TransferLine(sku="A", quantity=d(1)),), number=number)
    assert house.do(SEND_TRANSFER, wish).number == number
    assert house.refused(SEND_TRANSFER, wish).code == "duplicate_reference"
    house.do(RECEIVE_TRANSFER, arrive(number, (1, "available")))
    assert totals(house) == (1, 0, 1)


@pytest.mark.parametrize("number", ["RECEIPT-900", "TRANSFER-1"])
def test_a_number_that_a_document_will_be_given_is_refused(house: House, number: str) -> None:
    house.receive("A", 2)
    wish = SendTransfer(from_site="LEEDS", to_site="HULL", lines=(TransferLine(sku="A", quantity=d(1)),), number=number)
    assert house.refused(SEND_TRANSFER, wish).code == "number_reserved"


def test_a_site_cannot_be_sent_more_than_its_figures_hold(house: House) -> None:
    for site in ("LEEDS", "HULL"):
        house.receive("A", 900_000_000_000, site)
    sent = send(house, 900_000_000_000)
    assert house.refused(RECEIVE_TRANSFER, arrive(sent.number, (900_000_000_000, "available"))).code == (
        "quantity_out_of_range"
    )
    assert totals(house) == (0, 900_000_000_000, 900_000_000_000)


@pytest.mark.parametrize("lines", [None, "MUG", ({"line": 1, "quantity": 1},), (ArrivedLine(line=[], quantity=d(1)),)])  # type: ignore[arg-type]
def test_lines_that_are_none_are_refused(house: House, lines: object) -> None:
    house.receive("A", 2)
    number = send(house, 1).number
    refusal = house.refused(RECEIVE_TRANSFER, ReceiveTransfer(number=number, lines=lines))  # type: ignore[arg-type]
    assert refusal.code in {"field_required", "type_error"}
    sending = SendTransfer(from_site="LEEDS", to_site="HULL", lines=lines)  # type: ignore[arg-type]
    assert house.refused(SEND_TRANSFER, sending).code in {"field_required", "type_error"}
