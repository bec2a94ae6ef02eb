"""The floor of the replay: its own final rows, inserted again by hand-written SQL, and nothing else.

A finished replay's database is read table by table, outside the clock, and written into a fresh migrated file with the
same tables, indexes, triggers and constraints, in the replay's own transactions: each gets the rows that the replay
inserted in it, in their final state. Pools and quants begin as the replay inserted them and then follow the ledger by
UPDATE, as often and in the order in which the replay wrote them: the last balances of every write of its own.

As in the floor of orders, the values are there when the clock starts and are given to the driver while it runs, by the
engine's own encoding: quantities, instants and ids are no types of SQLite's. How long the same takes with rows that are
encoded beforehand is measured too.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs

from stockcore_sql import migrate, schema
from stockcore_sql.carrying import ORDER, SHAPES, TABLES, Shape
from stockcore_sql.connecting import engine_for

Row: TypeAlias = tuple[Any, ...]
#: A text, and its rows as the driver takes them, encoded when they are called for
Statement: TypeAlias = tuple[str, Callable[[], Iterable[Row]]]

INSERTED: Final = tuple(TABLES[record].name for record in ORDER)  # every foreign key finds its row
_SHAPES: Final = {shape.table.name: shape for shape in SHAPES.values()}
#: Rows of it are deleted, so that a row's number may be used again: what is left comes last.
_REUSED: Final = schema.stock_allocation.name

_UPDATES: Final = {
    "stock_pool": "UPDATE stock_pool SET on_hand = ?, blocked = ?, reserved = ?, shipped = ?, last_seq = ?, "
    "last_recorded_at = ? WHERE variant = ? AND site = ?",
    "stock_quant": "UPDATE stock_quant SET on_hand = ?, allocated = ?, received_at = ?, last_seq = ?, "
    "last_recorded_at = ? WHERE id = ?",
}
_LEDGER: Final = (
    "SELECT seq, kind, bucket, variant, site, location, lot, status, container, owner, quantity, balance_after, "
    "recorded_at FROM stock_movement WHERE seq > ? AND seq <= ? ORDER BY seq"
)


class Stopwatch:
    """Adds up what its blocks take: time that passes, and the processor's. The latter tells more on a busy machine."""

    def __init__(self) -> None:
        self.seconds = self.cpu = 0.0

    def __enter__(self) -> None:
        self.seconds -= time.perf_counter()
        self.cpu -= time.process_time()

    def __exit__(self, *error: object) -> None:
        self.seconds += time.perf_counter()
        self.cpu += time.process_time()

    def less(self, other: Stopwatch) -> Stopwatch:
        """What remains without what the other one measured."""
        left = Stopwatch()
        left.seconds, left.cpu = self.seconds - other.seconds, self.cpu - other.cpu
        return left


@attrs.frozen
class Marks:
    """What a replay leaves to its floor: how far it was at each commit, and after each write of its use cases."""

    commits: list[dict[str, int]]  # the last row number of every table; the first: before the replay
    writes: list[int]  # the last ledger row of each write that had any


def last_rows(connection: sqlite3.Connection) -> dict[str, int]:
    """The last row number of every table."""
    counted = (f"SELECT '{name}', coalesce(max(rowid), 0) FROM {name}" for name in INSERTED)
    return dict(connection.execute(" UNION ALL ".join(counted)).fetchall())


def write_floor(finished: Path, target: Path, marks: Marks, *, encoded: bool = False) -> Stopwatch:
    """Write the finished replay's rows into a new file; the clock shows what the writing alone took. `encoded`: the
    rows are as SQLite stores them before the clock starts."""
    url = f"sqlite:///{target}"
    migrate.upgrade(url)
    engine = engine_for(url)
    clock = Stopwatch()
    with closing(sqlite3.connect(finished)) as source, closing(engine.raw_connection()) as pooled:
        connection: Any = pooled.driver_connection
        for statements in _transactions(source, marks):
            if encoded:
                statements = [(text, partial(list, list(rows()))) for text, rows in statements]
            with clock:
                connection.execute("BEGIN IMMEDIATE")
                for text, rows in statements:
                    connection.executemany(text, rows())
                connection.execute("COMMIT")
    engine.dispose()
    return clock


def _transactions(source: sqlite3.Connection, marks: Marks) -> Iterator[list[Statement]]:
    levels = _Levels(source, marks.writes)
    end = last_rows(source)
    before = marks.commits[0]
    for index, commit in enumerate(marks.commits[1:], 2):
        after = end if index == len(marks.commits) else {**commit, _REUSED: 0}
        first, updates = levels.follow(before["stock_movement"], after["stock_movement"])
        statements = _inserts(source, before, after, first) + updates
        if after is end:
            statements.append(("UPDATE sequence SET value = ? WHERE name = ?", partial(list, _sequences(source))))
        yield statements
        before = after


def _sequences(source: sqlite3.Connection) -> list[Row]:
    return source.execute("SELECT value, name FROM sequence").fetchall()


def _inserts(
    source: sqlite3.Connection, before: dict[str, int], after: dict[str, int], first: Mapping[str, Mapping[Row, Row]]
) -> list[Statement]:
    statements: list[Statement] = []
    for name in INSERTED:
        if after[name] > before[name]:
            shape = _SHAPES[name]
            columns = shape.columns
            read = f"SELECT {_listed(columns)} FROM {name} WHERE rowid > ? AND rowid <= ? ORDER BY rowid"
            write = f"INSERT INTO {name} ({_listed(columns)}) VALUES ({', '.join('?' * len(columns))})"
            rows = source.execute(read, (before[name], after[name])).fetchall()
            if rows:
                statements.append((write, _encoding(shape, columns, _begun(name, columns, rows, first.get(name, {})))))
    return statements


def _encoding(shape: Shape, names: Sequence[str], rows: Sequence[Row]) -> Callable[[], Iterable[Row]]:
    """Reads the values that rows of these columns stand for, to be encoded again when called."""
    places = [names.index(name) if name in names else None for name in shape.columns]
    whole = [tuple(0 if place is None else row[place] for place in places) for row in rows]
    return partial(shape.sqlite_rows, shape.of_sqlite_rows(whole), names)


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


#: Of the tables that follow the ledger: the key, and what changes, both as their UPDATE has them.
_LEVELS: Final = {
    schema.stock_pool.name: (
        ("variant", "site"),
        ("on_hand", "blocked", "reserved", "shipped", "last_seq", "last_recorded_at"),
    ),
    schema.stock_quant.name: (("id",), ("on_hand", "allocated", "received_at", "last_seq", "last_recorded_at")),
}


def _begun(name: str, columns: Sequence[str], rows: list[Row], first: Mapping[Row, Row]) -> list[Row]:
    """Pools and quants as they were after the first write of theirs; all else in its final state."""
    if name not in _LEVELS:
        return rows
    keys, levels = _LEVELS[name]
    begun = []
    for row in rows:
        values = dict(zip(columns, row, strict=True))
        values.update(zip(levels, first[tuple(values[key] for key in keys)], strict=True))
        begun.append(tuple(values.values()))
    return begun


class _Levels:
    """Follows the ledger: what every pool and quant was after each write."""

    def __init__(self, source: sqlite3.Connection, writes: Sequence[int]) -> None:
        self._source = source
        self._writes = iter(writes)
        self._pools: dict[tuple[int, int], list[int]] = {}  # on hand, blocked, reserved, shipped
        self._met: set[tuple[str, Row]] = set()
        self._quants: dict[Row, Row] = {  # by key: id, allocated in the end, received at, last seq in the end
            row[4:]: row[:4]
            for row in source.execute(
                "SELECT id, allocated, received_at, last_seq, variant, location, lot, status, container, owner "
                "FROM stock_quant"
            )
        }

    def follow(self, after: int, until: int) -> tuple[dict[str, dict[Row, Row]], list[Statement]]:
        """For the ledger rows of one transaction: what its new pools and quants began with, and the updates."""
        first: dict[str, dict[Row, Row]] = {name: {} for name in _LEVELS}
        updates: dict[str, list[Row]] = {name: [] for name in _LEVELS}
        changed: dict[str, dict[Row, Row]] = {name: {} for name in _LEVELS}
        pools, quants = changed["stock_pool"], changed["stock_quant"]
        write = next(self._writes) if until > after else 0
        for row in self._source.execute(_LEDGER, (after, until)).fetchall():
            seq, kind, bucket, variant, site, location, lot, status, container, owner, quantity, balance, at = row
            if seq > write:
                self._written(changed, first, updates)
                write = next(self._writes)
            pool = self._pools.setdefault((variant, site), [0, 0, 0, 0])
            if bucket == "on_hand":
                pool[0] += quantity
                pool[1] += quantity if status != "available" else 0
                number, allocated, received_at, last = self._quants[variant, location, lot, status, container, owner]
                quants[number,] = (balance, allocated if seq == last else 0, received_at, seq, at)
            else:
                pool[2] = balance
                pool[3] -= quantity if kind == "commit" else 0
            pools[variant, site] = (*pool, seq, at)
        self._written(changed, first, updates)
        return first, [
            (text, _encoding(_SHAPES[name], [*levels, *keys], updates[name]))
            for (name, text), (keys, levels) in zip(_UPDATES.items(), _LEVELS.values(), strict=True)
            if updates[name]
        ]

    def _written(
        self,
        changed: dict[str, dict[Row, Row]],
        first: dict[str, dict[Row, Row]],
        updates: dict[str, list[Row]],
    ) -> None:
        """One write is over: what it met for the first time it inserted, the rest it updated."""
        for name, rows in changed.items():
            for key, levels in rows.items():
                if (name, key) in self._met:
                    updates[name].append((*levels, *key))
                else:
                    first[name][key] = levels
                    self._met.add((name, key))
            rows.clear()
