"""Rows, files and histories in the layout of UCI "Online Retail", and where the real ones lie."""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from stockcore_replay.calendars import LONDON
from stockcore_replay.source import COLUMNS, SourceRow, normalised

ROOT: Final = Path(__file__).parents[2]
THREE_MONTHS: Final = ROOT.parent / "shared" / "data" / "online_retail" / "first3months.csv.gz"
needs_three_months: Final = pytest.mark.skipif(
    not THREE_MONTHS.exists(), reason="../shared/data/online_retail/first3months.csv.gz is not here"
)

Fields = Sequence[str]


def london(text: str) -> datetime:
    """`2010-12-01T08:26` in London, as an aware instant."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def source_row(
    number: int = 1,
    *,
    invoice: str = "536365",
    code: str = "85123A",
    quantity: int = 6,
    at: str | datetime = "2010-12-01T08:26",
    price: str = "2.55",
    customer: str | None = "17850",
    country: str = "United Kingdom",
) -> SourceRow:
    """A readable row; by default a sale."""
    return SourceRow(
        number=number,
        invoice=invoice,
        code_as_written=code,
        code=normalised(code),
        description="WHITE HANGING HEART T-LIGHT HOLDER",
        quantity=Decimal(quantity),
        at=london(at) if isinstance(at, str) else at,
        price=Decimal(price),
        customer=customer,
        country=country,
    )


def fields(
    invoice: str = "536365",
    code: str = "85123A",
    quantity: str = "6",
    at: str = "2010-12-01T08:26:00",
    price: str = "2.55",
    customer: str = "17850",
    country: str = "United Kingdom",
    description: str = "WHITE HANGING HEART T-LIGHT HOLDER",
) -> Fields:
    """One row's fields, in the file's order; by default a sale."""
    return (invoice, code, description, quantity, at, price, customer, country)


def csv_text(rows: Iterable[Fields], header: Fields = COLUMNS) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def write_file(path: Path, rows: Iterable[Fields], header: Fields = COLUMNS) -> Path:
    """A file of these rows; compressed where its name ends in .gz."""
    content = csv_text(rows, header).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
