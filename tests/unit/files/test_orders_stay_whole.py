"""An order goes in whole or not at all, even where one of its rows cannot say which order it is of."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stockcore_files.kinds import KINDS
from stockcore_files.reading import Item, Options, Reading, Refused
from stockcore_files.source import Source

Read = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(content: str, name: str = "orders.csv") -> Reading:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return Reading(Source.of(path), KINDS["orders"](), Options())

    return read


def placed(reading: Reading) -> list[str]:
    return [formed.command.number for formed in reading.items() if isinstance(formed, Item)]


def refused(reading: Reading) -> dict[int, tuple[str | None, str]]:
    """By row: the first problem's field and code."""
    rows = [formed for formed in reading.items() if isinstance(formed, Refused)]
    return {formed.row.number: (formed.problems[0].field, formed.problems[0].code) for formed in rows}


@pytest.mark.parametrize(
    "bad",
    [
        "HO-1,MUG2,2,oops", "HO-1,MUG2", '"HO-1"x,MUG2,2', 'HO-1,"MUG2" ,2', "HO-1\x01,MUG2,2", "HO\x01-1,MUG2,2",
        "5,HO-1,2,5",
    ],
    ids=["a cell more", "a cell less", "a bad quote", "another", "a control character", "one inside", "shifted"],
)  # fmt: skip
def test_an_order_one_of_whose_rows_cannot_be_read_is_left_out_whole(read: Read, bad: str) -> None:
    reading = read(f"order,sku,quantity\nHO-1,MUG,1\nHO-2,MUG,1\nHO-3,MUG,1\n{bad}\n")
    assert placed(reading)[:1] == ["HO-2"]
    assert refused(reading)[1] == (None, "batch_refused")
    assert set(refused(reading)) - {3} == {1, 4}


@pytest.mark.parametrize(
    "bad",
    [
        '{"order":"HO-1","sku":"MUG2","quantity":2,"qyt":1}',
        '{"order":"HO-1","sku":"MUG2","quantity":NaN}',
        '{"order":"HO-1","sku":"MUG2","quantity":1,"quantity":2}',
        '{"order":"HO-1","sku":"MUG2"',
        '["HO-1","MUG2",2]',
    ],
    ids=["unknown member", "NaN", "a member twice", "cut off", "no object"],
)
def test_so_is_one_of_whose_json_lines_is_none(read: Read, bad: str) -> None:
    good = [f'{{"order":"HO-{number}","sku":"MUG","quantity":1}}\n' for number in (1, 2, 3)]
    reading = read(f"{''.join(good)}{bad}\n", "orders.jsonl")
    assert placed(reading)[:1] == ["HO-2"]
    assert refused(reading)[1] == (None, "batch_refused")


def test_a_row_that_tells_its_order_leaves_the_orders_beside_it_alone(read: Read) -> None:
    reading = read("order,sku,quantity\nHO-1,MUG,1\nHO-2,MUG,1,oops\nHO-3,MUG,1\n")
    assert placed(reading) == ["HO-1", "HO-3"]


@pytest.mark.parametrize("bad", [",MUG2,2", "\x02,MUG2,2", '"x"y,MUG2,2'], ids=["empty", "no text", "bad quote"])
def test_a_row_that_tells_no_order_takes_the_orders_beside_it_along_and_no_other(read: Read, bad: str) -> None:
    reading = read(f"order,sku,quantity\nA,MUG,1\nB,MUG,1\n{bad}\nC,MUG,1\nD,MUG,1\n")
    assert placed(reading) == ["A", "D"]
    (left,) = [formed for formed in reading.items() if isinstance(formed, Refused) and formed.row.number == 2]
    assert left.problems[0].message.startswith("row 3 cannot be read and may be another row of this order")
    assert left.problems[0].facts == {"other_row": 3}


def test_lines_come_in_the_order_of_their_numbers(read: Read) -> None:
    (item,) = read("order,line,sku,quantity\nLN,2,A,1\nLN,1,B,2\nLN,3,A,3\n").items()
    assert isinstance(item, Item)
    assert [(line.sku, line.quantity) for line in item.command.lines] == [("B", 2), ("A", 1), ("A", 3)]
    assert [row.number for row in item.rows] == [2, 1, 3]
    assert item.row_of("lines/0/quantity", "quantity").number == 2


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [(("-5", "1"), [1]), (("99999999999", "1"), [1]), (("0", "1"), [1]), (("1", "3"), [2]), (("1", ""), [2])],
    ids=["negative", "enormous", "from zero", "a gap", "one without"],
)
def test_line_numbers_count_from_1_without_a_gap_or_are_left_out(
    read: Read, numbers: tuple[str, str], wrong: list[int]
) -> None:
    rows = "".join(f"LN,{number},A,1\n" for number in numbers)
    reading = read(f"order,line,sku,quantity\n{rows}")
    assert placed(reading) == []
    problems = refused(reading)
    assert [row for row in problems if problems[row] == ("line", "row_invalid")] == wrong
    assert {code for _, code in problems.values()} == {"row_invalid", "batch_refused"}
