"""Putting right and letting end: reverse, set-record, expire-holds, expire-lots."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

from stockcore_runtime import open_application
from tests.integration.cli.conftest import Program


def test_a_posting_is_reversed_once(small_shop: Program) -> None:
    received = small_shop.answer("stock", "receive", "--sku", "A", "--site", "MAIN", "--quantity", "4")
    undo = ("stock", "reverse", received["posting_id"], "--reason", "wrong pallet")
    assert small_shop.answer(*undo, "--dry-run")["on_hand"] == "10"
    assert small_shop.answer(*undo)["quantity"] == "-4"
    assert small_shop.refusal(1, *undo)["code"] == "already_reversed"
    assert small_shop.refusal(1, "stock", "reverse", str(uuid4()), "--reason", "x")["code"] == "unknown_posting"
    assert small_shop.refusal(2, "stock", "reverse", "last", "--reason", "x")["code"] == "usage"
    assert small_shop.answer("stock", "show", "--sku", "A")[0]["on_hand"] == "10"


def test_thresholds_are_set(small_shop: Program) -> None:
    wish = ("stock", "set-record", "--sku", "a", "--site", "main", "--reorder-point", "4", "--maximum", "20")
    assert small_shop.answer(*wish) == {"sku": "A", "site": "MAIN", "location": None}
    assert small_shop.refusal(2, *wish, "--minimum", "30")["code"] == "quantity_out_of_range"
    assert "20" in small_shop.run(*wish).stdout


def test_holds_whose_time_is_over_are_released(small_shop: Program) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    with open_application(small_shop.url) as app:
        app.stock.reserve(sku="B", quantity=Decimal(3), reference="web-1", expires_at=soon)
        while datetime.now(UTC) <= soon:
            pass
    assert small_shop.answer("stock", "expire-holds") == {"count": 1}
    assert small_shop.answer("stock", "expire-holds", "--most", "5") == {"count": 0}
    assert small_shop.answer("stock", "show", "--sku", "B")[0]["available"] == "3"


def test_goods_whose_last_day_is_over_expire(small_shop: Program) -> None:
    with open_application(small_shop.url, clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)) as app:
        app.catalog.add_product(sku="MILK", name="Milk", lot_tracked=True)
        for lot, day in (("OLD", date(2020, 1, 1)), ("NEW", date(2199, 1, 1))):
            app.stock.receive(sku="MILK", site="MAIN", quantity=Decimal(2), lot=lot, expires_on=day)
    assert small_shop.answer("stock", "expire-lots", "--site", "MAIN") == {"count": 1}
    [row] = small_shop.answer("stock", "show", "--sku", "MILK")
    assert (row["blocked"], row["available"]) == ("2", "2")


def test_books_that_are_not_there_are_not_found_right(program: Program, tmp_path: Path) -> None:
    missing = tmp_path / "mistyped.db"
    for asked in (("verify",), ("verify", "--dry-run"), ("rebuild", "--dry-run")):
        refusal = program.refusal(4, *asked, "--database", f"sqlite:///{missing}")
        assert refusal["code"] == "schema_missing"
    assert not missing.exists()
