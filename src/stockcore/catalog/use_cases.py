"""The catalogue's use cases; each is a UseCase for `kernel.execution.execute`. Batches cost a fixed number of
statements: one load (two for packagings), one write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any, Final, TypeVar

from stockcore.catalog.codes import BASE_UNIT, CodeKind, check_free, scan_code
from stockcore.catalog.commands import (
    ActivateProduct,
    AddCode,
    AddPackaging,
    AddProduct,
    ChangePackaging,
    ChangeProduct,
    DeactivateProduct,
    DeleteProduct,
    DiscontinueProduct,
)
from stockcore.catalog.drafting import (
    CLEARABLE,
    CLEARABLE_OF_PRODUCT,
    attributes_json,
    check_clear,
    descriptive,
    fixed_after,
    fixed_fields,
    merged_attributes,
    read_ratio,
)
from stockcore.catalog.gtin import read_gtin
from stockcore.catalog.lifecycle import Lifecycle, check_unused, product_status
from stockcore.catalog.records import (
    CodesOf,
    LockProducts,
    LockProductsById,
    MovedVariants,
    OrderedVariants,
    Packaging,
    PackagingsByCode,
    Product,
    SiblingsByCode,
    UnitOfMeasure,
    Units,
    Variant,
    VariantCode,
    VariantsOfProducts,
    VariantsWithOpenWork,
    VariantsWithStock,
)
from stockcore.catalog.results import CodeDocument, PackagingDocument, ProductDocument
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ID_LIMIT, read_integer
from stockcore.kernel.reading import listed, one_of, read_list, readable_ids
from stockcore.kernel.text import NOTE_MAX, lookup_codes, normal_code, optional_text, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, UnitOfWork

C = TypeVar("C", bound=ActivateProduct | DiscontinueProduct | DeactivateProduct)


class _Catalogue:
    """What was loaded, and what the commands of this batch have made of it so far."""

    def __init__(
        self,
        uow: UnitOfWork,
        ids: Ids,
        *,
        products: Iterable[Product] = (),
        variants: Iterable[Variant] = (),
        codes: Iterable[VariantCode] = (),
        units: Iterable[UnitOfMeasure] = (),
        packagings: Iterable[Packaging] = (),
    ) -> None:
        self.changes = Changes()
        self.ids = ids
        self.now: datetime = ids.now
        self.actor = uow.origin.actor
        self.products = {product.id: product for product in products}
        self.variants = {normal_code(variant.sku): variant for variant in variants}
        self.units = {normal_code(unit.code): unit for unit in units}
        self.packagings = {(packaging.variant, normal_code(packaging.code)): packaging for packaging in packagings}
        self._codes: dict[str, list[VariantCode]] = {}
        self._had: dict[str, int] = {}  # SKUs as they were loaded, and whose
        for code in codes:
            self._codes.setdefault(code.scan_code, []).append(code)
            if code.kind == CodeKind.SKU:
                self._had[code.normal_code] = code.variant

    # -- reading -------------------------------------------------------------------------------------------------

    def variant(self, sku: object) -> Variant:
        """A variant that is not deleted. Errors: those of `read_text`, unknown_sku."""
        text = read_text(sku, field="sku")
        variant = self.variants.get(normal_code(text))
        if variant is None or self.products[variant.product].deleted_at is not None:
            raise StockcoreError("unknown_sku", f"there is no SKU {text!r}", field="sku", sku=text)
        return variant

    def product(self, named: str | int) -> Product:
        """By id, or by the SKU of one of its variants. Errors: unknown_product, those of read_text and
        read_integer."""
        product: Product | None
        if isinstance(named, int):
            product = self.products.get(read_integer(named, field="product", least=-ID_LIMIT, most=ID_LIMIT))
        else:
            variant = self.variants.get(normal_code(read_text(named, field="product")))
            product = None if variant is None else self.products[variant.product]
        if product is None or product.deleted_at is not None:
            raise StockcoreError("unknown_product", f"there is no product {named!r}", field="product", product=named)
        return product

    def siblings(self, product: int) -> list[Variant]:
        return [variant for variant in self.variants.values() if variant.product == product]

    def free_code(
        self, kind: CodeKind, code: str, variant: int, packaging: int = BASE_UNIT, **validity: Any
    ) -> VariantCode:
        """A code that may be added. Errors: duplicate_sku, duplicate_code."""
        wanted = VariantCode(
            id=0,
            kind=kind.value,
            code=code,
            normal_code=normal_code(code),
            scan_code=scan_code(code),
            variant=variant,
            packaging=packaging,
            valid_from=validity.get("valid_from"),
            valid_to=validity.get("valid_to"),
        )
        check_free(wanted, self._codes.get(wanted.scan_code, ()))
        return wanted

    # -- changing ------------------------------------------------------------------------------------------------

    def add(self, record: Product | Variant) -> None:
        self.changes.insert(record)
        if isinstance(record, Product):
            self.products[record.id] = record
        else:
            self.variants[normal_code(record.sku)] = record

    def add_code(self, code: VariantCode) -> None:
        code.id = next(self.ids)
        self.changes.append(code)
        self._codes.setdefault(code.scan_code, []).append(code)

    def rename(self, variant: Variant, sku: str) -> None:
        """Errors: duplicate_code, duplicate_sku: also where another variant gives that SKU up in the same batch, for
        the database looks at each row that is written."""
        before, after = normal_code(variant.sku), normal_code(sku)
        if after != before:
            self.free_code(CodeKind.SKU, sku, variant.id)
            if self._had.get(after, variant.id) != variant.id:
                raise StockcoreError(
                    "duplicate_sku",
                    f"{sku} is given up by another product in the same batch; rename in a later one",
                    field="new_sku",
                    sku=sku,
                )
        siblings = self._codes[scan_code(variant.sku)]
        own = next(code for code in siblings if code.variant == variant.id and code.kind == CodeKind.SKU)
        siblings.remove(own)
        own.code, own.normal_code, own.scan_code = sku, after, scan_code(sku)
        self._codes.setdefault(own.scan_code, []).append(own)
        self.changes.update(own)
        del self.variants[before]
        variant.sku = sku
        self.variants[after] = variant

    def touch(self, record: Product | Variant) -> None:
        record.changed_at, record.changed_by = self.now, self.actor
        self.changes.update(record)

    def settle_status(self, product: Product) -> None:
        """Have the product's status follow its variants'."""
        status = product_status(variant.status for variant in self.siblings(product.id))
        if status != product.status:
            product.status = status
            self.touch(product)

    def stamp(self) -> dict[str, Any]:
        return {
            "created_at": self.now,
            "created_by": self.actor,
            "changed_at": self.now,
            "changed_by": self.actor,
        }


def _document(variant: Variant) -> ProductDocument:
    return ProductDocument(
        id=variant.id,
        product=variant.product,
        sku=variant.sku,
        name=variant.name,
        unit=variant.unit,
        step=variant.step,
        status=variant.status,
        stocked=variant.stocked,
        list_price=variant.list_price,
        currency=variant.currency,
    )


# -- adding --------------------------------------------------------------------------------------------------------


def _add_products(uow: UnitOfWork, work: Work[AddProduct, ProductDocument]) -> None:
    commands = work.commands
    named = lookup_codes(command.product for command in commands)
    drawn = sum(3 + len(listed(command.barcodes, str)) + len(listed(command.gtins, str)) for command in commands)
    uow.prepare_draw(drawn)
    ids = readable_ids(command.product for command in commands)
    known, products, by_id, variants, of_ids, codes, units = uow.load(
        work.known(),
        LockProducts(named),
        LockProductsById(ids),
        SiblingsByCode(named),
        VariantsOfProducts(ids),
        CodesOf(_keys(commands)),
        Units(),
    )
    work.settle(known)
    catalogue = _Catalogue(
        uow,
        Ids(uow, drawn),
        products=[*products, *by_id],
        variants=[*variants, *of_ids],
        codes=codes,
        units=units,
    )
    work.decide(lambda command: _added(catalogue, command), catalogue.changes)
    work.record(catalogue.changes, catalogue.now)
    uow.write(catalogue.changes)


def _keys(commands: Iterable[AddProduct]) -> tuple[str, ...]:
    """What the commands' codes will compare by."""
    texts = [text for c in commands for text in (c.sku, *listed(c.barcodes, str), *listed(c.gtins, str))]
    return _scan_codes(texts)


def _scan_codes(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(sorted({scan_code(text) for text in lookup_codes(texts)}))


def _added(catalogue: _Catalogue, command: AddProduct) -> ProductDocument:
    sku = read_text(command.sku, field="sku")
    codes = _new_codes(catalogue, command, sku)
    product = _product_for(catalogue, command)
    like = min(catalogue.siblings(product.id), key=attrgetter("id"), default=None)
    fixed = fixed_after(catalogue.units, _NEW if like is None else fixed_fields(like), command)
    attributes = attributes_json(merged_attributes({}, command.attributes))
    taken_over = dict.fromkeys(CLEARABLE) | {name: getattr(like, name, None) for name in _HANDLING}
    optional: dict[str, Any] = taken_over | descriptive(command)
    name = read_text(command.name, field="name") if command.name is not None else product.name
    if product.id == 0:
        product.id = next(catalogue.ids)
        catalogue.add(product)
    variant = Variant(
        id=next(catalogue.ids),
        product=product.id,
        sku=sku,
        name=name,
        attributes=attributes,
        status=Lifecycle.ACTIVE.value,
        **fixed,
        **optional,
        **catalogue.stamp(),
    )
    catalogue.add(variant)
    for code in codes:
        code.variant = variant.id
        catalogue.add_code(code)
    if product.status != Lifecycle.ACTIVE:
        product.status = Lifecycle.ACTIVE.value
        catalogue.touch(product)
    return _document(variant)


#: Of the first variant of a product, as far as its command does not say otherwise.
_NEW: Final[Mapping[str, Any]] = {
    "unit": "each",
    "step": None,
    "lot_tracked": False,
    "serial_tracking": "none",
    "perishable": False,
    "stocked": True,
}

#: What a further variant has like the first one, though it may change at any time.
_HANDLING: Final = ("temperature_zone", "allocation_strategy")


def _new_codes(catalogue: _Catalogue, command: AddProduct, sku: str) -> list[VariantCode]:
    """The codes of a variant to come (0 stands for it), each free, and none twice."""
    codes = [catalogue.free_code(CodeKind.SKU, sku, 0)]
    for place, barcode in enumerate(read_list(command.barcodes, object, field="barcodes")):
        text = read_text(barcode, field=f"barcodes/{place}")
        codes.append(catalogue.free_code(CodeKind.BARCODE, text, 0))
        check_free(codes[-1], _same_key(codes))
    for place, gtin in enumerate(read_list(command.gtins, object, field="gtins")):
        text = read_gtin(gtin, field=f"gtins/{place}")
        codes.append(catalogue.free_code(CodeKind.GTIN, text, 0))
        check_free(codes[-1], _same_key(codes))
    return codes


def _same_key(codes: list[VariantCode]) -> list[VariantCode]:
    return [code for code in codes[:-1] if code.scan_code == codes[-1].scan_code]


def _product_for(catalogue: _Catalogue, command: AddProduct) -> Product:
    """The product that the variant belongs to: a new one (id 0) or the one that is named."""
    given: dict[str, Any] = {
        name: optional_text(getattr(command, name), field=name, longest=NOTE_MAX) for name in CLEARABLE_OF_PRODUCT
    }
    if command.product is None:
        return Product(
            id=0,
            name=read_text(command.name, field="name"),
            status=Lifecycle.ACTIVE.value,
            deleted_at=None,
            **given,
            **catalogue.stamp(),
        )
    product = catalogue.product(command.product)
    for name, value in given.items():
        if value is not None and value != getattr(product, name):
            raise StockcoreError(
                "usage", f"{name} is the product's: change it there, not with a new variant", field=name
            )
    return product


ADD_PRODUCT: Final = UseCase("catalog.add_product", ProductDocument, _add_products)


# -- changing ------------------------------------------------------------------------------------------------------


def _change_products(uow: UnitOfWork, work: Work[ChangeProduct, ProductDocument]) -> None:
    commands = work.commands
    skus = lookup_codes(command.sku for command in commands)
    renamed = lookup_codes(command.new_sku for command in commands)
    uow.prepare_draw(len(commands))
    known, products, variants, moved, ordered, codes, units = uow.load(
        work.known(),
        LockProducts(skus),
        SiblingsByCode(skus),
        MovedVariants(skus),
        OrderedVariants(skus),
        CodesOf(_scan_codes([*skus, *renamed])),
        Units(),
    )
    work.settle(known)
    catalogue = _Catalogue(uow, Ids(uow, len(commands)), products=products, variants=variants, codes=codes, units=units)
    used = {variant.id for variant in (*moved, *ordered)}
    work.decide(lambda command: _changed(catalogue, used, command), catalogue.changes)
    work.record(catalogue.changes, catalogue.now)
    uow.write(catalogue.changes)


def _changed(catalogue: _Catalogue, used: set[int], command: ChangeProduct) -> ProductDocument:
    variant = catalogue.variant(command.sku)
    product = catalogue.products[variant.product]
    cleared = check_clear(command.clear)
    fixed = fixed_after(catalogue.units, fixed_fields(variant), command)
    if fixed != fixed_fields(variant) and variant.id in used:
        changed = sorted(name for name, value in fixed_fields(variant).items() if fixed[name] != value)
        raise StockcoreError(
            "base_unit_fixed",
            f"{variant.sku} was moved or ordered: {', '.join(changed)} cannot change; add a new product instead",
            field=changed[0],
            sku=variant.sku,
            fields=changed,
        )
    after: dict[str, Any] = {**dict.fromkeys(name for name in cleared if name in CLEARABLE), **descriptive(command)}
    if command.attributes is not None:
        merged = merged_attributes(json.loads(variant.attributes), command.attributes)
        after["attributes"] = attributes_json(merged)
    of_product = _of_product(catalogue, product, command, cleared)
    if command.name is not None:
        after["name"] = read_text(command.name, field="name")
    if command.new_sku is not None:
        catalogue.rename(variant, read_text(command.new_sku, field="new_sku"))
    _assign(catalogue, variant, fixed | after)
    _assign(catalogue, product, of_product)
    return _document(variant)


def _of_product(
    catalogue: _Catalogue, product: Product, command: ChangeProduct, cleared: tuple[str, ...]
) -> dict[str, Any]:
    after: dict[str, Any] = {}
    for name in CLEARABLE_OF_PRODUCT:
        value = optional_text(getattr(command, name), field=name, longest=NOTE_MAX)
        if value is not None or name in cleared:
            after[name] = value
    if command.name is not None and len(catalogue.siblings(product.id)) == 1:
        after["name"] = read_text(command.name, field="name")
    return after


def _assign(catalogue: _Catalogue, record: Product | Variant, after: dict[str, Any]) -> None:
    for name, value in after.items():
        setattr(record, name, value)
    if after:
        catalogue.touch(record)


CHANGE_PRODUCT: Final = UseCase("catalog.change_product", ProductDocument, _change_products)


# -- the lifecycle -------------------------------------------------------------------------------------------------


def _to_status(status: Lifecycle) -> Callable[[UnitOfWork, Work[C, ProductDocument]], None]:
    """Carries out commands that give a variant this status."""

    def carry_out(uow: UnitOfWork, work: Work[C, ProductDocument]) -> None:
        skus = lookup_codes(command.sku for command in work.commands)
        uow.prepare_draw(1)
        known, products, variants, stocked, waited = uow.load(
            work.known(),
            LockProducts(skus),
            SiblingsByCode(skus),
            VariantsWithStock(skus),
            VariantsWithOpenWork(skus),
        )
        work.settle(known)
        catalogue = _Catalogue(uow, Ids(uow, 1), products=products, variants=variants)
        with_stock, with_work = {variant.id for variant in stocked}, {variant.id for variant in waited}

        def decide(command: C) -> ProductDocument:
            variant = catalogue.variant(command.sku)
            if variant.status != status:
                if status is Lifecycle.INACTIVE:
                    check_unused(
                        variant.sku,
                        holds_stock=variant.id in with_stock,
                        has_open_work=variant.id in with_work,
                    )
                variant.status = status.value
                catalogue.touch(variant)
                catalogue.settle_status(catalogue.products[variant.product])
            return _document(variant)

        work.decide(decide, catalogue.changes)
        work.record(catalogue.changes, catalogue.now)
        uow.write(catalogue.changes)

    return carry_out


ACTIVATE_PRODUCT: Final[UseCase[ActivateProduct, ProductDocument]] = UseCase(
    "catalog.activate_product", ProductDocument, _to_status(Lifecycle.ACTIVE)
)
DISCONTINUE_PRODUCT: Final[UseCase[DiscontinueProduct, ProductDocument]] = UseCase(
    "catalog.discontinue_product", ProductDocument, _to_status(Lifecycle.DISCONTINUED)
)
DEACTIVATE_PRODUCT: Final[UseCase[DeactivateProduct, ProductDocument]] = UseCase(
    "catalog.deactivate_product", ProductDocument, _to_status(Lifecycle.INACTIVE)
)


def _delete_products(uow: UnitOfWork, work: Work[DeleteProduct, ProductDocument]) -> None:
    skus = lookup_codes(command.sku for command in work.commands)
    uow.prepare_draw(1)
    known, products, variants, moved, ordered = uow.load(
        work.known(), LockProducts(skus), SiblingsByCode(skus), MovedVariants(skus), OrderedVariants(skus)
    )
    work.settle(known)
    catalogue = _Catalogue(uow, Ids(uow, 1), products=products, variants=variants)
    used = {variant.id for variant in (*moved, *ordered)}

    def decide(command: DeleteProduct) -> ProductDocument:
        named = catalogue.variant(command.sku)
        siblings = catalogue.siblings(named.product)
        kept = sorted(variant.sku for variant in siblings if variant.id in used)
        if kept:
            raise StockcoreError(
                "in_use", f"{kept[0]} was moved or ordered already: deactivate it instead", field="sku", skus=kept
            )
        product = catalogue.products[named.product]
        product.deleted_at = catalogue.now
        records: list[Product | Variant] = [product, *siblings]
        for record in records:
            record.status = Lifecycle.INACTIVE.value
            catalogue.touch(record)
        return _document(named)

    work.decide(decide, catalogue.changes)
    work.record(catalogue.changes, catalogue.now)
    uow.write(catalogue.changes)


DELETE_PRODUCT: Final = UseCase("catalog.delete_product", ProductDocument, _delete_products)


# -- packagings and codes ------------------------------------------------------------------------------------------


def _add_packagings(uow: UnitOfWork, work: Work[AddPackaging, PackagingDocument]) -> None:
    skus = lookup_codes(command.sku for command in work.commands)
    uow.prepare_draw(2 * len(work.commands))
    known, products, variants, packagings, codes = uow.load(
        work.known(),
        LockProducts(skus),
        SiblingsByCode(skus),
        PackagingsByCode(skus),
        CodesOf(_scan_codes(command.gtin for command in work.commands)),
    )
    work.settle(known)
    catalogue = _Catalogue(
        uow,
        Ids(uow, 2 * len(work.commands)),
        products=products,
        variants=variants,
        packagings=packagings,
        codes=codes,
    )
    work.decide(lambda command: _packaged(catalogue, command), catalogue.changes)
    work.record(catalogue.changes, catalogue.now)
    uow.write(catalogue.changes)


def _packaged(catalogue: _Catalogue, command: AddPackaging) -> PackagingDocument:
    variant = catalogue.variant(command.sku)
    code = read_text(command.code, field="code")
    key = (variant.id, normal_code(code))
    if key in catalogue.packagings or normal_code(code) == variant.unit:
        raise StockcoreError(
            "duplicate_code", f"{variant.sku} has a unit or packaging {code} already", field="code", taken=code
        )
    numerator, denominator = read_ratio(command.numerator, command.denominator)
    packaging = Packaging(
        id=next(catalogue.ids), variant=variant.id, code=code, numerator=numerator, denominator=denominator
    )
    gtin = None if command.gtin is None else read_gtin(command.gtin, field="gtin")
    if gtin is not None:
        catalogue.add_code(catalogue.free_code(CodeKind.GTIN, gtin, variant.id, packaging.id))
    catalogue.packagings[key] = packaging
    catalogue.changes.append(packaging)
    return _packaging_document(variant, packaging, gtin)


def _packaging_document(variant: Variant, packaging: Packaging, gtin: str | None) -> PackagingDocument:
    return PackagingDocument(
        id=packaging.id,
        sku=variant.sku,
        code=packaging.code,
        numerator=packaging.numerator,
        denominator=packaging.denominator,
        gtin=gtin,
    )


ADD_PACKAGING: Final = UseCase("catalog.add_packaging", PackagingDocument, _add_packagings)


def _change_packagings(uow: UnitOfWork, work: Work[ChangePackaging, PackagingDocument]) -> None:
    skus = lookup_codes(command.sku for command in work.commands)
    uow.prepare_draw(1)
    known, products, variants, packagings = uow.load(
        work.known(), LockProducts(skus), SiblingsByCode(skus), PackagingsByCode(skus)
    )
    work.settle(known)
    catalogue = _Catalogue(uow, Ids(uow, 1), products=products, variants=variants, packagings=packagings)

    def decide(command: ChangePackaging) -> PackagingDocument:
        variant = catalogue.variant(command.sku)
        packaging = _packaging_named(catalogue, variant, command.code)
        packaging.numerator, packaging.denominator = read_ratio(command.numerator, command.denominator)
        catalogue.changes.update(packaging)
        return _packaging_document(variant, packaging, None)

    work.decide(decide, catalogue.changes)
    work.record(catalogue.changes, catalogue.now)
    uow.write(catalogue.changes)


def _packaging_named(catalogue: _Catalogue, variant: Variant, code: object, *, field: str = "code") -> Packaging:
    text = read_text(code, field=field)
    packaging = catalogue.packagings.get((variant.id, normal_code(text)))
    if packaging is None:
        raise StockcoreError(
            "unknown_packaging", f"{variant.sku} has no packaging {text!r}", field=field, packaging=text
        )
    return packaging


CHANGE_PACKAGING: Final = UseCase("catalog.change_packaging", PackagingDocument, _change_packagings)


def _add_codes(uow: UnitOfWork, work: Work[AddCode, CodeDocument]) -> None:
    skus = lookup_codes(command.sku for command in work.commands)
    uow.prepare_draw(len(work.commands))
    known, products, variants, packagings, codes = uow.load(
        work.known(),
        LockProducts(skus),
        SiblingsByCode(skus),
        PackagingsByCode(skus),
        CodesOf(_scan_codes(command.code for command in work.commands)),
    )
    work.settle(known)
    catalogue = _Catalogue(
        uow,
        Ids(uow, len(work.commands)),
        products=products,
        variants=variants,
        packagings=packagings,
        codes=codes,
    )
    work.decide(lambda command: _coded(catalogue, command), catalogue.changes)
    work.record(catalogue.changes, catalogue.now)
    uow.write(catalogue.changes)


def _coded(catalogue: _Catalogue, command: AddCode) -> CodeDocument:
    variant = catalogue.variant(command.sku)
    kind = _read_kind(command.kind)
    code = read_gtin(command.code, field="code") if kind is CodeKind.GTIN else read_text(command.code, field="code")
    packaging = (
        None
        if command.packaging is None
        else _packaging_named(catalogue, variant, command.packaging, field="packaging")
    )
    valid_from, valid_to = _read_day(command.valid_from, "valid_from"), _read_day(command.valid_to, "valid_to")
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise StockcoreError("date_invalid", "the validity ends before it begins", field="valid_to")
    added = catalogue.free_code(
        kind,
        code,
        variant.id,
        BASE_UNIT if packaging is None else packaging.id,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    catalogue.add_code(added)
    return CodeDocument(
        id=added.id,
        sku=variant.sku,
        kind=added.kind,
        code=added.code,
        packaging=None if packaging is None else packaging.code,
    )


def _read_kind(value: object) -> CodeKind:
    """A kind of code that can be added to a variant; a SKU comes with its product. Errors: value_unknown."""
    return one_of(value, [kind for kind in CodeKind if kind is not CodeKind.SKU], field="kind")


def _read_day(value: object, field: str) -> date | None:
    if isinstance(value, datetime) or not isinstance(value, date | None):
        raise StockcoreError("type_error", "a date is needed here", field=field)
    return value


ADD_CODE: Final = UseCase("catalog.add_code", CodeDocument, _add_codes)
