"""stockcore customer: who orders."""

from __future__ import annotations

from typing import Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table


@click.group("customer", cls=Group)
def customer() -> None:
    """Customers: add, show, list."""


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


@customer.command("show")
@click.argument("code")
@pass_given
def show(given: Given, /, code: str) -> None:
    """One customer with all that is known of them."""
    import attrs

    with given.application() as app:
        found = app.orders.customer(code)
    given.show(found, lambda: [Table(["", found.code], attrs.asdict(found).items())])


@customer.command("list")
@click.option("--after", metavar="CODE", help="Begin after this customer.")
@click.option("--search", metavar="TEXT", help="Only those with this text in the code, the name or the e-mail address.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def list_(given: Given, /, **asked: Any) -> None:
    """Customers by code."""
    with given.application() as app:
        found = app.orders.customers(**asked)
    rows = [[row.code, row.name, row.email, row.city, row.country] for row in found]
    given.show(found, lambda: [Table(["code", "name", "email", "city", "country"], rows)])
