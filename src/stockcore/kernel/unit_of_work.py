"""The one port between use cases and a store: load and lock by query, write changes, all or nothing.

A use case loads what it needs with as few `load` calls as it can (one call is one round trip on PostgreSQL),
decides on the records it got, and hands every change back at once. Query objects and record classes live in the
context that owns them; an adapter knows how to answer each query and which table each record class is a row of.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar, overload
from uuid import UUID

import attrs

R = TypeVar("R")
R1 = TypeVar("R1")
R2 = TypeVar("R2")
R3 = TypeVar("R3")
R4 = TypeVar("R4")
R5 = TypeVar("R5")
R6 = TypeVar("R6")
R7 = TypeVar("R7")
R8 = TypeVar("R8")


class Source(enum.StrEnum):
    """What brought a change about (LED-06)."""

    API = "api"
    WORKER = "worker"
    CLI = "cli"
    MANUAL = "manual"
    IMPORT = "import"
    SCAN = "scan"
    LIBRARY = "library"


@attrs.frozen
class Origin:
    """Who acts, and what brought it about; written on every ledger, history and outbox row."""

    actor: str = "library"
    source: Source = Source.LIBRARY


class Query(Generic[R]):
    """A question to the store, answered by a list of R. Those named Lock… lock what they return, in key order."""

    __slots__ = ()


@attrs.frozen
class Drawn:
    """`ids` grow from draw to draw, so that per key their order is commit order; `now` is aware, UTC."""

    ids: Sequence[int]
    now: datetime


class ChangedMeanwhileError(Exception):
    """What was read does not fit together: another transaction was committed between two reads. All is to be done
    again from the start, which the store does."""


class Changes:
    """What a use case wants written: records to insert, to update (all columns that may change), to delete.

    Each record is written once, in its final state, however often it was touched.
    """

    __slots__ = ("_new", "deleted", "inserted", "touched", "updated")

    def __init__(self) -> None:
        self.touched = 0  # how often something was noted here
        self.clear()

    def clear(self) -> None:
        """All of it has been written; what is touched again is written again."""
        self.inserted: defaultdict[type, dict[int, Any]] = defaultdict(dict)
        self.updated: defaultdict[type, dict[int, Any]] = defaultdict(dict)
        self.deleted: defaultdict[type, dict[int, Any]] = defaultdict(dict)
        self._new: set[int] = set()

    def insert(self, record: Any) -> None:
        """A record that may be touched again before it is written."""
        self._new.add(id(record))
        self.append(record)

    def append(self, record: Any) -> None:
        """A record that is final: it will not be updated in this use case."""
        self.touched += 1
        self.inserted[type(record)][id(record)] = record

    def update(self, record: Any) -> None:
        self.touched += 1
        key = id(record)
        if key not in self._new:
            self.updated[type(record)][key] = record

    def delete(self, record: Any) -> None:
        self.touched += 1
        key = id(record)
        if key in self._new:
            self._new.discard(key)
            del self.inserted[type(record)][key]
            return
        self.updated[type(record)].pop(key, None)
        self.deleted[type(record)][key] = record

    def restore(self, record: Any) -> None:
        """A record that was deleted is wanted after all."""
        if self.deleted[type(record)].pop(id(record), None) is None:
            self.insert(record)
        else:
            self.update(record)

    def __bool__(self) -> bool:
        return bool(self.inserted or self.updated or self.deleted)


class UnitOfWork(Protocol):
    """One open transaction. Others see nothing of it before the store's context ends without an error."""

    origin: Origin
    is_served: bool  # by a server, which can write one part while the next is decided here

    @overload
    def load(self, q1: Query[R1], /) -> list[R1]: ...
    @overload
    def load(self, q1: Query[R1], q2: Query[R2], /) -> tuple[list[R1], list[R2]]: ...
    @overload
    def load(self, q1: Query[R1], q2: Query[R2], q3: Query[R3], /) -> tuple[list[R1], list[R2], list[R3]]: ...
    @overload
    def load(
        self, q1: Query[R1], q2: Query[R2], q3: Query[R3], q4: Query[R4], /
    ) -> tuple[list[R1], list[R2], list[R3], list[R4]]: ...
    @overload
    def load(
        self, q1: Query[R1], q2: Query[R2], q3: Query[R3], q4: Query[R4], q5: Query[R5], /
    ) -> tuple[list[R1], list[R2], list[R3], list[R4], list[R5]]: ...
    @overload
    def load(
        self, q1: Query[R1], q2: Query[R2], q3: Query[R3], q4: Query[R4], q5: Query[R5], q6: Query[R6], /
    ) -> tuple[list[R1], list[R2], list[R3], list[R4], list[R5], list[R6]]: ...
    @overload
    def load(
        self,
        q1: Query[R1],
        q2: Query[R2],
        q3: Query[R3],
        q4: Query[R4],
        q5: Query[R5],
        q6: Query[R6],
        q7: Query[R7],
        /,
    ) -> tuple[list[R1], list[R2], list[R3], list[R4], list[R5], list[R6], list[R7]]: ...
    @overload
    def load(
        self,
        q1: Query[R1],
        q2: Query[R2],
        q3: Query[R3],
        q4: Query[R4],
        q5: Query[R5],
        q6: Query[R6],
        q7: Query[R7],
        q8: Query[R8],
        /,
    ) -> tuple[list[R1], list[R2], list[R3], list[R4], list[R5], list[R6], list[R7], list[R8]]: ...

    def draw(self, count: int) -> Drawn:
        """Ids and the time, after every lock taken so far; joins the next `load`'s round trip if it can."""
        ...

    def prepare_draw(self, count: int) -> None:
        """Announce a draw of about `count`, so that the next `load` brings it along."""
        ...

    def while_waiting(self, work: Callable[[], object]) -> None:
        """Something worth doing while a server answers the next `load`; a store that never waits leaves it undone."""
        ...

    def new_ids(self, count: int) -> list[UUID]:
        """Time-ordered ids (UUIDv7, RFC 9562) for what must be named before it is written."""
        ...

    def write(self, changes: Changes) -> None:
        """Write all changes, a fixed number of statements whatever their number; refuses lost updates."""
        ...


class Store(Protocol):
    """Where the company's books are kept."""

    def transaction(self, origin: Origin, *, dry_run: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work, committed when the block ends without an error, else (or in a dry run) undone."""
        ...

    def retrying(self, work: Callable[[], R]) -> R:
        """Run `work`, which opens its own transaction, again after a deadlock or a lost connection."""
        ...

    def new_ids(self, count: int) -> list[UUID]:
        """Time-ordered ids (UUIDv7, RFC 9562)."""
        ...


class NewIds:
    """Hands out time-ordered ids one by one; those expected are made while a server answers the first `load`."""

    __slots__ = ("_expected", "_ids", "_uow")

    def __init__(self, uow: UnitOfWork, expected: int) -> None:
        self._uow = uow
        self._expected = expected
        self._ids: Iterator[UUID] = iter(())
        uow.while_waiting(self._make)

    def _make(self) -> None:
        self._ids = iter(self._uow.new_ids(self._expected))

    def __next__(self) -> UUID:
        made = next(self._ids, None)
        if made is None:
            self._make()
            made = next(self._ids)
        return made


class Ids:
    """Hands out drawn ids one by one; draws more when they run out."""

    __slots__ = ("_ids", "_uow", "now")

    def __init__(self, uow: UnitOfWork, expected: int) -> None:
        drawn = uow.draw(expected)
        self._uow = uow
        self._ids: Iterator[int] = iter(drawn.ids)
        self.now = drawn.now

    def __next__(self) -> int:
        number = next(self._ids, None)
        if number is None:
            self._ids = iter(self._uow.draw(64).ids)
            number = next(self._ids)
        return number
