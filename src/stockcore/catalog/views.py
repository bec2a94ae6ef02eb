"""The catalogue as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class PackagingView:
    """`numerator` base units per `denominator` of it."""

    code: str
    numerator: int
    denominator: int


@attrs.frozen(kw_only=True)
class ProductView:
    """A variant with what its product (an id, and a name) says of it; `codes` are its other names (barcodes, GTINs,
    suppliers' SKUs).

    Prices and costs per unit; weight in kilograms, dimensions in metres. A list of products leaves out `codes` and
    `packagings`.
    """

    sku: str
    name: str
    unit: str
    step: Decimal
    status: str
    stocked: bool
    lot_tracked: bool
    perishable: bool
    serial_tracking: str
    temperature_zone: str | None
    weight: Decimal | None
    length: Decimal | None
    width: Decimal | None
    height: Decimal | None
    allocation_strategy: str | None
    list_price: Decimal | None
    currency: str | None
    unit_cost: Decimal | None
    product: int
    product_name: str
    category: str | None
    brand: str | None
    description: str | None
    attributes: Mapping[str, Any]
    codes: tuple[str, ...] = ()
    packagings: tuple[PackagingView, ...] = ()
