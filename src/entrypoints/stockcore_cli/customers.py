"""stockcore customer: who orders."""

from __future__ import annotations

from typing import Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table


@click.group("customer", cls=Group)
def customer() -> None:
    """Customers: add."""


@customer.command("add")
@click.argument("code")
@click.option("--name", required=True)
@click.option("--email")
@click.option("--street")
@click.option("--city")
@click.option("--postcode")
@click.option("--country", help="ISO 3166 code or name.")
@click.option("--command-id", metavar="KEY")
@pass_given
def add(given: Given, /, **fields: Any) -> None:
    """Add a customer."""
    from stockcore.orders.commands import AddCustomer

    with given.application() as app:
        added = app.orders.add_customer.do(AddCustomer(**fields), dry_run=given.dry_run)
    given.show(added, lambda: [Table(["customer", "name"], [[added.code, added.name]])])
