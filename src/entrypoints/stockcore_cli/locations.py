"""stockcore location: sites and the places below them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given, together
from stockcore_cli.printing import Table
from stockcore_cli.values import number_if

if TYPE_CHECKING:
    from stockcore.locations.results import LocationDocument
    from stockcore.locations.views import LocationView

_command_id = click.option("--command-id", metavar="KEY")


_of_sites = together(
    click.option("--street"),
    click.option("--city"),
    click.option("--postcode"),
    click.option("--country", help="ISO 3166 code or name."),
    click.option("--shipping-cost", metavar="AMOUNT", help="What a shipment from there costs."),
    click.option("--strategy", metavar="NAMES", help="What leaves first, as in expiry,received."),
)


@click.group("location", cls=Group)
def location() -> None:
    """Sites and places: add, change, show, list, block, unblock, activate, deactivate."""


@location.command("add-site")
@click.argument("code")
@click.option("--name", required=True)
@click.option("--time-zone", default="UTC", show_default=True, metavar="ZONE", help="Decides where its days begin.")
@click.option(
    "--kind",
    default="warehouse",
    show_default=True,
    type=click.Choice(["warehouse", "retail", "dropship", "virtual", "transit"]),
)
@_of_sites
@click.option("--priority", default=100, show_default=True, help="Sites with a lower number serve first.")
@_command_id
@pass_given
def add_site(given: Given, /, shipping_cost: str | None, **fields: Any) -> None:
    """Add a site, with receiving, staging, packing and quarantine places of its own."""
    from stockcore.locations.commands import AddSite

    command = AddSite(**fields, shipping_cost=number_if(shipping_cost, "shipping_cost") or Decimal(0))
    with given.application() as app:
        added = app.locations.add_site.do(command, dry_run=given.dry_run)
    given.show(added, lambda: [Table(["site", "name", "kind", "places"], [_site_row(added)])])


def _site_row(added: Any) -> list[Any]:
    return [added.code, added.name, added.kind, ", ".join(added.places)]


@location.command("add")
@click.argument("code")
@click.option("--site", required=True)
@click.option("--parent", help="The place it lies in; default: right below the site.")
@click.option("--name")
@click.option(
    "--purpose",
    default="storage",
    show_default=True,
    type=click.Choice(["none", "storage", "pick_face", "receiving", "staging", "packing", "quarantine"]),
)
@click.option("--storage-kind")
@click.option("--capacity", metavar="NUMBER", help="In base units of whatever lies there.")
@click.option("--priority", default=100, show_default=True, help="Places with a lower number are nearer.")
@_command_id
@pass_given
def add(given: Given, /, capacity: str | None, **fields: Any) -> None:
    """Add a place below a site."""
    from stockcore.locations.commands import AddLocation

    command = AddLocation(**fields, capacity=number_if(capacity, "capacity"))
    with given.application() as app:
        _show(given, app.locations.add_location.do(command, dry_run=given.dry_run))


@location.command("change")
@click.argument("site")
@click.argument("location", metavar="[CODE]", required=False)
@click.option("--name")
@click.option("--parent", help="The place it lies in from now on; its own code: right below the site.")
@click.option(
    "--purpose", type=click.Choice(["none", "storage", "pick_face", "receiving", "staging", "packing", "quarantine"])
)
@click.option("--storage-kind")
@click.option("--capacity", metavar="NUMBER", help="In base units of whatever lies there.")
@click.option("--time-zone", metavar="ZONE")
@_of_sites
@click.option("--priority", type=int, help="A lower number serves first, or is nearer.")
@click.option("--clear", multiple=True, metavar="FIELD", help="Empty a field, as in capacity or country.")
@_command_id
@pass_given
def change(given: Given, /, capacity: str | None, shipping_cost: str | None, **fields: Any) -> None:
    """Change what is given of a place, or of the site itself."""
    from stockcore.locations.commands import ChangeLocation

    command = ChangeLocation(
        **fields,
        capacity=number_if(capacity, "capacity"),
        shipping_cost=number_if(shipping_cost, "shipping_cost"),
    )
    with given.application() as app:
        _show(given, app.locations.change.do(command, dry_run=given.dry_run))


@location.command("block")
@click.argument("site")
@click.argument("location", metavar="[CODE]", required=False)
@_command_id
@pass_given
def block(given: Given, /, **fields: Any) -> None:
    """Take nothing from a place and all below it, put nothing there; a site promises nothing meanwhile."""
    from stockcore.locations.commands import BlockLocation

    with given.application() as app:
        _show(given, app.locations.block.do(BlockLocation(**fields), dry_run=given.dry_run))


@location.command("unblock")
@click.argument("site")
@click.argument("location", metavar="[CODE]", required=False)
@_command_id
@pass_given
def unblock(given: Given, /, **fields: Any) -> None:
    """Allow it again; who waits for what lies there is served at once."""
    from stockcore.locations.commands import UnblockLocation

    with given.application() as app:
        _show(given, app.locations.unblock.do(UnblockLocation(**fields), dry_run=given.dry_run))


@location.command("deactivate")
@click.argument("site")
@click.argument("location", metavar="[CODE]", required=False)
@_command_id
@pass_given
def deactivate(given: Given, /, **fields: Any) -> None:
    """Take a place and all below it out of use; only while nothing lies there."""
    from stockcore.locations.commands import DeactivateLocation

    with given.application() as app:
        _show(given, app.locations.deactivate.do(DeactivateLocation(**fields), dry_run=given.dry_run))


@location.command("activate")
@click.argument("site")
@click.argument("location", metavar="[CODE]", required=False)
@_command_id
@pass_given
def activate(given: Given, /, **fields: Any) -> None:
    """Use a place and all below it again."""
    from stockcore.locations.commands import ActivateLocation

    with given.application() as app:
        _show(given, app.locations.activate.do(ActivateLocation(**fields), dry_run=given.dry_run))


def _show(given: Given, shown: LocationDocument) -> None:
    row = [shown.site, shown.code, shown.parent, shown.purpose, shown.active, shown.blocked]
    given.show(shown, lambda: [Table(["site", "location", "in", "purpose", "active", "blocked"], [row])])


@location.command("show")
@click.argument("site")
@click.argument("code", required=False)
@pass_given
def show(given: Given, /, site: str, code: str | None) -> None:
    """One place of a site, or the site itself."""
    import attrs

    with given.application() as app:
        found = app.locations.show(site, code or site)
    given.show(found, lambda: [Table(["", found.code], attrs.asdict(found).items())])


@location.command("list")
@click.option("--site", help="Every place of this site; default: the sites.")
@pass_given
def list_(given: Given, /, site: str | None) -> None:
    """The sites, or the places of one."""
    with given.application() as app:
        found = app.locations.sites() if site is None else app.locations.tree(site)
    given.show(found, lambda: [_table(found)])


def _table(found: Sequence[LocationView]) -> Table:
    rows = [
        ["  " * (row.depth - 1) + row.code, row.name, row.kind or row.purpose, row.active, row.blocked] for row in found
    ]
    return Table(["location", "name", "kind", "active", "blocked"], rows)
