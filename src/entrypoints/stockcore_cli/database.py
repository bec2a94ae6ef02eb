"""stockcore db: the database itself."""

from __future__ import annotations

import click

from stockcore_cli.framing import Given, Group, pass_given
from stockcore_cli.printing import Table, tell


@click.group("db", cls=Group)
def db() -> None:
    """The database: bring it to this program's schema, tell what is in it."""


@db.command("upgrade")
@click.option("--app-role", metavar="NAME", help="PostgreSQL: let this role work with the tables without owning them.")
@pass_given
def upgrade(given: Given, /, app_role: str | None) -> None:
    """Bring the database to this program's schema. Safe to run twice, and by several at once."""
    from stockcore_sql import migrate

    url = given.url()
    if not given.dry_run:
        migrate.upgrade(url, app_role=app_role)
    with given.application() as app:
        found = app.info()
    document = {"schema": found["schema"], "needed": found["needed"]}
    given.show(document, lambda: [Table(["schema", "needed"], [[found["schema"] or "none", found["needed"]]])])


@db.command("info")
@pass_given
def info(given: Given) -> None:
    """Kind, schema version and how much there is; warns where the application owns its tables (PostgreSQL)."""
    with given.application() as app:
        found = app.info()
    for warning in found["warnings"]:
        tell(f"warning: {warning}")
    shown = ("database", "server", "schema", "needed")
    given.show(
        found,
        lambda: [
            Table(["database", ""], [(name, value) for name, value in found.items() if name in shown]),
            Table(["there are", "rows"], found["counts"].items()),
        ],
    )
