"""What can be asked of the catalogue. A `sku` names a variant, whatever its case and blanks around it.

Weight is in kilograms, length, width and height in metres; `list_price` and `unit_cost` are per base unit, zero or
more, at most 6 decimals, in `currency` (ISO 4217; None: GBP). Each command is carried out once per
`command_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import attrs


@attrs.frozen(kw_only=True)
class AddProduct:
    """A product with its first variant; or, with `product`, one more variant of an existing product (CAT-05).

    `product`: the id of a product, or the SKU of any of its variants; it may be added by the same batch. `name` is
    needed for a new product; a further variant has the product's name unless it is given one. Description, category
    and brand are the product's: with `product` they may only repeat what it has. `step`: the smallest quantity kept,
    a multiple of the unit's own (None: the unit's own). `serial_tracking`: none, receipt, dispatch. `perishable` goods
    have expiry dates, which lots carry, so they are lot-tracked. `stocked=False`: a service. `attributes`: any texts
    by name (size, colour …). What None leaves open of unit, step, tracking, `stocked`, temperature zone and allocation
    strategy a further variant has like the product's first one; else it is each, not tracked, stocked.
    """

    sku: str
    name: str | None = None
    unit: str | None = None
    step: Decimal | None = None
    product: str | int | None = None
    description: str | None = None
    category: str | None = None
    brand: str | None = None
    attributes: Mapping[str, str] = attrs.field(factory=dict)
    barcodes: tuple[str, ...] = ()
    gtins: tuple[str, ...] = ()
    list_price: Decimal | None = None
    currency: str | None = None
    unit_cost: Decimal | None = None
    weight: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    lot_tracked: bool | None = None
    serial_tracking: str | None = None
    perishable: bool | None = None
    temperature_zone: str | None = None
    stocked: bool | None = None
    allocation_strategy: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ChangeProduct:
    """Change what is given (not None) and empty the fields named in `clear`.

    Name, description, category and brand: the product's; where it has several variants, `name` is the variant's only.
    `attributes` are merged, a None removes one. Unit, step, tracking and `stocked` stand from the first movement or
    order on (`base_unit_fixed`). `new_sku` renames.
    """

    sku: str
    new_sku: str | None = None
    name: str | None = None
    description: str | None = None
    category: str | None = None
    brand: str | None = None
    attributes: Mapping[str, str | None] | None = None
    list_price: Decimal | None = None
    currency: str | None = None
    unit_cost: Decimal | None = None
    weight: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    temperature_zone: str | None = None
    allocation_strategy: str | None = None
    unit: str | None = None
    step: Decimal | None = None
    lot_tracked: bool | None = None
    serial_tracking: str | None = None
    perishable: bool | None = None
    stocked: bool | None = None
    clear: tuple[str, ...] = ()
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ActivateProduct:
    """Buy, sell and count it again."""

    sku: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class DiscontinueProduct:
    """Sell down and count what is left, buy no more (CAT-10)."""

    sku: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class DeactivateProduct:
    """Take it out of use; only without stock and open work, else `in_use`."""

    sku: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class DeleteProduct:
    """Mark a product as deleted, all its variants with it; refused (`in_use`) once anything of it was ever moved or
    ordered: then deactivate. Its codes stay taken (CAT-12)."""

    sku: str
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class AddPackaging:
    """A box, case or pallet: one `code` holds numerator/denominator base units, exactly. `gtin` names it."""

    sku: str
    code: str
    numerator: int
    denominator: int = 1
    gtin: str | None = None
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class ChangePackaging:
    """From now on one `code` holds so many base units. What was entered before keeps the factor it was entered with
    (S079)."""

    sku: str
    code: str
    numerator: int
    denominator: int = 1
    command_id: str | None = None


@attrs.frozen(kw_only=True)
class AddCode:
    """One more name of a variant or of one of its packagings; `kind`: barcode, gtin, supplier_sku. The last day of
    validity is `valid_to`."""

    sku: str
    code: str
    kind: str = "barcode"
    packaging: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    command_id: str | None = None
