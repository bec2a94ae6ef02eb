"""stockcore product: the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given, together
from stockcore_cli.printing import Table
from stockcore_cli.values import day_if, number_if

if TYPE_CHECKING:
    from stockcore.catalog.results import PackagingDocument, ProductDocument
    from stockcore.catalog.views import ProductView

_command_id = click.option("--command-id", metavar="KEY")

#: They mean the same for a new product and for a change of one.
_facts = together(
    click.option("--unit", help="The unit in which its quantities are kept; default: each, or as the product's."),
    click.option("--step", metavar="NUMBER", help="The smallest quantity that is kept; default: the unit's own."),
    click.option("--price", metavar="AMOUNT", help="List price per unit."),
    click.option("--currency", metavar="CODE", help="Of the price; default: GBP."),
    click.option("--cost", metavar="AMOUNT", help="Usual cost per unit."),
    click.option("--category"),
    click.option("--brand"),
    click.option("--description"),
    click.option("--weight", metavar="KG"),
    click.option("--length", metavar="M"),
    click.option("--width", metavar="M"),
    click.option("--height", metavar="M"),
    click.option("--temperature-zone"),
    click.option("--allocation-strategy", metavar="NAMES", help="What leaves first, as in expiry,received."),
    click.option("--lots/--no-lots", "lot_tracked", default=None, help="Received and kept by lot."),
    click.option("--perishable/--not-perishable", default=None, help="Lots have an expiry date."),
    click.option("--service/--stocked", default=None, help="A service has no stock."),
)
_NUMBERS = {
    "list_price": "price",
    "unit_cost": "cost",
    **{name: name for name in ("step", "weight", "length", "width", "height")},
}


def _read(fields: dict[str, Any]) -> dict[str, Any]:
    """Those options as fields of a command."""
    numbers = {field: number_if(fields.pop(option), option) for field, option in _NUMBERS.items()}
    service = fields.pop("service")
    return {**fields, **numbers, "stocked": None if service is None else not service}


@click.group("product", cls=Group)
def product() -> None:
    """Products, their packagings and codes: add, change, find, take in and out of use."""


@product.command("add")
@click.option("--sku", required=True)
@click.option("--name", help="Needed for a new product; a further variant has the product's.")
@click.option("--variant-of", "product", metavar="SKU", help="Add a variant of the product that this SKU is of.")
@click.option("--barcode", "barcodes", multiple=True)
@click.option("--gtin", "gtins", multiple=True)
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Size, colour …")
@_facts
@_command_id
@pass_given
def add(given: Given, /, attributes: tuple[str, ...], **fields: Any) -> None:
    """Add a product with its first variant, or one more variant, which has unit and tracking like the first."""
    from stockcore.catalog.commands import AddProduct

    command = AddProduct(**_read(fields), attributes=dict(_attribute(text) for text in attributes))
    with given.application() as app:
        _show(given, app.catalog.add_product.do(command, dry_run=given.dry_run))


@product.command("change")
@click.argument("sku")
@click.option("--new-sku", metavar="SKU", help="Rename it.")
@click.option("--name")
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="NAME= takes one away.")
@click.option("--clear", multiple=True, metavar="FIELD", help="Empty a field, as in brand or list_price.")
@_facts
@_command_id
@pass_given
def change(given: Given, /, attributes: tuple[str, ...], **fields: Any) -> None:
    """Change what is given; unit, step and tracking only before the first movement or order."""
    from stockcore.catalog.commands import ChangeProduct

    told = {name: value or None for name, value in map(_attribute, attributes)}
    with given.application() as app:
        command = ChangeProduct(**_read(fields), attributes=told or None)
        _show(given, app.catalog.change_product.do(command, dry_run=given.dry_run))


@product.command("delete")
@click.argument("sku")
@_command_id
@pass_given
def delete(given: Given, /, **fields: Any) -> None:
    """Delete a product, with all its variants, that was never moved or ordered; its SKUs stay taken."""
    from stockcore.catalog.commands import DeleteProduct

    with given.application() as app:
        _show(given, app.catalog.delete.do(DeleteProduct(**fields), dry_run=given.dry_run))


_holds = click.option("--holds", required=True, metavar="N[/D]", help="Base units in one of it, exactly: 12, or 1/3.")


@product.command("add-packaging")
@click.argument("sku")
@click.argument("code")
@_holds
@click.option("--gtin", help="Names it.")
@_command_id
@pass_given
def add_packaging(given: Given, /, holds: str, **fields: Any) -> None:
    """A box, case or pallet of a SKU, in which orders and receipts can be given."""
    from stockcore.catalog.commands import AddPackaging

    numerator, denominator = _ratio(holds)
    command = AddPackaging(**fields, numerator=numerator, denominator=denominator)
    with given.application() as app:
        _show_packaging(given, app.catalog.add_packaging.do(command, dry_run=given.dry_run))


@product.command("change-packaging")
@click.argument("sku")
@click.argument("code")
@_holds
@_command_id
@pass_given
def change_packaging(given: Given, /, holds: str, **fields: Any) -> None:
    """From now on it holds so much; what was ordered before keeps what it was ordered with."""
    from stockcore.catalog.commands import ChangePackaging

    numerator, denominator = _ratio(holds)
    command = ChangePackaging(**fields, numerator=numerator, denominator=denominator)
    with given.application() as app:
        _show_packaging(given, app.catalog.change_packaging.do(command, dry_run=given.dry_run))


@product.command("add-code")
@click.argument("sku")
@click.argument("code")
@click.option("--kind", default="barcode", show_default=True, type=click.Choice(["barcode", "gtin", "supplier_sku"]))
@click.option("--packaging", metavar="CODE", help="What it names; default: the base unit.")
@click.option("--valid-from", metavar="DATE")
@click.option("--valid-to", metavar="DATE", help="Its last day.")
@_command_id
@pass_given
def add_code(given: Given, /, valid_from: str | None, valid_to: str | None, **fields: Any) -> None:
    """One more name of a SKU, or of one of its packagings."""
    from stockcore.catalog.commands import AddCode

    command = AddCode(**fields, valid_from=day_if(valid_from, "valid_from"), valid_to=day_if(valid_to, "valid_to"))
    with given.application() as app:
        added = app.catalog.add_code.do(command, dry_run=given.dry_run)
    row = [added.sku, added.kind, added.code, added.packaging]
    given.show(added, lambda: [Table(["sku", "kind", "code", "packaging"], [row])])


def _ratio(text: str) -> tuple[int, int]:
    found = re.fullmatch("([0-9]{1,18})(?:/([0-9]{1,18}))?", text)
    if found is None:
        raise click.UsageError(f"--holds {text[:60]!r}: write 12, or 1/3")
    return int(found[1]), int(found[2] or 1)


def _show_packaging(given: Given, shown: PackagingDocument) -> None:
    row = [shown.sku, shown.code, f"{shown.numerator}/{shown.denominator}", shown.gtin]
    given.show(shown, lambda: [Table(["sku", "packaging", "holds", "gtin"], [row])])


@product.command("activate")
@click.argument("sku")
@_command_id
@pass_given
def activate(given: Given, /, **fields: Any) -> None:
    """Buy, sell and count a variant again."""
    from stockcore.catalog.commands import ActivateProduct

    with given.application() as app:
        _show(given, app.catalog.activate.do(ActivateProduct(**fields), dry_run=given.dry_run))


@product.command("discontinue")
@click.argument("sku")
@_command_id
@pass_given
def discontinue(given: Given, /, **fields: Any) -> None:
    """Sell down and count what is left of a variant, buy no more."""
    from stockcore.catalog.commands import DiscontinueProduct

    with given.application() as app:
        _show(given, app.catalog.discontinue.do(DiscontinueProduct(**fields), dry_run=given.dry_run))


@product.command("deactivate")
@click.argument("sku")
@_command_id
@pass_given
def deactivate(given: Given, /, **fields: Any) -> None:
    """Take a variant out of use; only without stock and open work."""
    from stockcore.catalog.commands import DeactivateProduct

    with given.application() as app:
        _show(given, app.catalog.deactivate.do(DeactivateProduct(**fields), dry_run=given.dry_run))


def _show(given: Given, shown: ProductDocument) -> None:
    row = [shown.sku, shown.name, shown.unit, shown.status]
    given.show(shown, lambda: [Table(["sku", "name", "unit", "status"], [row])])


def _attribute(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--attribute {text!r}: write NAME=VALUE")
    return name, value


@product.command("show")
@click.argument("sku")
@pass_given
def show(given: Given, /, sku: str) -> None:
    """One variant with all that is known of it."""
    with given.application() as app:
        found = app.catalog.show(sku)
    given.show(found, lambda: [_whole(found)])


@product.command("list")
@click.option("--after", metavar="SKU", help="Begin after this SKU.")
@click.option("--search", metavar="TEXT", help="Only those with this text in the SKU, another code or the name.")
@click.option("--category", help="Only of this category.")
@click.option("--brand", help="Only of this brand.")
@click.option("--status", type=click.Choice(["active", "discontinued", "inactive"]))
@click.option("--variants-of", metavar="SKU", help="Only of the product that this SKU is of.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def list_(given: Given, /, **asked: Any) -> None:
    """Variants by SKU."""
    with given.application() as app:
        found = app.catalog.list(**asked)
    given.show(found, lambda: [_table(found)])


@product.command("categories")
@pass_given
def categories(given: Given, /) -> None:
    """The categories that products have."""
    with given.application() as app:
        found = app.catalog.categories()
    given.show(found, lambda: [Table(["category"], [[name] for name in found])])


@product.command("brands")
@pass_given
def brands(given: Given, /) -> None:
    """The brands that products have."""
    with given.application() as app:
        found = app.catalog.brands()
    given.show(found, lambda: [Table(["brand"], [[name] for name in found])])


def _whole(found: ProductView) -> Table:
    import attrs

    told = attrs.asdict(found, recurse=False)
    told["attributes"] = ", ".join(f"{name}={value}" for name, value in found.attributes.items())
    told["codes"] = ", ".join(found.codes)
    told["packagings"] = ", ".join(f"{each.code} {each.numerator}/{each.denominator}" for each in found.packagings)
    return Table(["", found.sku], told.items())


def _table(found: Sequence[ProductView]) -> Table:
    rows = [
        [row.sku, row.name, row.category, row.brand, row.unit, row.list_price, row.currency, row.status]
        for row in found
    ]
    return Table(["sku", "name", "category", "brand", "unit", "price", "currency", "status"], rows)
