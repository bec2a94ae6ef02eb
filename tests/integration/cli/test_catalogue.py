"""Finding products, places and customers, seeing all that is kept of them, taking them in and out of use (CAT-10,
LOC-04, ORD-09)."""

from decimal import Decimal
from typing import Any

import pytest

from stockcore_runtime import open_application
from tests.integration.cli.conftest import Program


def test_products_are_found_by_a_part_of_sku_or_name(shop: Program) -> None:
    shop.answer("product", "add", "--sku", "100%_WOOL", "--name", "Scarf, striped")
    shop.answer("product", "add", "--sku", "SCARF-2", "--name", "Plain \\ one")

    def found(text: str, *more: str) -> list[str]:
        return [row["sku"] for row in shop.answer("product", "list", "--search", text, *more)]

    assert found("scarf") == ["100%_WOOL", "SCARF-2"]
    assert found("scarf", "--after", "100%_wool") == ["SCARF-2"]
    assert found("%_") == ["100%_WOOL"]
    assert found("\\") == ["SCARF-2"]
    assert found("nothing of the kind") == []
    assert shop.refusal(2, "product", "list", "--search", " ")["code"] == "text_blank"


def test_products_are_listed_by_category_brand_and_status_cat07_cat08_cat11(program: Program) -> None:
    for sku, category, brand in (("MUG", "Kitchen", "Acme"), ("CUP", "Kitchen", "Bolt"), ("PEN", "Office", "Acme")):
        told = ("--category", category, "--brand", brand, "--barcode", f"{sku}-7")
        program.answer("product", "add", "--sku", sku, "--name", sku, *told)
    program.answer("product", "add", "--sku", "MUG-BLUE", "--variant-of", "mug", "--name", "Blue mug")
    program.answer("product", "discontinue", "CUP")

    def found(*asked: str) -> list[str]:
        return [row["sku"] for row in program.answer("product", "list", *asked)]

    assert found("--category", "Kitchen") == ["CUP", "MUG", "MUG-BLUE"]
    assert found("--category", "Kitchen", "--brand", "Acme") == ["MUG", "MUG-BLUE"]
    assert found("--category", "Kitchen", "--status", "active", "--after", "mug") == ["MUG-BLUE"]
    assert found("--status", "discontinued") == ["CUP"]
    assert found("--category", "Nothing") == []
    assert found("--variants-of", "mug-blue") == ["MUG", "MUG-BLUE"]
    assert found("--search", "pen-7") == ["PEN"]
    blue = program.answer("product", "show", "MUG-BLUE")
    assert (blue["name"], blue["product_name"], blue["brand"]) == ("Blue mug", "MUG", "Acme")
    assert program.answer("product", "categories") == ["Kitchen", "Office"]
    assert program.answer("product", "brands") == ["Acme", "Bolt"]
    assert program.refusal(1, "product", "list", "--variants-of", "nothing")["code"] == "unknown_sku"


def test_what_was_deleted_is_unknown_everywhere_but_its_sku_stays_taken(shop: Program) -> None:
    shop.answer("product", "add", "--sku", "GONE", "--name", "Gone", "--category", "Old")
    with open_application(shop.url) as app:
        app.catalog.delete(sku="GONE")
    assert shop.answer("product", "list", "--search", "gone") == shop.answer("product", "categories") == []
    at = ("--site", "MAIN", "--quantity", "1")
    for asked in (
        ("product", "show", "GONE"),
        ("product", "activate", "GONE"),
        ("stock", "receive", "--sku", "GONE", *at),
        ("stock", "set-record", "--sku", "GONE", "--site", "MAIN", "--minimum", "1"),
        ("stock", "reserve", "--sku", "GONE", "--quantity", "1", "--reference", "web-1"),
        ("order", "place", "--line", "GONE=1"),
    ):
        assert shop.refusal(1, *asked)["code"] == "unknown_sku", asked
    assert shop.refusal(1, "product", "add", "--sku", "gone", "--name", "New")["code"] == "duplicate_sku"


def test_what_was_told_of_a_product_or_site_can_be_read_back(program: Program) -> None:
    measures: dict[str, Any] = {
        name: Decimal(value) for name, value in (("weight", "1.25"), ("length", "0.3"), ("width", "0.2"))
    }
    with open_application(program.url) as app:
        app.catalog.add_product(sku="A", name="A", perishable=True, lot_tracked=True, **measures)
        app.catalog.add_packaging(sku="A", code="box", numerator=12)
        app.locations.add_site(code="MAIN", name="Main", street="High St 1", city="York", country="GB")
    product = program.answer("product", "show", "A")
    assert {name: product[name] for name in measures} == {"weight": "1.25", "length": "0.3", "width": "0.2"}
    assert product["packagings"] == [{"code": "box", "numerator": 12, "denominator": 1}]
    assert product["perishable"]
    assert "box 12/1" in program.run("product", "show", "A").stdout
    site = program.answer("location", "show", "MAIN")
    assert [site[name] for name in ("street", "city", "country")] == ["High St 1", "York", "GB"]
    assert "High St 1" in program.run("location", "show", "main").stdout


def test_a_product_is_taken_out_of_use_and_in_again(shop: Program) -> None:
    shop.answer("product", "add", "--sku", "C", "--name", "C")
    assert shop.answer("product", "discontinue", "c")["status"] == "discontinued"
    assert shop.answer("product", "deactivate", "C", "--dry-run")["status"] == "inactive"
    assert shop.answer("product", "show", "C")["status"] == "discontinued"
    assert shop.answer("product", "deactivate", "C")["status"] == "inactive"
    assert shop.refusal(1, "stock", "receive", "--sku", "C", "--site", "MAIN", "--quantity", "1")["code"] == (
        "inactive_sku"
    )
    assert shop.answer("product", "activate", "C")["status"] == "active"
    assert shop.refusal(1, "product", "deactivate", "A")["code"] == "in_use"


def test_a_blocked_site_promises_nothing_until_it_is_unblocked(shop: Program) -> None:
    assert shop.answer("location", "block", "MAIN")["blocked"] is True
    order = ("order", "place", "--line", "A=1")
    assert shop.refusal(1, *order)["code"] == "insufficient_stock"
    assert shop.answer("location", "unblock", "MAIN")["blocked"] is False
    assert shop.answer(*order)["lines"][0]["reserved"] == "1"


def test_a_place_is_taken_out_of_use_and_in_again(shop: Program) -> None:
    shop.answer("location", "add", "BIN", "--site", "MAIN")
    assert shop.answer("location", "deactivate", "MAIN", "BIN")["active"] is False
    receive = ("stock", "receive", "--sku", "A", "--site", "MAIN", "--location", "BIN", "--quantity", "1")
    assert shop.refusal(1, *receive)["code"] == "location_inactive"
    assert shop.answer("location", "activate", "MAIN", "BIN")["active"] is True
    shop.answer(*receive)
    assert shop.refusal(1, "location", "deactivate", "MAIN", "BIN")["code"] == "in_use"


@pytest.mark.parametrize(
    "words",
    [
        ("product", "show", "a\x07"),
        ("stock", "show", "--sku", "a\x07"),
        ("location", "show", "a\x07"),
        ("location", "list", "--site", "a\x07"),
        ("product", "list", "--after", "a\x07"),
    ],
)
def test_reading_by_a_name_that_cannot_be_stored_is_refused(shop: Program, words: tuple[str, ...]) -> None:
    assert shop.refusal(2, *words)["code"] == "text_invalid"


def test_customers_are_found_and_read_back(shop: Program) -> None:
    told = {"email": "ann@example.org", "street": "High St 1", "city": "York", "postcode": "YO1", "country": "GB"}
    options = [word for name, value in told.items() for word in (f"--{name}", value)]
    shop.answer("customer", "add", "C-2", "--name", "Ann's 100% wool", *options)
    shop.answer("customer", "add", "c-1", "--name", "Bob")

    def found(*asked: str) -> list[str]:
        return [row["code"] for row in shop.answer("customer", "list", *asked)]

    assert found() == ["c-1", "C-2"]
    assert found("--after", "C-1") == ["C-2"]
    assert found("--limit", "1") == ["c-1"]
    assert found("--search", "0% W") == found("--search", "EXAMPLE.org") == found("--search", "c-2") == ["C-2"]
    assert found("--search", "C_2") == []
    assert shop.answer("customer", "show", "c-2") == {"code": "C-2", "name": "Ann's 100% wool", **told}
    assert "ann@example.org" in shop.run("customer", "show", "c-2").stdout
    assert shop.refusal(1, "customer", "show", "nobody")["code"] == "unknown_customer"


def test_a_product_is_changed_renamed_and_emptied(program: Program) -> None:
    add = ("product", "add", "--sku", "LAMP", "--name", "Lamp", "--brand", "Acme", "--price", "20", "--weight", "1.5")
    program.answer(*add, "--attribute", "voltage=12", "--attribute", "colour=red")
    changed = program.answer(
        *("product", "change", "lamp", "--new-sku", "LAMP-12V", "--price", "19.50", "--unit", "kg", "--no-lots"),
        *("--attribute", "colour=", "--attribute", "size=L", "--clear", "brand", "--clear", "weight"),
    )
    assert (changed["sku"], changed["list_price"], changed["unit"]) == ("LAMP-12V", "19.5", "kg")
    shown = program.answer("product", "show", "lamp-12v")
    assert (shown["brand"], shown["weight"], shown["attributes"]) == (None, None, {"size": "L", "voltage": "12"})
    assert program.refusal(2, "product", "change", "LAMP-12V", "--clear", "sku")["code"] == "value_unknown"
    assert program.refusal(1, "product", "change", "LAMP")["code"] == "unknown_sku"
    assert program.answer("product", "delete", "LAMP-12V")["sku"] == "LAMP-12V"
    assert program.refusal(1, "product", "show", "LAMP-12V")["code"] == "unknown_sku"


def test_packagings_and_codes_are_added_and_changed(program: Program) -> None:
    program.answer("product", "add", "--sku", "TEA", "--name", "Tea", "--unit", "kg")
    box = program.answer("product", "add-packaging", "TEA", "box", "--holds", "1/4")
    assert (box["code"], box["numerator"], box["denominator"]) == ("box", 1, 4)
    assert program.answer("product", "change-packaging", "TEA", "box", "--holds", "12")["numerator"] == 12
    for wrong in ("1/", "a", "１２", "1.5", "-1", "", "1/2/3"):
        assert program.refusal(2, "product", "change-packaging", "TEA", "box", f"--holds={wrong}")["code"] == "usage"
    code = program.answer("product", "add-code", "TEA", "T-7", "--packaging", "box", "--valid-to", "2027-01-31")
    assert (code["kind"], code["code"], code["packaging"]) == ("barcode", "T-7", "box")
    assert program.refusal(1, "product", "add-code", "TEA", "t-7")["code"] == "duplicate_code"
    assert "T-7" in program.answer("product", "show", "TEA")["codes"]


def test_a_place_and_its_site_are_changed(program: Program) -> None:
    program.answer("location", "add-site", "MAIN", "--name", "Main", "--shipping-cost", "4.50")
    for code in ("RACK", "BIN"):
        program.answer("location", "add", code, "--site", "MAIN")
    changed = program.answer("location", "change", "MAIN", "bin", "--parent", "RACK", "--capacity", "40", "--name", "B")
    assert (changed["parent"], changed["capacity"], changed["depth"]) == ("RACK", "40", 3)
    assert program.answer("location", "change", "MAIN", "BIN", "--clear", "capacity")["capacity"] is None
    assert program.answer("location", "change", "MAIN", "--city", "York", "--name", "Old")["name"] == "Old"
    site = program.answer("location", "show", "MAIN")
    assert (site["city"], site["shipping_cost"], site["priority"]) == ("York", "4.5", 100)
    program.answer("location", "change", "MAIN", "--shipping-cost", "0", "--clear", "city")
    site = program.answer("location", "show", "MAIN")
    assert (site["city"], site["shipping_cost"]) == (None, "0")
