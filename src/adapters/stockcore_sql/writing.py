"""How changes are written: one statement per transaction on PostgreSQL, one per table and kind on SQLite."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, TypeAlias

from stockcore.kernel.unit_of_work import Changes
from stockcore_sql.carrying import ORDER, SHAPES, Element, Shape

#: (record class, insert | update | delete) → the records
Part: TypeAlias = tuple[Shape, str, list[Any]]

#: a part's form, and which of its columns differ from row to row
_Written: TypeAlias = tuple["_Form", tuple[bool, ...]]

#: Columns by their ends and their kind, and how PostgreSQL was told
_Made: TypeAlias = dict[tuple[int, int, int, str], tuple[tuple[Any, ...], bytes]]
_WORTH_KEEPING: Final = 8
_NONE: Final[tuple[tuple[Any, ...], bytes]] = ((), b"")

_PLACE: Final = {record: place for place, record in enumerate(ORDER)}


def parts_of(changes: Changes) -> list[Part]:
    """What is to be written, in an order in which every foreign key finds its row."""
    kinds: Sequence[tuple[str, Mapping[type, Any]]] = (
        ("insert", changes.inserted),
        ("update", changes.updated),
        ("delete", changes.deleted),
    )
    parts: list[Part] = []
    for verb, by_class in kinds:
        for record in sorted(by_class, key=_PLACE.__getitem__):
            records = list(by_class[record].values())
            parts += [(SHAPES[record], verb, records)] if records else []
    return parts


def _columns(shape: Shape, verb: str) -> tuple[str, ...]:
    """What a part's parameters are, in order."""
    match verb:
        case "insert":
            return shape.columns
        case "update":
            return shape.updated
    return shape.keys


class _Form:
    """How the rows of one table are written with one verb, as PostgreSQL is told.

    Columns travel as arrays for `unnest`, but most hold one value in all rows of a write (who, when, what kind), and
    arrays of those cost a third of the whole (docs/adr/0003). A column is given as one value until it once differed
    within a write; that is remembered, so that the statement's text, and with it the prepared plan, settles soon.
    """

    def __init__(self, shape: Shape, verb: str) -> None:
        self.shape = shape
        self.verb = verb
        self.names = _columns(shape, verb)
        self.differing = [name in shape.keys for name in self.names]
        self._elements = [shape.elements[name] for name in self.names]
        self._ones: list[tuple[Any, bytes | None]] = [(None, None)] * len(self.names)  # the last value given as one
        self._take = attrgetter(*self.names, self.names[0])  # one name too many: it always gives a tuple

    def columns(self, records: Sequence[Any], made: _Made) -> tuple[list[bytes | None], tuple[bool, ...]]:
        """The records' values, column by column, and which of them are arrays, now and from now on. `made`: what this
        statement has of other columns; an order's ids, for one, are in many tables."""
        columns = list(zip(*map(self._take, records), strict=True))
        count = len(records)
        differing, ones = list(self.differing), self._ones  # a list of our own: other threads write too
        values: list[bytes | None] = []
        for index, element in enumerate(self._elements):
            column = columns[index]
            first = column[0]
            if differing[index] or (count > 1 and column.count(first) != count):
                differing[index] = self.differing[index] = True
                values.append(_literal(column, element, made))
                continue
            before, text = ones[index]
            if first is not before:
                text = None if first is None else element.one(first).encode()
                ones[index] = (first, text)
            values.append(text)
        return values, tuple(differing)


def _literal(column: tuple[Any, ...], element: Element, made: _Made) -> bytes:
    if len(column) < _WORTH_KEEPING:
        return element.many(column).encode()
    key = (id(column[0]), id(column[-1]), len(column), element.name)
    other, literal = made.get(key, _NONE)
    if other != column:
        literal = element.many(column).encode()
        made[key] = (column, literal)
    return literal


class PostgresWriter:
    """All parts as common table expressions of one statement; a count that differs makes it fail, so nothing is lost.

    PostgreSQL checks foreign keys at the statement's end, so the parts need no order; no row may be written twice.
    """

    def __init__(self) -> None:
        self._forms: dict[tuple[Shape, str], _Form] = {}
        self._texts: dict[tuple[Any, ...], str] = {}

    def statement(self, parts: Sequence[Part]) -> tuple[str, list[bytes | None]]:
        """The text and its parameters."""
        written: list[_Written] = []
        values: list[bytes | None] = []
        made: _Made = {}
        expected = 0
        for shape, verb, records in parts:
            form = self._forms.get((shape, verb))
            if form is None:
                form = self._forms[(shape, verb)] = _Form(shape, verb)
            told, differing = form.columns(records, made)
            values += told
            written.append((form, differing))
            if verb != "insert":
                expected += len(records)
        if expected:
            values.append(b"%d" % expected)
        key = tuple(written)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = _postgres_text(key)
        return text, values


def _postgres_text(parts: Sequence[_Written]) -> str:
    number = itertools.count(1)
    expressions, counted = [], []
    for index, (form, differing) in enumerate(parts):
        expressions.append(f"w{index} AS ({_postgres_part(form, differing, number)})")
        if form.verb != "insert":
            counted.append(f"(SELECT count(*) FROM w{index})")
    # a division by zero where fewer rows were written than the use case decided on: the transaction fails
    check = f"1 / (({' + '.join(counted)} = ${next(number)}::bigint)::int)" if counted else "1"
    return f"WITH {', '.join(expressions)} SELECT {check}"


def _postgres_part(form: _Form, differing: Sequence[bool], number: Iterator[int]) -> str:
    shape, table = form.shape, form.shape.table.name
    arrays: dict[str, str] = {}
    sources: dict[str, str] = {}
    for name, differs in zip(form.names, differing, strict=True):
        placeholder = f"${next(number)}::{shape.elements[name].name}"
        if differs:
            arrays[name], sources[name] = f"{placeholder}[]", f'n."{name}"'
        else:
            sources[name] = placeholder
    columns = ", ".join(f'"{name}"' for name in arrays)
    rows = f"unnest({', '.join(arrays.values())}) AS n({columns})"
    matched = " AND ".join(f't."{name}" = n."{name}"' for name in shape.keys)
    if form.verb == "insert":
        targets = ", ".join(f'"{name}"' for name in sources)
        return f"INSERT INTO {table} ({targets}) SELECT {', '.join(sources.values())} FROM {rows}"
    if form.verb == "update":
        assigned = ", ".join(f'"{name}" = {sources[name]}' for name in form.names if name not in shape.keys)
        return f"UPDATE {table} AS t SET {assigned} FROM {rows} WHERE {matched} RETURNING 1"
    return f"DELETE FROM {table} AS t USING {rows} WHERE {matched} RETURNING 1"


class SqliteWriter:
    """One `executemany` per part."""

    def __init__(self) -> None:
        self._texts: dict[tuple[Shape, str], str] = {}

    def write(self, cursor: Any, parts: Sequence[Part]) -> None:
        for shape, verb, records in parts:
            text = self._texts.get((shape, verb))
            if text is None:
                text = self._texts[(shape, verb)] = _sqlite_part(shape, verb)
            cursor.executemany(text, shape.sqlite_rows(records, _columns(shape, verb)))
            if verb == "insert":
                continue
            if cursor.rowcount != len(records):
                raise LostUpdateError(shape.table.name, len(records), cursor.rowcount, len(shape.keys))


class LostUpdateError(RuntimeError):
    """Fewer rows were written than decided on: another writer got past the locks. A defect, never expected."""

    def __init__(self, table: str, expected: int, written: int, width: int) -> None:
        super().__init__(f"{table}: {written} of {expected} rows written (key of {width})")


def _sqlite_part(shape: Shape, verb: str) -> str:
    table = shape.table.name
    matched = " AND ".join(f'"{name}" = ?' for name in shape.keys)
    if verb == "insert":
        columns = ", ".join(f'"{name}"' for name in shape.columns)
        return f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(shape.columns))})"
    if verb == "update":
        assigned = ", ".join(f'"{name}" = ?' for name in shape.updated if name not in shape.keys)
        return f"UPDATE {table} SET {assigned} WHERE {matched}"
    return f"DELETE FROM {table} WHERE {matched}"
