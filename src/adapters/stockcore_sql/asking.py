"""Asking without locking: statements built once per dialect, and the connections they run on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from decimal import localcontext
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from stockcore.kernel.quantity import ARITHMETIC, read_integer
from stockcore.kernel.text import normal_code, read_text
from stockcore_sql.connecting import translated
from stockcore_sql.reading import Dialect, Postgres, Sqlite

Connect: TypeAlias = Callable[[], AbstractContextManager[sa.Connection]]
Build: TypeAlias = Callable[[Dialect], sa.Select[Any]]

PAGE_MAX: Final = 500
FAR: Final = datetime(9999, 1, 1, tzinfo=UTC)  # later than anything recorded

_OLDEST_RUNNING: Final = sa.text(
    "SELECT coalesce(min(xact_start), clock_timestamp()) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
)


class Asking:
    """Statements on one connection, in its dialect."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._name = connection.dialect.name

    def rows(self, question: Build | sa.Select[Any], /, **values: Any) -> Sequence[sa.Row[Any]]:
        if self._name == "sqlite":
            values = {name: _as_json(value) for name, value in values.items()}
        statement = question if isinstance(question, sa.Select) else _statement(question, self._name)
        return self._connection.execute(statement, values).all()

    def settled_until(self) -> datetime:
        """No posting recorded before this moment can still appear."""
        if self._name == "sqlite":
            return FAR  # one writer at a time: what we do not see begins after us
        moment: datetime = self._connection.execute(_OLDEST_RUNNING).scalar_one()
        return moment


@contextmanager
def asking(connect: Connect) -> Iterator[Asking]:
    """Errors: those of `translated`."""
    with localcontext(ARITHMETIC), translated(), connect() as connection:
        yield Asking(connection)


def page_size(limit: int) -> int:
    """Errors: those of read_integer."""
    return read_integer(limit, field="limit", least=1, most=PAGE_MAX)


def sought(search: str) -> dict[str, str]:
    """What a search by a part of a code or name is asked with. Errors: those of read_text."""
    text = read_text(search, field="search")
    return {"in_code": _containing(normal_code(text)), "in_name": _containing(text)}


def _containing(text: str) -> str:
    """The LIKE pattern, with a backslash to escape by, of what contains this text."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"


@lru_cache
def _statement(build: Build, dialect: str) -> sa.Select[Any]:
    return build(Postgres() if dialect == "postgresql" else Sqlite())


def _as_json(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return json.dumps([item.hex if isinstance(item, UUID) else item for item in value])
