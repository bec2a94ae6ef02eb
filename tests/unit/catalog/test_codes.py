"""When two codes get in each other's way (CAT-03, CAT-06)."""

from datetime import date
from typing import Any

import pytest

from stockcore.catalog.codes import check_free, overlap, scan_code
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
    assert clash(code("sku", "00123", of=1), code("sku", "123", of=2)) is None
    assert scan_code("00123") != scan_code("123")


def test_b049_blanks_and_case_do_not() -> None:
    assert clash(code("sku", " A-1", of=1), code("sku", "a-1 ", of=2)) == "duplicate_sku"


def test_codes_that_are_gtins_are_scanned_as_such_whatever_they_are_used_for() -> None:
    assert scan_code("036000291452") == scan_code("0036000291452") == "00036000291452"
    assert scan_code("0042") == "0042"
    assert clash(code("sku", "036000291452", of=1), code("barcode", "0036000291452", of=2)) == "duplicate_code"
    assert clash(code("barcode", "036000291452", of=1), code("sku", "036000291452", of=1)) is None
    assert clash(code("sku", "036000291452", of=1), code("sku", "0036000291452", of=2)) is None, "a SKU is a text"


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
