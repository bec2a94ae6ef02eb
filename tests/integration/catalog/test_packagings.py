"""Packagings and codes on every store (CAT-03, CAT-15; S069, S075, S079)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from stockcore.catalog.commands import AddCode, AddPackaging, AddProduct, ChangePackaging
from stockcore.catalog.conversion import to_base
from stockcore.catalog.records import CodesOf, PackagingsByCode, Units, VariantsByCode
from stockcore.catalog.use_cases import ADD_CODE, ADD_PACKAGING, ADD_PRODUCT, CHANGE_PACKAGING
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.unit_of_work import Store
from tests.support.stores import STORES, asked, codes, done, opened, refusal, repeated, run

D = Decimal


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with opened(request.param, request) as opened_store:
        done(opened_store, ADD_PRODUCT, AddProduct(sku="MUG", name="Mug"), AddProduct(sku="CUP", name="Cup"))
        yield opened_store


def in_base(store: Store, quantity: str, unit: str, sku: str = "mug") -> Decimal:
    [variant] = asked(store, VariantsByCode((sku,)))
    packagings = asked(store, PackagingsByCode((sku,)))
    units = {unit.code: unit for unit in asked(store, Units())}
    return to_base(D(quantity), unit, variant, packagings, units).quantity


def test_s069_s075_a_packaging_converts_exactly(store: Store) -> None:
    [box, case] = done(
        store,
        ADD_PACKAGING,
        AddPackaging(sku="mug", code="Box", numerator=12, gtin="10614141000415"),
        AddPackaging(sku="mug", code="case", numerator=48, denominator=2),
    )
    assert (box.numerator, box.denominator, box.gtin) == (12, 1, "10614141000415")
    assert (case.numerator, case.denominator) == (24, 1)
    assert in_base(store, "5", "box") == D(60)
    assert in_base(store, "0.5", "case") == D(12)
    with pytest.raises(StockcoreError, match="step"):
        in_base(store, "0.142857", "case")
    [named] = asked(store, CodesOf(("10614141000415",)))
    assert (named.kind, named.packaging) == ("gtin", box.id)


def test_s079_a_packaging_changes_from_now_on(store: Store) -> None:
    done(store, ADD_PACKAGING, AddPackaging(sku="MUG", code="box", numerator=12))
    [changed] = done(store, CHANGE_PACKAGING, ChangePackaging(sku="MUG", code="BOX", numerator=10))
    assert changed.numerator == 10
    assert in_base(store, "1", "box") == D(10)
    assert refusal(store, CHANGE_PACKAGING, ChangePackaging(sku="MUG", code="x", numerator=1)).code == (
        "unknown_packaging"
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sku": "NONE"}, "unknown_sku"),
        ({"code": "BOX"}, "duplicate_code"),
        ({"code": "each"}, "duplicate_code"),
        ({"numerator": 0}, "quantity_not_positive"),
        ({"denominator": -1}, "quantity_not_positive"),
        ({"gtin": "1061414100041"}, "gtin_invalid"),
        ({"gtin": "4006381333931"}, "duplicate_code"),
    ],
)
def test_a_packaging_that_cannot_be_is_refused(store: Store, fields: dict[str, Any], code: str) -> None:
    done(store, ADD_PACKAGING, AddPackaging(sku="MUG", code="box", numerator=12))
    done(store, ADD_CODE, AddCode(sku="CUP", code="4006381333931", kind="gtin"))
    command = AddPackaging(**{"sku": "MUG", "code": "pallet", "numerator": 480, **fields})
    assert refusal(store, ADD_PACKAGING, command).code == code
    assert len(asked(store, PackagingsByCode(("mug",)))) == 1


def test_one_gtin_names_one_packaging_level(store: Store) -> None:
    done(store, ADD_CODE, AddCode(sku="MUG", code="10614141000415", kind="gtin"))
    command = AddPackaging(sku="MUG", code="box", numerator=12, gtin="10614141000415")
    assert refusal(store, ADD_PACKAGING, command).code == "duplicate_code"


def test_codes_can_name_a_packaging_and_have_a_validity(store: Store) -> None:
    [box] = done(store, ADD_PACKAGING, AddPackaging(sku="MUG", code="box", numerator=12))
    added = done(
        store,
        ADD_CODE,
        AddCode(sku="MUG", code="B-12", packaging="BOX", valid_to=date(2026, 6, 30)),
        AddCode(sku="CUP", code="b-12", valid_from=date(2026, 7, 1)),
        AddCode(sku="MUG", code="ACME 7", kind="supplier_sku"),
        AddCode(sku="CUP", code="acme 7", kind="supplier_sku"),
    )
    assert [one.packaging for one in added] == ["box", None, None, None]
    [first, second] = asked(store, CodesOf(("b-12",)))
    assert (first.packaging, first.valid_to, second.valid_from) == (box.id, date(2026, 6, 30), date(2026, 7, 1))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"code": "cup"}, "duplicate_code"),
        ({"kind": "sku"}, "value_unknown"),
        ({"kind": "gtin"}, "gtin_invalid"),
        ({"packaging": "crate"}, "unknown_packaging"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)}, "date_invalid"),
        ({"valid_from": "2026-02-01"}, "type_error"),
        ({"code": "\0"}, "text_invalid"),
    ],
)
def test_a_code_that_cannot_be_is_refused(store: Store, fields: dict[str, Any], code: str) -> None:
    assert refusal(store, ADD_CODE, AddCode(**{"sku": "MUG", "code": "B-1", **fields})).code == code


def test_packagings_and_codes_are_added_once_per_command_id_and_wholly_in_an_atomic_batch(store: Store) -> None:
    box = AddPackaging(sku="MUG", code="box", numerator=12, command_id="k")
    assert codes(run(store, ADD_PACKAGING, box, box, dry_run=True)) == [None, None]
    assert repeated(run(store, ADD_PACKAGING, box, box)) == [False, True]
    assert repeated(run(store, ADD_PACKAGING, box)) == [True]
    outcomes = run(store, ADD_CODE, AddCode(sku="MUG", code="1"), AddCode(sku="CUP", code="1"), atomic=True)
    assert codes(outcomes) == ["batch_refused", "duplicate_code"]
    assert asked(store, CodesOf(("1",))) == []
