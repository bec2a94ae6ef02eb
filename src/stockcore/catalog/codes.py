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


def key_of(kind: str, code: str) -> str:
    """What makes two codes the same: trimmed and case-folded; GTINs, also as barcodes, compare as 14 digits."""
    text = normal_code(code)
    if kind == CodeKind.GTIN or (kind == CodeKind.BARCODE and is_gtin(text)):
        return normal_gtin(text)
    return text


def check_free(wanted: VariantCode, taken: Iterable[VariantCode]) -> None:
    """Refuse a code that would name two things at a time. `taken`: the codes with the same key.

    A SKU is unique for ever; barcodes and GTINs while they are valid, against SKUs too, because a scan does not say
    its kind. Suppliers choose their SKUs themselves: these may equal anything of other variants.
    Errors: duplicate_sku, duplicate_code.
    """
    for other in taken:
        if wanted.kind == other.kind == CodeKind.SKU and wanted.variant != other.variant:
            raise StockcoreError(
                "duplicate_sku", f"there is a product with the SKU {other.code} already", field="sku", sku=other.code
            )
        if _clash(wanted, other):
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
