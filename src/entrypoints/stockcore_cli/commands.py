"""All commands, each group in a module of its own."""

from __future__ import annotations

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


@click.group("stockcore", cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stockcore", message="%(prog)s %(version)s")
def stockcore() -> None:
    """An inventory, warehouse and order engine."""


for _command in (
    db, product, location, customer, stock, order, exceptions, import_, verify, rebuild, replay, demo,
):  # fmt: skip
    stockcore.add_command(_command)
