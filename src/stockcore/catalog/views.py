"""The catalogue as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class ProductView:
    """A variant with what its product says of it; `codes` are its other names (barcodes, GTINs, suppliers' SKUs)."""

    sku: str
    name: str
    unit: str
    step: Decimal
    status: str
    stocked: bool
    lot_tracked: bool
    list_price: Decimal | None
    currency: str | None
    unit_cost: Decimal | None
    category: str | None
    brand: str | None
    description: str | None
    attributes: Mapping[str, Any]
    codes: tuple[str, ...] = ()
