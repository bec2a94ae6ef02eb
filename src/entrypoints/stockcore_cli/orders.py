"""stockcore order: from placing to delivery."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table
from stockcore_cli.values import instant_if, named_quantity, priced_quantity

if TYPE_CHECKING:
    from stockcore.orders.commands import LineCancel, LineEdit, LineRequest
    from stockcore.orders.results import OrderDocument
    from stockcore.orders.views import HistoryView
    from stockcore_runtime.asking import Ask

_command_id = click.option("--command-id", metavar="KEY", help="Sent again with the same key, it is done once.")


@click.group("order", cls=Group)
def order() -> None:
    """Orders: place, show, list, advance, cancel, edit, hold."""


@order.command("place")
@click.option(
    "--line", "lines", multiple=True, required=True, metavar="SKU=QUANTITY[@PRICE]", help="May be given many times."
)
@click.option("--customer", metavar="CODE")
@click.option("--number", help="Default: the next one.")
@click.option("--reference", help="The customer's own; unique per customer.")
@click.option(
    "--policy",
    default="all_or_nothing",
    show_default=True,
    type=click.Choice(["all_or_nothing", "ship_available", "backorder"]),
)
@click.option("--ship-complete", is_flag=True, help="Released only when every line is wholly reserved.")
@click.option("--keep-received", is_flag=True, help="A short order is not refused but stays received.")
@click.option("--site", "sites", multiple=True, help="Only these may serve it.")
@click.option(
    "--strategy", default="fewest_shipments", show_default=True, help="Or cheapest, or by_priority: which sites serve."
)
@click.option("--currency", metavar="CODE", help="Default: that of the list prices taken, else GBP.")
@click.option("--priority", type=int, default=0, show_default=True, help="The higher is served first.")
@click.option("--promise", metavar="TIME", help="When the goods are promised for, like 2026-04-03T17:00:00Z.")
@click.option("--use-hold", "holds", multiple=True, metavar="REFERENCE", help="A hold that becomes its reservation.")
@_command_id
@pass_given
def place(given: Given, /, lines: tuple[str, ...], promise: str | None, **fields: Any) -> None:
    """Place an order and reserve its stock at once."""
    from stockcore.orders.commands import PlaceOrder

    command = PlaceOrder(lines=tuple(map(_line, lines)), promise=instant_if(promise, "promise"), **fields)
    with given.application() as app:
        placed = app.orders.place.do(command, dry_run=given.dry_run)
    given.show(placed, lambda: _tables(placed))


def _line(text: str) -> LineRequest:
    from stockcore.orders.commands import LineRequest

    sku, quantity, price = priced_quantity(text, "line")
    return LineRequest(sku=sku, quantity=quantity, price=price)


@order.command("show")
@click.argument("number")
@pass_given
def show(given: Given, /, number: str) -> None:
    """An order with its lines and shipments."""
    with given.application() as app:
        found = app.orders.show(number)
    given.show(found, lambda: _tables(found))


@order.command("list")
@click.option("--customer", metavar="CODE")
@click.option("--after", metavar="NUMBER", help="Begin after this one.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 500))
@pass_given
def list_(given: Given, /, customer: str | None, after: str | None, limit: int) -> None:
    """Orders, newest first."""
    with given.application() as app:
        found = app.orders.list(customer=customer, after=after, limit=limit)
    columns = ["number", "state", "customer", "reference", "lines", "placed"]
    rows = [[row.number, row.state, row.customer, row.reference, row.lines, row.placed_at] for row in found]
    given.show(found, lambda: [Table(columns, rows)])


@order.command("advance")
@click.argument("number")
@click.option(
    "--to",
    required=True,
    metavar="STATE",
    help="picking, packed, dispatched or delivered; validated: try again to reserve what was kept received.",
)
@click.option("--through", is_flag=True, help="By all the steps between, whatever else is still open.")
@_command_id
@pass_given
def advance(given: Given, /, **fields: Any) -> None:
    """Move an order's shipments on."""
    from stockcore.orders.commands import AdvanceOrder

    _change(given, "advance", AdvanceOrder(**fields))


@order.command("cancel")
@click.argument("number")
@click.option("--reason")
@_command_id
@pass_given
def cancel(given: Given, /, **fields: Any) -> None:
    """Take back whatever is not dispatched."""
    from stockcore.orders.commands import CancelOrder

    _change(given, "cancel", CancelOrder(**fields))


@order.command("edit")
@click.argument("number")
@click.option("--line", "lines", multiple=True, metavar="LINE=QUANTITY", help="A line's new ordered quantity.")
@click.option("--add", "added", multiple=True, metavar="SKU=QUANTITY[@PRICE]", help="A new line.")
@_command_id
@pass_given
def edit(given: Given, /, number: str, lines: tuple[str, ...], added: tuple[str, ...], command_id: str | None) -> None:
    """Change the quantities of an open order, or add lines."""
    from stockcore.orders.commands import EditOrder

    edits = (*map(_edited, lines), *map(_added, added))
    if not edits:
        raise click.UsageError("give --line or --add")
    _change(given, "edit", EditOrder(number=number, lines=edits, command_id=command_id))


def _edited(text: str) -> LineEdit:
    from stockcore.orders.commands import LineEdit

    line, quantity = named_quantity(text, "line")
    return LineEdit(line=_line_number(line), quantity=quantity)


def _added(text: str) -> LineEdit:
    from stockcore.orders.commands import LineEdit

    sku, quantity, price = priced_quantity(text, "add")
    return LineEdit(sku=sku, quantity=quantity, price=price)


def _line_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise click.UsageError(f"{text[:20]!r} is not the number of a line")
    return int(text)


@order.command("cancel-lines")
@click.argument("number")
@click.option("--line", "lines", multiple=True, required=True, metavar="LINE=QUANTITY")
@click.option("--reason")
@_command_id
@pass_given
def cancel_lines(given: Given, /, lines: tuple[str, ...], **fields: Any) -> None:
    """Take back part of lines: what is backordered first, then what is reserved."""
    from stockcore.orders.commands import CancelLines

    _change(given, "cancel_lines", CancelLines(lines=tuple(map(_cancelled, lines)), **fields))


def _cancelled(text: str) -> LineCancel:
    from stockcore.orders.commands import LineCancel

    line, quantity = named_quantity(text, "line")
    return LineCancel(line=_line_number(line), quantity=quantity)


@order.command("hold")
@click.argument("number")
@click.option("--reason", required=True)
@_command_id
@pass_given
def hold(given: Given, /, **fields: Any) -> None:
    """Keep an order from being released."""
    from stockcore.orders.commands import HoldOrder

    _change(given, "hold", HoldOrder(**fields))


@order.command("resume")
@click.argument("number")
@_command_id
@pass_given
def resume(given: Given, /, **fields: Any) -> None:
    """Let a held order go on."""
    from stockcore.orders.commands import ResumeOrder

    _change(given, "resume", ResumeOrder(**fields))


@order.command("explain")
@click.argument("number")
@pass_given
def explain(given: Given, /, number: str) -> None:
    """What happened to an order, and why: what was considered, and what decided."""
    with given.application() as app:
        history = app.orders.history(number)
    given.show(history, lambda: [_history_table(history)])


def _change(given: Given, /, asked: str, command: Any) -> None:
    """Carry out a change and answer with the whole order; a dry run shows the order as it is."""
    with given.application() as app:
        ask: Ask[Any, Any, Any] = getattr(app.orders, asked)
        ask.do(command, dry_run=given.dry_run)
        document = app.orders.show(command.number)
    given.show(document, lambda: _tables(document))


def _tables(document: OrderDocument) -> Sequence[Table]:
    held = " (on hold)" if document.on_hold else ""
    columns = ["line", "sku", "ordered", "reserved", "backordered", "shipped", "cancelled", "price", "currency"]
    lines = [
        [
            line.line,
            line.sku,
            line.ordered,
            line.reserved,
            line.backordered,
            line.shipped,
            line.cancelled,
            line.price,
            line.currency,
        ]
        for line in document.lines
    ]
    tables = [Table(columns, lines, title=f"{document.number}: {document.state}{held}")]
    if document.shipments:
        shipments = [[row.number, row.site, row.state] for row in document.shipments]
        tables.append(Table(["shipment", "site", "state"], shipments))
    return tables


def _history_table(history: Sequence[HistoryView]) -> Table:
    rows = [
        [row.at, row.shipment, row.from_state, row.to_state, row.actor, row.reason, _explained(row)] for row in history
    ]
    return Table(["at", "shipment", "from", "to", "by", "reason", "explanation"], rows)


def _explained(row: HistoryView) -> str:
    return "" if row.explanation is None else json.dumps(row.explanation, ensure_ascii=False)
