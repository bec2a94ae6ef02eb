"""From bytes to numbered rows: what is wrong with one row is told of that row, the rest of the file is read on."""

import gzip
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore_files.rows import Columns, Row, marked, read_rows
from stockcore_files.source import Source

WANTED = Columns(known=frozenset({"sku", "quantity", "name"}), required=frozenset({"sku", "quantity"}))
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: bytes, name: str = "stock.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def rows_of(path: Path, columns: Columns = WANTED, encoding: str = "utf-8") -> list[Row]:
    return list(read_rows(Source.of(path), columns, encoding=encoding))


def refusal_of(path: Path, columns: Columns = WANTED, encoding: str = "utf-8") -> StockcoreError:
    with pytest.raises(StockcoreError) as caught:
        rows_of(path, columns, encoding)
    return caught.value


def test_a_byte_order_mark_is_no_part_of_the_first_column_b125(write: Write) -> None:
    (row,) = rows_of(write(b"\xef\xbb\xbfsku,quantity\nA,1\n"))
    assert row.cells == {"sku": "A", "quantity": "1"}


def test_rows_and_last_columns_that_a_spreadsheet_left_empty_are_none(write: Write) -> None:
    content = b"sku,quantity,,\nA,1,,\n,,,\n , ,,\nB,2,,\nC,3,x,\nD,4\n"
    rows = rows_of(write(content))
    assert [(row.number, row.cells["sku"], row.problem is None) for row in rows] == [
        (1, "A", True),
        (2, "B", True),
        (3, "C", False),
        (4, "D", True),
    ]


def test_a_cell_of_two_lines_is_the_same_whatever_the_line_ends(write: Write) -> None:
    content = b'sku,quantity,name\nA,1,"two\nlines"\n'
    (one,), (other,) = rows_of(write(content)), rows_of(write(content.replace(b"\n", b"\r\n")))
    assert one.cells == other.cells == {"sku": "A", "quantity": "1", "name": "two\nlines"}


def test_bytes_of_another_encoding_are_refused_with_their_line_b127(write: Write) -> None:
    refusal = refusal_of(write(b"sku,quantity,name\nA,1,tea\nB,1,Caf\xe9\n"))
    assert (refusal.code, refusal.facts["line"]) == ("invalid_encoding", 3)


def test_the_encoding_can_be_named_b127(write: Write) -> None:
    (row,) = rows_of(write(b"sku,quantity,name\nB,1,Caf\xe9\n"), encoding="cp1252")
    assert row.cells["name"] == "Café"


@pytest.mark.parametrize("name", ["stock.csv", "stock.jsonl"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["without", "with"])
def test_utf_8_may_be_named_with_its_mark(write: Write, name: str, mark: bytes) -> None:
    content = b'sku,quantity\n"A",1\n' if name == "stock.csv" else b'{"sku":"A","quantity":"1"}\n'
    (row,) = rows_of(write(mark + content + b"\n", name), encoding="utf-8-sig")
    assert (row.cells, row.problem) == ({"sku": "A", "quantity": "1"}, None)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252", "iso-8859-15", "shift_jis", "gb18030", "koi8-r"])
def test_an_encoding_of_text_files_is_taken(write: Write, encoding: str) -> None:
    assert len(rows_of(write(b"sku,quantity\nA,1\n"), encoding=encoding)) == 1


@pytest.mark.parametrize("encoding", ["idna", "punycode", "utf-7", "unicode_escape", "raw_unicode_escape", "hz"])
def test_an_encoding_that_would_rewrite_cells_is_refused(write: Write, encoding: str) -> None:
    assert refusal_of(write(b"sku,quantity\nA,1\n"), encoding=encoding).code == "value_unknown"


@pytest.mark.parametrize("encoding", ["utf-16", "klingon", "rot13", "", "utf\x00-8"])
def test_an_encoding_in_which_lines_cannot_be_told_is_refused(write: Write, encoding: str) -> None:
    assert refusal_of(write(b"sku,quantity\nA,1\n"), encoding=encoding).code == "value_unknown"


def test_the_last_row_needs_no_line_end_b129(write: Write) -> None:
    assert [row.cells["sku"] for row in rows_of(write(b"sku,quantity\nA,1\nB,2"))] == ["A", "B"]


def test_a_missing_column_is_named_b131(write: Write) -> None:
    refusal = refusal_of(write(b"sku\nA\n"))
    assert (refusal.code, refusal.facts["columns"]) == ("column_missing", ["quantity"])


def test_an_unknown_column_is_refused_unless_told_to_ignore_it_b133(write: Write) -> None:
    path = write(b"sku,quantity,qyt\nA,1,2\n")
    assert refusal_of(path).code == "column_unknown"
    assert len(rows_of(path, Columns(WANTED.known, WANTED.required, ignore_unknown=True))) == 1


def test_a_column_named_twice_is_refused(write: Write) -> None:
    assert refusal_of(write(b"sku,quantity,SKU\nA,1,B\n")).code == "column_duplicate"


def test_an_unclosed_quote_is_found_without_reading_the_file_into_memory_b135(write: Write) -> None:
    path = write(b'sku,quantity\nA,"1\n' + b"B,2,some more text to fill the line\n" * 100_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refusal = refusal_of(path)
    assert (refusal.code, refusal.facts["line"]) == ("quote_unclosed", 2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2048  # kB


@pytest.mark.parametrize(
    "rest", [b"", b'B,"2"\n', b'B,2\n"C",3\n'], ids=["at the end", "before a quoted cell", "before a quoted start"]
)
def test_an_unclosed_quote_does_not_hide_behind_a_later_one(write: Write, rest: bytes) -> None:
    refusal = refusal_of(write(b'sku,quantity\nZ,9\nA,"1\n' + rest))
    assert (refusal.code, refusal.facts["line"]) == ("quote_unclosed", 3)


def test_a_broken_quote_that_leaves_another_open_ends_the_reading(write: Write) -> None:
    refusal = refusal_of(write(b'sku,quantity,name\n"A"x,1,"two\nlines",2,B\nC,3,c\n'))
    assert (refusal.code, refusal.facts["line"]) == ("quote_unclosed", 2)


def test_a_line_end_inside_quotes_is_one_row_and_lines_still_count_b137(write: Write) -> None:
    rows = rows_of(write(b'sku,quantity,name\nA,1,"two\nlines"\nB,1\nC,1,x\n'))
    assert [(row.number, row.line) for row in rows] == [(1, 2), (2, 4), (3, 5)]
    assert rows[0].cells["name"] == "two\nlines"
    assert rows[1].problem is not None
    assert (rows[1].problem.code, rows[1].problem.row, rows[1].problem.line) == ("row_invalid", 2, 4)
    assert rows[2].problem is None


def test_blank_lines_are_no_rows(write: Write) -> None:
    assert [(row.number, row.line) for row in rows_of(write(b"\nsku,quantity\n\nA,1\n\n\nB,2\n"))] == [(1, 4), (2, 7)]


def test_a_broken_row_leaves_the_others_alone(write: Write) -> None:
    rows = rows_of(write(b'sku,quantity\n"A"x,1\nB,2\nC,3,4\n'))
    assert [row.problem is None for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("stock.csv", gzip.compress(b"sku,quantity\nA,1\n")),
        ("stock.csv", b"PK\x03\x04 a spreadsheet"),
        ("stock.csv", "sku,quantity\n".encode("utf-16")),
        ("stock.csv", b""),
        ("stock.jsonl", b""),
        ("stock.jsonl", b"\n \n"),
        ("stock.csv", b"x" * (1 << 21)),
        ("stock.csv.gz", b"sku,quantity\nA,1\n"),
        ("stock.csv.gz", gzip.compress(b"sku,quantity\nA,1\n" * 1000)[:-20]),
        ("stock.xlsx", b"sku,quantity\nA,1\n"),
    ],
    ids=["gzip", "zip", "utf-16", "empty", "empty JSON", "blank JSON", "no line ends", "not gzip", "cut off", "ending"],
)
def test_what_is_no_such_file_is_refused_b041_b155(write: Write, name: str, content: bytes) -> None:
    path = write(content, name)
    assert refusal_of(path).code == "file_invalid"


def test_there_must_be_a_file(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "no.csv").code == "file_not_found"
    (tmp_path / "folder.csv").mkdir()
    assert refusal_of(tmp_path / "folder.csv").code == "file_invalid"


def test_a_compressed_file_is_read(write: Write) -> None:
    assert len(rows_of(write(gzip.compress(b"sku,quantity\nA,1\n"), "stock.csv.gz"))) == 1


def test_a_file_is_the_same_however_it_is_compressed(write: Write) -> None:
    content = b"sku,quantity\nA,1\n"
    paths = [
        write(content, "a.csv"),
        write(gzip.compress(content, mtime=1), "b.csv.gz"),
        write(gzip.compress(content, 1, mtime=2), "c.csv.gz"),
    ]
    assert len({Source.of(path).fingerprint for path in paths}) == 1
    assert Source.of(write(content + b"B,1\n", "d.csv")).fingerprint != Source.of(paths[0]).fingerprint


def test_a_file_that_changes_while_it_is_read_is_noticed_b151(write: Write) -> None:
    path = write(b"sku,quantity\nA,1\n")
    source = Source.of(path)
    source.check_unchanged()
    path.write_bytes(b"sku,quantity\nA,2\n")
    with pytest.raises(StockcoreError) as caught:
        source.check_unchanged()
    assert caught.value.code == "file_changed"
    path.unlink()
    with pytest.raises(StockcoreError, match="changed while"):
        source.check_unchanged()


def test_json_lines_are_rows(write: Write) -> None:
    rows = rows_of(write(b'{"sku":"A","quantity":1}\n\n{"sku":"B","quantity":"2","name":null}\n', "stock.jsonl"))
    assert [(row.number, row.line, dict(row.cells)) for row in rows] == [
        (1, 1, {"sku": "A", "quantity": 1}),
        (2, 3, {"sku": "B", "quantity": "2"}),
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"sku":"A","quantity":NaN}', "invalid_json"),
        (b'{"sku":"A","quantity":-Infinity}', "invalid_json"),
        (b'{"sku":"A","sku":"B","quantity":1}', "invalid_json"),
        (b'{"sku":"A","quantity":1} garbage', "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b"9" * 10_000, "invalid_json"),
        (b'{"quantity":1e99999999999999999999}', "invalid_json"),
        (b"[1]", "type_error"),
        (b'"text"', "type_error"),
        (b'{"sku":"A","quantity":1,"qyt":2}', "column_unknown"),
    ],
)
def test_a_line_that_is_no_row_is_that_rows_problem_b001_b033_b035_b051_b053(
    write: Write, line: bytes, code: str
) -> None:
    rows = rows_of(write(b'{"sku":"Z","quantity":1}\n' + line + b'\n{"sku":"Y","quantity":1}\n', "stock.jsonl"))
    assert [None if row.problem is None else row.problem.code for row in rows] == [None, code, None]


def test_json_has_no_byte_order_mark_b043(write: Write) -> None:
    (row,) = rows_of(write(b'\xef\xbb\xbf{"sku":"A","quantity":1}\n', "stock.jsonl"))
    assert row.problem is not None
    assert row.problem.code == "invalid_json"


@pytest.mark.parametrize("text", ["=1+2", "+49 30", "-x", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_a_spreadsheet_would_run_is_marked_b145(text: str) -> None:
    assert marked(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "-0.25", "plain", "", "5+5"])
def test_numbers_and_other_texts_stay_as_they_are_b145(text: str) -> None:
    assert marked(text) == text


def test_a_rejected_file_that_was_mended_is_read_without_its_marks(write: Write) -> None:
    content = b'"sku","quantity","name","error_code","error_message"\n"A","-5","\'-5 C box","x","y"\n'
    (row,) = rows_of(write(content))
    assert (row.cells["name"], row.cells["quantity"]) == ("-5 C box", "-5")
