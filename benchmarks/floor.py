"""The floor: what writing an order's rows costs when nothing is decided.

One hand-written statement per transaction, prepared and committed by itself. It writes the very rows that the engine
wrote, into the same tables with the same indexes, triggers and constraints; its parameters are read off the engine's
own records before the clock starts, and travel as the engine's do: a column is an array literal made from Python
values while the clock runs. What is the same in every row of a statement is one parameter or stands in the text; of
the rows it updates it sets only what changes. A slow floor would be a false figure: what else was tried is told in
docs/adr/0003.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import attrs
import psycopg
from psycopg.adapt import Dumper

import stockcore.orders.records as orders
import stockcore.stock.records as stock
from benchmarks.capture import Written
from stockcore.kernel.records import CommandRecord, Message
from stockcore_sql.carrying import ARRAYS, Array, Ints, Keys, Numerics, Texts

Statement: TypeAlias = tuple[str, list[Any]]

#: What the captured records must have in common for these statements to be about them.
PLACE: Final = """
WITH placed AS (
  INSERT INTO sales_order (id, number, kind, currency, policy, ship_complete, keep_received, state, on_hold, priority,
    strategy, shipment_count, version, history_count, placed_at, placed_by, changed_at)
  SELECT n.id, n.number, 'counter_sale', 'GBP', 'all_or_nothing', false, false, 'supplier_confirmed', false, 0,
    'fewest_shipments', 0, 1, 3, $1::timestamptz, $2::text, $1::timestamptz
  FROM unnest($4::uuid[], $5::text[]) AS n(id, number)),
lines AS (
  INSERT INTO order_line (id, order_id, line_no, variant, ordered, cancelled, price, entered, entered_unit, factor,
    requirement)
  SELECT n.id, n.order_id, n.line_no, n.variant, n.quantity, 0, n.price, n.quantity, 'each', 1, ''
  FROM unnest($6::uuid[], $7::uuid[], $8::bigint[], $9::bigint[], $10::numeric[], $11::numeric[])
    AS n(id, order_id, line_no, variant, quantity, price)),
reserved AS (
  INSERT INTO stock_reservation (id, demand_type, demand_id, demand_line, variant, site, quantity, consumed, released,
    multiple, priority, since, age, requirement, sites)
  SELECT n.id, 'order', n.order_id, n.line, n.variant, $12::bigint, n.quantity, 0, 0, 1, 0, $1::timestamptz, n.id, '',
    $13::text
  FROM unnest($14::bigint[], $7::uuid[], $6::uuid[], $9::bigint[], $10::numeric[])
    AS n(id, order_id, line, variant, quantity)),
ledger AS (
  INSERT INTO stock_movement (seq, posting_id, kind, bucket, variant, site, location, lot, serial, status, container,
    owner, quantity, balance_after, reference_type, reference_id, reference_line, actor, source, occurred_at,
    recorded_at)
  SELECT n.seq, n.posting, 'reservation', 'reserved', n.variant, $12::bigint, $12::bigint, 0, '', 'available', 0, 0,
    n.quantity, n.balance, 'order', n.order_id, n.line, $2::text, $3::text, $1::timestamptz, $1::timestamptz
  FROM unnest($15::bigint[], $16::uuid[], $9::bigint[], $10::numeric[], $17::numeric[], $7::uuid[], $6::uuid[])
    AS n(seq, posting, variant, quantity, balance, order_id, line)),
pools AS (
  UPDATE stock_pool AS t SET reserved = n.reserved, last_seq = n.seq, last_recorded_at = $1::timestamptz
  FROM unnest($18::bigint[], $19::numeric[], $20::bigint[]) AS n(variant, reserved, seq)
  WHERE t.variant = n.variant AND t.site = $12::bigint),
history AS (
  INSERT INTO order_history (order_id, sequence, version, from_state, to_state, at, actor, source, explanation)
  SELECT n.id, s.sequence, 1, s.from_state, s.to_state, $1::timestamptz, $2::text, $3::text,
    CASE s.sequence WHEN 2 THEN n.explanation END
  FROM unnest($4::uuid[], $21::text[]) AS n(id, explanation),
    (VALUES (1, NULL, 'received'), (2, 'received', 'validated'), (3, 'validated', 'supplier_confirmed'))
    AS s(sequence, from_state, to_state)),
messages AS (
  INSERT INTO outbox (id, aggregate_type, aggregate_id, aggregate_version, type, type_version, occurred_at, actor, data)
  SELECT n.id, 'order', n.order_id, 1, 'order.placed', 1, $1::timestamptz, $2::text, n.data
  FROM unnest($22::uuid[], $4::uuid[], $23::text[]) AS n(id, order_id, data))
INSERT INTO command (id, name, fingerprint, answer, recorded_at)
SELECT n.id, 'orders.place', n.fingerprint, n.answer, $1::timestamptz
FROM unnest($24::text[], $25::text[], $26::text[]) AS n(id, fingerprint, answer)
"""

DISPATCH: Final = """
WITH moved AS (
  UPDATE sales_order AS t SET version = n.version, history_count = n.history_count, changed_at = $1::timestamptz
  FROM unnest($4::uuid[], $5::bigint[], $6::bigint[]) AS n(id, version, history_count) WHERE t.id = n.id),
shipments AS (
  UPDATE shipment AS t SET state = 'dispatched', changed_at = $1::timestamptz, dispatched_at = $1::timestamptz
  FROM unnest($7::uuid[]) AS n(id) WHERE t.id = n.id),
sent AS (
  INSERT INTO shipment_line (shipment, order_line, variant, quantity)
  SELECT n.shipment, n.line, n.variant, n.quantity
  FROM unnest($8::uuid[], $9::uuid[], $10::bigint[], $11::numeric[]) AS n(shipment, line, variant, quantity)),
consumed AS (
  UPDATE stock_reservation AS t SET consumed = n.consumed
  FROM unnest($12::bigint[], $13::numeric[]) AS n(id, consumed) WHERE t.id = n.id),
freed AS (
  DELETE FROM stock_allocation AS t
  USING unnest($14::bigint[], $15::bigint[], $16::uuid[], $17::bigint[]) AS n(reservation, quant, release, home)
  WHERE t.reservation = n.reservation AND t.quant = n.quant AND t.release = n.release AND t.home = n.home),
quants AS (
  UPDATE stock_quant AS t SET on_hand = n.on_hand, allocated = n.allocated, last_seq = n.seq,
    last_recorded_at = $1::timestamptz
  FROM unnest($18::bigint[], $19::numeric[], $20::numeric[], $21::bigint[]) AS n(id, on_hand, allocated, seq)
  WHERE t.id = n.id),
pools AS (
  UPDATE stock_pool AS t SET on_hand = n.on_hand, reserved = n.reserved, shipped = n.shipped, last_seq = n.seq,
    last_recorded_at = $1::timestamptz
  FROM unnest($22::bigint[], $23::numeric[], $24::numeric[], $25::numeric[], $26::bigint[])
    AS n(variant, on_hand, reserved, shipped, seq)
  WHERE t.variant = n.variant AND t.site = $27::bigint),
ledger AS (
  INSERT INTO stock_movement (seq, posting_id, kind, bucket, variant, site, location, lot, serial, status, container,
    owner, quantity, balance_after, counterpart, reference_type, reference_id, reference_line, actor, source,
    occurred_at, recorded_at)
  SELECT n.seq, n.posting, 'commit', n.bucket, n.variant, $27::bigint, n.location, 0, '', 'available', 0, 0,
    n.quantity, n.balance, n.counterpart, n.reference_type, n.reference, n.line, $2::text, $3::text,
    $1::timestamptz, $1::timestamptz
  FROM unnest($28::bigint[], $29::uuid[], $30::text[], $31::bigint[], $32::bigint[], $33::numeric[], $34::numeric[],
    $35::text[], $36::text[], $37::uuid[], $38::uuid[])
    AS n(seq, posting, bucket, variant, location, quantity, balance, counterpart, reference_type, reference, line)),
history AS (
  INSERT INTO order_history (order_id, sequence, version, shipment, from_state, to_state, at, actor, source)
  SELECT n.order_id, n.sequence, n.version, n.shipment, 'packed', 'dispatched', $1::timestamptz, $2::text, $3::text
  FROM unnest($39::uuid[], $40::bigint[], $41::bigint[], $42::uuid[]) AS n(order_id, sequence, version, shipment)),
messages AS (
  INSERT INTO outbox (id, aggregate_type, aggregate_id, aggregate_version, type, type_version, occurred_at, actor, data)
  SELECT n.id, 'order', n.order_id, n.version, 'order.dispatched', 1, $1::timestamptz, $2::text, n.data
  FROM unnest($43::uuid[], $44::uuid[], $45::bigint[], $46::text[]) AS n(id, order_id, version, data))
INSERT INTO command (id, name, fingerprint, answer, recorded_at)
SELECT n.id, 'orders.advance', n.fingerprint, n.answer, $1::timestamptz
FROM unnest($47::text[], $48::text[], $49::text[]) AS n(id, fingerprint, answer)
"""


@attrs.frozen
class _Columns:
    """The records of one class, to be read off column by column."""

    records: Sequence[Any]

    def of(self, kind: type[Array], *names: str) -> list[Array]:
        return [kind(getattr(record, name) for record in self.records) for name in names]


def place(written: Written) -> Statement:
    """The statement and the parameters that write what placing orders wrote."""
    placed, lines = _Columns(written.inserted(orders.Order)), _Columns(written.inserted(orders.OrderLine))
    reserved, ledger = _Columns(written.inserted(stock.Reservation)), _Columns(written.inserted(stock.Movement))
    pools, history = _Columns(written.updated(stock.Pool)), written.inserted(orders.HistoryEntry)
    return PLACE, [
        *_common(ledger.records),
        *placed.of(Keys, "id"),
        *placed.of(Texts, "number"),
        *lines.of(Keys, "id", "order_id"),
        *lines.of(Ints, "line_no", "variant"),
        *lines.of(Numerics, "ordered", "price"),
        reserved.records[0].site,
        reserved.records[0].sites,
        *reserved.of(Ints, "id"),
        *ledger.of(Ints, "seq"),
        *ledger.of(Keys, "posting_id"),
        *ledger.of(Numerics, "balance_after"),
        *pools.of(Ints, "variant"),
        *pools.of(Numerics, "reserved"),
        *pools.of(Ints, "last_seq"),
        Texts(entry.explanation for entry in history if entry.explanation is not None),
        *_answers(written),
    ]


def dispatch(written: Written) -> Statement:
    """The statement and the parameters that write what dispatching orders wrote."""
    moved, shipments = _Columns(written.updated(orders.Order)), _Columns(written.updated(orders.Shipment))
    sent, consumed = _Columns(written.inserted(orders.ShipmentLine)), _Columns(written.updated(stock.Reservation))
    freed, quants = _Columns(written.deleted(stock.Allocation)), _Columns(written.updated(stock.Quant))
    pools, ledger = _Columns(written.updated(stock.Pool)), _Columns(written.inserted(stock.Movement))
    history, messages = _Columns(written.inserted(orders.HistoryEntry)), _Columns(written.inserted(Message))
    return DISPATCH, [
        *_common(ledger.records),
        *moved.of(Keys, "id"),
        *moved.of(Ints, "version", "history_count"),
        *shipments.of(Keys, "id"),
        *sent.of(Keys, "shipment", "order_line"),
        *sent.of(Ints, "variant"),
        *sent.of(Numerics, "quantity"),
        *consumed.of(Ints, "id"),
        *consumed.of(Numerics, "consumed"),
        *freed.of(Ints, "reservation", "quant"),
        *freed.of(Keys, "release"),
        *freed.of(Ints, "home"),
        *quants.of(Ints, "id"),
        *quants.of(Numerics, "on_hand", "allocated"),
        *quants.of(Ints, "last_seq"),
        *pools.of(Ints, "variant"),
        *pools.of(Numerics, "on_hand", "reserved", "shipped"),
        *pools.of(Ints, "last_seq"),
        pools.records[0].site,
        *ledger.of(Ints, "seq"),
        *ledger.of(Keys, "posting_id"),
        *ledger.of(Texts, "bucket"),
        *ledger.of(Ints, "variant", "location"),
        *ledger.of(Numerics, "quantity", "balance_after"),
        *ledger.of(Texts, "counterpart", "reference_type"),
        *ledger.of(Keys, "reference_id", "reference_line"),
        *history.of(Keys, "order_id"),
        *history.of(Ints, "sequence", "version"),
        *history.of(Keys, "shipment"),
        *messages.of(Keys, "id", "aggregate_id"),
        *messages.of(Ints, "aggregate_version"),
        *messages.of(Texts, "data"),
        *_commands(written),
    ]


def _common(ledger: Sequence[stock.Movement]) -> tuple[datetime, str, str]:
    return ledger[0].recorded_at, ledger[0].actor, ledger[0].source


def _answers(written: Written) -> list[Array]:
    messages = _Columns(written.inserted(Message))
    return [*messages.of(Keys, "id"), *messages.of(Texts, "data"), *_commands(written)]


def _commands(written: Written) -> list[Array]:
    return _Columns(written.inserted(CommandRecord)).of(Texts, "id", "fingerprint", "answer")


class Floor:
    """A connection that carries out floor statements, each in a transaction of its own."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True, cursor_factory=psycopg.RawCursor)
        self._connection.execute("SET plan_cache_mode = force_generic_plan")
        self._connection.execute("SET jit = off")
        _teach_arrays(self._connection)

    def run(self, statements: Iterable[Statement]) -> None:
        execute = self._connection.execute
        for text, values in statements:
            execute(text, values, prepare=True)

    def close(self) -> None:
        self._connection.close()


def _teach_arrays(connection: psycopg.Connection[Any]) -> None:
    """A fixed type for each kind of array, so that statements stay prepared, and the engine's own literals."""
    for array, element in ARRAYS.items():
        attributes = {"oid": element.array_oid, "dump": _dump_with(element.many)}
        connection.adapters.register_dumper(array, type(f"{array.__name__}Dumper", (Dumper,), attributes))


def _dump_with(literal: Callable[[Any], str]) -> Callable[[Dumper, Any], bytes]:
    def dump(_: Dumper, values: Any) -> bytes:
        return literal(values).encode()

    return dump
