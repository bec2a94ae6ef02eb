"""Stock from a file: each row is a receipt."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from stockcore.kernel.dates import parse_date, parse_instant
from stockcore.kernel.money import read_unit_price
from stockcore.kernel.quantity import read_quantity
from stockcore.kernel.text import normal_code, read_text
from stockcore.locations.drafting import PLACES_OF_A_SITE
from stockcore.locations.records import Purpose
from stockcore.stock.commands import ReceiveStock
from stockcore.stock.records import Status
from stockcore_files.reading import Entry, Fields, Formed, Item
from stockcore_files.table import Column, Record, Table, choice

_COLUMNS: Final = (
    Column("sku", read_text, required=True),
    Column("site", read_text, required=True),
    Column("quantity", read_quantity, required=True),
    Column("location", read_text),
    Column("unit", read_text),
    Column("unit_cost", read_unit_price),
    Column("lot", read_text),
    Column("expires_on", parse_date),
    Column("manufactured_on", parse_date),
    Column("supplier", read_text),
    Column("status", choice(*Status)),
    Column("reference", read_text),
    Column("reason", read_text),
    Column("occurred_at", parse_instant),
)
#: What makes a place, each with what it is where a row leaves it out. A site's receiving place has the code it came
#: with, as far as a file can tell.
_RECEIVING: Final = next(code for code, _, purpose in PLACES_OF_A_SITE if purpose == Purpose.RECEIVING)
_PLACE: Final = {
    "sku": "", "site": "", "location": _RECEIVING, "lot": "", "status": Status.AVAILABLE, "reference": "",
}  # fmt: skip


class Stock:
    """Two rows are the same thing when they receive the same SKU at the same place, lot, status and reference, whether
    they name the site's receiving place and the status `available` or leave them out."""

    name = "stock"
    telling_apart = ""
    table = Table(_COLUMNS)
    fields: Final[Fields] = {}

    def identity(self, record: Record) -> Hashable | None:
        if "sku" not in record.values or "site" not in record.values:
            return None
        return tuple(normal_code(record.values.get(column, default)) for column, default in _PLACE.items())

    def note(self, record: Record) -> None:
        """Each row stands for itself."""

    def form(self, entries: Iterable[Entry], command_prefix: str) -> Iterator[Formed]:
        for entry in entries:
            if entry.good:
                row = entry.record.row
                yield Item(ReceiveStock(**entry.record.values, command_id=f"{command_prefix}:{row.number}"), (row,))
