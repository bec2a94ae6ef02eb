"""The codes that name a variant: how they compare, and when two of them get in each other's way (CAT-03, CAT-06)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date
from typing import Final

from stockcore.catalog.gtin import is_gtin, normal_gtin
from stockcore.catalog.records import VariantCode
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.text import normal_code

BASE_UNIT: Final = 0  # where a code names no packaging


class CodeKind(enum.StrEnum):
    SKU = "sku"
    BARCODE = "barcode"
    GTIN = "gtin"
    SUPPLIER_SKU = "supplier_sku"


def scan_code(code: str) -> str:
    """What codes compare by when they are scanned, whatever their kinds: GTINs as 14 digits, others trimmed and
    case-folded."""
    text = normal_code(code)
    return normal_gtin(text) if is_gtin(text) else text


def check_free(wanted: VariantCode, taken: Iterable[VariantCode]) -> None:
    """Refuse a code that would name two things at a time. `taken`: the codes that a scan takes for the same.

    A SKU is unique for ever, as it is written; barcodes and GTINs while they are valid, against SKUs too, because a
    scan does not say its kind. Suppliers choose their SKUs themselves: these may equal anything of other variants.
    Errors: duplicate_sku, duplicate_code.
    """
    for other in taken:
        if wanted.kind == other.kind == CodeKind.SKU:
            if wanted.normal_code == other.normal_code and wanted.variant != other.variant:
                raise StockcoreError(
                    "duplicate_sku",
                    f"there is a product with the SKU {other.code} already",
                    field="sku",
                    sku=other.code,
                )
        elif _clash(wanted, other):
            raise StockcoreError(
                "duplicate_code",
                f"{wanted.code} is a {other.kind} already",
                field="code",
                taken=other.code,
                taken_as=other.kind,
            )


def _clash(wanted: VariantCode, other: VariantCode) -> bool:
    if not overlap(wanted.valid_from, wanted.valid_to, other.valid_from, other.valid_to):
        return False
    if wanted.variant == other.variant:
        return wanted.kind == other.kind or wanted.packaging != other.packaging
    return CodeKind.SUPPLIER_SKU not in (wanted.kind, other.kind)


def overlap(from_a: date | None, to_a: date | None, from_b: date | None, to_b: date | None) -> bool:
    """Whether two spans of days, their last days included, share a day; None: open at that end."""
    return (from_a or date.min) <= (to_b or date.max) and (from_b or date.min) <= (to_a or date.max)
