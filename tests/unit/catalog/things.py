"""Variants and codes made by hand."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from stockcore.catalog.codes import scan_code
from stockcore.catalog.records import Variant, VariantCode
from stockcore.kernel.text import normal_code

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def variant(number: int, sku: str, *, unit: str = "each", step: str = "1") -> Variant:
    return Variant(
        id=number,
        product=number,
        sku=sku,
        name=sku,
        attributes="{}",
        unit=unit,
        step=Decimal(step),
        stocked=True,
        lot_tracked=False,
        serial_tracking="none",
        perishable=False,
        temperature_zone=None,
        weight=None,
        length=None,
        width=None,
        height=None,
        unit_cost=None,
        list_price=None,
        currency=None,
        status="active",
        allocation_strategy=None,
        created_at=NOON,
        created_by="test",
        changed_at=NOON,
        changed_by="test",
    )


def code(kind: str, text: str, of: int, **fields: Any) -> VariantCode:
    values: dict[str, Any] = {"packaging": 0, "valid_from": None, "valid_to": None} | fields
    return VariantCode(
        id=0, kind=kind, code=text, normal_code=normal_code(text), scan_code=scan_code(text), variant=of, **values
    )
