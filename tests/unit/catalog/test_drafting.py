"""What a product's command may say (CAT-02, CAT-04, CAT-09, CAT-13)."""

from decimal import Decimal
from typing import Any

import pytest

from stockcore.catalog.commands import AddProduct
from stockcore.catalog.drafting import (
    attributes_json,
    check_clear,
    check_tracking,
    descriptive,
    merged_attributes,
    read_ratio,
    step_of,
)
from stockcore.catalog.lifecycle import check_unused, product_status
from stockcore.catalog.units import standard_units
from stockcore.kernel.errors import StockcoreError

D = Decimal

UNITS = {unit.code: unit for unit in standard_units()}


def product(**fields: Any) -> AddProduct:
    return AddProduct(sku="A", **fields)


def refused_code(function: Any, *arguments: Any) -> str:
    with pytest.raises(StockcoreError) as refused:
        function(*arguments)
    return refused.value.code


def test_b025_prices_have_six_decimals_and_are_not_negative() -> None:
    assert descriptive(product(unit_cost=D("0.001"), list_price=D("-0"))) == {
        "unit_cost": D("0.001"),
        "list_price": D(0),
    }
    assert refused_code(descriptive, product(unit_cost=D("0.0000001"))) == "money_precision"
    assert refused_code(descriptive, product(list_price=D("-0.01"))) == "money_negative"


@pytest.mark.parametrize("currency", ["EURO", "E1R", "€UR", "EU"])
def test_a_currency_has_three_letters(currency: str) -> None:
    assert refused_code(descriptive, product(currency=currency)) == "currency_unknown"


def test_a_currency_is_written_in_capitals() -> None:
    assert descriptive(product(currency="gbp")) == {"currency": "GBP"}


@pytest.mark.parametrize("field", ["weight", "length", "width", "height"])
def test_measures_are_not_negative_and_have_six_decimals(field: str) -> None:
    assert descriptive(product(**{field: D("0.000001")}))
    assert refused_code(descriptive, product(**{field: D(-1)})) == "quantity_not_positive"
    assert refused_code(descriptive, product(**{field: D("NaN")})) == "quantity_not_finite"
    assert refused_code(descriptive, product(**{field: D("0.0000001")})) == "quantity_precision"


def test_an_unknown_allocation_key_is_refused() -> None:
    assert refused_code(descriptive, product(allocation_strategy="expiry,moon")) == "value_unknown"
    assert descriptive(product(allocation_strategy="expiry, received"))["allocation_strategy"] == ("expiry,received")


def test_a_step_is_a_multiple_of_the_units_own() -> None:
    assert step_of(UNITS["each"], None) == 1
    assert step_of(UNITS["each"], D(6)) == 6
    assert step_of(UNITS["kg"], D("0.25")) == D("0.25")
    assert refused_code(step_of, UNITS["each"], D("0.5")) == "quantity_precision"
    assert refused_code(step_of, UNITS["each"], D(0)) == "quantity_not_positive"


def test_attributes_are_merged_and_none_removes_one() -> None:
    merged = merged_attributes({"size": "L", "colour": "red"}, {"colour": None, " voltage ": "230 V"})
    assert merged == {"size": "L", "voltage": "230 V"}
    assert attributes_json(merged) == '{"size":"L","voltage":"230 V"}'


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["size"], "type_error"),
        ({"size": 3}, "type_error"),
        ({"": "L"}, "text_blank"),
        ({"size": "L\0"}, "text_invalid"),
        ({str(number): "x" for number in range(201)}, "text_too_long"),
    ],
)
def test_attributes_are_texts_by_name(given: Any, code: str) -> None:
    assert refused_code(merged_attributes, {}, given) == code


def test_serials_number_whole_pieces() -> None:
    fields = {"stocked": True, "step": D("0.001"), "serial_tracking": "receipt", "lot_tracked": False}
    assert refused_code(check_tracking, fields) == "uom_incompatible"
    check_tracking(fields | {"step": D(1)})


def test_a_service_has_no_lots() -> None:
    fields = {"stocked": False, "step": D(1), "serial_tracking": "none", "lot_tracked": True}
    assert refused_code(check_tracking, fields) == "not_stocked"


@pytest.mark.parametrize(
    ("ratio", "code"),
    [
        ((0, 1), "quantity_not_positive"),
        ((12, 0), "quantity_not_positive"),
        ((True, 1), "type_error"),
        (("12", 1), "type_error"),
        ((10**12, 1), "quantity_out_of_range"),
    ],
)
def test_a_packagings_ratio_is_of_two_positive_whole_numbers(ratio: tuple[Any, Any], code: str) -> None:
    assert refused_code(read_ratio, *ratio) == code


def test_a_ratio_is_kept_in_lowest_terms() -> None:
    assert read_ratio(24, 36) == (2, 3)


def test_only_what_may_be_empty_can_be_emptied() -> None:
    assert check_clear(("brand", "weight")) == ("brand", "weight")
    assert refused_code(check_clear, ("name",)) == "value_unknown"


def test_cat10_a_product_is_as_alive_as_its_liveliest_variant() -> None:
    assert product_status(["inactive", "discontinued", "active"]) == "active"
    assert product_status(["inactive", "discontinued"]) == "discontinued"
    assert product_status(["inactive"]) == "inactive"


def test_what_has_stock_or_is_waited_for_is_in_use() -> None:
    check_unused("A", holds_stock=False, has_open_work=False)
    for stock, work, because in ((True, False, "stock"), (False, True, "open_work")):
        with pytest.raises(StockcoreError) as refused:
            check_unused("A", holds_stock=stock, has_open_work=work)
        assert (refused.value.code, refused.value.facts["because"]) == ("in_use", because)
