"""The catalogue's rows. Products describe, variants are stocked and sold, codes name them (CAT-01..14)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

import attrs

from stockcore.kernel.unit_of_work import Query


@attrs.define
class UnitOfMeasure:
    """A unit in which quantities are kept. `step` is the smallest quantity of it (pieces 1, kilogram 0.001).

    Units of one `dimension` (count, mass, volume, length, area, time) convert by `factor` to the dimension's
    reference unit; `factor` is exact.
    """

    code: str
    name: str
    dimension: str
    step: Decimal
    factor: Decimal


@attrs.define
class Product:
    """The idea of a thing; what its variants have in common."""

    id: int
    name: str
    description: str | None
    category: str | None
    brand: str | None
    status: str  # active, discontinued, inactive
    deleted_at: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str


@attrs.define
class Variant:
    """The thing that is stocked and sold. Quantities are in `unit`, in whole steps of `step`.

    Unit, step and tracking are fixed by the first movement. Weight in kilograms, dimensions in metres. `list_price`
    is per base unit in `currency`. A variant that is not `stocked` is a service.
    """

    id: int
    product: int
    sku: str
    name: str
    attributes: str  # JSON object of free attributes
    unit: str
    step: Decimal
    stocked: bool
    lot_tracked: bool
    serial_tracking: str  # none, receipt, dispatch
    perishable: bool
    temperature_zone: str | None
    weight: Decimal | None
    length: Decimal | None
    width: Decimal | None
    height: Decimal | None
    unit_cost: Decimal | None
    list_price: Decimal | None
    currency: str | None
    status: str  # active, discontinued, inactive
    allocation_strategy: str | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str


class Sold(Protocol):
    """What taking an order line needs to know of a variant."""

    @property
    def id(self) -> int: ...
    @property
    def sku(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def step(self) -> Decimal: ...
    @property
    def stocked(self) -> bool: ...
    @property
    def list_price(self) -> Decimal | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def status(self) -> str: ...


@attrs.define
class VariantCode:
    """One name of a variant: its SKU, a barcode, a GTIN of it or of a packaging, a supplier's SKU."""

    id: int
    kind: str  # sku, barcode, gtin, supplier_sku
    code: str  # as first written
    normal_code: str
    scan_code: str  # what a scan of it compares by
    variant: int
    packaging: int  # 0: the base unit
    valid_from: date | None
    valid_to: date | None


@attrs.define
class Packaging:
    """A box, case or pallet of a variant: one holds numerator/denominator base units, exactly."""

    id: int
    variant: int
    code: str
    numerator: int
    denominator: int


@attrs.frozen
class VariantsByCode(Query[Variant]):
    """Variants whose SKU is one of these normal codes; not those whose product is deleted."""

    codes: tuple[str, ...]


@attrs.frozen
class CodesOf(Query[VariantCode]):
    """Every variant code that a scan takes for one of these scan codes."""

    codes: tuple[str, ...]


@attrs.frozen
class PackagingsOf(Query[Packaging]):
    variants: tuple[int, ...]


@attrs.frozen
class Units(Query[UnitOfMeasure]):
    """All units of measure."""


@attrs.frozen
class ShareProducts(Query[Product]):
    """The products of these SKUs (normal codes), held so that nobody changes them; others may hold them so too."""

    codes: tuple[str, ...]


@attrs.frozen
class ShareVariants(Query[Variant]):
    """Variants by id, held so that nobody renames them; others may hold them so too."""

    ids: tuple[int, ...]


@attrs.frozen
class LockProducts(Query[Product]):
    """The products that the variants with these SKUs (normal codes) belong to, locked: who changes a product or its
    variants holds it."""

    codes: tuple[str, ...]


@attrs.frozen
class LockProductsById(Query[Product]):
    """The products with these ids, locked."""

    ids: tuple[int, ...]


@attrs.frozen
class SiblingsByCode(Query[Variant]):
    """Every variant of the products to which the variants with these SKUs (normal codes) belong, these included."""

    codes: tuple[str, ...]


@attrs.frozen
class VariantsOfProducts(Query[Variant]):
    """Every variant of the products with these ids."""

    ids: tuple[int, ...]


@attrs.frozen
class PackagingsByCode(Query[Packaging]):
    """The packagings of the variants with these SKUs (normal codes)."""

    codes: tuple[str, ...]


@attrs.frozen
class MovedVariants(Query[Variant]):
    """Of the products of these SKUs (normal codes): the variants that were ever moved, that is, have a pool."""

    codes: tuple[str, ...]


@attrs.frozen
class VariantsWithStock(Query[Variant]):
    """Of the products of these SKUs (normal codes): the variants with a pool whose on hand is not zero."""

    codes: tuple[str, ...]


@attrs.frozen
class VariantsWithOpenWork(Query[Variant]):
    """Of the products of these SKUs (normal codes): the variants that something waits for: a pool with reserved above
    zero, a backorder with outstanding above zero, or a line not wholly cancelled of an order in state received."""

    codes: tuple[str, ...]


@attrs.frozen
class OrderedVariants(Query[Variant]):
    """Of the products of these SKUs (normal codes): the variants that stand on any order line, open or not."""

    codes: tuple[str, ...]
