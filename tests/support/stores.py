"""The three stores, to run the same test on each of them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import pytest

from stockcore.kernel.execution import UseCase, execute
from stockcore.kernel.results import Accepted, Outcome, Rejected, value_of
from stockcore.kernel.unit_of_work import Origin, Store
from stockcore_memory import MemoryStore
from stockcore_sql.stores import SqlStore

STORES: Final = ("memory", "sqlite", "postgresql")
ANN: Final = Origin(actor="ann")

R = TypeVar("R")


@contextmanager
def opened(kind: str, request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store of this kind; the databases are the test's own."""
    if kind == "memory":
        yield MemoryStore()
        return
    url = request.getfixturevalue("sqlite_url" if kind == "sqlite" else "postgres_url")
    store = SqlStore(url)
    try:
        yield store
    finally:
        store.close()


def run(store: Store, use_case: UseCase[Any, R], *commands: Any, **options: Any) -> list[Outcome[R]]:
    """Carry out commands as Ann."""
    return execute(store, use_case, commands, origin=ANN, **options)


def done(store: Store, use_case: UseCase[Any, R], *commands: Any) -> list[R]:
    """The results of commands that must all be accepted."""
    return [value_of(outcome) for outcome in run(store, use_case, *commands)]


def codes(outcomes: Sequence[Outcome[Any]]) -> list[str | None]:
    """The code of each refusal; None for what was accepted."""
    return [outcome.code if isinstance(outcome, Rejected) else None for outcome in outcomes]


def refusal(store: Store, use_case: UseCase[Any, Any], command: Any) -> Rejected:
    """The refusal of a command that must be refused."""
    [outcome] = run(store, use_case, command)
    assert isinstance(outcome, Rejected), outcome
    return outcome


def repeated(outcomes: Sequence[Outcome[Any]]) -> list[bool]:
    return [outcome.repeated for outcome in outcomes]


def accepted(outcome: Outcome[R]) -> R:
    assert isinstance(outcome, Accepted), outcome
    return outcome.result


def asked(store: Store, query: Any) -> list[Any]:
    """What a query answers, in a transaction of its own."""
    with store.transaction(ANN) as uow:
        rows: list[Any] = uow.load(query)
        return rows


@contextmanager
def counted_statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many statements psycopg was given since."""
    import psycopg

    given = 0
    execute_statement = psycopg.Connection.execute

    def counting(self: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal given
        given += 1
        return execute_statement(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "execute", counting)
        yield lambda: given
