"""Products from a file: a row is a product with its first variant, or one more variant of `product`."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from stockcore.catalog.codes import scan_code
from stockcore.catalog.commands import AddProduct
from stockcore.kernel.money import read_currency, read_unit_price
from stockcore.kernel.quantity import read_quantity
from stockcore.kernel.text import NOTE_MAX, normal_code, read_text
from stockcore_files.reading import Entry, Fields, Formed, Item
from stockcore_files.rows import Row
from stockcore_files.table import Column, Record, Table, choice, read_attributes, read_flag


def _read_note(value: object, *, field: str | None = None) -> str:
    return read_text(value, field=field, longest=NOTE_MAX)


_COLUMNS: Final = (
    Column("sku", read_text, required=True),
    Column("name", read_text),
    Column("unit", read_text),
    Column("step", read_quantity),
    Column("product", read_text),
    Column("description", _read_note),
    Column("category", read_text),
    Column("brand", read_text),
    Column("attributes", read_attributes),
    Column("barcode", read_text),
    Column("gtin", read_text),
    Column("list_price", read_unit_price),
    Column("currency", read_currency),
    Column("unit_cost", read_unit_price),
    Column("weight", read_quantity),
    Column("length", read_quantity),
    Column("width", read_quantity),
    Column("height", read_quantity),
    Column("lot_tracked", read_flag),
    Column("serial_tracking", choice("none", "receipt", "dispatch")),
    Column("perishable", read_flag),
    Column("temperature_zone", read_text),
    Column("stocked", read_flag),
    Column("allocation_strategy", read_text),
)


def _column_of_code(row: Row, facts: Mapping[str, Any]) -> str | None:
    """The column whose code is taken: the one that a scan could not tell from it."""
    taken = scan_code(str(facts.get("taken")))
    for column in ("barcode", "gtin", "sku"):
        if scan_code(str(row.cells.get(column, ""))) == taken:
            return column
    return None


class Products:
    """Two rows are the same thing when their SKUs are, trimmed and case-folded; `00123` is not `123`."""

    name = "products"
    telling_apart = ""
    table = Table(_COLUMNS)
    fields: Final[Fields] = {"barcodes": "barcode", "gtins": "gtin", "code": _column_of_code}

    def identity(self, record: Record) -> Hashable | None:
        sku = record.values.get("sku")
        return None if sku is None else normal_code(sku)

    def note(self, record: Record) -> None:
        """Each row stands for itself."""

    def form(self, entries: Iterable[Entry], command_prefix: str) -> Iterator[Formed]:
        for entry in entries:
            if entry.good:
                row = entry.record.row
                yield Item(_command(entry.record.values, f"{command_prefix}:{row.number}"), (row,))


def _command(values: Any, command_id: str) -> AddProduct:
    fields = dict(values)
    for column, field in (("barcode", "barcodes"), ("gtin", "gtins")):
        if column in fields:
            fields[field] = (fields.pop(column),)
    return AddProduct(**fields, command_id=command_id)
