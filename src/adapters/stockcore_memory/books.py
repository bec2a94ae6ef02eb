"""The tables themselves: rows, what finds them, and changes that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Final, TypeAlias

import attrs

from stockcore.kernel.unit_of_work import Changes
from stockcore.locations.transit import FIXED_IDS
from stockcore_memory.errors import BrokenRuleError, LostUpdateError
from stockcore_memory.rules import RULES, Refers, Rules
from stockcore_memory.values import keepers

Key: TypeAlias = Any  # the key column's value, or a tuple of several

#: What was changed, to be put back in reverse: the table, the key, the row as it was (None: there was none).
Undo: TypeAlias = "list[tuple[Table, Key, Any]]"


class Shape:
    """What is computed once of a record class and its rules."""

    def __init__(self, record: type, rules: Rules) -> None:
        self.record = record
        self.rules = rules
        self.key: Callable[[Any], Key] = attrgetter(*rules.key)
        self.uniques = [(columns, attrgetter(*columns), where) for columns, where in rules.unique.items()]
        self.indexes = [(name, attrgetter(index.column), index.where) for name, index in rules.indexes.items()]
        self._names = tuple(field.name for field in attrs.fields(record))
        self._take = attrgetter(*self._names)
        self._keep = [(f"{rules.table}.{name}", keepers(record)[name]) for name in self._names]
        self._by_name = any(field.kw_only for field in attrs.fields(record))

    def kept(self, record: Any) -> Any:
        """A row of its own, with every value as it is kept."""
        values = zip(self._keep, self._take(record), strict=True)
        return self._made([keep(place, value) for (place, keep), value in values])

    def copy(self, row: Any) -> Any:
        return self._made(self._take(row))

    def _made(self, values: Iterable[Any]) -> Any:
        if self._by_name:
            return self.record(**dict(zip(self._names, values, strict=True)))
        return self.record(*values)


SHAPES: Final[Mapping[type, Shape]] = {record: Shape(record, rules) for record, rules in RULES.items()}


class Table:
    """The rows of one record class. A row in here is never changed, only replaced: copies may share it."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.rows: dict[Key, Any] = {}
        self._found: dict[str, dict[Any, dict[Key, None]]] = {name: {} for name, _, _ in shape.indexes}
        self._taken: dict[tuple[str, ...], dict[Any, Key]] = {columns: {} for columns, _, _ in shape.uniques}

    def copy(self) -> Table:
        table = Table(self.shape)
        table.rows = dict(self.rows)
        table._found = {
            name: {value: dict(keys) for value, keys in found.items()} for name, found in self._found.items()
        }
        table._taken = {columns: dict(taken) for columns, taken in self._taken.items()}
        return table

    def find(self, index: str, values: Iterable[Any]) -> Iterator[Any]:
        """The rows whose indexed column has one of these values, each once, in no particular order."""
        found = self._found[index]
        for value in set(values):
            for key in found.get(value, ()):
                yield self.rows[key]

    def put(self, key: Key, row: Any) -> None:
        """Set the row of a key, or remove it (None)."""
        before = self.rows.pop(key, None)
        if before is not None:
            self._forget(key, before)
        if row is not None:
            self.rows[key] = row
            self._note(key, row)

    def _note(self, key: Key, row: Any) -> None:
        for name, column, where in self.shape.indexes:
            if where is None or where(row):
                self._found[name].setdefault(column(row), {})[key] = None
        for columns, values, where in self.shape.uniques:
            if where is None or where(row):
                self._taken[columns][values(row)] = key

    def _forget(self, key: Key, row: Any) -> None:
        for name, column, where in self.shape.indexes:
            if where is None or where(row):
                keys = self._found[name][column(row)]
                del keys[key]
                if not keys:
                    del self._found[name][column(row)]
        for columns, values, where in self.shape.uniques:
            if where is None or where(row):
                del self._taken[columns][values(row)]

    def check(self, key: Key, row: Any) -> None:
        """What one row must satisfy by itself and beside the others."""
        rules = self.shape.rules
        for name, holds in rules.checks.items():
            if not holds(row):
                raise BrokenRuleError(rules.table, f"check {name}: {row}")
        for columns, values, where in self.shape.uniques:
            if (where is None or where(row)) and self._taken[columns].get(values(row), key) != key:
                raise BrokenRuleError(rules.table, f"{', '.join(columns)} is taken: {row}")


class Books:
    """Every table, and the sequences."""

    def __init__(self) -> None:
        self.tables: dict[type, Table] = {record: Table(shape) for record, shape in SHAPES.items()}
        self.last: dict[str, int] = {"stock": FIXED_IDS, "order_number": 0}

    def copy(self) -> Books:
        books = Books()
        books.tables = {record: table.copy() for record, table in self.tables.items()}
        books.last = dict(self.last)
        return books

    def rows(self, record: type) -> Iterable[Any]:
        return self.tables[record].rows.values()

    def get(self, record: type, keys: Iterable[Key]) -> Iterator[Any]:
        """The rows with these keys, each once."""
        rows = self.tables[record].rows
        return (rows[key] for key in set(keys) if key in rows)

    def find(self, record: type, index: str, values: Iterable[Any]) -> Iterator[Any]:
        return self.tables[record].find(index, values)

    def next(self, sequence: str, count: int) -> list[int]:
        first = self.last[sequence] + 1
        self.last[sequence] += count
        return list(range(first, first + count))

    def apply(self, changes: Changes, undo: Undo) -> None:
        """Write the changes, noting in `undo` what was there before. In the order of the SQL stores: inserts first,
        so that a unique key cannot change hands within one write; references are checked at the end."""
        written: list[tuple[Shape, Any]] = []
        for record, inserted in changes.inserted.items():
            written += [(SHAPES[record], self._insert(self.tables[record], row, undo)) for row in inserted.values()]
        for record, updated in changes.updated.items():
            rows = self._replace(self.tables[record], list(updated.values()), undo)
            written += [(SHAPES[record], row) for row in rows]
        for record, deleted in changes.deleted.items():
            self._delete(self.tables[record], list(deleted.values()), undo)
        for shape, row in written:
            for reference in shape.rules.refers:
                self._check_reference(shape.rules.table, reference, row)
        for record, deleted in changes.deleted.items():
            self._check_referred(record, {SHAPES[record].key(row) for row in deleted.values()})

    def _insert(self, table: Table, record: Any, undo: Undo) -> Any:
        row = table.shape.kept(record)
        key = table.shape.key(row)
        if key in table.rows:
            raise BrokenRuleError(table.shape.rules.table, f"the key {key} is taken")
        table.check(key, row)
        undo.append((table, key, None))
        table.put(key, row)
        return row

    def _replace(self, table: Table, records: list[Any], undo: Undo) -> list[Any]:
        _refuse_change(table, records)
        rows = [table.shape.kept(record) for record in records]
        for row in rows:
            key = table.shape.key(row)
            table.check(key, row)
            undo.append((table, key, table.rows[key]))
            table.put(key, row)
        return rows

    def _delete(self, table: Table, records: list[Any], undo: Undo) -> None:
        _refuse_change(table, records)
        for record in records:
            key = table.shape.key(record)
            undo.append((table, key, table.rows[key]))
            table.put(key, None)

    def _check_reference(self, table: str, reference: Refers, row: Any) -> None:
        values = [getattr(row, column) for column in reference.columns]
        if None in values:
            return
        named = self.tables[reference.to].rows.get(values[0])
        if named is None or [getattr(named, column) for column in reference.target] != values:
            raise BrokenRuleError(table, f"{', '.join(reference.columns)} names no row: {row}")

    def _check_referred(self, record: type, keys: set[Key]) -> None:
        for other, table in self.tables.items():
            for reference in SHAPES[other].rules.refers:
                if reference.to is record and any(
                    getattr(row, reference.columns[0]) in keys for row in table.rows.values()
                ):
                    raise BrokenRuleError(table.shape.rules.table, f"still names a deleted row of {record.__name__}")


def _refuse_change(table: Table, records: list[Any]) -> None:
    rules = table.shape.rules
    if rules.append_only and records:
        raise BrokenRuleError(rules.table, "only grows")
    keys = {table.shape.key(record) for record in records}
    missing = [key for key in keys if key not in table.rows]
    if missing or len(keys) != len(records):
        raise LostUpdateError(f"{rules.table}: rows missing {missing}, or one changed twice")


def put_back(undo: Undo) -> None:
    """Undo what was noted, last change first."""
    while undo:
        table, key, row = undo.pop()
        table.put(key, row)
