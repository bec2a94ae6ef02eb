"""Stock from a file: each row is a receipt."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from stockcore.kernel.dates import read_date, read_instant
from stockcore.kernel.money import read_unit_price
from stockcore.kernel.quantity import read_quantity
from stockcore.kernel.text import normal_code, read_text
from stockcore.stock.commands import ReceiveStock
from stockcore.stock.records import Status
from stockcore_files.reading import Entry, Formed, Item
from stockcore_files.table import Column, Record, Table, choice

_COLUMNS: Final = (
    Column("sku", read_text, required=True),
    Column("site", read_text, required=True),
    Column("quantity", read_quantity, required=True),
    Column("location", read_text),
    Column("unit", read_text),
    Column("unit_cost", read_unit_price),
    Column("lot", read_text),
    Column("expires_on", read_date),
    Column("manufactured_on", read_date),
    Column("supplier", read_text),
    Column("status", choice(*Status)),
    Column("reference", read_text),
    Column("reason", read_text),
    Column("occurred_at", read_instant),
)
_PLACE: Final = ("sku", "site", "location", "lot", "status", "reference")


class Stock:
    """Two rows are the same thing when they receive the same SKU at the same place, lot, status and reference."""

    name = "stock"
    table = Table(_COLUMNS)

    def identity(self, record: Record) -> Hashable | None:
        if "sku" not in record.values or "site" not in record.values:
            return None
        return tuple(normal_code(record.values.get(column, "")) for column in _PLACE)

    def note(self, record: Record) -> None:
        """Each row stands for itself."""

    def form(self, entries: Iterable[Entry], command_prefix: str) -> Iterator[Formed]:
        for entry in entries:
            if entry.good:
                row = entry.record.row
                yield Item(ReceiveStock(**entry.record.values, command_id=f"{command_prefix}:{row.number}"), (row,))
