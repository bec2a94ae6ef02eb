"""What the catalogue's commands come back with."""

from __future__ import annotations

from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class ProductDocument:
    """A variant and its product, as they are after the command. `id` is the variant's, `product` the product's."""

    id: int
    product: int
    sku: str
    name: str
    unit: str
    step: Decimal
    status: str
    stocked: bool
    list_price: Decimal | None
    currency: str | None


@attrs.frozen(kw_only=True)
class PackagingDocument:
    """One `code` of the SKU holds numerator/denominator base units."""

    id: int
    sku: str
    code: str
    numerator: int
    denominator: int
    gtin: str | None


@attrs.frozen(kw_only=True)
class CodeDocument:
    """A code of a variant; `packaging` None: it names the base unit."""

    id: int
    sku: str
    kind: str
    code: str
    packaging: str | None
