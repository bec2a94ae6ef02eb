"""Products, variants and their lifecycle on every store (CAT-01 to CAT-14)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from stockcore.catalog.commands import (
    ActivateProduct,
    AddProduct,
    ChangeProduct,
    DeactivateProduct,
    DeleteProduct,
    DiscontinueProduct,
)
from stockcore.catalog.records import CodesOf, LockProductsById, SiblingsByCode, Units, Variant, VariantsByCode
from stockcore.catalog.use_cases import (
    ACTIVATE_PRODUCT,
    ADD_PRODUCT,
    CHANGE_PRODUCT,
    DEACTIVATE_PRODUCT,
    DELETE_PRODUCT,
    DISCONTINUE_PRODUCT,
)
from stockcore.kernel.results import Rejected
from stockcore.kernel.unit_of_work import Store
from stockcore.locations.commands import AddSite
from stockcore.locations.use_cases import ADD_SITE
from stockcore.stock.commands import AdjustStock, ReceiveStock
from stockcore.stock.use_cases import ADJUST_STOCK, RECEIVE_STOCK
from tests.support.stores import (
    STORES,
    accepted,
    asked,
    codes,
    counted_statements,
    done,
    opened,
    refusal,
    repeated,
    run,
)

D = Decimal


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with opened(request.param, request) as opened_store:
        yield opened_store


def mug(sku: str = "MUG", **fields: Any) -> AddProduct:
    return AddProduct(**{"sku": sku, "name": "Mug", **fields})


def variant(store: Store, sku: str) -> Variant:
    [found] = asked(store, VariantsByCode((sku.casefold(),)))
    assert isinstance(found, Variant)
    return found


def received(store: Store, sku: str, quantity: int = 5) -> None:
    done(store, ADD_SITE, AddSite(code="MAIN", name="Main"))
    done(store, RECEIVE_STOCK, ReceiveStock(sku=sku, site="MAIN", quantity=D(quantity)))


# -- adding --------------------------------------------------------------------------------------------------------


def test_cat02_cat03_a_product_comes_with_its_first_variant(store: Store) -> None:
    [added] = done(
        store,
        ADD_PRODUCT,
        mug(
            " Mug-1 ",
            description="Robert'); DROP TABLE product;--",
            category="Kitchen",
            brand="Acme",
            attributes={"colour": "blue", "größe": 'L "wide"'},
            barcodes=("0042",),
            gtins=("4006381333931",),
            list_price=D("2.50"),
            currency="gbp",
            unit_cost=D("0.001"),
            weight=D("0.35"),
            temperature_zone="ambient",
            perishable=True,
        ),
    )
    assert (added.sku, added.unit, added.step, added.status) == ("Mug-1", "each", D(1), "active")
    found = variant(store, "mug-1")
    assert (found.id, found.product) == (added.id, added.product)
    assert json.loads(found.attributes) == {"colour": "blue", "größe": 'L "wide"'}
    assert (found.list_price, found.currency, found.unit_cost) == (D("2.5"), "GBP", D("0.001"))
    assert (found.weight, found.length, found.temperature_zone) == (D("0.35"), None, "ambient")
    assert found.lot_tracked, "perishable goods have expiry dates, which lots carry"
    assert (found.created_by, found.changed_by) == ("ann", "ann")
    [product] = asked(store, LockProductsById((added.product,)))
    assert (product.name, product.category, product.brand) == ("Mug", "Kitchen", "Acme")
    assert product.description == "Robert'); DROP TABLE product;--", "B109: stored as it was written"
    named = asked(store, CodesOf(("mug-1", "0042", "04006381333931")))
    assert {(code.kind, code.variant) for code in named} == {
        ("sku", found.id),
        ("barcode", found.id),
        ("gtin", found.id),
    }


def test_cat05_a_further_variant_copies_no_product(store: Store) -> None:
    added = done(
        store,
        ADD_PRODUCT,
        mug("MUG-BLUE", category="Kitchen"),
        AddProduct(sku="MUG-RED", product="mug-blue", attributes={"colour": "red"}, category="Kitchen"),
    )
    [by_id] = done(store, ADD_PRODUCT, AddProduct(sku="MUG-GREEN", product=added[0].product, name="Green mug"))
    assert {one.product for one in (*added, by_id)} == {added[0].product}
    assert [added[1].name, by_id.name] == ["Mug", "Green mug"]


@pytest.mark.parametrize("by_id", [False, True], ids=["by SKU", "by id"])
def test_cat13_a_further_variant_is_kept_and_tracked_like_the_first(store: Store, by_id: bool) -> None:
    fields = {"unit": "kg", "step": D("0.5"), "perishable": True, "temperature_zone": "chilled"}
    [first] = done(store, ADD_PRODUCT, mug("CHEESE", **fields))
    product = first.product if by_id else "cheese"
    done(store, ADD_PRODUCT, AddProduct(sku="OLD", product=product))
    old = variant(store, "old")
    assert (old.unit, old.step, old.perishable, old.lot_tracked) == ("kg", D("0.5"), True, True)
    assert (old.temperature_zone, old.stocked) == ("chilled", True)
    done(store, ADD_PRODUCT, AddProduct(sku="PIECE", product=product, unit="each", perishable=False, lot_tracked=False))
    piece = variant(store, "piece")
    assert (piece.unit, piece.step, piece.perishable, piece.lot_tracked) == ("each", D(1), False, False)


def test_perishable_goods_cannot_be_kept_without_lots(store: Store) -> None:
    assert refusal(store, ADD_PRODUCT, mug("A", perishable=True, lot_tracked=False)).field == "lot_tracked"
    done(store, ADD_PRODUCT, mug("A", perishable=True))
    refused = refusal(store, CHANGE_PRODUCT, ChangeProduct(sku="A", lot_tracked=False))
    assert (refused.code, refused.field) == ("usage", "lot_tracked")
    done(store, CHANGE_PRODUCT, ChangeProduct(sku="A", perishable=False, lot_tracked=False))
    assert not variant(store, "a").lot_tracked


def test_a_further_variant_cannot_change_what_is_the_products(store: Store) -> None:
    done(store, ADD_PRODUCT, mug(category="Kitchen"))
    assert refusal(store, ADD_PRODUCT, AddProduct(sku="B", product="MUG", category="Garden")).code == "usage"
    assert refusal(store, ADD_PRODUCT, AddProduct(sku="B", product="CUP")).code == "unknown_product"
    assert refusal(store, ADD_PRODUCT, AddProduct(sku="B", product=999_999)).code == "unknown_product"
    assert refusal(store, ADD_PRODUCT, AddProduct(sku="B")).code == "field_required"


@pytest.mark.parametrize("sku", [" A-1", "a-1", "A-1\t"])
def test_b049_cat06_a_sku_is_taken_whatever_its_case_and_blanks(store: Store, sku: str) -> None:
    done(store, ADD_PRODUCT, mug("A-1"))
    refused = refusal(store, ADD_PRODUCT, mug(sku))
    assert (refused.code, refused.field, refused.facts["sku"]) == ("duplicate_sku", "sku", "A-1")


def test_cat06_two_of_one_batch_cannot_have_one_sku(store: Store) -> None:
    assert codes(run(store, ADD_PRODUCT, mug("A"), mug("B"), mug(" a "))) == [None, None, "duplicate_sku"]


def test_b141_leading_zeros_make_another_sku(store: Store) -> None:
    assert codes(run(store, ADD_PRODUCT, mug("00123"), mug("123"))) == [None, None]


def test_a_barcode_names_one_product_only(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("A", barcodes=("036000291452",)))
    assert refusal(store, ADD_PRODUCT, mug("B", gtins=("0036000291452",))).code == "duplicate_code"
    assert refusal(store, ADD_PRODUCT, mug("B", barcodes=("a",))).code == "duplicate_code", "it is a SKU"
    assert refusal(store, ADD_PRODUCT, mug("B", barcodes=("7", "7"))).code == "duplicate_code"
    assert refusal(store, ADD_PRODUCT, mug("0036000291452")).code == "duplicate_code", "it would be scanned for A"
    done(store, ADD_PRODUCT, mug("4006381333931", barcodes=("4006381333931",)))
    assert refusal(store, ADD_PRODUCT, mug("B", barcodes=("04006381333931",))).code == "duplicate_code"
    renamed = ChangeProduct(sku="4006381333931", new_sku="00036000291452")
    assert refusal(store, CHANGE_PRODUCT, renamed).code == "duplicate_code"
    assert asked(store, VariantsByCode(("b",))) == []


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"sku": "A\0B"}, "text_invalid", "sku"),
        ({"sku": " \u200b"}, "text_blank", "sku"),
        ({"sku": None}, "field_required", "sku"),
        ({"sku": "A" * 256}, "text_too_long", "sku"),
        ({"name": "\u200b "}, "text_blank", "name"),
        ({"unit": "furlong"}, "unknown_unit", "unit"),
        ({"step": D("0.5")}, "quantity_precision", "step"),
        ({"gtins": ("4006381333932",)}, "gtin_invalid", "gtins/0"),
        ({"list_price": D("-1")}, "money_negative", "list_price"),
        ({"unit_cost": D("0.1234567")}, "money_precision", "unit_cost"),
        ({"currency": "pounds"}, "currency_unknown", "currency"),
        ({"serial_tracking": "always"}, "value_unknown", "serial_tracking"),
        ({"stocked": False, "lot_tracked": True}, "not_stocked", "stocked"),
        ({"weight": D("1e12")}, "quantity_out_of_range", "weight"),
    ],
)
def test_b045_b047_b025_what_cannot_be_is_refused_and_leaves_the_others_alone(
    store: Store, fields: dict[str, Any], code: str, field: str
) -> None:
    good, bad = run(store, ADD_PRODUCT, mug("GOOD"), mug(**{"sku": "BAD", **fields}))
    assert codes([good, bad]) == [None, code]
    assert isinstance(bad, Rejected)
    assert bad.field == field
    assert asked(store, VariantsByCode(("bad",))) == []


def test_cat14_every_company_starts_with_units_of_measure(store: Store) -> None:
    units = {unit.code: unit for unit in asked(store, Units())}
    assert (units["each"].step, units["g"].step, units["kg"].factor) == (D(1), D("0.001"), D(1_000_000))
    [flour] = done(store, ADD_PRODUCT, mug("FLOUR", unit=" KG ", step=D("0.25")))
    assert (flour.unit, flour.step) == ("kg", D("0.25"))


def test_a_service_is_not_stocked(store: Store) -> None:
    [added] = done(store, ADD_PRODUCT, mug("WRAP", stocked=False))
    assert not added.stocked


# -- batches -------------------------------------------------------------------------------------------------------


def test_an_atomic_batch_is_done_wholly_or_not_at_all(store: Store) -> None:
    outcomes = run(store, ADD_PRODUCT, mug("A"), mug("B", unit="furlong"), mug("C"), atomic=True)
    assert codes(outcomes) == ["batch_refused", "unknown_unit", "batch_refused"]
    assert asked(store, VariantsByCode(("a", "b", "c"))) == []
    assert codes(run(store, ADD_PRODUCT, mug("A"), mug("C"), atomic=True)) == [None, None]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(store: Store) -> None:
    commands = (mug("A", command_id="one"), mug("a", command_id="two"))
    assert codes(run(store, ADD_PRODUCT, *commands, dry_run=True)) == [None, "duplicate_sku"]
    assert asked(store, VariantsByCode(("a",))) == []
    outcomes = run(store, ADD_PRODUCT, *commands)
    assert codes(outcomes) == [None, "duplicate_sku"]
    assert repeated(outcomes) == [False, False], "a dry run leaves no answers either"


def test_the_same_command_id_gives_the_same_answer_and_one_product(store: Store) -> None:
    attributes = {"size": "L", "colour": "red"}
    first = run(store, ADD_PRODUCT, mug("A", command_id="k", list_price=D("2.50"), attributes=attributes))
    turned = dict(reversed(attributes.items()))
    again = run(store, ADD_PRODUCT, mug("A", command_id="k", list_price=D("2.5"), attributes=turned))
    assert repeated(again) == [True]
    assert accepted(again[0]) == accepted(first[0])
    assert codes(run(store, ADD_PRODUCT, mug("B", command_id="k"))) == ["idempotency_key_reuse"]


def test_a_command_given_twice_in_one_batch_is_done_once(store: Store) -> None:
    outcomes = run(store, ADD_PRODUCT, mug("A", command_id="k"), mug("A", command_id="k"))
    assert (codes(outcomes), repeated(outcomes)) == ([None, None], [False, True])


def test_a_refusal_is_remembered_under_its_command_id(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("A"))
    assert codes(run(store, ADD_PRODUCT, mug("A", command_id="k"))) == ["duplicate_sku"]
    done(store, CHANGE_PRODUCT, ChangeProduct(sku="A", new_sku="Z"))
    again = run(store, ADD_PRODUCT, mug("A", command_id="k"))
    assert (codes(again), repeated(again)) == (["duplicate_sku"], [True])


def test_more_than_a_transactions_worth_is_added_in_order(store: Store) -> None:
    added = done(store, ADD_PRODUCT, *[mug(f"S{number}") for number in range(450)])
    assert [one.sku for one in added] == [f"S{number}" for number in range(450)]
    assert len({one.id for one in added}) == 450


def test_a_batch_costs_as_many_statements_as_one_command(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from stockcore_sql.stores import SqlStore

    sql_store = SqlStore(postgres_url)
    done(sql_store, ADD_PRODUCT, mug("WARM-UP"))
    counts = []
    for commands in ([mug("A")], [mug(f"B{number}", barcodes=(f"9-{number}",)) for number in range(150)]):
        with counted_statements(monkeypatch) as so_far:
            done(sql_store, ADD_PRODUCT, *commands)
            counts.append(so_far())
    sql_store.close()
    assert counts[0] == counts[1]


# -- changing ------------------------------------------------------------------------------------------------------


def test_what_is_given_changes_and_what_is_not_stays(store: Store) -> None:
    done(store, ADD_PRODUCT, mug(brand="Acme", weight=D(1), attributes={"a": "1", "b": "2"}, list_price=D(3)))
    [changed] = done(
        store,
        CHANGE_PRODUCT,
        ChangeProduct(
            sku="mug",
            name="Big mug",
            list_price=D("3.25"),
            attributes={"a": None, "c": "3"},
            category="Kitchen",
            clear=("brand", "weight"),
        ),
    )
    assert (changed.name, changed.list_price) == ("Big mug", D("3.25"))
    found = variant(store, "MUG")
    assert json.loads(found.attributes) == {"b": "2", "c": "3"}
    assert found.weight is None
    [product] = asked(store, LockProductsById((found.product,)))
    assert (product.name, product.category, product.brand) == ("Big mug", "Kitchen", None)


def test_with_several_variants_a_name_is_the_variants_only(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("A"), AddProduct(sku="B", product="A"))
    [changed] = done(store, CHANGE_PRODUCT, ChangeProduct(sku="B", name="Red mug"))
    [product] = asked(store, LockProductsById((changed.product,)))
    assert (product.name, variant(store, "A").name, variant(store, "B").name) == ("Mug", "Mug", "Red mug")


def test_unit_step_and_tracking_can_change_until_the_first_movement(store: Store) -> None:
    done(store, ADD_PRODUCT, mug())
    [changed] = done(store, CHANGE_PRODUCT, ChangeProduct(sku="MUG", unit="kg", lot_tracked=True))
    assert (changed.unit, changed.step) == ("kg", D("0.001"))
    done(store, CHANGE_PRODUCT, ChangeProduct(sku="MUG", unit="each", lot_tracked=False))
    received(store, "MUG")
    refused = refusal(store, CHANGE_PRODUCT, ChangeProduct(sku="MUG", unit="kg"))
    assert (refused.code, refused.facts["fields"]) == ("base_unit_fixed", ["step", "unit"])
    changes: list[dict[str, Any]] = [{"step": D(6)}, {"lot_tracked": True}, {"serial_tracking": "receipt"}]
    for fields in (*changes, {"stocked": False}):
        command = ChangeProduct(sku="MUG", **fields)
        assert refusal(store, CHANGE_PRODUCT, command).code == "base_unit_fixed"
    done(store, CHANGE_PRODUCT, ChangeProduct(sku="MUG", unit="each", list_price=D(9)))


def test_cat06_a_sku_can_be_renamed_but_not_to_another_products(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("A"), mug("B"))
    assert refusal(store, CHANGE_PRODUCT, ChangeProduct(sku="A", new_sku=" b")).code == "duplicate_sku"
    outcomes = run(
        store,
        CHANGE_PRODUCT,
        ChangeProduct(sku="A", new_sku="C"),
        ChangeProduct(sku="A", name="gone"),
        ChangeProduct(sku="c", name="there"),
    )
    assert codes(outcomes) == [None, "unknown_sku", None]
    assert variant(store, "C").name == "there"
    assert asked(store, VariantsByCode(("a",))) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sku": "NONE"}, "unknown_sku"),
        ({"clear": ("name",)}, "value_unknown"),
        ({"step": D("0.1")}, "quantity_precision"),
        ({"perishable": "yes"}, "type_error"),
    ],
)
def test_a_change_that_cannot_be_is_refused(store: Store, fields: dict[str, Any], code: str) -> None:
    done(store, ADD_PRODUCT, mug())
    assert refusal(store, CHANGE_PRODUCT, ChangeProduct(**{"sku": "MUG", **fields})).code == code


# -- the lifecycle -------------------------------------------------------------------------------------------------


def test_a_sku_given_up_in_a_batch_is_taken_by_another_product_in_a_later_one(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("X"), mug("Y"), mug("Q"))
    chain = ChangeProduct(sku="Y", new_sku="Z"), ChangeProduct(sku="X", new_sku="Y")
    answers = run(store, CHANGE_PRODUCT, ChangeProduct(sku="Q", name="innocent"), *chain)
    assert codes(answers) == [None, None, "duplicate_sku"]
    assert variant(store, "q").name == "innocent"
    done(store, CHANGE_PRODUCT, chain[1])
    assert asked(store, VariantsByCode(("x",))) == []
    there_and_back = ChangeProduct(sku="Z", new_sku="T"), ChangeProduct(sku="T", new_sku="z")
    done(store, CHANGE_PRODUCT, *there_and_back)
    assert variant(store, "z").sku == "z"


def test_cat10_a_product_is_discontinued_and_activated_with_its_variants(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("A"), AddProduct(sku="B", product="A"))

    def statuses() -> tuple[str, str, str]:
        a, b = variant(store, "A"), variant(store, "B")
        [product] = asked(store, LockProductsById((a.product,)))
        return a.status, b.status, product.status

    done(store, DISCONTINUE_PRODUCT, DiscontinueProduct(sku="A"))
    assert statuses() == ("discontinued", "active", "active")
    done(store, DISCONTINUE_PRODUCT, DiscontinueProduct(sku="B"), DiscontinueProduct(sku="A"))
    assert statuses() == ("discontinued", "discontinued", "discontinued")
    done(store, DEACTIVATE_PRODUCT, DeactivateProduct(sku="A"), DeactivateProduct(sku="B"))
    assert statuses() == ("inactive", "inactive", "inactive")
    done(store, ACTIVATE_PRODUCT, ActivateProduct(sku="B"))
    assert statuses() == ("inactive", "active", "active")
    done(store, ADD_PRODUCT, AddProduct(sku="C", product="A"))
    assert statuses() == ("inactive", "active", "active")


def test_a_product_with_stock_is_in_use_until_it_is_gone(store: Store) -> None:
    done(store, ADD_PRODUCT, mug())
    received(store, "MUG", 2)
    refused = refusal(store, DEACTIVATE_PRODUCT, DeactivateProduct(sku="MUG"))
    assert (refused.code, refused.facts["because"]) == ("in_use", "stock")
    done(store, DISCONTINUE_PRODUCT, DiscontinueProduct(sku="MUG"))
    done(store, ADJUST_STOCK, AdjustStock(sku="MUG", site="MAIN", quantity=D(-2), reason="sold out"))
    assert done(store, DEACTIVATE_PRODUCT, DeactivateProduct(sku="MUG"))[0].status == "inactive"


def ordered(store: Store, sku: str) -> None:
    """Two of it, which are not there."""
    from stockcore.orders.commands import LineRequest, PlaceOrder
    from stockcore.orders.placing import PLACE_ORDER

    done(store, ADD_SITE, AddSite(code="MAIN", name="Main"))
    done(store, PLACE_ORDER, PlaceOrder(lines=(LineRequest(sku=sku, quantity=D(2)),), policy="backorder"))


def test_a_unit_that_somebody_ordered_in_cannot_change(store: Store) -> None:
    done(store, ADD_PRODUCT, mug())
    ordered(store, "MUG")
    assert refusal(store, CHANGE_PRODUCT, ChangeProduct(sku="MUG", unit="kg")).code == "base_unit_fixed"


def test_a_product_somebody_waits_for_is_in_use(store: Store) -> None:
    done(store, ADD_PRODUCT, mug())
    ordered(store, "MUG")
    refused = refusal(store, DEACTIVATE_PRODUCT, DeactivateProduct(sku="MUG"))
    assert (refused.code, refused.facts["because"]) == ("in_use", "open_work")
    assert refusal(store, DELETE_PRODUCT, DeleteProduct(sku="MUG")).code == "in_use"


def test_cat12_a_product_without_history_is_marked_deleted_and_keeps_its_codes(store: Store) -> None:
    done(store, ADD_PRODUCT, mug("A"), AddProduct(sku="B", product="A"))
    [deleted] = done(store, DELETE_PRODUCT, DeleteProduct(sku="A"))
    assert deleted.status == "inactive"
    [product] = asked(store, LockProductsById((deleted.product,)))
    assert product.deleted_at is not None
    assert {each.status for each in asked(store, SiblingsByCode(("b",)))} == {"inactive"}
    assert asked(store, VariantsByCode(("a", "b"))) == []
    assert refusal(store, CHANGE_PRODUCT, ChangeProduct(sku="B", name="x")).code == "unknown_sku"
    assert refusal(store, ADD_PRODUCT, mug("a")).code == "duplicate_sku"
    assert refusal(store, ADD_PRODUCT, AddProduct(sku="C", product="A")).code == "unknown_product"


def test_cat12_a_product_that_was_moved_is_not_deleted(store: Store) -> None:
    done(store, ADD_PRODUCT, mug())
    received(store, "MUG", 1)
    done(store, ADJUST_STOCK, AdjustStock(sku="MUG", site="MAIN", quantity=D(-1), reason="gone"))
    refused = refusal(store, DELETE_PRODUCT, DeleteProduct(sku="MUG"))
    assert (refused.code, refused.facts["skus"]) == ("in_use", ["MUG"])


@pytest.mark.parametrize(
    ("use_case", "command"),
    [
        (ACTIVATE_PRODUCT, ActivateProduct(sku="X")),
        (DISCONTINUE_PRODUCT, DiscontinueProduct(sku="X\0")),
        (DEACTIVATE_PRODUCT, DeactivateProduct(sku="X")),
        (DELETE_PRODUCT, DeleteProduct(sku="X")),
    ],
)
def test_what_is_not_there_cannot_change_its_status(store: Store, use_case: Any, command: Any) -> None:
    assert refusal(store, use_case, command).code in ("unknown_sku", "text_invalid")


def test_a_status_it_has_already_changes_nothing(store: Store) -> None:
    done(store, ADD_PRODUCT, mug())
    before = variant(store, "MUG")
    done(store, ACTIVATE_PRODUCT, ActivateProduct(sku="MUG"))
    assert variant(store, "MUG") == before
