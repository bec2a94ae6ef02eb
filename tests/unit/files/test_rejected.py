"""The file of rejected rows: nothing of a row is lost on the way through it, and nothing goes in unmended."""

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore_files.kinds import KINDS
from stockcore_files.reading import Item, Options, Reading, Refused
from stockcore_files.rejected import rejected_path, writing_rejected
from stockcore_files.rows import marked
from stockcore_files.source import Source


def reading_of(path: Path, kind: str = "stock") -> Reading:
    return Reading(Source.of(path), KINDS[kind](), Options())


def reject(path: Path, kind: str = "stock") -> Path:
    """The rejected file of a file, as an import of the good rows leaves it."""
    reading = reading_of(path, kind)
    with writing_rejected(path, reading.columns) as rejected:
        for formed in reading.items():
            if isinstance(formed, Refused):
                rejected.add(formed.row, formed.problems)
    return rejected_path(path)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def items_of(path: Path, kind: str = "stock") -> Sequence[Item]:
    return [formed for formed in reading_of(path, kind).items() if isinstance(formed, Item)]


@pytest.mark.parametrize(
    "row",
    ["MUG,LEEDS,1,50", "MUG,LEEDS", '"MUG"x,LEEDS,1', '"MUG","LEEDS",1,"two\nlines"', "MUG,LEEDS,=1,+2"],
    ids=["a cell more", "a cell less", "a bad quote", "two lines", "formulas"],
)
def test_a_row_that_cannot_be_told_into_cells_is_kept_and_stays_refused_until_it_is_mended(
    tmp_path: Path, row: str
) -> None:
    path = tmp_path / "stock.csv"
    path.write_text(f"sku,site,quantity\n{row}\n", encoding="utf-8")
    once = reject(path)
    twice = reject(once)
    for rejected in (once, twice):
        assert [line["raw_row"] for line in rows_of(rejected)] == [row]
        assert items_of(rejected) == []
    mended = tmp_path / "mended.csv"
    mended.write_text(
        "sku,site,quantity,raw_row,error_code,error_message\nMUG,LEEDS,1.5,,row_invalid,x\n", encoding="utf-8"
    )
    assert [item.command.quantity for item in items_of(mended)] == [1.5]


@pytest.mark.parametrize(
    "line",
    [
        '{"sku":"MUG","site":"LEEDS","quantity":NaN}',
        "[1]",
        '{"sku":5,"site":"LEEDS","quantity":1}',
        '{"sku":"A\\ud800","site":"LEEDS","quantity":1}',
    ],
    ids=["no JSON", "no object", "a number for a text", "a lone surrogate"],
)
def test_a_json_line_that_csv_cannot_show_is_kept_and_stays_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "stock.jsonl"
    path.write_text(f"{line}\n", encoding="utf-8")
    rejected = reject(path)
    assert [row["raw_row"] for row in rows_of(rejected)] == [line]
    assert {"sku", "site", "quantity"} <= set(rows_of(rejected)[0])
    assert items_of(rejected) == []


def test_a_raw_row_that_is_left_is_the_problem_named(tmp_path: Path) -> None:
    path = tmp_path / "stock.jsonl"
    path.write_text('{"sku":"A","site":"M","quantity":1,"raw_row":"A,M,1,5"}\n', encoding="utf-8")
    (formed,) = reading_of(path).items()
    assert isinstance(formed, Refused)
    assert [(problem.field, problem.code) for problem in formed.problems] == [("raw_row", "row_invalid")]


def test_there_is_no_raw_column_where_the_cells_say_everything(tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("sku,site,quantity\nMUG,LEEDS,x\n", encoding="utf-8")
    assert list(rows_of(reject(path))[0]) == ["sku", "site", "quantity", "error_code", "error_message"]


@pytest.mark.parametrize("name", ["'=hello", "=hello", "''x", "'", "''", "'-5", "'tis", "'@", "-5", "\tx", "'''=x"])
def test_a_text_comes_back_from_the_rejected_file_as_it_was(tmp_path: Path, name: str) -> None:
    path = tmp_path / "products.csv"
    path.write_text(f'sku,name,step\nA,"x{name}",no\n'.replace('"x', '"'), encoding="utf-8")
    rejected = reject(path, "products")
    assert [row["name"] for row in rows_of(rejected)] == [marked(name)]
    mended = tmp_path / "mended.csv"
    mended.write_text(rejected.read_text(encoding="utf-8").replace('"no"', '"1"'), encoding="utf-8")
    assert [item.command.name for item in items_of(mended, "products")] == [name.strip()]


def test_a_rejected_file_that_cannot_be_is_refused_before_the_first_row(tmp_path: Path) -> None:
    folder = tmp_path / "taken.csv"
    rejected_path(folder).mkdir()
    for path in (folder, tmp_path / f"{'n' * 240}.csv", tmp_path / "gone" / "stock.csv"):
        with pytest.raises(StockcoreError) as caught, writing_rejected(path, ("sku",)):
            pytest.fail("no row may be imported")
        assert caught.value.code == "file_invalid"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_so_is_one_in_a_folder_without_permission_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    with pytest.raises(StockcoreError) as caught, writing_rejected(folder / "stock.csv", ("sku",)):
        pytest.fail("no row may be imported")
    assert caught.value.code == "file_invalid"


def test_a_long_name_that_still_fits_is_written(tmp_path: Path) -> None:
    path = tmp_path / f"{'n' * (255 - len('.csv.rejected.csv'))}.csv"
    path.write_text("sku,site,quantity\nMUG,LEEDS,x\n", encoding="utf-8")
    assert len(rows_of(reject(path))) == 1


def test_what_fails_in_the_block_is_not_taken_for_a_failure_to_write(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError), writing_rejected(tmp_path / "stock.csv", ("sku",)):
        raise ConnectionError
    assert list(tmp_path.iterdir()) == []
