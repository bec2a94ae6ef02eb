"""What happened to a SKU, and where it lies: stock movements, stock places."""

from datetime import date
from decimal import Decimal

from stockcore.kernel.plain import to_plain
from stockcore_runtime import open_application
from tests.integration.cli.conftest import Program


def test_a_history_is_one_document_of_rows_newest_first(shop: Program) -> None:
    order = shop.answer("order", "place", "--line", "A=2")["number"]
    page = shop.answer("stock", "movements", "--sku", "a", "--site", "main")
    promise, receipt = page["rows"]
    assert page["after"] is None
    assert (promise["bucket"], promise["quantity"], promise["reference"]) == ("reserved", "2", order)
    assert receipt == {
        "seq": receipt["seq"],
        "recorded_at": receipt["recorded_at"],
        "occurred_at": receipt["recorded_at"],
        "kind": "receipt",
        "bucket": "on_hand",
        "site": "MAIN",
        "location": "RECEIVING",
        "lot": None,
        "status": "available",
        "quantity": "10",
        "balance_after": "10",
        "counterpart": "supplier",
        "reference_type": "receipt",
        "reference": receipt["reference"],
        "reason": None,
        "actor": receipt["actor"],
        "source": "library",
        "unit_cost": "1.5",
        "posting_id": receipt["posting_id"],
    }
    first = shop.answer("stock", "movements", "--sku", "A", "--limit", "1")
    assert first == {"rows": [promise], "after": promise["seq"]}
    rest = shop.answer("stock", "movements", "--sku", "A", "--after", str(first["after"]))
    assert rest == {"rows": [receipt], "after": None}


def test_where_goods_lie_is_one_document(shop: Program) -> None:
    with open_application(shop.url) as app:
        app.catalog.add_product(sku="MILK", name="Milk", lot_tracked=True)
        app.stock.receive(sku="MILK", site="MAIN", quantity=Decimal(2), lot="L1", expires_on=date(2199, 1, 1))
        [receipt] = app.stock.movements("MILK").rows
    found = shop.answer("stock", "places", "--sku", "MILK")
    assert found == shop.answer("stock", "places", "--sku", "milk", "--site", "main")
    assert found == [
        {
            "site": "MAIN",
            "location": "RECEIVING",
            "lot": "L1",
            "expires_on": "2199-01-01",
            "status": "available",
            "on_hand": "2",
            "allocated": "0",
            "received_at": to_plain(receipt)["recorded_at"],
        }
    ]


def test_people_get_a_line_for_each_row(small_shop: Program) -> None:
    order = small_shop.answer("order", "place", "--line", "A=2")["number"]
    history = " ".join(small_shop.run("stock", "movements", "--sku", "A").stdout.split())
    promise = f"reservation reserved MAIN available 2 2 {order}"
    receipt = "receipt on_hand MAIN RECEIVING available 10 10"
    assert 0 < history.find(promise) < history.find(receipt)
    places = " ".join(small_shop.run("stock", "places", "--sku", "A").stdout.split())
    assert "MAIN RECEIVING available 10 0" in places
    small_shop.answer("product", "add", "--sku", "C", "--name", "C thing")
    for read in ("movements", "places"):
        assert small_shop.run("stock", read, "--sku", "C").stdout == "nothing to show\n"


def test_what_there_is_not_has_no_history_and_no_place(small_shop: Program) -> None:
    for read in ("movements", "places"):
        assert small_shop.refusal(1, "stock", read, "--sku", "NONE")["code"] == "unknown_sku"
        assert small_shop.refusal(1, "stock", read, "--sku", "A", "--site", "NONE")["code"] == "unknown_site"
        assert small_shop.refusal(2, "stock", read)["code"] == "usage"
    history = ("stock", "movements", "--sku", "A")
    assert small_shop.refusal(2, *history, "--after", "nonsense")["code"] == "usage"
    assert small_shop.refusal(2, *history, "--limit", "501")["code"] == "usage"
    assert small_shop.refusal(2, *history, "--after=-1")["code"] == "quantity_out_of_range"
