"""stockcore stock reserve, release, commit: promises that no order of ours makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stockcore_cli.framing import Command, Given, pass_given
from stockcore_cli.printing import Table
from stockcore_cli.values import instant_if, number, number_if

if TYPE_CHECKING:
    from stockcore.stock.results import ReservationDocument

F = TypeVar("F", bound=Callable[..., Any])

_reference = click.option("--reference", required=True, help="The name by which it is known.")
_command_id = click.option("--command-id", metavar="KEY")


def _type(default: str) -> Callable[[F], F]:
    choice = click.Choice(["hold", "external"])
    return click.option("--type", "demand_type", default=default, show_default=True, type=choice)


@click.command("reserve", cls=Command)
@click.option("--sku", required=True)
@click.option("--quantity", required=True, metavar="NUMBER")
@_reference
@_type("hold")
@click.option("--site", "sites", multiple=True, metavar="CODE", help="Only these may serve it.")
@click.option("--location", metavar="CODE", help="Exactly what lies there.")
@click.option("--lot", metavar="CODE", help="Exactly this lot.")
@click.option("--expires-at", metavar="TIME", help="When it ends by itself.")
@click.option("--priority", type=int, default=0, show_default=True)
@_command_id
@pass_given
def reserve(given: Given, /, quantity: str, expires_at: str | None, **fields: Any) -> None:
    """Reserve for a basket, a quotation or an outside order; all of it or nothing."""
    from stockcore.stock.commands import ReserveStock

    command = ReserveStock(quantity=number(quantity), expires_at=instant_if(expires_at, "expires_at"), **fields)
    with given.application() as app:
        document = app.stock.reserve.do(command, dry_run=given.dry_run)
    given.show(document, lambda: [_table(document)])


@click.command("release", cls=Command)
@_reference
@click.option("--sku", help="Default: everything under the reference.")
@click.option("--quantity", metavar="NUMBER", help="Default: all of it.")
@_type("hold")
@_command_id
@pass_given
def release(given: Given, /, quantity: str | None, **fields: Any) -> None:
    """Give back what was reserved."""
    from stockcore.stock.commands import ReleaseReservation

    command = ReleaseReservation(quantity=number_if(quantity, "quantity"), **fields)
    with given.application() as app:
        document = app.stock.release.do(command, dry_run=given.dry_run)
    given.show(document, lambda: [_table(document)])


@click.command("commit", cls=Command)
@_reference
@click.option("--sku", required=True)
@click.option("--quantity", metavar="NUMBER", help="Default: all of it.")
@_type("external")
@click.option("--occurred-at", metavar="TIME")
@_command_id
@pass_given
def commit(given: Given, /, quantity: str | None, occurred_at: str | None, **fields: Any) -> None:
    """What was reserved for an outside order leaves the site."""
    from stockcore.stock.commands import CommitReservation

    command = CommitReservation(
        quantity=number_if(quantity, "quantity"), occurred_at=instant_if(occurred_at, "occurred_at"), **fields
    )
    with given.application() as app:
        document = app.stock.commit.do(command, dry_run=given.dry_run)
    given.show(document, lambda: [_table(document)])


def _table(document: ReservationDocument) -> Table:
    rows = [[part.site, part.quantity] for part in document.parts]
    return Table(["site", "reserved"], rows, title=f"{document.reference}: {document.sku or 'everything'}")
