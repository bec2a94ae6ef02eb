"""stockcore product: the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table
from stockcore_cli.values import number_if

if TYPE_CHECKING:
    from stockcore.catalog.views import ProductView


@click.group("product", cls=Group)
def product() -> None:
    """Products: add, show, list."""


@product.command("add")
@click.option("--sku", required=True)
@click.option("--name", help="Needed for a new product; a further variant has the product's.")
@click.option("--unit", default="each", show_default=True, help="The unit in which its quantities are kept.")
@click.option("--step", metavar="NUMBER", help="The smallest quantity that is kept; default: the unit's own.")
@click.option("--price", metavar="AMOUNT", help="List price per unit.")
@click.option("--currency", metavar="CODE", help="Of the price; default: the company's.")
@click.option("--cost", metavar="AMOUNT", help="Usual cost per unit.")
@click.option("--variant-of", metavar="SKU", help="Add a variant of the product that this SKU is of.")
@click.option("--category")
@click.option("--brand")
@click.option("--description")
@click.option("--barcode", "barcodes", multiple=True)
@click.option("--gtin", "gtins", multiple=True)
@click.option("--attribute", "attributes", multiple=True, metavar="NAME=VALUE", help="Size, colour …")
@click.option("--lots", "lot_tracked", is_flag=True, help="Received and kept by lot.")
@click.option("--perishable", is_flag=True, help="Lots have an expiry date.")
@click.option("--service", is_flag=True, help="Has no stock.")
@click.option("--command-id", metavar="KEY")
@pass_given
def add(
    given: Given,
    /,
    price: str | None,
    cost: str | None,
    step: str | None,
    variant_of: str | None,
    attributes: tuple[str, ...],
    service: bool,
    **fields: Any,
) -> None:
    """Add a product with its first variant, or one more variant."""
    from stockcore.catalog.commands import AddProduct

    command = AddProduct(
        **fields,
        list_price=number_if(price, "price"),
        unit_cost=number_if(cost, "cost"),
        step=number_if(step, "step"),
        product=variant_of,
        attributes=dict(_attribute(text) for text in attributes),
        stocked=not service,
    )
    with given.application() as app:
        added = app.catalog.add_product.do(command, dry_run=given.dry_run)
    given.show(
        added, lambda: [Table(["sku", "name", "unit", "status"], [[added.sku, added.name, added.unit, added.status]])]
    )


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
    import attrs

    with given.application() as app:
        found = app.catalog.show(sku)
    given.show(found, lambda: [Table(["", sku], attrs.asdict(found).items())])


@product.command("list")
@click.option("--after", default="", metavar="SKU", help="Begin after this SKU.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def list_(given: Given, /, after: str, limit: int) -> None:
    """Variants by SKU."""
    with given.application() as app:
        found = app.catalog.list(after=after, limit=limit)
    given.show(found, lambda: [_table(found)])


def _table(found: Sequence[ProductView]) -> Table:
    rows = [[row.sku, row.name, row.unit, row.list_price, row.currency, row.status] for row in found]
    return Table(["sku", "name", "unit", "price", "currency", "status"], rows)
