"""How changes are written: one statement per transaction on PostgreSQL, one per table and kind on SQLite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy.dialects import postgresql

from stockcore.kernel.unit_of_work import Changes
from stockcore_sql.carrying import ARRAYS, ORDER, SHAPES, Shape

#: (record class, insert | update | delete) → the records
Part: TypeAlias = tuple[Shape, str, list[Any]]


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
            if by_class[record]:
                parts.append((SHAPES[record], verb, list(by_class[record].values())))
    return parts


def _columns(shape: Shape, verb: str) -> tuple[str, ...]:
    """What a part's parameters are, in order."""
    match verb:
        case "insert":
            return shape.columns
        case "update":
            return shape.updated
    return shape.keys


class PostgresWriter:
    """All parts as common table expressions of one statement; a count that differs makes it fail, so nothing is lost.

    PostgreSQL checks foreign keys at the statement's end, so the parts need no order; no row may be written twice.
    """

    def __init__(self) -> None:
        self._texts: dict[tuple[tuple[Shape, str], ...], str] = {}

    def statement(self, parts: Sequence[Part]) -> tuple[str, list[Any]]:
        key = tuple((shape, verb) for shape, verb, _ in parts)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = self._text(key)
        parameters: list[Any] = []
        expected = 0
        for shape, verb, records in parts:
            parameters += shape.column_arrays(records, _columns(shape, verb))
            if verb != "insert":
                expected += len(records)
        if any(verb != "insert" for _, verb in key):
            parameters.append(expected)
        return text, parameters

    def _text(self, key: tuple[tuple[Shape, str], ...]) -> str:
        expressions, counted = [], []
        for index, (shape, verb) in enumerate(key):
            expressions.append(f"w{index} AS ({_postgres_part(shape, verb)})")
            if verb != "insert":
                counted.append(f"(SELECT count(*) FROM w{index})")
        # a division by zero where fewer rows were written than the use case decided on: the transaction fails
        check = f"1 / (({' + '.join(counted)} = %s)::int)" if counted else "1"
        return f"WITH {', '.join(expressions)} SELECT {check}"


def _postgres_part(shape: Shape, verb: str) -> str:
    table = shape.table.name
    if verb == "insert":
        columns = ", ".join(f'"{name}"' for name in shape.columns)
        return f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({_unnest(shape, shape.columns)})"
    matched = " AND ".join(f't."{name}" = n."{name}"' for name in shape.keys)
    if verb == "update":
        columns = ", ".join(f'"{name}"' for name in shape.updated)
        assigned = ", ".join(f'"{name}" = n."{name}"' for name in shape.updated if name not in shape.keys)
        source = f"unnest({_unnest(shape, shape.updated)}) AS n({columns})"
        return f"UPDATE {table} AS t SET {assigned} FROM {source} WHERE {matched} RETURNING 1"
    columns = ", ".join(f'"{name}"' for name in shape.keys)
    return (
        f"DELETE FROM {table} AS t USING unnest({_unnest(shape, shape.keys)}) AS n({columns}) "
        f"WHERE {matched} RETURNING 1"
    )


def _unnest(shape: Shape, names: Sequence[str]) -> str:
    return ", ".join(f"%s::{_element(shape, name)}[]" for name in names)


def _element(shape: Shape, name: str) -> str:
    if isinstance(shape.table.c[name].type, postgresql.JSONB):
        return "jsonb"
    return ARRAYS[shape.arrays[name]][0]


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
