"""stockcore stock transfer: from one site to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table
from stockcore_cli.values import instant_if, named_quantity

if TYPE_CHECKING:
    from stockcore.stock.commands import ArrivedLine, TransferLine
    from stockcore.stock.results import TransferDocument

_occurred_at = click.option("--occurred-at", metavar="TIME", help="When it happened; default: now.")
_command_id = click.option("--command-id", metavar="KEY")


@click.group("transfer", cls=Group)
def transfer() -> None:
    """Between sites: send, receive. In between the goods lie in the transit site."""


@transfer.command("send")
@click.option("--from", "from_site", required=True, metavar="SITE")
@click.option("--to", "to_site", required=True, metavar="SITE")
@click.option("--line", "lines", multiple=True, required=True, metavar="SKU=QUANTITY")
@click.option("--location", metavar="CODE", help="Take from this place only.")
@click.option("--lot", metavar="CODE")
@click.option("--number", help="Default: the next one.")
@click.option("--reason")
@_occurred_at
@_command_id
@pass_given
def send(
    given: Given,
    /,
    lines: tuple[str, ...],
    location: str | None,
    lot: str | None,
    occurred_at: str | None,
    **fields: Any,
) -> None:
    """Send goods to another site."""
    from stockcore.stock.commands import SendTransfer

    command = SendTransfer(
        lines=tuple(_sent(text, location, lot) for text in lines),
        occurred_at=instant_if(occurred_at, "occurred_at"),
        **fields,
    )
    with given.application() as app:
        document = app.stock.send.do(command, dry_run=given.dry_run)
    given.show(document, lambda: [_table(document)])


def _sent(text: str, location: str | None, lot: str | None) -> TransferLine:
    from stockcore.stock.commands import TransferLine

    sku, quantity = named_quantity(text, "line")
    return TransferLine(sku=sku, quantity=quantity, location=location, lot=lot)


@transfer.command("receive")
@click.argument("number")
@click.option("--line", "lines", multiple=True, required=True, metavar="LINE=QUANTITY", help="Lines count from 1.")
@click.option("--status", default="available", show_default=True)
@click.option("--location", metavar="CODE", help="Default: the site's receiving place.")
@_occurred_at
@_command_id
@pass_given
def receive(given: Given, /, lines: tuple[str, ...], status: str, occurred_at: str | None, **fields: Any) -> None:
    """Take in what arrived."""
    from stockcore.stock.commands import ReceiveTransfer

    command = ReceiveTransfer(
        lines=tuple(_arrived(text, status) for text in lines),
        occurred_at=instant_if(occurred_at, "occurred_at"),
        **fields,
    )
    with given.application() as app:
        document = app.stock.receive_transfer.do(command, dry_run=given.dry_run)
    given.show(document, lambda: [_table(document)])


def _arrived(text: str, status: str) -> ArrivedLine:
    from stockcore.stock.commands import ArrivedLine

    line, quantity = named_quantity(text, "line")
    if not (line.isascii() and line.isdigit() and len(line) < 10):
        raise click.UsageError(f"{line[:20]!r} is not the number of a line")
    return ArrivedLine(line=int(line), quantity=quantity, status=status)


def _table(document: TransferDocument) -> Table:
    rows = [[line.line, line.sku, line.lot, line.sent, line.arrived] for line in document.lines]
    title = f"{document.number}: {document.state}, {document.from_site} to {document.to_site}"
    return Table(["line", "sku", "lot", "sent", "arrived"], rows, title=title)
