"""The words that scripts outside the project rely on: options, documents, codes, exits."""

from tests.integration.cli.conftest import Program

LINE = {"id", "sku", "ordered", "reserved", "backordered", "shipped", "cancelled", "price", "currency"}


def test_a_company_is_set_up_in_a_few_lines(on_sqlite: Program) -> None:
    on_sqlite.answer("product", "add", "--sku", "A", "--name", "A thing", "--unit", "each", "--price", "2.50")
    on_sqlite.answer("location", "add-site", "MAIN", "--name", "Main", "--time-zone", "Europe/London")
    at = ("--sku", "A", "--site", "MAIN")
    received = on_sqlite.answer("stock", "receive", *at, "--quantity", "10", "--unit-cost", "1.50")
    assert (received["on_hand"], received["available"]) == ("10", "10")
    on_sqlite.answer("stock", "receive", *at, "--quantity", "2.000", "--location", "RECEIVING")
    assert on_sqlite.answer("stock", "show", "--sku", "A")[0]["on_hand"] == "12"


def test_an_order_goes_from_placing_to_delivery(shop: Program) -> None:
    placed = shop.answer("order", "place", "--line", "A=2@1.50", "--line", "B=1")
    assert {"number", "state", "lines", "shipments"} <= set(placed)
    assert all(set(line) >= LINE for line in placed["lines"])
    first = placed["lines"][0]
    assert (first["sku"], first["ordered"], first["reserved"], first["price"]) == ("A", "2", "2", "1.5")
    assert (placed["state"], placed["shipments"]) == ("supplier_confirmed", [])
    assert shop.answer("order", "show", placed["number"]) == placed
    assert shop.answer("order", "show", f" {placed['number']} ") == placed

    picking = shop.answer("order", "advance", placed["number"], "--to", "picking")
    assert picking["state"] == "picking"
    assert [(row["site"], row["state"]) for row in picking["shipments"]] == [("MAIN", "picking")]
    delivered = shop.answer("order", "advance", placed["number"], "--to", "delivered", "--through")
    assert [line["shipped"] for line in delivered["lines"]] == ["2", "1"]
    assert delivered["state"] == "delivered"
    assert shop.answer("stock", "show", "--sku", "A") == [
        {
            "sku": "A",
            "site": "MAIN",
            "on_hand": "8",
            "blocked": "0",
            "reserved": "0",
            "available": "8",
            "shipped": "2",
        }
    ]
    report = shop.answer("verify")
    assert report["ok"] is True
    assert all({"name", "checked", "violation_count", "violations"} <= set(row) for row in report["invariants"])


def test_a_short_order_is_refused_whole_b085(small_shop: Program) -> None:
    refusal = small_shop.refusal(1, "order", "place", "--line", "A=11", "--line", "B=1")
    assert refusal["code"] == "insufficient_stock"
    assert (refusal["facts"]["lines"][0]["requested"], refusal["facts"]["lines"][0]["available"]) == ("11", "10")
    assert small_shop.answer("order", "list") == []
    assert small_shop.answer("stock", "show", "--sku", "B")[0]["reserved"] == "0"


def test_policies_take_what_there_is(small_shop: Program) -> None:
    waiting = small_shop.answer("order", "place", "--line", "A=12", "--policy", "backorder")["lines"][0]
    assert (waiting["reserved"], waiting["backordered"]) == ("10", "2")
    closed = small_shop.answer("order", "place", "--line", "B=5", "--policy", "ship_available")["lines"][0]
    assert (closed["reserved"], closed["backordered"], closed["cancelled"]) == ("3", "0", "2")


def test_a_command_id_is_carried_out_once_b075(shop: Program) -> None:
    line = ("order", "place", "--line", "A=2", "--command-id", "key-1")
    assert shop.answer(*line) == shop.answer(*line)
    assert len(shop.answer("order", "list")) == 1
    refusal = shop.refusal(1, "order", "place", "--line", "A=3", "--command-id", "key-1")
    assert refusal["code"] == "idempotency_key_reuse"


def test_a_cancelled_order_gives_back_what_it_held(small_shop: Program) -> None:
    number = small_shop.answer("order", "place", "--line", "A=4")["number"]
    assert small_shop.answer("order", "cancel", number)["state"] == "cancelled"
    assert small_shop.answer("stock", "show", "--sku", "A")[0]["available"] == "10"


def test_what_was_dispatched_cannot_be_cancelled_b087(small_shop: Program) -> None:
    number = small_shop.answer("order", "place", "--line", "A=4")["number"]
    small_shop.answer("order", "advance", number, "--to", "dispatched", "--through")
    assert small_shop.refusal(1, "order", "cancel", number)["code"] == "illegal_transition"


def test_a_dry_run_says_what_would_be_and_writes_nothing(small_shop: Program) -> None:
    for line in (
        ("--dry-run", "order", "place", "--line", "A=2"),
        ("order", "place", "--line", "A=2", "--dry-run"),
        ("order", "--dry-run", "place", "--line", "A=2"),
    ):
        assert small_shop.answer(*line)["lines"][0]["reserved"] == "2"
    assert small_shop.answer("order", "list") == []
    assert small_shop.answer("stock", "show", "--sku", "A")[0]["reserved"] == "0"


def test_stock_without_history_is_an_empty_list_and_without_a_product_a_refusal(small_shop: Program) -> None:
    small_shop.answer("product", "add", "--sku", "NEW", "--name", "New")
    assert small_shop.answer("stock", "show", "--sku", "NEW") == []
    assert small_shop.refusal(1, "stock", "show", "--sku", "NONE")["code"] == "unknown_sku"


def test_every_change_of_stock_has_its_command(small_shop: Program) -> None:
    at = ("--sku", "A", "--site", "MAIN")
    small_shop.answer("location", "add", "BIN-1", "--site", "MAIN", "--capacity", "100")
    small_shop.answer("stock", "move", *at, "--quantity", "6", "--from", "RECEIVING", "--to", "BIN-1")
    small_shop.answer("stock", "adjust", *at, "--quantity", "-1", "--location", "BIN-1")
    small_shop.answer("stock", "count", *at, "--counted", "7", "--location", "BIN-1")
    small_shop.answer("stock", "damage", *at, "--quantity", "2", "--location", "BIN-1")
    small_shop.answer("stock", "status", *at, "--quantity", "1", "--to", "quarantine", "--location", "RECEIVING")
    changed = small_shop.answer("stock", "return", *at, "--quantity", "1", "--reference", "RMA-1")
    assert (changed["on_hand"], changed["blocked"], changed["available"]) == ("12", "3", "9")
    assert small_shop.answer("verify")["ok"] is True


def test_an_order_can_be_changed_held_and_explained(small_shop: Program) -> None:
    small_shop.answer("customer", "add", "C1", "--name", "Customer")
    number = small_shop.answer("order", "place", "--line", "A=2", "--customer", "c1", "--reference", "R1")["number"]
    edited = small_shop.answer("order", "edit", number, "--line", "1=5", "--add", "B=1")
    assert [line["reserved"] for line in edited["lines"]] == ["5", "1"]
    part = small_shop.answer("order", "cancel-lines", number, "--line", "1=2")
    assert (part["lines"][0]["reserved"], part["lines"][0]["cancelled"]) == ("3", "2")
    assert small_shop.answer("order", "hold", number, "--reason", "asks the customer")["on_hold"] is True
    assert small_shop.refusal(1, "order", "advance", number, "--to", "picking")["code"] == "on_hold"
    assert small_shop.answer("order", "resume", number)["on_hold"] is False
    assert any(row["explanation"] for row in small_shop.answer("order", "explain", number))
    (row,) = small_shop.answer("order", "list", "--customer", "C1")
    assert (row["number"], row["customer"], row["reference"]) == (number, "C1", "R1")


def test_the_past_is_told_by_when_it_happened_and_by_when_it_was_known(shop: Program) -> None:
    from datetime import UTC, datetime, timedelta

    ten = datetime.now(UTC) - timedelta(hours=1)
    nine = ten - timedelta(hours=1)
    at = ("--sku", "B", "--site", "MAIN", "--location", "RECEIVING")
    shop.answer("stock", "receive", *at[:4], "--quantity", "4", "--occurred-at", nine.isoformat(timespec="seconds"))
    as_of = shop.answer("stock", "show", "--sku", "B", "--as-of", ten.isoformat())
    known_at = shop.answer("stock", "show", "--sku", "B", "--known-at", ten.isoformat())
    assert [row["on_hand"] for row in as_of] == ["4"]
    assert known_at == []


def test_the_database_tells_about_itself(program: Program) -> None:
    info = program.answer("db", "info")
    assert info["schema"] == info["needed"]
    assert info["counts"]["orders"] == 0
    assert program.answer("db", "upgrade")["schema"] == info["schema"]
    if program.url.startswith("postgresql"):
        assert "owns" in info["warnings"][0]


def test_goods_go_to_another_site_by_way_of_transit(small_shop: Program) -> None:
    small_shop.answer("location", "add-site", "WEST", "--name", "West")
    sent = small_shop.answer("stock", "transfer", "send", "--from", "MAIN", "--to", "WEST", "--line", "A=4")
    assert (sent["state"], sent["lines"][0]["sent"]) == ("in_transit", "4")
    arrived = small_shop.answer("stock", "transfer", "receive", sent["number"], "--line", "1=4")
    assert arrived["state"] == "received"
    on_hand = {row["site"]: row["on_hand"] for row in small_shop.answer("stock", "show", "--sku", "A")}
    assert (on_hand["MAIN"], on_hand["WEST"]) == ("6", "4")
    assert small_shop.answer("verify")["ok"] is True


def test_holds_and_outside_orders_reserve_release_and_commit(small_shop: Program) -> None:
    held = small_shop.answer("stock", "reserve", "--sku", "A", "--quantity", "4", "--reference", "basket-1")
    assert (held["reserved"], held["parts"]) == ("4", [{"site": "MAIN", "quantity": "4"}])
    assert small_shop.answer("stock", "release", "--reference", "basket-1", "--quantity", "1")["reserved"] == "3"
    placed = small_shop.answer("order", "place", "--line", "A=10", "--use-hold", "basket-1", "--policy", "backorder")
    assert placed["lines"][0]["reserved"] == "10"
    outside = ("--sku", "B", "--reference", "X-1", "--type", "external")
    small_shop.answer("stock", "reserve", *outside, "--quantity", "3")
    small_shop.answer("stock", "commit", *outside, "--quantity", "2")
    (row,) = small_shop.answer("stock", "show", "--sku", "B")
    assert (row["on_hand"], row["reserved"], row["shipped"]) == ("1", "1", "2")
    assert small_shop.answer("verify")["ok"] is True
