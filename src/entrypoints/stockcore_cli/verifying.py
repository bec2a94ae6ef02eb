"""stockcore verify and rebuild: the books against their own ledger."""

from __future__ import annotations

from typing import Any, Final

import click

from stockcore_cli.framing import Command, Given, pass_given
from stockcore_cli.printing import Table

DIFFERENCE: Final = 5


@click.command("verify", cls=Command)
@click.pass_context
@pass_given
def verify(given: Given, context: click.Context) -> None:
    """Prove the books: every invariant, by SQL of its own. Exit 5 when one is broken."""
    given.check_there()
    with given.application() as app:
        report = app.verify(dry_run=given.dry_run)
    given.show(report, lambda: _verify_tables(report))
    if not report["ok"]:
        context.exit(DIFFERENCE)


def _verify_tables(report: Any) -> list[Table]:
    rows = [[found["name"], found["checked"], found["violation_count"]] for found in report["invariants"]]
    tables = [Table(["invariant", "checked", "violations"], rows, title=_verdict(report["ok"]))]
    for found in report["invariants"]:
        if found["violations"]:
            columns = list(found["violations"][0])
            broken = [[row.get(name) for name in columns] for row in found["violations"]]
            tables.append(Table(columns, broken, title=found["name"]))
    return tables


def _verdict(ok: bool) -> str:
    return "the books are right" if ok else "the books are broken"


@click.command("rebuild", cls=Command)
@pass_given
def rebuild(given: Given) -> None:
    """Make pools and quants once more from the ledger; with --dry-run only show what that would change."""
    given.check_there()
    with given.application() as app:
        report: Any = app.rebuild(dry_run=given.dry_run)
    columns = ["table", "key", "column", "stored", "computed"]
    rows = [[_cell(found[name]) for name in columns] for found in report["differences"]]
    given.show(report, lambda: [Table(columns, rows, title=f"{report['rows']} rows differ")])


def _cell(value: Any) -> Any:
    return " ".join(f"{name}={part}" for name, part in value.items()) if isinstance(value, dict) else value
