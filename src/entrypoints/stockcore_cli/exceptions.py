"""stockcore exceptions: what a person must look at."""

from __future__ import annotations

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table


@click.group("exceptions", cls=Group)
def exceptions() -> None:
    """Shortages, discrepancies, goods that cannot be allocated."""


@exceptions.command("list")
@click.option("--state", default="open", show_default=True, type=click.Choice(["open", "closed"]))
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def list_(given: Given, /, state: str, limit: int) -> None:
    """Exceptions, newest first."""
    with given.application() as app:
        found = app.stock.exceptions(state=state, limit=limit)
    rows = [[row.id, row.code, row.sku, row.site, row.order, row.quantity, row.raised_at] for row in found]
    given.show(found, lambda: [Table(["id", "code", "sku", "site", "order", "quantity", "raised"], rows)])
