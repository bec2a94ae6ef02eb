"""stockcore import: products, locations, stock and orders from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from stockcore_cli.framing import Command, Given, pass_given
from stockcore_cli.printing import Table, tell
from stockcore_cli.progress import counting

if TYPE_CHECKING:
    from stockcore_runtime.importing import ImportReport


_KINDS: Final = ("products", "locations", "stock", "orders")
_ASKED: Final = "stockcore.import.kind"


class _Import(Command):
    """Its help lists the columns of the kind it is asked about; of all kinds, if it is asked about none."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        context.meta[_ASKED] = [argument for argument in arguments if argument in _KINDS][:1]
        return super().parse_args(context, arguments)

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from stockcore_files.kinds import KINDS

        for kind in context.meta.get(_ASKED) or _KINDS:
            columns = KINDS[kind]().table.columns
            with formatter.section(f"Columns of {kind} (* must be there)"):
                formatter.write_text(", ".join(f"{column.name}{'*' * column.required}" for column in columns))


@click.command("import", cls=_Import)
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("file", type=click.Path(path_type=Path, readable=False))
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
    given.show(report, lambda: [_table(report)])


def _table(report: ImportReport) -> Table:
    imported, title = ("would be imported", "a dry run: nothing was imported") if report.dry_run else ("imported", None)
    columns = ["rows", imported, "of these before", "replaced by later rows"]
    return Table(columns, [[report.total, report.accepted, report.repeated, report.superseded]], title)
