"""Files into databases: all rows or every good one, each bad one told, and a file imported twice counted once."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore_files.reading import Options
from stockcore_runtime import OwnApplication, open_application
from stockcore_runtime.importing import ImportReport, Mode, as_refusal, import_file
from stockcore_sql import schema

Import = Callable[..., ImportReport]
COUNTED = (
    schema.product, schema.location, schema.stock_movement, schema.stock_reservation, schema.sales_order,
    schema.outbox, schema.command, schema.stock_document,
)  # fmt: skip


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest) -> Iterator[OwnApplication]:
    with open_application(str(request.getfixturevalue(request.param))) as app:
        app.locations.add_site(code="MAIN", name="Main")
        for sku in ("A", "B", "C"):
            app.catalog.add_product(sku=sku, name=sku)
        yield app


@pytest.fixture
def import_(app: OwnApplication, tmp_path: Path) -> Import:
    def import_(kind: str, content: str, mode: str = "atomic", name: str = "file.csv", **options: Any) -> ImportReport:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        dry_run = options.pop("dry_run", False)
        return import_file(app, kind, path, mode=Mode(mode), options=Options(**options), dry_run=dry_run)

    return import_


def everything(app: OwnApplication) -> list[int]:
    store: Any = app.store
    with store.engine.connect() as connection:
        return [int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) for table in COUNTED]


def on_hand(app: OwnApplication, sku: str) -> int:
    return sum(int(row.on_hand) for row in app.stock.show(sku))


def codes(report: ImportReport) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in report.problems]


def test_a_whole_company_comes_from_four_files(import_: Import, app: OwnApplication) -> None:
    import_("locations", "code,name,site,parent,purpose\nBIN,,WEST,AISLE,storage\nAISLE,,WEST,,none\nWEST,West,,,\n")
    import_("products", 'sku,name,list_price,barcode,attributes\n00123,Tea,2.50,1234,"{""size"":""L""}"\n123,Pot,,,\n')
    import_("stock", "sku,site,location,quantity,unit_cost\n00123,WEST,BIN,10,1.25\n123,WEST,,4,\n")
    lines = [
        {"order": "W-1", "sku": "00123", "quantity": 2},
        {"order": "W-2", "sku": "123", "quantity": "1", "price": 3.5},
        {"order": "W-1", "sku": "123", "quantity": 1.0},
    ]
    report = import_("orders", "".join(json.dumps(line) + "\n" for line in lines), name="orders.jsonl")
    assert (report.total, report.accepted, report.rejected) == (3, 3, 0)
    assert [(line.sku, int(line.reserved)) for line in app.orders.show("W-1").lines] == [("00123", 2), ("123", 1)]
    assert app.catalog.show("00123").codes == ("1234",)
    assert [view.code for view in app.locations.tree("WEST")][:3] == ["WEST", "AISLE", "BIN"]
    assert app.verify()["ok"]


def test_three_bad_rows_of_a_thousand_leave_nothing_behind_b149(import_: Import, app: OwnApplication) -> None:
    before = everything(app)
    report = import_("products", thousand_products())
    assert codes(report) == [(10, "text_blank"), (500, "number_format"), (900, "unknown_unit")]
    assert (report.total, report.accepted, report.rejected, report.undone) == (1000, 0, 3, 997)
    assert everything(app) == before
    assert as_refusal(report).facts["rows"][1]["field"] == "list_price"


def test_or_the_good_rows_go_in_and_the_bad_ones_into_a_file_b149(
    import_: Import, app: OwnApplication, tmp_path: Path
) -> None:
    report = import_("products", thousand_products(), mode="per_row")
    assert (report.total, report.accepted, report.rejected, report.undone) == (1000, 997, 3, 0)
    assert report.rejected_file == str(tmp_path / "file.csv.rejected.csv")
    with Path(report.rejected_file).open(encoding="utf-8", newline="") as stream:
        rejected = list(csv.DictReader(stream))
    assert sorted((row["sku"], row["error_code"]) for row in rejected) == [
        ("P10", "text_blank"),
        ("P500", "number_format"),
        ("P900", "unknown_unit"),
    ]
    assert set(rejected[0]) == {"sku", "name", "unit", "list_price", "error_code", "error_message"}
    mended = Path(report.rejected_file).read_text(encoding="utf-8").replace("furlong", "each")
    again = import_("products", mended.replace("1.234,50", "1234.50").replace('"  "', '"P"'), name="mended.csv")
    assert (again.total, again.accepted) == (3, 3)


def thousand_products() -> str:
    rows = [["sku", "name", "unit", "list_price"]]
    rows += [[f"P{number}", "A thing", "each", "1.50"] for number in range(1, 1001)]
    rows[10][1], rows[500][3], rows[900][2] = "  ", '"1.234,50"', "furlong"
    return "".join(",".join(row) + "\n" for row in rows)


@pytest.mark.parametrize("mode", ["atomic", "per_row"])
def test_a_file_imported_twice_is_counted_once(import_: Import, app: OwnApplication, mode: str) -> None:
    content = "sku,site,quantity\nA,MAIN,10\nB,MAIN,5\n"
    first = import_("stock", content, mode=mode)
    again = import_("stock", content, mode=mode)
    other_name = import_("stock", content, mode="atomic", name="copy.csv")
    assert [first.repeated, again.repeated, other_name.repeated] == [0, 2, 2]
    assert (on_hand(app, "A"), on_hand(app, "B")) == (10, 5)


def test_a_row_that_was_refused_is_tried_again_and_then_counted_once(import_: Import, app: OwnApplication) -> None:
    content = "sku,site,quantity\nA,MAIN,10\nLATE,MAIN,5\n"
    for _ in range(2):
        assert codes(import_("stock", content, mode="per_row")) == [(2, "unknown_sku")]
    app.catalog.add_product(sku="LATE", name="Late")
    for mode in ("atomic", "per_row", "atomic"):
        assert import_("stock", content, mode=mode).rejected == 0
    assert (on_hand(app, "A"), on_hand(app, "LATE")) == (10, 5)


def test_all_bad_rows_are_told_at_once_those_that_the_engine_finds_too_b139(
    import_: Import, app: OwnApplication
) -> None:
    before = everything(app)
    report = import_("stock", "sku,site,quantity\nA,MAIN,1.5\nB,MAIN,NaN\nNONE,MAIN,1\nC,NOWHERE,1\nC,MAIN,1\n")
    assert codes(report) == [
        (1, "quantity_precision"),
        (2, "quantity_not_finite"),
        (3, "unknown_sku"),
        (4, "unknown_site"),
    ]
    assert [problem.line for problem in report.problems] == [2, 3, 4, 5]
    assert everything(app) == before


def test_a_row_twice_refuses_both_or_the_last_one_wins_b147(import_: Import, app: OwnApplication) -> None:
    content = "sku,site,quantity\nA,MAIN,10\nB,MAIN,5\n a,main,7\n"
    assert codes(import_("stock", content)) == [(1, "duplicate_row"), (3, "duplicate_row")]
    report = import_("stock", content, last_wins=True)
    assert (report.accepted, report.superseded) == (2, 1)
    assert on_hand(app, "A") == 7


def test_a_short_order_takes_only_itself_out(import_: Import, app: OwnApplication) -> None:
    import_("stock", "sku,site,quantity\nA,MAIN,10\nB,MAIN,5\n")
    content = "order,sku,quantity\nX1,A,4\nX2,A,3\nX2,B,50\nX3,A,5\n"
    report = import_("orders", content, mode="per_row")
    assert [row for row, _ in codes(report)] == [2, 3]
    assert {code for _, code in codes(report)} == {"insufficient_stock", "batch_refused"}
    assert {row.number for row in app.orders.list()} == {"X1", "X3"}
    assert app.verify()["ok"]


def test_a_dry_run_tells_everything_and_writes_nothing(import_: Import, app: OwnApplication, tmp_path: Path) -> None:
    before = everything(app)
    for mode in ("atomic", "per_row"):
        report = import_("stock", "sku,site,quantity\nA,MAIN,10\nNONE,MAIN,1\n", mode=mode, dry_run=True)
        assert (report.accepted, report.rejected) == (1, 1)
    assert everything(app) == before
    assert not (tmp_path / "file.csv.rejected.csv").exists()


def test_a_ring_of_locations_is_told_and_nothing_is_made_b153(import_: Import, app: OwnApplication) -> None:
    before = everything(app)
    report = import_("locations", "code,site,parent\nX,MAIN,Z\nY,MAIN,X\nZ,MAIN,Y\nFREE,MAIN,\n")
    assert codes(report) == [(1, "location_cycle"), (2, "location_cycle"), (3, "location_cycle")]
    assert everything(app) == before


def test_a_chain_of_locations_is_refused_below_level_16_b093(import_: Import, app: OwnApplication) -> None:
    rows = "".join(f"L{number},MAIN,{f'L{number - 1}' if number > 2 else ''}\n" for number in range(2, 40))
    report = import_("locations", f"code,site,parent\n{rows}", mode="per_row")
    assert (report.accepted, report.problems[0].code) == (15, "location_depth")
    assert max(view.depth for view in app.locations.tree("MAIN")) == 16


def test_a_file_that_changes_meanwhile_leaves_nothing_b151(app: OwnApplication, tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("sku,site,quantity\nA,MAIN,10\n", encoding="utf-8")
    before = everything(app)

    def change(_: int) -> None:
        path.write_text("sku,site,quantity\nA,MAIN,99\n", encoding="utf-8")

    with pytest.raises(StockcoreError) as caught:
        import_file(app, "stock", path, progress=change)
    assert caught.value.code == "file_changed"
    assert everything(app) == before


@pytest.mark.parametrize(
    ("kind", "header", "row"),
    [("stock", "sku,site,quantity,reference", "A,MAIN,1,{number}"), ("orders", "order,sku,quantity", "{number},A,1")],
)
def test_a_file_that_grows_meanwhile_is_told_with_what_went_in_before_b151(
    app: OwnApplication, tmp_path: Path, kind: str, header: str, row: str
) -> None:
    path = tmp_path / "file.csv"
    app.stock.receive(sku="A", site="MAIN", quantity=Decimal(1000))
    rows = [row.format(number=f"O-{number}") for number in range(450)]
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")

    def grow(_: int) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(row.format(number="LATE") + "\n")

    with pytest.raises(StockcoreError) as caught:
        import_file(app, kind, path, mode=Mode.PER_ROW, progress=grow)
    assert (caught.value.code, caught.value.facts["accepted"]) == ("file_changed", 200)
    assert "200 of its rows went in before" in caught.value.message


def test_an_import_that_breaks_off_keeps_its_rejected_rows_and_says_what_went_in(
    app: OwnApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "stock.csv"
    rows = ["A,MAIN,no,R", *(f"A,MAIN,1,R{number}" for number in range(250))]
    path.write_text("\n".join(["sku,site,quantity,reference", *rows, ""]), encoding="utf-8")
    app.stock.receive(sku="A", site="MAIN", quantity=Decimal(1000))
    batch = type(app.stock.receive).batch
    calls: list[int] = []

    def failing(ask: Any, commands: Sequence[Any], **options: Any) -> Any:
        calls.append(len(commands))
        if len(calls) == 2:
            raise StockcoreError("storage_full", "the disk is full")
        return batch(ask, commands, **options)

    monkeypatch.setattr(type(app.stock.receive), "batch", failing)
    with pytest.raises(StockcoreError) as caught:
        import_file(app, "stock", path, mode=Mode.PER_ROW)
    facts = caught.value.facts
    assert (caught.value.code, facts["accepted"], facts["rejected"]) == ("storage_full", 200, 1)
    assert Path(facts["rejected_file"]).read_text(encoding="utf-8").count("number_format") == 1
    report = import_file(app, "stock", path, mode=Mode.PER_ROW)
    assert (report.accepted, report.repeated) == (250, 200)
    [after] = app.stock.show("A")
    assert after.on_hand == 1250


def test_two_lines_for_one_sku_are_told_how_to_be_told_apart(import_: Import) -> None:
    report = import_("orders", "order,sku,quantity\nO-1,A,2\nO-1,A,3\n")
    assert codes(report) == [(1, "duplicate_row"), (2, "duplicate_row")]
    assert "number the lines (column line)" in report.problems[0].message


def test_a_file_without_rows_changes_nothing(import_: Import, app: OwnApplication) -> None:
    assert import_("stock", "sku,site,quantity\n").total == 0


STOCK = "sku,site,quantity,reference\nA,MAIN,10,DN77\nB,MAIN,20,DN77\n"


@pytest.mark.parametrize(
    "content",
    [STOCK.replace("\n", "\r\n"), "\ufeff" + STOCK, STOCK.removesuffix("\n"), STOCK + "\n\r\n"],
    ids=["line ends", "byte order mark", "no last line end", "empty lines at the end"],
)
def test_a_file_that_was_only_saved_again_is_the_same_file(app: OwnApplication, tmp_path: Path, content: str) -> None:
    path = tmp_path / "stock.csv"
    for each in (STOCK, content):
        path.write_bytes(each.encode())
        assert import_file(app, "stock", path).problems == []
    assert (on_hand(app, "A"), on_hand(app, "B")) == (10, 20)
    path.write_bytes(STOCK.replace("10", "11").encode())
    import_file(app, "stock", path)
    assert on_hand(app, "A") == 21


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_file_that_is_separated_otherwise_is_told_so(import_: Import, separator: str) -> None:
    with pytest.raises(StockcoreError, match="commas separate columns") as refusal:
        import_("stock", STOCK.replace(",", separator))
    assert refusal.value.code == "column_missing"


def test_a_host_that_counts_with_few_digits_does_not_make_an_import_round(import_: Import, app: OwnApplication) -> None:
    rows = "".join(f"A,MAIN,{123457 + number}.125,R{number}\n" for number in range(9))
    with localcontext(prec=6):
        assert import_("stock", "sku,site,quantity,reference\n" + rows.replace(".125", "")).accepted == 9
    assert on_hand(app, "A") == sum(123457 + number for number in range(9))
    assert app.verify()["ok"]
    with localcontext(prec=4):
        assert codes(import_("stock", "sku,site,quantity\nA,MAIN,123456.125\n")) == [(1, "quantity_precision")]


def test_rejected_rows_stand_in_the_files_order_and_go_in_once_mended(import_: Import, tmp_path: Path) -> None:
    """A variant below its product: what cannot be read must not come before what a rule refused."""
    report = import_("products", "sku,name,product,unit,list_price\nV1,main,,parsec,1\nV2,,V1,,1x\n", mode="per_row")
    assert codes(report) == [(1, "unknown_unit"), (2, "number_format")]
    rejected = tmp_path / "file.csv.rejected.csv"
    mended = rejected.read_text(encoding="utf-8").replace("parsec", "each").replace("1x", "1")
    assert import_("products", mended, name="mended.csv").accepted == 2
