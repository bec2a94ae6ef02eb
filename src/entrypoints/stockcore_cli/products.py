"""stockcore product: the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table
from stockcore_cli.values import number_if

if TYPE_CHECKING:
    from stockcore.catalog.results import ProductDocument
    from stockcore.catalog.views import ProductView

_command_id = click.option("--command-id", metavar="KEY")


@click.group("product", cls=Group)
def product() -> None:
    """Products: add, show, list, categories, brands, activate, discontinue, deactivate."""


@product.command("add")
@click.option("--sku", required=True)
@click.option("--name", help="Needed for a new product; a further variant has the product's.")
@click.option("--unit", help="The unit in which its quantities are kept; default: each, or as the product's.")
@click.option("--step", metavar="NUMBER", help="The smallest quantity that is kept; default: the unit's own.")
@click.option("--price", metavar="AMOUNT", help="List price per unit.")
@click.option("--currency", metavar="CODE", help="Of the price; default: GBP.")
@click.option("--cost", metavar="AMOUNT", help="Usual cost per unit.")
@click.option("--variant-of", metavar="SKU", help="Add a variant of the product that this SKU is of.")
@click.option("--category")
@click.option("--brand")
@click.option("--description")
@click.option("--barcode", "barcodes", multiple=True)
@click.option("--gtin", "gtins", multiple=True)
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Size, colour …")
@click.option("--lots", "lot_tracked", is_flag=True, default=None, help="Received and kept by lot.")
@click.option("--perishable", is_flag=True, default=None, help="Lots have an expiry date.")
@click.option("--service", is_flag=True, default=None, help="Has no stock.")
@_command_id
@pass_given
def add(
    given: Given,
    /,
    price: str | None,
    cost: str | None,
    step: str | None,
    variant_of: str | None,
    attributes: tuple[str, ...],
    service: bool | None,
    **fields: Any,
) -> None:
    """Add a product with its first variant, or one more variant, which has unit and tracking like the first."""
    from stockcore.catalog.commands import AddProduct

    command = AddProduct(
        **fields,
        list_price=number_if(price, "price"),
        unit_cost=number_if(cost, "cost"),
        step=number_if(step, "step"),
        product=variant_of,
        attributes=dict(_attribute(text) for text in attributes),
        stocked=None if service is None else not service,
    )
    with given.application() as app:
        _show(given, app.catalog.add_product.do(command, dry_run=given.dry_run))


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
