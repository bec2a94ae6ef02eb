"""Whatever happens in whatever order: the stores and the plain totals agree after every step, and the books verify."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from stockcore_memory import MemoryStore
from stockcore_sql.stores import SqlStore
from tests.integration.stateful.machine import START, SimulatedClock, Warehouse, furnish
from tests.support.databases import copy_sqlite, make_template
from tests.support.postgres import Server, unique_name

pytestmark = pytest.mark.slow

STEPS: Final = 30


@pytest.fixture
def memory() -> MemoryStore:
    store = MemoryStore(clock=SimulatedClock())
    furnish(store)
    return store


def run(memory: MemoryStore, open_sql: Callable[[SimulatedClock], SqlStore], examples: int) -> None:
    class Opened(Warehouse):
        def __init__(self) -> None:
            super().__init__(memory, open_sql)

    run_state_machine_as_test(Opened, settings=settings(max_examples=examples, stateful_step_count=STEPS))


def test_sqlite_memory_and_totals_agree_after_every_step(
    memory: MemoryStore, sqlite_template: Path, tmp_path: Path
) -> None:
    furnished = tmp_path / "furnished.db"
    store = SqlStore(copy_sqlite(sqlite_template, furnished), clock=SimulatedClock())
    furnish(store)
    store.close()

    def open_sql(clock: SimulatedClock) -> SqlStore:
        target = tmp_path / "run.db"
        for old in tmp_path.glob("run.db*"):
            old.unlink()
        return SqlStore(copy_sqlite(furnished, target), clock=clock)

    run(memory, open_sql, examples=60)


@pytest.fixture
def postgres_copies(postgres_server: Server) -> Iterator[Callable[[SimulatedClock], SqlStore]]:
    """Opens a furnished database of its own each time; all of them are dropped after the test."""
    template = make_template(postgres_server)
    store = SqlStore(postgres_server.url(template), clock=SimulatedClock())
    with store.engine.begin() as connection:
        connection.execute(sa.text("SELECT stock_movement_partition(:month)"), {"month": START.date()})
    furnish(store)
    store.close()
    names: list[str] = []

    def open_sql(clock: SimulatedClock) -> SqlStore:
        while names:
            postgres_server.drop_database(names.pop())
        names.append(unique_name())
        return SqlStore(postgres_server.create_database(names[-1], template), clock=clock)

    yield open_sql
    for name in [*names, template]:
        postgres_server.drop_database(name)


def test_postgresql_memory_and_totals_agree_after_every_step(
    memory: MemoryStore, postgres_copies: Callable[[SimulatedClock], SqlStore]
) -> None:
    run(memory, postgres_copies, examples=15)
