"""Rows become commands; every mistake of every row is told, with the code it has everywhere."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stockcore.catalog.commands import AddProduct
from stockcore.orders.commands import PlaceOrder
from stockcore.stock.commands import ReceiveStock
from stockcore_files.kinds import KINDS
from stockcore_files.reading import Item, Options, Reading, Refused
from stockcore_files.source import Source

Read = Callable[..., Reading]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(kind: str, content: str, name: str = "file.csv", **options: Any) -> Reading:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return Reading(Source.of(path), KINDS[kind](), Options(**options))

    return read


def commands_of(reading: Reading) -> list[Any]:
    return [formed.command for formed in reading.items() if isinstance(formed, Item)]


def problems_of(reading: Reading) -> list[tuple[int, str | None, str]]:
    return sorted(
        (problem.row, problem.field, problem.code)
        for formed in reading.items()
        if isinstance(formed, Refused)
        for problem in formed.problems
    )


def test_each_bad_quantity_has_its_own_code_b139(read: Read) -> None:
    values = ["NaN", "1e400", "-3", "١٢", "", "1.0000001"]
    rows = "".join(f"S{number},MAIN,{value}\n" for number, value in enumerate(values))
    assert [code for _, _, code in problems_of(read("stock", f"sku,site,quantity\n{rows}"))] == [
        "quantity_not_finite",
        "quantity_out_of_range",
        "quantity_not_positive",
        "number_format",
        "field_required",
        "quantity_precision",
    ]


@pytest.mark.parametrize("value", [" 5 ", "5\u00a0", "+5", "１２", "1_000", "1.234,50", "1,5", "0x10", "5."])
def test_a_number_has_one_spelling_b019_b021_b023(read: Read, value: str) -> None:
    reading = read("stock", f'sku,site,quantity\nA,MAIN,"{value}"\n')
    assert problems_of(reading) == [(1, "quantity", "number_format")]


def test_all_mistakes_of_a_row_are_told_at_once(read: Read) -> None:
    content = "sku,site,quantity,unit_cost,expires_on\n,MAIN,x,-1,03/04/2026\nA,MAIN,1,0.0000001,2026-02-30\n"
    assert problems_of(read("stock", content)) == [
        (1, "expires_on", "date_ambiguous"),
        (1, "quantity", "number_format"),
        (1, "sku", "field_required"),
        (1, "unit_cost", "money_negative"),
        (2, "expires_on", "date_invalid"),
        (2, "unit_cost", "money_precision"),
    ]


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("03/04/2026", "date_ambiguous"),
        ("3.4.2026", "date_ambiguous"),
        ("2026-13-01", "date_invalid"),
        ("0001-01-01", "date_invalid"),
        ("9999-12-31", "date_invalid"),
        ("20026-01-01", "date_invalid"),
        ("20260403", "date_invalid"),
        ("2026-W14-5", "date_invalid"),
        ("tomorrow", "date_invalid"),
    ],
)
def test_dates_are_iso_only_b099_b143(read: Read, date: str, code: str) -> None:
    reading = read("stock", f"sku,site,quantity,lot,expires_on\nA,MAIN,1,L,{date}\n")
    assert problems_of(reading) == [(1, "expires_on", code)]


def test_leading_zeros_make_another_sku_b141(read: Read) -> None:
    commands = commands_of(read("products", "sku,name\n00123,A\n123,B\n"))
    assert [command.sku for command in commands] == ["00123", "123"]
    assert all(isinstance(command, AddProduct) for command in commands)


def test_a_sku_in_two_rows_refuses_both_b147(read: Read) -> None:
    filler = "".join(f"F{number},x\n" for number in range(897))
    reading = read("products", f"sku,name\nZ,first\nA-1,one\n{filler} a-1 ,two\n")
    assert problems_of(reading) == [(2, None, "duplicate_row"), (900, None, "duplicate_row")]


@pytest.mark.parametrize("row", ["A,MAIN,2,available,", "A,MAIN,2,,receiving", "a,main,2, AVAILABLE , RECEIVING "])
def test_a_default_written_out_is_the_same_as_one_left_out_b147(read: Read, row: str) -> None:
    reading = read("stock", f"sku,site,quantity,status,location\nA,MAIN,1,,\n{row}\nA,MAIN,3,quarantine,\n")
    assert problems_of(reading) == [(1, None, "duplicate_row"), (2, None, "duplicate_row")]


def test_the_last_of_them_wins_if_told_so_b147(read: Read) -> None:
    reading = read("products", "sku,name\nA,one\nB,x\na,two\nA,three\n", last_wins=True)
    assert [(command.sku, command.name) for command in commands_of(reading)] == [("B", "x"), ("A", "three")]
    assert (reading.total, reading.superseded) == (4, 2)


def test_a_command_is_named_by_its_file_and_row_so_that_it_is_done_once(read: Read) -> None:
    content = "sku,site,quantity\nA,MAIN,1\nB,MAIN,2\n"
    first, again = (commands_of(read("stock", content)) for _ in range(2))
    assert first == again
    assert len({command.command_id for command in first}) == 2
    other = commands_of(read("stock", content + "C,MAIN,3\n"))
    assert {command.command_id for command in first}.isdisjoint(command.command_id for command in other)


def test_json_values_keep_their_kinds(read: Read) -> None:
    lines = [
        {"sku": "A", "name": "A", "list_price": 2.5, "stocked": False, "attributes": {"size": "L"}},
        {"sku": 5, "name": True, "list_price": True, "stocked": "perhaps", "attributes": [1]},
    ]
    reading = read("products", "".join(json.dumps(line) + "\n" for line in lines), "file.jsonl")
    (good,) = commands_of(reading)
    assert (good.list_price, good.stocked, good.attributes) == (Decimal("2.5"), False, {"size": "L"})
    assert problems_of(reading) == [
        (2, "attributes", "type_error"),
        (2, "list_price", "type_error"),
        (2, "name", "type_error"),
        (2, "sku", "type_error"),
        (2, "stocked", "value_unknown"),
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [('"SKU\\u0000A"', "text_invalid"), ('" \\u200b"', "text_blank"), (json.dumps("x" * 256), "text_too_long")],
)
def test_texts_that_cannot_be_stored_are_refused_b045_b047(read: Read, name: str, code: str) -> None:
    reading = read("products", f'{{"sku":"A","name":{name}}}\n', "file.jsonl")
    assert problems_of(reading) == [(1, "name", code)]


def test_the_rows_of_a_number_are_one_order_wherever_they_stand(read: Read) -> None:
    content = "order,sku,quantity,customer,policy\nX1,A,1,C1,\nX2,A,5,,\nX1,B,2,,backorder\n"
    second, first = commands_of(read("orders", content))
    assert isinstance(first, PlaceOrder)
    assert (second.number, [line.sku for line in second.lines]) == ("X2", ["A"])
    assert (first.number, first.customer, first.policy) == ("X1", "C1", "backorder")
    assert [(line.sku, line.quantity) for line in first.lines] == [("A", Decimal(1)), ("B", Decimal(2))]


def test_a_bad_row_takes_its_order_with_it_and_no_other(read: Read) -> None:
    reading = read("orders", "order,sku,quantity\nX1,A,1\nX2,A,1\nX1,B,none\nX1,C,1\n,D,1\n")
    assert [command.number for command in commands_of(reading)] == ["X2"]
    assert problems_of(reading) == [
        (1, None, "batch_refused"),
        (3, "quantity", "number_format"),
        (4, None, "batch_refused"),
        (5, "order", "field_required"),
    ]


def test_rows_of_one_order_may_not_contradict_one_another(read: Read) -> None:
    reading = read("orders", "order,sku,quantity,customer\nX1,A,1,C1\nX1,B,1,C2\nX1,C,1,\n")
    assert commands_of(reading) == []
    assert problems_of(reading) == [
        (1, None, "batch_refused"),
        (2, "customer", "row_invalid"),
        (3, None, "batch_refused"),
    ]


def test_a_sku_may_stand_on_two_lines_when_lines_are_numbered(read: Read) -> None:
    numbered = read("orders", "order,line,sku,quantity\nX1,1,A,1\nX1,2,A,3\n")
    assert [line.quantity for line in commands_of(numbered)[0].lines] == [1, 3]
    bare = read("orders", "order,sku,quantity\nX1,A,1\nX1,a,3\n")
    assert [code for _, _, code in problems_of(bare)] == ["duplicate_row", "duplicate_row"]


def test_locations_come_from_the_top_whatever_their_order(read: Read) -> None:
    content = "code,site,parent,name\nB1,M,A1,\nA1,m,Z1,\nM,,,Main\nZ1,M,,\nN,,,\n"
    commands = commands_of(read("locations", content))
    assert [command.code for command in commands] == ["M", "N", "Z1", "A1", "B1"]


def test_locations_that_form_a_ring_are_refused_with_the_ring_b091_b153(read: Read) -> None:
    content = "code,site,parent\nM,,\nA,M,C\nB,M,A\nC,M,B\nSELF,M,self\nLEAF,M,A\nFREE,M,\n"
    reading = read("locations", content)
    refused = {formed.row.number: formed for formed in reading.items() if isinstance(formed, Refused)}
    assert {row: formed.problems[0].code for row, formed in refused.items()} == dict.fromkeys(
        (2, 3, 4, 5), "location_cycle"
    )
    assert set(refused[3].problems[0].facts["ring"]) == {"a", "b", "c"}
    assert refused[5].problems[0].facts["ring"] == ["self"]
    assert [command.code for command in commands_of(reading)] == ["M", "FREE", "LEAF"]


def test_a_site_has_no_purpose_and_a_place_no_time_zone(read: Read) -> None:
    content = "code,site,purpose,time_zone\nM,,storage,\nA,M,,UTC\n"
    assert problems_of(read("locations", content)) == [(1, "purpose", "row_invalid"), (2, "time_zone", "row_invalid")]


def test_stock_rows_are_receipts(read: Read) -> None:
    (command,) = commands_of(read("stock", "sku,site,quantity,status,unit_cost\nA,MAIN,1.5,Quarantine,0.001\n"))
    assert isinstance(command, ReceiveStock)
    assert (command.quantity, command.status, command.unit_cost) == (Decimal("1.5"), "quarantine", Decimal("0.001"))
