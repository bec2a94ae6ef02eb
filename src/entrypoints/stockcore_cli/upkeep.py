"""stockcore stock reverse, set-record, expire-holds, expire-lots: what is put right, and what ends by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from stockcore_cli.framing import Command, Given, pass_given
from stockcore_cli.printing import Table
from stockcore_cli.values import number_if

if TYPE_CHECKING:
    from stockcore.stock.results import Expired

_command_id = click.option("--command-id", metavar="KEY", help="Sent again with the same key, it is done once.")


@click.command("reverse", cls=Command)
@click.argument("posting")
@click.option("--reason", required=True)
@_command_id
@pass_given
def reverse(given: Given, /, posting: str, **fields: Any) -> None:
    """Undo POSTING, once, by one of the opposite signs.

    POSTING is the posting_id that a receipt, adjustment, count, move, status change or return answered with --json.
    """
    from uuid import UUID

    from stockcore.stock.commands import ReversePosting

    try:
        posting_id = UUID(posting)
    except ValueError:
        raise click.UsageError("POSTING is the posting_id of an answer with --json") from None
    with given.application() as app:
        changed = app.stock.reverse.do(ReversePosting(posting_id=posting_id, **fields), dry_run=given.dry_run)
    columns = ["sku", "site", "changed by", "on hand", "blocked", "reserved", "available"]
    row = [changed.sku, changed.site, changed.quantity, changed.on_hand, changed.blocked, changed.reserved]
    given.show(changed, lambda: [Table(columns, [[*row, changed.available]])])


@click.command("set-record", cls=Command)
@click.option("--sku", required=True)
@click.option("--site", required=True, metavar="CODE")
@click.option("--location", metavar="CODE", help="Default: the whole site.")
@click.option("--reorder-point", metavar="NUMBER")
@click.option("--minimum", metavar="NUMBER")
@click.option("--maximum", metavar="NUMBER")
@_command_id
@pass_given
def set_record(
    given: Given, /, reorder_point: str | None, minimum: str | None, maximum: str | None, **fields: Any
) -> None:
    """Set all three thresholds of a SKU at a site or location; one that is not given is none."""
    from stockcore.stock.commands import SetStockRecord

    command = SetStockRecord(
        reorder_point=number_if(reorder_point, "reorder_point"),
        minimum=number_if(minimum, "minimum"),
        maximum=number_if(maximum, "maximum"),
        **fields,
    )
    with given.application() as app:
        record = app.stock.set_record.do(command, dry_run=given.dry_run)
    columns = ["sku", "site", "location", "reorder point", "minimum", "maximum"]
    row = [record.sku, record.site, record.location, command.reorder_point, command.minimum, command.maximum]
    given.show(record, lambda: [Table(columns, [row])])


@click.command("expire-holds", cls=Command)
@click.option(
    "--most",
    default=500,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="Look for so many; others of the same SKUs end with them.",
)
@_command_id
@pass_given
def expire_holds(given: Given, /, **fields: Any) -> None:
    """Release holds whose time is over; what they held serves the queue."""
    from stockcore.stock.commands import ExpireHolds

    with given.application() as app:
        expired = app.stock.expire_holds.do(ExpireHolds(**fields), dry_run=given.dry_run)
    _show(given, "holds", expired)


@click.command("expire-lots", cls=Command)
@click.option("--site", required=True, metavar="CODE")
@_command_id
@pass_given
def expire_lots(given: Given, /, **fields: Any) -> None:
    """Give goods of a site whose last day is over the status expired; promised goods give way."""
    from stockcore.stock.commands import ExpireLots

    with given.application() as app:
        expired = app.stock.expire_lots.do(ExpireLots(**fields), dry_run=given.dry_run)
    _show(given, "quants", expired)


def _show(given: Given, what: str, expired: Expired) -> None:
    given.show(expired, lambda: [Table([f"{what} expired"], [[expired.count]])])
