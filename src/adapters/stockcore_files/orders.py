"""Orders from a file: the rows of one order number are one order, wherever in the file they stand."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

import attrs

from stockcore.kernel.dates import read_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.money import read_currency, read_unit_price
from stockcore.kernel.quantity import read_quantity
from stockcore.kernel.text import normal_code, read_text
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore_files.reading import Entry, Formed, Item, Refused
from stockcore_files.table import Column, Record, Table, choice, read_flag, read_whole

#: Said of the whole order; a row may leave them out, but two rows may not differ.
_OF_ORDER: Final = (
    Column("customer", read_text),
    Column("reference", read_text),
    Column("policy", choice("all_or_nothing", "ship_available", "backorder")),
    Column("ship_complete", read_flag),
    Column("keep_received", read_flag),
    Column("currency", read_currency),
    Column("priority", read_whole),
    Column("promise", read_instant),
)
_OF_LINE: Final = (
    Column("order", read_text, required=True),
    Column("line", read_whole),
    Column("sku", read_text, required=True),
    Column("quantity", read_quantity, required=True),
    Column("unit", read_text),
    Column("price", read_unit_price),
    Column("multiple", read_quantity),
)


@attrs.define
class _Gathered:
    """The rows of one order so far; `broken` when one of them had a problem."""

    records: list[Record] = attrs.field(factory=list)
    broken: bool = False


class Orders:
    """Two rows are the same thing when order and line number are; or, without line numbers, order and SKU."""

    name = "orders"
    table = Table((*_OF_LINE, *_OF_ORDER))

    def __init__(self) -> None:
        self._last_row: dict[str, int] = {}

    def identity(self, record: Record) -> Hashable | None:
        order, line, sku = (record.values.get(name) for name in ("order", "line", "sku"))
        if order is None or (line is None and sku is None):
            return None
        return (order, line) if line is not None else (order, normal_code(str(sku)), "sku")

    def note(self, record: Record) -> None:
        order = record.values.get("order")
        if order is not None:
            self._last_row[order] = record.row.number

    def form(self, entries: Iterable[Entry], command_prefix: str) -> Iterator[Formed]:
        """An order is whole, and leaves memory, at its last row."""
        open_orders: dict[str, _Gathered] = {}
        for entry in entries:
            order = entry.record.values.get("order")
            if order is None:
                continue
            gathered = open_orders.setdefault(order, _Gathered())
            gathered.broken |= not entry.good
            if entry.good:
                gathered.records.append(entry.record)
            if self._last_row[order] == entry.record.row.number:
                yield from _whole(order, open_orders.pop(order), command_prefix)


def _whole(order: str, gathered: _Gathered, command_prefix: str) -> Iterator[Formed]:
    if gathered.broken:
        yield from _left_behind(gathered.records)
        return
    conflicts = _conflicts(gathered.records)
    if conflicts:
        yield from conflicts
        yield from _left_behind(gathered.records[:1])
        return
    rows = tuple(record.row for record in gathered.records)
    yield Item(_command(order, gathered.records, f"{command_prefix}:{rows[0].number}"), rows)


def _left_behind(records: Iterable[Record]) -> Iterator[Refused]:
    """Good rows of an order that another row spoils."""
    for record in records:
        error = StockcoreError("batch_refused", "another row of this order was refused, so none was taken")
        yield Refused.of(record.row, error)


def _conflicts(records: list[Record]) -> list[Refused]:
    """A row that says of the order what an earlier one says differently; the first such row is enough, since all of
    the order's rows are refused with it."""
    said: dict[str, Record] = {}
    for record in records:
        for column in _OF_ORDER:
            if column.name not in record.values:
                continue
            first = said.setdefault(column.name, record)
            if first.values[column.name] != record.values[column.name]:
                others = [other for other in records[1:] if other is not record]
                return [_conflict(record, first, column.name), *_left_behind(others)]
    return []


def _conflict(record: Record, first: Record, column: str) -> Refused:
    message = f"row {first.row.number} says another {column} of the same order"
    return Refused.of(record.row, StockcoreError("row_invalid", message, field=column))


def _command(order: str, records: list[Record], command_id: str) -> PlaceOrder:
    of_order = {column.name for column in _OF_ORDER}
    said = {name: value for record in records for name, value in record.values.items() if name in of_order}
    return PlaceOrder(number=order, lines=tuple(map(_line, records)), command_id=command_id, **said)


def _line(record: Record) -> LineRequest:
    names = ("sku", "quantity", "unit", "price", "multiple")
    return LineRequest(**{name: record.values[name] for name in names if name in record.values})
