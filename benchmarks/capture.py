"""What the engine wrote, transaction by transaction, as the records it handed to the store."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest import mock

from stockcore.kernel.unit_of_work import Changes
from stockcore_sql import stores
from stockcore_sql.writing import Part, parts_of

R = TypeVar("R")
_BY_CLASS = defaultdict[type, dict[int, Any]]


class Written:
    """The sum of one transaction's writes: every record in its final state."""

    def __init__(self) -> None:
        self._sums: dict[str, _BY_CLASS] = {verb: defaultdict(dict) for verb in ("insert", "update", "delete")}

    def add(self, changes: Changes) -> None:
        for shape, verb, records in parts_of(changes):
            self._sums[verb][shape.record].update((id(record), record) for record in records)

    def inserted(self, record: type[R]) -> list[R]:
        return list(self._sums["insert"][record].values())

    def updated(self, record: type[R]) -> list[R]:
        """Without those that the same transaction inserted."""
        new = self._sums["insert"][record]
        return [row for key, row in self._sums["update"][record].items() if key not in new]

    def deleted(self, record: type[R]) -> list[R]:
        return list(self._sums["delete"][record].values())

    def everything_parts(self) -> list[Part]:
        """As one write."""
        changes = Changes()
        for by_class in self._sums["insert"].values():
            for row in by_class.values():
                changes.insert(row)
        for row in (row for by_class in self._sums["update"].values() for row in by_class.values()):
            changes.update(row)
        for row in (row for by_class in self._sums["delete"].values() for row in by_class.values()):
            changes.delete(row)
        return parts_of(changes)


@contextmanager
def capturing() -> Iterator[list[Written]]:
    """The transactions that PostgreSQL stores write while the block runs. Noting a write takes a microsecond."""
    transactions: list[Written] = []
    raw: list[tuple[Any, Changes]] = []
    write = stores.PostgresUnitOfWork.write

    def note(uow: Any, changes: Changes) -> None:
        kept = Changes()
        kept.inserted, kept.updated, kept.deleted = changes.inserted, changes.updated, changes.deleted
        raw.append((uow, kept))
        gc.freeze()  # what is kept for the floor is no work for our collector
        write(uow, changes)

    with mock.patch.object(stores.PostgresUnitOfWork, "write", note):
        yield transactions
    before: Any = None
    for uow, changes in raw:
        if uow is not before:
            transactions.append(Written())
        transactions[-1].add(changes)
        before = uow
