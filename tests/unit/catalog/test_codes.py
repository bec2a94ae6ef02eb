"""When two codes get in each other's way (CAT-03, CAT-06)."""

from datetime import date
from typing import Any

import pytest

from stockcore.catalog.codes import CodeKind, check_free, key_of, overlap
from stockcore.kernel.errors import StockcoreError
from tests.unit.catalog.things import code

JUNE, JULY, AUGUST = date(2026, 6, 1), date(2026, 7, 1), date(2026, 8, 1)


def clash(wanted: Any, other: Any) -> str | None:
    try:
        check_free(wanted, [other])
    except StockcoreError as refused:
        return refused.code
    return None


def test_b141_leading_zeros_make_another_sku() -> None:
    assert key_of(CodeKind.SKU, "00123") != key_of(CodeKind.SKU, "123")


def test_b049_blanks_and_case_do_not() -> None:
    assert key_of(CodeKind.SKU, " A-1") == key_of(CodeKind.SKU, "a-1 ")


def test_a_barcode_that_is_a_gtin_compares_as_one() -> None:
    assert key_of(CodeKind.BARCODE, "036000291452") == key_of(CodeKind.GTIN, "0036000291452")
    assert key_of(CodeKind.BARCODE, "0042") == "0042"
    assert key_of(CodeKind.SKU, "036000291452") == "036000291452", "a SKU is a text"


@pytest.mark.parametrize(
    ("wanted", "other", "expected"),
    [
        ("sku", "sku", "duplicate_sku"),
        ("sku", "barcode", "duplicate_code"),
        ("barcode", "sku", "duplicate_code"),
        ("gtin", "gtin", "duplicate_code"),
        ("supplier_sku", "supplier_sku", None),
        ("sku", "supplier_sku", None),
    ],
)
def test_what_another_variant_has_may_not_be_scanned_for_two_things(
    wanted: str, other: str, expected: str | None
) -> None:
    assert clash(code(wanted, "X", of=1), code(other, "X", of=2)) == expected


def test_a_variant_may_have_its_sku_as_barcode_too_but_nothing_twice() -> None:
    assert clash(code("barcode", "X", of=1), code("sku", "X", of=1)) is None
    assert clash(code("barcode", "X", of=1), code("barcode", "X", of=1)) == "duplicate_code"
    assert clash(code("barcode", "X", of=1, packaging=7), code("sku", "X", of=1)) == "duplicate_code"


def test_a_barcode_can_be_used_again_once_it_is_no_longer_valid() -> None:
    old = code("barcode", "X", of=1, valid_to=JUNE)
    assert clash(code("barcode", "X", of=2, valid_from=JULY), old) is None
    assert clash(code("barcode", "X", of=2, valid_from=JUNE), old) == "duplicate_code"


def test_days_are_shared_including_the_last() -> None:
    assert overlap(JUNE, JULY, JULY, None)
    assert not overlap(JUNE, JULY, AUGUST, None)
    assert overlap(None, None, None, None)
