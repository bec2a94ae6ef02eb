"""All commands, each group in a module of its own."""

from __future__ import annotations

from importlib import metadata

import click

from stockcore_cli.customers import customer
from stockcore_cli.database import db
from stockcore_cli.exceptions import exceptions
from stockcore_cli.framing import Group
from stockcore_cli.importing import import_
from stockcore_cli.locations import location
from stockcore_cli.orders import order
from stockcore_cli.products import product
from stockcore_cli.replaying import demo, replay
from stockcore_cli.stock import stock
from stockcore_cli.verifying import rebuild, verify


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"stockcore {metadata.version('stockcore')}")
        context.exit()


@click.group("stockcore", cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def stockcore() -> None:
    """An inventory, warehouse and order engine."""


for _command in (
    db, product, location, customer, stock, order, exceptions, import_, verify, rebuild, replay, demo,
):  # fmt: skip
    stockcore.add_command(_command)
