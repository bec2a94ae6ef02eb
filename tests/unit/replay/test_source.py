import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore_replay.source import COLUMNS, SourceRow, UnreadableRow, content_digest, normalised, read_rows
from tests.support.online_retail import csv_text, fields, write_file


def read_one(tmp_path: Path, **changes: str) -> SourceRow | UnreadableRow:
    [row] = read_rows(write_file(tmp_path / "file.csv", [fields(**changes)]))
    return row


def read_good(tmp_path: Path, **changes: str) -> SourceRow:
    row = read_one(tmp_path, **changes)
    assert isinstance(row, SourceRow)
    return row


def refusal(path: Path) -> StockcoreError:
    with pytest.raises(StockcoreError) as refused:
        list(read_rows(path))
    return refused.value


def test_a_row_is_read_with_its_number_its_types_and_its_time_in_utc(tmp_path: Path) -> None:
    path = write_file(tmp_path / "file.csv", [fields(), fields(code=" 85123a ", at="2011-07-01T10:00:00")])

    first, second = read_rows(path)

    assert isinstance(first, SourceRow)
    assert (first.number, first.invoice, first.customer, first.country) == (1, "536365", "17850", "United Kingdom")
    assert (first.quantity, first.price) == (Decimal(6), Decimal("2.55"))
    assert first.at == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    assert first.at.tzinfo is UTC
    assert isinstance(second, SourceRow)
    assert second.number == 2
    assert (second.code_as_written, second.code) == ("85123a", "85123A")
    assert second.at == datetime(2011, 7, 1, 9, 0, tzinfo=UTC)  # summer time


def test_codes_that_differ_in_case_or_blanks_are_the_same_code_and_leading_zeros_count() -> None:
    assert normalised(" 85123a ") == normalised("85123A")
    assert normalised("gift_0001_20") == "GIFT_0001_20"
    assert normalised("00123") != normalised("123")


def test_a_blank_customer_is_none(tmp_path: Path) -> None:
    assert read_good(tmp_path, customer=" ").customer is None


def test_a_byte_order_mark_compression_and_the_order_of_columns_make_no_difference(tmp_path: Path) -> None:
    text = csv_text([fields(), fields(description="a\nb, “c”")])
    plain = tmp_path / "file.csv"
    plain.write_bytes(text.encode())
    marked = tmp_path / "marked.csv"
    marked.write_bytes(text.encode("utf-8-sig"))
    packed = tmp_path / "packed.CSV.GZ"
    packed.write_bytes(gzip.compress(text.encode()))
    turned = write_file(
        tmp_path / "turned.csv",
        [(*reversed(fields()), "more"), (*reversed(fields(description="a\nb, “c”")), "more")],
        header=(*reversed(COLUMNS), "Remark"),
    )

    assert list(read_rows(plain)) == list(read_rows(marked)) == list(read_rows(packed)) == list(read_rows(turned))
    assert content_digest(plain) == content_digest(packed) != content_digest(turned)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"quantity": "six"}, "Quantity", "number_format"),
        ({"quantity": ""}, "Quantity", "number_format"),
        ({"quantity": "NaN"}, "Quantity", "quantity_not_finite"),
        ({"quantity": "1.5"}, "Quantity", "quantity_precision"),
        ({"quantity": "١٢"}, "Quantity", "number_format"),
        ({"price": "2,55"}, "UnitPrice", "number_format"),
        ({"price": "0.1234567"}, "UnitPrice", "money_precision"),
        ({"at": "01/12/2010 08:26"}, "InvoiceDate", "date_ambiguous"),
        ({"at": "2010-12-01"}, "InvoiceDate", "date_invalid"),
        ({"at": "2010-02-30T08:26:00"}, "InvoiceDate", "date_invalid"),
        ({"at": "2010-12-01T08:26:00Z"}, "InvoiceDate", "date_invalid"),
        ({"at": "20101201T08:26:00"}, "InvoiceDate", "date_invalid"),
        ({"at": "2010-W48-3T08:26"}, "InvoiceDate", "date_invalid"),
        ({"at": "2010-12-01x08:26"}, "InvoiceDate", "date_invalid"),
        ({"at": "0001-01-01T00:00:00"}, "InvoiceDate", "date_invalid"),
        ({"at": "2011-03-27T01:30:00"}, "InvoiceDate", "date_invalid"),  # the clocks skip this hour
        ({"invoice": " "}, "InvoiceNo", "text_blank"),
        ({"code": ""}, "StockCode", "text_blank"),
        ({"code": "85\x00123A"}, "StockCode", "text_invalid"),
    ],
)
def test_an_unreadable_row_keeps_its_number_and_says_which_column_is_at_fault(
    tmp_path: Path, changes: dict[str, str], field: str, code: str
) -> None:
    path = write_file(tmp_path / "file.csv", [fields(), fields(**changes), fields()])

    before, bad, after = read_rows(path)

    assert isinstance(bad, UnreadableRow)
    assert (bad.number, bad.field, bad.code) == (2, field, code)
    assert isinstance(before, SourceRow)
    assert isinstance(after, SourceRow)
    assert after.number == 3


def test_blanks_around_numbers_and_a_point_nought_are_read(tmp_path: Path) -> None:
    row = read_good(tmp_path, quantity=" -36.0 ", price="-0.0")
    assert (str(row.quantity), str(row.price)) == ("-36", "0")


def test_of_a_time_that_comes_twice_the_first_is_meant(tmp_path: Path) -> None:
    assert read_good(tmp_path, at="2011-10-30T01:30:00").at == datetime(2011, 10, 30, 0, 30, tzinfo=UTC)


def test_a_row_with_too_few_or_too_many_fields_is_unreadable(tmp_path: Path) -> None:
    rows = list(read_rows(write_file(tmp_path / "file.csv", [fields()[:-1], [*fields(), "x"], fields()])))
    assert [isinstance(row, UnreadableRow) for row in rows] == [True, True, False]


def test_a_row_that_breaks_the_rules_of_csv_is_unreadable_and_the_reading_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(csv_text([fields()]) + '536366,85123A,"A "B" C",6,2010-12-01T08:26:00,1,,X\n')
    with path.open("a") as file:
        file.write(csv_text([fields()]).partition("\n")[2])

    rows = list(read_rows(path))

    assert [row.code for row in rows] == ["85123A", "row_invalid", "85123A"]
    assert [row.number for row in rows] == [1, 2, 3]


def test_bytes_that_are_not_utf_8_cost_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(csv_text([fields(), fields(description="CAFE"), fields()]).encode().replace(b"CAFE", b"Caf\xe9"))

    rows = list(read_rows(path))

    assert [row.code for row in rows] == ["85123A", "invalid_encoding", "85123A"]


def test_blank_lines_are_no_rows_and_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text(csv_text([fields()]) + "\n" + ",".join(fields()))
    assert [row.number for row in read_rows(path)] == [1, 2]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    refused = refusal(write_file(tmp_path / "file.csv", [], header=COLUMNS[:-2]))
    assert refused.code == "column_missing"
    assert refused.facts["missing"] == ["CustomerID", "Country"]


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.touch()
    assert refusal(path).code == "column_missing"


def test_a_column_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert refusal(write_file(tmp_path / "file.csv", [], header=(*COLUMNS, "Quantity"))).code == "column_duplicate"


def test_a_cell_without_end_costs_its_row_only(tmp_path: Path) -> None:
    rows = list(read_rows(write_file(tmp_path / "file.csv", [fields(description="d" * 200_000), fields()])))
    assert [type(row) for row in rows] == [UnreadableRow, SourceRow]


def test_a_quote_that_is_never_closed_refuses_the_file_and_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    opened = '536366,85123A,"WHITE HEART,6,2010-12-01T08:26:00,1,,X\n'
    path.write_text(csv_text([fields()]) + opened + csv_text([fields()] * 5000).partition("\n")[2])

    refused = refusal(path)

    assert (refused.code, refused.facts["line"]) == ("quote_unclosed", 3)


def test_a_quote_that_swallows_rows_until_the_next_one_refuses_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    opened = '536366,85123A,"WHITE HEART,6,2010-12-01T08:26:00,1,,X\n'
    path.write_text(csv_text([fields()]) + opened + csv_text([fields(), fields(description="A, B")]))
    assert refusal(path).code == "quote_unclosed"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cut.csv.gz", gzip.compress(csv_text([fields()]).encode())[:-20], "file_invalid"),
        ("plain.csv.gz", csv_text([fields()]).encode(), "file_invalid"),
        ("packed.csv", gzip.compress(csv_text([fields()]).encode()), "file_invalid"),
        ("other.csv", csv_text([]).encode("utf-16"), "invalid_encoding"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path).code == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.csv").code == "file_not_found"
    assert refusal(tmp_path).code == "file_invalid"
