"""Reads the UCI "Online Retail" layout, row by row, in constant memory.

Chen, D. (2015), Online Retail, UCI Machine Learning Repository, DOI 10.24432/C5BW33: one CSV row per
invoice line. What one row says is checked here; what it means for stock is decided in
`stockcore_replay.categories`.
"""

from __future__ import annotations

import csv
import functools
import gzip
import hashlib
import io
import operator
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Final

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import DECIMALS_MAX, ZERO, read_decimal
from stockcore.kernel.text import TEXT_MAX, normal_code, read_text
from stockcore_replay.calendars import LONDON

COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
_GZIP_MAGIC: Final = b"\x1f\x8b"
_CHUNK: Final = 1 << 20
# A day has a few hundred distinct times and the assortment a few hundred prices: read each spelling once.
_REMEMBERED: Final = 4096
CODE_MAX: Final = 200  # a document's reference is made of the code and some words more
NAME_MAX: Final = 100  # an order's number may be made of the invoice and the customer
_LOCAL_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)
_YEARS: Final = range(1900, 2200)  # what is outside is a slip of the pen, and would keep the calendar busy


@attrs.frozen(slots=True)
class SourceRow:
    """One readable data row: an invoice's line of goods or of a service."""

    number: int  # 1 is the first row after the header
    invoice: str  # trimmed, otherwise as written
    code_as_written: str  # the stock code, trimmed
    code: str  # the normalised stock code: what makes two codes the same
    description: str  # as written, blanks and all; may be empty
    quantity: Decimal  # whole units, signed
    at: datetime  # aware, UTC; the file says London's local time
    price: Decimal  # GBP per unit, at most 6 decimals, signed
    customer: str | None  # as compared: trimmed, in capitals
    country: str  # the file's name for it, trimmed; may be empty


@attrs.frozen(slots=True)
class UnreadableRow:
    """A data row that could not be read: it keeps its number, and belongs to no invoice."""

    number: int
    field: str | None  # the column at fault, where it is one column
    code: str  # of stockcore.kernel.errors.CODES
    message: str


def normalised(code: str) -> str:
    """The stock code as compared: trimmed and case-folded, then in capitals, as the file mostly writes it (where they
    are the same code: those of ı are not)."""
    folded = normal_code(code)
    capitals = folded.upper()
    return capitals if normal_code(capitals) == folded else folded


@functools.lru_cache(maxsize=_REMEMBERED)
def kept_text(text: str, longest: int) -> str:
    """What of a description or a name can be stored; empty where there is nothing to see in it."""
    return "".join(character for character in text if character.isprintable()).strip()[:longest].strip()


def content_digest(path: Path) -> str:
    """SHA-256 of the file's content, unpacked: a `.csv` and its `.csv.gz` are the same replay.

    Errors: file_not_found, file_invalid.
    """
    digest = hashlib.sha256()
    with _unpacked(path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def read_rows(path: Path) -> Iterator[SourceRow | UnreadableRow]:
    """Every data row in the file's order, from CSV or `.csv.gz`, UTF-8 with or without a byte order mark.

    A row that cannot be read is handed on as such and the reading goes on; further columns and wholly blank
    lines are passed over. Only what makes the rest of the file unreadable refuses the whole.
    Errors: file_not_found, file_invalid, invalid_encoding, column_missing, column_duplicate, quote_unclosed.
    """
    with _unpacked(path) as stream:
        # Undecodable bytes become lone surrogates, so that only the row that holds them is rejected.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        records = _records(text)
        pick, width = _columns(next(records, []))
        for number, record in enumerate(records, start=1):
            if isinstance(record, str):
                yield UnreadableRow(number, None, "row_invalid", record)
            else:
                yield _read_row(number, record, pick, width)


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    try:
        if path.exists() and not path.is_file():
            raise StockcoreError("file_invalid", f"{path} is not a regular file")
        with path.open("rb") as packed:
            if path.suffix.lower() == ".gz":
                with gzip.open(packed) as stream:
                    yield stream  # type: ignore[misc]  # a GzipFile reads like any binary file
            elif packed.peek(2)[:2] == _GZIP_MAGIC:
                raise StockcoreError("file_invalid", f"{path.name} is compressed: name it .csv.gz")
            else:
                yield packed
    except FileNotFoundError as error:
        raise StockcoreError("file_not_found", f"there is no file {path}") from error
    except (OSError, EOFError, zlib.error) as error:  # gzip.BadGzipFile is an OSError
        raise StockcoreError("file_invalid", f"{path.name} cannot be read: {error}") from error


def _records(text: io.TextIOWrapper) -> Iterator[list[str] | str]:
    """Each CSV record's fields, or what is wrong with it. A blank line is no record."""
    reader = csv.reader(text, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if reader.line_num > line or "unexpected end" in str(error):
                # Whatever followed was read as part of a text: other rows are lost in it.
                raise StockcoreError(
                    "quote_unclosed", f"line {line} opens a quote and does not close it", line=line
                ) from error
            yield str(error)
            continue
        if fields:
            yield fields


_Pick = Callable[[Sequence[str]], tuple[str, ...]]


def _columns(header: list[str] | str) -> tuple[_Pick, int]:
    """A picker of the eight columns, in our order, and the number of fields that each row must have."""
    names = [] if isinstance(header, str) else [name.strip() for name in header]
    if _undecodable(names):
        raise StockcoreError("invalid_encoding", "the header is not UTF-8")
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise StockcoreError("column_missing", f"missing: {', '.join(missing)}", field=missing[0], missing=missing)
    double = [name for name in COLUMNS if names.count(name) > 1]
    if double:
        raise StockcoreError("column_duplicate", f"more than once: {', '.join(double)}", field=double[0])
    return operator.itemgetter(*(names.index(name) for name in COLUMNS)), len(names)


def _read_row(number: int, fields: Sequence[str], pick: _Pick, width: int) -> SourceRow | UnreadableRow:
    if len(fields) != width:
        return UnreadableRow(number, None, "row_invalid", f"{len(fields)} fields, where the header has {width}")
    if _undecodable(fields):
        return UnreadableRow(number, None, "invalid_encoding", "the row is not UTF-8")
    invoice, code, description, quantity, at, price, customer, country = pick(fields)
    try:
        written = read_text(code, field="StockCode", longest=CODE_MAX)
        return SourceRow(
            number=number,
            invoice=read_text(invoice, field="InvoiceNo", longest=NAME_MAX),
            code_as_written=written,
            code=normalised(written),
            description=description,
            quantity=_read_quantity(quantity.strip()),
            at=_read_time(at.strip()),
            price=_read_price(price.strip()),
            customer=_read_customer(customer) if customer.strip() else None,
            country=kept_text(country, TEXT_MAX),
        )
    except StockcoreError as refusal:
        return UnreadableRow(number, refusal.field, refusal.code, refusal.message)


def _read_customer(text: str) -> str:
    return normalised(read_text(text, field="CustomerID", longest=NAME_MAX))


def _undecodable(fields: Sequence[str]) -> bool:
    return any(not field.isascii() and any("\udc80" <= c <= "\udcff" for c in field) for field in fields)


@functools.lru_cache(maxsize=_REMEMBERED)
def _read_quantity(text: str) -> Decimal:
    number = read_decimal(text, field="Quantity")
    if number != number.to_integral_value():
        raise StockcoreError("quantity_precision", "the file counts whole units", field="Quantity")
    return number.quantize(Decimal(1)) if number else ZERO


@functools.lru_cache(maxsize=_REMEMBERED)
def _read_price(text: str) -> Decimal:
    number = read_decimal(text, field="UnitPrice")
    if number != round(number, DECIMALS_MAX):
        raise StockcoreError("money_precision", "a price has at most 6 decimals", field="UnitPrice")
    return number if number else ZERO


@functools.lru_cache(maxsize=_REMEMBERED)
def _read_time(text: str) -> datetime:
    """London's local time as an instant; of a time that comes twice in autumn, the first."""
    if "/" in text:
        raise StockcoreError("date_ambiguous", "write dates as 2010-12-01T08:26:00", field="InvoiceDate")
    try:
        local = datetime.fromisoformat(text)
        if _LOCAL_TIME.fullmatch(text) is None or local.year not in _YEARS:
            raise ValueError(text)
        instant = local.replace(tzinfo=LONDON).astimezone(UTC)
        exists = instant.astimezone(LONDON).replace(tzinfo=None) == local
    except ValueError as error:
        raise StockcoreError(
            "date_invalid", "a local date and time is needed, like 2010-12-01T08:26:00", field="InvoiceDate"
        ) from error
    if not exists:
        raise StockcoreError("date_invalid", "the clocks in London skip this time", field="InvoiceDate")
    return instant
