"""stockcore import: products, locations, stock and orders from files."""

from __future__ import annotations

from pathlib import Path

import click

from stockcore_cli.framing import Command, Given, pass_given
from stockcore_cli.printing import Table, tell
from stockcore_cli.progress import counting


@click.command("import", cls=Command)
@click.argument("kind", type=click.Choice(["products", "locations", "stock", "orders"]))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mode",
    default="atomic",
    show_default=True,
    type=click.Choice(["atomic", "per_row"]),
    help="All rows or none; or every good row, the others into FILE.rejected.csv.",
)
@click.option("--last-wins", is_flag=True, help="Of rows that say the same thing twice, the last one counts.")
@click.option("--encoding", default="utf-8", show_default=True)
@click.option("--ignore-unknown", is_flag=True, help="Leave out columns that are not known.")
@pass_given
def import_(
    given: Given, kind: str, file: Path, mode: str, last_wins: bool, encoding: str, ignore_unknown: bool
) -> None:
    """Import FILE: .csv, .csv.gz, or JSON Lines. Exit 3 when rows are rejected; every one is told."""
    from stockcore_files.reading import Options
    from stockcore_runtime.importing import Mode, as_refusal, import_file

    options = Options(encoding=encoding, ignore_unknown=ignore_unknown, last_wins=last_wins)
    with given.application() as app, counting("import") as progress:
        report = import_file(
            app, kind, file, mode=Mode(mode), options=options, dry_run=given.dry_run, progress=progress
        )
    if report.rejected:
        if report.rejected_file:
            tell(f"the rejected rows are in {report.rejected_file}")
        raise as_refusal(report)
    columns = ["rows", "imported", "of these before", "replaced by later rows"]
    given.show(report, lambda: [Table(columns, [[report.total, report.accepted, report.repeated, report.superseded]])])
