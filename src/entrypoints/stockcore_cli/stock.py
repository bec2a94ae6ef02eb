"""stockcore stock: every change to what lies where, and what there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table, tell
from stockcore_cli.reservations import commit, release, reserve
from stockcore_cli.transfers import transfer
from stockcore_cli.upkeep import expire_holds, expire_lots, reverse, set_record
from stockcore_cli.values import day_if, instant_if, number, number_if

if TYPE_CHECKING:
    from stockcore.stock.figures import MovementView, PlaceFigures, StockFigures
    from stockcore.stock.results import StockChange


@click.group("stock", cls=Group)
def stock() -> None:
    """Stock: receive, adjust, count, move, damage, show …"""


for _command in (transfer, reserve, release, commit, reverse, set_record, expire_holds, expire_lots):
    stock.add_command(_command)


def _common(function: Callable[..., None]) -> Callable[..., None]:
    """The options of every change at one place."""
    for option in (
        click.option("--command-id", metavar="KEY", help="Sent again with the same key, it is done once."),
        click.option(
            "--occurred-at", metavar="TIME", help="When it happened, like 2026-04-03T09:00:00Z; default: now."
        ),
        click.option("--lot", metavar="CODE"),
        click.option("--location", metavar="CODE"),
        click.option("--site", required=True, metavar="CODE"),
        click.option("--sku", required=True),
    ):
        function = option(function)
    return function


_quantity = click.option("--quantity", required=True, metavar="NUMBER")
_reason = click.option("--reason")
_status = click.option("--status", default="available", show_default=True)


@stock.command("receive")
@_common
@_quantity
@click.option("--unit", help="A unit or packaging; default: the base unit.")
@click.option("--unit-cost", metavar="AMOUNT", help="Per base unit; unknown without.")
@click.option("--expires-on", metavar="DATE")
@click.option("--manufactured-on", metavar="DATE")
@click.option("--supplier")
@_status
@click.option("--reference", help="The delivery note.")
@_reason
@pass_given
def receive(
    given: Given,
    /,
    quantity: str,
    unit_cost: str | None,
    expires_on: str | None,
    manufactured_on: str | None,
    occurred_at: str | None,
    **fields: Any,
) -> None:
    """Take in goods from a supplier, into the receiving place unless --location says otherwise."""
    from stockcore.stock.commands import ReceiveStock

    command = ReceiveStock(
        quantity=number(quantity),
        unit_cost=number_if(unit_cost, "unit_cost"),
        expires_on=day_if(expires_on, "expires_on"),
        manufactured_on=day_if(manufactured_on, "manufactured_on"),
        occurred_at=instant_if(occurred_at, "occurred_at"),
        **fields,
    )
    _change(given, "receive", command)


@stock.command("adjust")
@_common
@_quantity
@click.option("--reason", default="adjustment", show_default=True)
@_status
@click.option("--allow-shortage", is_flag=True, help="Take promised goods too; what gives way becomes a backorder.")
@click.option("--unit-cost", metavar="AMOUNT")
@pass_given
def adjust(given: Given, /, quantity: str, unit_cost: str | None, occurred_at: str | None, **fields: Any) -> None:
    """Correct by --quantity, up or down."""
    from stockcore.stock.commands import AdjustStock

    command = AdjustStock(
        quantity=number(quantity),
        unit_cost=number_if(unit_cost, "unit_cost"),
        occurred_at=instant_if(occurred_at, "occurred_at"),
        **fields,
    )
    _change(given, "adjust", command)


@stock.command("count")
@_common
@click.option("--counted", required=True, metavar="NUMBER", help="What lies there.")
@_status
@_reason
@pass_given
def count(given: Given, /, counted: str, occurred_at: str | None, **fields: Any) -> None:
    """Note what a person found; the difference is posted."""
    from stockcore.stock.commands import CountStock

    command = CountStock(
        counted=number(counted, "counted"), occurred_at=instant_if(occurred_at, "occurred_at"), **fields
    )
    _change(given, "count", command)


@stock.command("move")
@click.option("--sku", required=True)
@click.option("--site", required=True, metavar="CODE")
@_quantity
@click.option("--from", "from_location", required=True, metavar="LOCATION")
@click.option("--to", "to_location", required=True, metavar="LOCATION")
@click.option("--lot", metavar="CODE")
@_status
@_reason
@click.option("--occurred-at", metavar="TIME")
@click.option("--command-id", metavar="KEY")
@pass_given
def move(given: Given, /, quantity: str, occurred_at: str | None, **fields: Any) -> None:
    """Move goods between two places of a site."""
    from stockcore.stock.commands import MoveStock

    command = MoveStock(quantity=number(quantity), occurred_at=instant_if(occurred_at, "occurred_at"), **fields)
    _change(given, "move", command)


@stock.command("damage")
@_common
@_quantity
@click.option("--reason", default="damaged", show_default=True)
@pass_given
def damage(given: Given, /, quantity: str, occurred_at: str | None, **fields: Any) -> None:
    """Note goods found damaged; promised goods give way."""
    from stockcore.stock.commands import DamageStock

    command = DamageStock(quantity=number(quantity), occurred_at=instant_if(occurred_at, "occurred_at"), **fields)
    _change(given, "damage", command)


@stock.command("status")
@_common
@_quantity
@click.option("--to", "to_status", required=True, metavar="STATUS")
@click.option("--from", "from_status", default="available", show_default=True, metavar="STATUS")
@click.option("--reason", default="status change", show_default=True)
@pass_given
def status(given: Given, /, quantity: str, occurred_at: str | None, **fields: Any) -> None:
    """Change the status of goods: available, quarantine, damaged, expired, hold."""
    from stockcore.stock.commands import ChangeStatus

    command = ChangeStatus(quantity=number(quantity), occurred_at=instant_if(occurred_at, "occurred_at"), **fields)
    _change(given, "change_status", command)


@stock.command("return")
@_common
@_quantity
@_status
@click.option("--order-line", metavar="ID", help="The order line they were sent for.")
@click.option("--unit-cost", metavar="AMOUNT")
@click.option("--reference", help="The RMA.")
@_reason
@pass_given
def return_(
    given: Given,
    /,
    quantity: str,
    order_line: str | None,
    unit_cost: str | None,
    occurred_at: str | None,
    **fields: Any,
) -> None:
    """Take back goods from a customer."""
    from uuid import UUID

    from stockcore.stock.commands import ReturnStock

    try:
        line = None if order_line is None else UUID(order_line)
    except ValueError:
        raise click.UsageError("--order-line is the id of an order line, as `order show` gives it") from None
    command = ReturnStock(
        quantity=number(quantity),
        order_line=line,
        unit_cost=number_if(unit_cost, "unit_cost"),
        occurred_at=instant_if(occurred_at, "occurred_at"),
        **fields,
    )
    _change(given, "take_back", command)


@stock.command("show")
@click.option("--sku", required=True)
@click.option("--as-of", metavar="TIME", help="As it was then, by when things happened.")
@click.option("--known-at", metavar="TIME", help="As was known then, by when things were recorded.")
@pass_given
def show(given: Given, /, sku: str, as_of: str | None, known_at: str | None) -> None:
    """What there is of a SKU, a row per site with history."""
    happened, recorded = instant_if(as_of, "as_of"), instant_if(known_at, "known_at")
    with given.application() as app:
        if happened is None and recorded is None:
            rows: Sequence[StockFigures] = app.stock.show(sku)
        else:
            past = app.stock.past(sku, as_of=happened, known_at=recorded)
            rows = past.rows
            if not past.exact:
                tell("note: postings that are still running may add to this picture")
            for dipping, site in past.dips:
                tell(f"note: {dipping} at {site} is below zero by the time things happened")
    given.show(rows, lambda: [_figures(rows)])


@stock.command("list")
@click.option("--after", metavar="POSITION", help="As the page before gave it.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def list_(given: Given, /, after: str | None, limit: int) -> None:
    """All stock, by SKU and site."""
    with given.application() as app:
        page = app.stock.page(after=after, limit=limit)
    given.show(page, lambda: [_figures(page.rows)])


@stock.command("movements")
@click.option("--sku", required=True)
@click.option("--site", metavar="CODE", help="Default: every site.")
@click.option("--after", metavar="SEQ", type=int, help="As the page before gave it.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def movements(given: Given, /, sku: str, site: str | None, after: int | None, limit: int) -> None:
    """The ledger of a SKU, newest first: what changed, when, by whom, and for what."""
    with given.application() as app:
        page = app.stock.movements(sku, site=site, after=after, limit=limit)
    given.show(page, lambda: [_movements(page.rows)])


@stock.command("places")
@click.option("--sku", required=True)
@click.option("--site", metavar="CODE", help="Default: every site.")
@pass_given
def places(given: Given, /, sku: str, site: str | None) -> None:
    """Where goods of a SKU lie, a row per place, lot and status."""
    with given.application() as app:
        found = app.stock.places(sku, site=site)
    given.show(found, lambda: [_places(found)])


def _movements(rows: Sequence[MovementView]) -> Table:
    columns = ["seq", "recorded (UTC)", "kind", "bucket", "site", "location", "lot", "status", "quantity", "balance"]
    cells = [
        [
            row.seq,
            f"{row.recorded_at:%Y-%m-%d %H:%M:%S}",
            row.kind,
            row.bucket,
            row.site,
            row.location,
            row.lot,
            row.status,
            row.quantity,
            row.balance_after,
            row.reference or row.reference_type,
            row.reason,
            row.actor,
        ]
        for row in rows
    ]
    return Table([*columns, "for", "reason", "by"], cells)


def _places(rows: Sequence[PlaceFigures]) -> Table:
    columns = ["site", "location", "lot", "expires on", "status", "on hand", "allocated", "received"]
    cells = [
        [
            row.site,
            row.location,
            row.lot,
            row.expires_on,
            row.status,
            row.on_hand,
            row.allocated,
            row.received_at,
        ]
        for row in rows
    ]
    return Table(columns, cells)


def _figures(rows: Sequence[StockFigures]) -> Table:
    columns = ["sku", "site", "on hand", "blocked", "reserved", "available", "shipped"]
    cells = [[row.sku, row.site, row.on_hand, row.blocked, row.reserved, row.available, row.shipped] for row in rows]
    return Table(columns, cells)


def _change(given: Given, /, asked: str, command: Any) -> None:
    with given.application() as app:
        changed: StockChange = getattr(app.stock, asked).do(command, dry_run=given.dry_run)
    columns = ["sku", "site", "changed by", "on hand", "blocked", "reserved", "available"]
    row = [
        changed.sku,
        changed.site,
        changed.quantity,
        changed.on_hand,
        changed.blocked,
        changed.reserved,
        changed.available,
    ]
    given.show(changed, lambda: [Table(columns, [row])])
