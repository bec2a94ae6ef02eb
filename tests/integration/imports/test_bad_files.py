"""Files that cannot be taken as they are: what is told, where, and that nothing is lost or done twice."""

import gzip
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore_cli.main import run
from stockcore_files.kinds import KINDS
from stockcore_files.reading import Options
from stockcore_runtime import OwnApplication, open_application
from stockcore_runtime.importing import ImportReport, Mode, as_refusal, import_file

Import = Callable[..., ImportReport]


@pytest.fixture
def app(sqlite_url: str) -> Iterator[OwnApplication]:
    with open_application(sqlite_url) as app:
        app.locations.add_site(code="MAIN", name="Main")
        for sku in ("MUG", "MUG2", "FLOUR"):
            app.catalog.add_product(sku=sku, name=sku)
        app.stock.receive(sku="MUG", site="MAIN", quantity=Decimal(10))
        yield app


@pytest.fixture
def import_(app: OwnApplication, tmp_path: Path) -> Import:
    def import_(
        kind: str, content: str | bytes, mode: str = "atomic", name: str = "file.csv", **options: Any
    ) -> ImportReport:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        dry_run = options.pop("dry_run", False)
        return import_file(app, kind, path, mode=Mode(mode), options=Options(**options), dry_run=dry_run)

    return import_


def told(report: ImportReport) -> list[tuple[int, str | None, str]]:
    return [(problem.row, problem.field, problem.code) for problem in report.problems]


def on_hand(app: OwnApplication) -> int:
    return sum(int(row.on_hand) for row in app.stock.show("MUG"))


def test_no_half_order_goes_in_and_its_mended_rows_do(import_: Import, app: OwnApplication, tmp_path: Path) -> None:
    app.stock.receive(sku="MUG2", site="MAIN", quantity=Decimal(10))
    content = "order,sku,quantity\nHO-1,MUG,1\nHO-1,MUG2,2,oops\nHO-2,MUG,1\n"
    report = import_("orders", content, mode="per_row")
    assert told(report) == [(1, None, "batch_refused"), (2, None, "row_invalid")]
    assert [row.number for row in app.orders.list()] == ["HO-2"]
    rejected = tmp_path / "file.csv.rejected.csv"
    assert import_file(app, "orders", rejected, mode=Mode.PER_ROW).rejected == 2
    mended = rejected.read_text(encoding="utf-8").replace("HO-1,MUG2,2,oops", "")
    assert import_("orders", mended, name="mended.csv").accepted == 2
    assert len(app.orders.show("HO-1").lines) == 2


def test_a_rejected_row_is_not_received_unmended(import_: Import, app: OwnApplication, tmp_path: Path) -> None:
    import_("stock", "sku,site,quantity\nMUG,MAIN,1,50\n", mode="per_row")
    report = import_file(app, "stock", tmp_path / "file.csv.rejected.csv")
    assert told(report) == [(1, "raw_row", "row_invalid")]
    assert on_hand(app) == 10


def test_nothing_is_imported_where_the_rejected_rows_could_not_be_written(
    import_: Import, app: OwnApplication, tmp_path: Path
) -> None:
    (tmp_path / "file.csv.rejected.csv").mkdir()
    with pytest.raises(StockcoreError) as caught:
        import_("stock", "sku,site,quantity\nMUG,MAIN,5\nNONE,MAIN,1\n", mode="per_row")
    assert caught.value.code == "file_invalid"
    assert on_hand(app) == 10


def test_a_file_that_was_compressed_again_is_counted_once(import_: Import, app: OwnApplication) -> None:
    content = b"sku,site,quantity\nMUG,MAIN,5\n"
    packed = [gzip.compress(content, mtime=time) for time in (1, 2)]
    reports = [
        import_("stock", content),
        import_("stock", packed[0], name="file.csv.gz"),
        import_("stock", packed[1], name="file.csv.gz"),
    ]
    assert [report.repeated for report in reports] == [0, 1, 1]
    assert on_hand(app) == 15


def test_each_row_that_is_short_is_told_so_and_no_other(import_: Import) -> None:
    report = import_("orders", "order,sku,quantity\nA1,MUG,1\nA1,FLOUR,1\nA1,MUG2,3\n")
    assert told(report) == [
        (1, None, "batch_refused"),
        (2, "quantity", "insufficient_stock"),
        (3, "quantity", "insufficient_stock"),
    ]
    assert [problem.message for problem in report.problems[1:]] == [
        "not enough stock: FLOUR 0 of 1",
        "not enough stock: MUG2 0 of 3",
    ]
    (line,) = report.problems[2].facts["lines"]
    assert (line["sku"], line["short"]) == ("MUG2", "3")


def test_each_row_of_an_order_hears_what_is_wrong_with_itself(import_: Import) -> None:
    """ORD-11: every bad row, all of them at once."""
    report = import_("orders", "order,sku,quantity\nA1,NOPE,1\nA1,MUG,1\nA1,MUG2,0.5\nA1,NONE,1\n")
    assert told(report) == [
        (1, "sku", "unknown_sku"),
        (2, None, "batch_refused"),
        (3, "quantity", "quantity_precision"),
        (4, "sku", "unknown_sku"),
    ]


def test_lines_that_are_short_are_found_by_their_numbers(import_: Import) -> None:
    report = import_("orders", "order,line,sku,quantity\nA1,2,FLOUR,1\nA1,1,MUG,1\n")
    assert told(report) == [(1, "quantity", "insufficient_stock"), (2, None, "batch_refused")]


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("products", "sku,name,gtin\nP,P,123\n", (1, "gtin", "gtin_invalid")),
        ("products", 'sku,name,attributes\nP,P,"{""size"":5}"\n', (1, "attributes", "type_error")),
        ("products", "sku,name,barcode\nP,P,C\nQ,Q,c\n", (2, "barcode", "duplicate_code")),
        ("products", "sku,name,gtin\nP,P,4006381333931\nQ,Q,04006381333931\n", (2, "gtin", "duplicate_code")),
        ("products", "sku,name,barcode\nP,P,mug\n", (1, "barcode", "duplicate_code")),
        ("products", "sku,name,barcode\nP,P,C\nC,C,D\n", (2, "sku", "duplicate_code")),
        ("orders", "order,sku,quantity\nT,MUG,1\nT,NONE,1\n", (2, "sku", "unknown_sku")),
        ("orders", "order,sku,quantity,unit\nT,MUG,1,\nT,MUG2,1,furlong\n", (2, "unit", "unknown_unit")),
        ("orders", "order,sku,quantity,customer\nT,MUG,1,\nT,MUG2,1,NOBODY\n", (2, "customer", "unknown_customer")),
        ("locations", "code,site,parent\nBIN,MAIN,NONE\n", (1, "parent", "unknown_location")),
    ],
)
def test_a_refusal_names_the_column_of_the_row_that_it_came_from(
    import_: Import, kind: str, content: str, expected: tuple[int, str, str]
) -> None:
    report = import_(kind, content)
    assert [problem for problem in told(report) if problem[2] != "batch_refused"] == [expected]


def test_an_order_number_that_is_taken_is_the_column_order(import_: Import) -> None:
    import_("orders", "order,sku,quantity\nT,MUG,1\n")
    assert told(import_("orders", "order,sku,quantity\nT,MUG,2\n")) == [(1, "order", "duplicate_reference")]


@pytest.mark.parametrize(
    ("mode", "dry_run", "message"),
    [
        ("atomic", False, "1 of 2 rows was rejected, nothing was imported"),
        ("per_row", False, "1 of 2 rows was rejected, 1 row was imported"),
        ("atomic", True, "1 of 2 rows was rejected, nothing would be imported: a dry run"),
        ("per_row", True, "1 of 2 rows was rejected, 1 row would be imported: a dry run, nothing was"),
    ],
)
def test_what_went_in_is_told_and_in_a_dry_run_what_would(
    import_: Import, mode: str, dry_run: bool, message: str
) -> None:
    report = import_("stock", "sku,site,quantity\nMUG,MAIN,1\nNONE,MAIN,1\n", mode=mode, dry_run=dry_run)
    refusal = as_refusal(report)
    assert (refusal.message, refusal.facts["dry_run"]) == (message, dry_run)


def test_one_row_is_no_rows(import_: Import) -> None:
    refusal = as_refusal(import_("stock", "sku,site,quantity\nNONE,MAIN,1\n"))
    assert refusal.message == "1 of 1 row was rejected, nothing was imported"


def test_a_dry_run_says_that_it_was_one(
    app: OwnApplication, sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("sku,site,quantity\nMUG,MAIN,1\n", encoding="utf-8")
    assert run(["import", "stock", str(path), "--dry-run", "--database", sqlite_url]) == 0
    dry = capsys.readouterr().out
    assert "a dry run: nothing was imported" in dry
    assert "would be imported" in dry
    assert on_hand(app) == 10
    assert run(["import", "stock", str(path), "--database", sqlite_url]) == 0
    assert "dry" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["import", "stock"], ["replay", "online-retail"]])
def test_a_file_that_may_not_be_read_is_exit_3_and_not_usage(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    path = tmp_path / "file.csv"
    path.write_text("sku,site,quantity\nMUG,MAIN,1\n", encoding="utf-8")
    path.chmod(0)
    opened = Path.open

    def refuse(self: Path, *arguments: Any, **options: Any) -> Any:  # root may read everything
        if self == path:
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert run([*command, str(path), "--database", sqlite_url, "--json"]) == 3
    assert '"code":"file_invalid"' in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_help_lists_the_columns_of_a_kind_and_which_must_be_there(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["import", kind, "--help"])
    out = " ".join(capsys.readouterr().out.split())
    listed = out.partition(f"Columns of {kind} (* must be there): ")[2]
    columns = KINDS[kind]().table.columns
    assert listed.split(", ") == [column.name + "*" * column.required for column in columns]


def test_help_without_a_kind_lists_the_columns_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    run(["import", "--help"])
    out = capsys.readouterr().out
    assert [kind for kind in KINDS if f"Columns of {kind} (" in out] == list(KINDS)


def test_a_json_file_without_a_row_is_refused_like_an_empty_csv_file(import_: Import) -> None:
    for name in ("empty.csv", "empty.jsonl", "empty.jsonl.gz"):
        with pytest.raises(StockcoreError) as caught:
            import_("stock", gzip.compress(b"") if name.endswith(".gz") else b"", name=name)
        assert caught.value.code == "file_invalid"
