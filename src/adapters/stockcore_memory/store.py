"""The store and its unit of work: one writer at a time, all or nothing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

from stockcore.catalog.units import standard_units
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.unit_of_work import Changes, Drawn, Origin, Query, UnitOfWork
from stockcore.locations.transit import transit_site
from stockcore.orders.records import NextOrderNumbers
from stockcore.stock.records import Container, Lot, Owner
from stockcore_ids import uuid7s
from stockcore_memory.answers import ANSWERS
from stockcore_memory.books import SHAPES, Books, Undo, put_back
from stockcore_memory.errors import BrokenRuleError, OutOfRangeError

R = TypeVar("R")
Clock: TypeAlias = Callable[[], datetime]
NewIds: TypeAlias = Callable[[int], list[UUID]]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
WRITER_WAIT_S: Final = 60  # longer than this for the other threads is `busy`


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryUnitOfWork:
    """One open transaction on the books; of no use once it has ended, or once a write was refused."""

    is_served = False

    def __init__(self, books: Books, origin: Origin, clock: Clock, new_ids: NewIds) -> None:
        self.origin = origin
        self._books = books
        self._clock = clock
        self._new_ids = new_ids
        self._undo: Undo = []
        self._last = dict(books.last)
        self.is_open = True

    def load(self, *queries: Query[Any]) -> Any:
        answers = [self._answer(query) for query in queries]
        return answers[0] if len(answers) == 1 else tuple(answers)

    def _answer(self, query: Query[Any]) -> list[Any]:
        self._check_open()
        if isinstance(query, NextOrderNumbers):
            return self._books.next("order_number", query.count)
        return ANSWERS[type(query)].rows(self._books, query, self._clock)

    def draw(self, count: int) -> Drawn:
        self._check_open()
        return Drawn(self._books.next("stock", count), self._clock())

    def prepare_draw(self, count: int) -> None:
        """Nothing to prepare: there is no round trip to save."""

    def while_waiting(self, work: Callable[[], object]) -> None:
        """There is no waiting."""

    def new_ids(self, count: int) -> list[UUID]:
        return self._new_ids(count)

    def write(self, changes: Changes) -> None:
        self._check_open()
        try:
            self._books.apply(changes, self._undo)
        except BaseException:
            self.undo()
            raise

    def undo(self) -> None:
        """Put everything back as it was before the transaction, and end it."""
        put_back(self._undo)
        self._books.last = self._last
        self.is_open = False

    def _check_open(self) -> None:
        if not self.is_open:
            raise RuntimeError("this transaction has ended")


class MemoryStore:
    """The books in this process's memory. `clock` and `new_ids` are for tests: with them a run repeats exactly."""

    def __init__(self, *, clock: Clock = _now, new_ids: NewIds = uuid7s) -> None:
        self.clock = clock
        self._new_ids = new_ids
        self._lock = threading.Lock()
        self._writer: int | None = None
        self._books = Books()
        self._books.apply(_first_rows(), [])

    @contextlib.contextmanager
    def transaction(self, origin: Origin, *, dry_run: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work; other threads wait for its end. Errors: busy."""
        with self._alone():
            uow = MemoryUnitOfWork(self._books, origin, self.clock, self._new_ids)
            try:
                yield uow
            except BaseException:
                uow.undo()
                raise
            if not uow.is_open:
                raise RuntimeError("a write was refused in this transaction: nothing of it is kept")
            if dry_run:
                uow.undo()
            uow.is_open = False

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writer == threading.get_ident():
            raise RuntimeError("this thread has a transaction open already")
        if not self._lock.acquire(timeout=WRITER_WAIT_S):
            raise StockcoreError("busy", "another thread keeps the store's only writer; try again")
        try:
            self._writer = threading.get_ident()
            yield
        finally:
            self._writer = None
            self._lock.release()

    def retrying(self, work: Callable[[], R]) -> R:
        """Nothing here passes by waiting, so `work` runs once; a broken rule becomes the code a database's would."""
        try:
            return work()
        except OutOfRangeError as error:
            message = "a total would have more than 12 digits before the point"
            raise StockcoreError("quantity_out_of_range", message) from error
        except BrokenRuleError as error:
            raise StockcoreError("internal", f"the store refused a change ({error.place})") from error

    def new_ids(self, count: int) -> list[UUID]:
        return self._new_ids(count)

    def fork(self, *, clock: Clock | None = None) -> MemoryStore:
        """A store of its own that starts with this one's books: what is tried there is never seen here."""
        fork = MemoryStore(clock=clock or self.clock, new_ids=self._new_ids)
        with self._alone():
            fork._books = self._books.copy()
        return fork

    def rows(self, record: type[R]) -> list[R]:
        """Copies of all rows of a record class, by key; to compare stores and to look at results."""
        shape = SHAPES[record]
        with self._alone():
            return [shape.copy(row) for row in sorted(self._books.rows(record), key=shape.key)]


def _first_rows() -> Changes:
    """What every company starts with: row 0, "none", of lot, container and owner, the units of measure, and the
    transit site."""
    changes = Changes()
    changes.append(Lot(0, 0, "", None, None, None, None, "{}", EPOCH))
    changes.append(Container(0, "", None))
    changes.append(Owner(0, ""))
    for record in (*standard_units(), *transit_site(EPOCH)):
        changes.append(record)
    return changes
