"""Orders from a file: the rows of one order number are one order, wherever in the file they stand."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final

import attrs

from stockcore.kernel.dates import parse_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.money import read_currency, read_unit_price
from stockcore.kernel.quantity import read_quantity
from stockcore.kernel.text import normal_code, read_text
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore_files.reading import Entry, Fields, Formed, Item, Refused
from stockcore_files.rows import Row
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
    Column("promise", parse_instant),
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


@attrs.define
class _Strays:
    """Rows that do not say for certain which order they are of, and the orders that they may be of: no order may go in
    without one of its rows.

    Such a row may be of any order whose number stands anywhere in it, letters and digits compared; and, where its
    order's cell says nothing, of the orders of the rows before and after it.
    """

    by_text: dict[str, int] = attrs.field(factory=dict)
    by_place: dict[str, int] = attrs.field(factory=dict)
    _order_before: str | None = None
    _lost_before: int | None = None

    def note(self, record: Record) -> None:
        order = record.values.get("order")
        if order is None:
            self._note_stray(record.row)
            return
        if self._lost_before is not None:
            self.by_place.setdefault(order, self._lost_before)
            self._lost_before = None
        self._order_before = order

    def _note_stray(self, row: Row) -> None:
        cell = row.cells.get("order", "")
        for text in (str(cell),) if row.problem is None else row.texts:
            self.by_text.setdefault(_bare(text), row.number)
        if row.problem is not None and _is_text(cell):
            return
        self._lost_before = row.number
        if self._order_before is not None:
            self.by_place.setdefault(self._order_before, row.number)

    def of(self, order: str) -> int | None:
        """A row that may be one of this order's."""
        return self.by_place.get(order) or self.by_text.get(_bare(order) or order)


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _is_text(cell: object) -> bool:
    try:
        return bool(read_text(cell))
    except StockcoreError:
        return False


class Orders:
    """Two rows are the same thing when order and line number are; or, without line numbers, order and SKU."""

    name = "orders"
    telling_apart = "number the lines (column line), "
    table = Table((*_OF_LINE, *_OF_ORDER))
    fields: Final[Fields] = {"number": "order"}

    def __init__(self) -> None:
        self._last_row: dict[str, int] = {}
        self._strays = _Strays()

    def identity(self, record: Record) -> Hashable | None:
        order, line, sku = (record.values.get(name) for name in ("order", "line", "sku"))
        if order is None or (line is None and sku is None):
            return None
        return (order, line) if line is not None else (order, normal_code(str(sku)), "sku")

    def note(self, record: Record) -> None:
        order = record.values.get("order")
        self._strays.note(record)
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
            if self._last_row.get(order) == entry.record.row.number:
                yield from _whole(order, open_orders.pop(order), self._strays.of(order), command_prefix)


def _whole(order: str, gathered: _Gathered, stray: int | None, command_prefix: str) -> Iterator[Formed]:
    records = gathered.records
    if gathered.broken or stray is not None:
        yield from _left_behind(records, None if gathered.broken else stray)
        return
    conflicts = _conflicts(records) or _misnumbered(records)
    if conflicts:
        yield from conflicts
        told = {refused.row.number for refused in conflicts}
        yield from _left_behind(record for record in records if record.row.number not in told)
        return
    command_id = f"{command_prefix}:{records[0].row.number}"
    if "line" in records[0].values:
        records.sort(key=lambda record: record.values["line"])
    yield Item(_command(order, records, command_id), tuple(record.row for record in records))


def _left_behind(records: Iterable[Record], stray: int | None = None) -> Iterator[Refused]:
    """Good rows of an order that another row spoils, or a stray that may be one of its rows."""
    error = StockcoreError("batch_refused", "another row of this order was refused, so none was taken")
    if stray is not None:
        message = f"row {stray} cannot be read and may be another row of this order, so none was taken"
        error = StockcoreError("batch_refused", message, other_row=stray)
    for record in records:
        yield Refused.of(record.row, error)


def _misnumbered(records: Sequence[Record]) -> list[Refused]:
    """Rows whose line number is not the number that the line would get: either no row of an order has one, or they
    count from 1 without a gap, in any order."""
    if all("line" not in record.values for record in records):
        return []
    wrong = [record for record in records if record.values.get("line") not in range(1, len(records) + 1)]
    message = f"the lines of this order are to be numbered from 1 to {len(records)}, or not at all"
    return [Refused.of(record.row, StockcoreError("row_invalid", message, field="line")) for record in wrong]


def _conflicts(records: Sequence[Record]) -> list[Refused]:
    """A row that says of the order what an earlier one says differently; the first such row is enough, since all of
    the order's rows are refused with it."""
    said: dict[str, Record] = {}
    for record in records:
        for column in _OF_ORDER:
            if column.name not in record.values:
                continue
            first = said.setdefault(column.name, record)
            if first.values[column.name] != record.values[column.name]:
                return [_conflict(record, first, column.name)]
    return []


def _conflict(record: Record, first: Record, column: str) -> Refused:
    message = f"row {first.row.number} says another {column} of the same order"
    return Refused.of(record.row, StockcoreError("row_invalid", message, field=column))


def _command(order: str, records: Sequence[Record], command_id: str) -> PlaceOrder:
    of_order = {column.name for column in _OF_ORDER}
    said = {name: value for record in records for name, value in record.values.items() if name in of_order}
    return PlaceOrder(number=order, lines=tuple(map(_line, records)), command_id=command_id, **said)


def _line(record: Record) -> LineRequest:
    names = ("sku", "quantity", "unit", "price", "multiple")
    return LineRequest(**{name: record.values[name] for name in names if name in record.values})
