"""Migrated databases to copy from: migrating takes a second, copying the result a tenth of one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.postgres import Server, unique_name


def make_template(server: Server) -> str:
    """Make a migrated database to copy from, and give its name. Nobody stays connected to it."""
    name = unique_name("template")
    migrate(server.create_database(name))
    return name


def make_sqlite_template(path: Path) -> Path:
    """Make a migrated SQLite file to copy from."""
    migrate(sqlite_address(path))
    return path


def copy_sqlite(template: Path, target: Path) -> str:
    """Copy a SQLite database, with what may still be in its write-ahead log; gives the copy's URL."""
    with closing(sqlite3.connect(template)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return sqlite_address(target)


def sqlite_address(path: Path) -> str:
    return f"sqlite:///{path}"


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema, as `stockcore db upgrade` does."""
    # Imported late, so that tests without a database need no SQLAlchemy.
    from stockcore_sql.migrate import upgrade

    upgrade(url)
