"""What orders are measured against does the same work: the same rows in the same tables, in as many transactions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs
import psycopg
import pytest

from benchmarks import floor
from benchmarks.company import contents, schemas
from benchmarks.orders import Bench

Tables: TypeAlias = dict[str, list[tuple[Any, ...]]]

#: A batch of 12 is written in two parts (`execution.WRITE_FIRST`); ten SKUs, so that its orders meet in the same pools.
SIZES = (1, 12)
SKUS = 10
#: Two of them warm up.
ROUNDS = 3


@attrs.frozen
class Two:
    bench: Bench
    ours: str
    other: str

    def tables(self) -> tuple[Tables, Tables]:
        return contents(self.ours), contents(self.other)


@pytest.fixture
def two(empty_postgres_url: str) -> Iterator[Two]:
    with schemas(empty_postgres_url, "ours", "floor") as (ours, other):
        bench = Bench(ours, other, skus=SKUS, before=100)
        try:
            yield Two(bench, ours, other)
        finally:
            bench.close()


def grown(before: Tables, after: Tables) -> dict[str, int]:
    """How many rows each table has now that were not there before."""
    more = {name: len(set(after[name]) - set(before[name])) for name in after}
    return {name: count for name, count in more.items() if count}


@pytest.mark.parametrize("size", SIZES)
def test_after_placing_every_table_of_the_floor_equals_ours(two: Two, size: int) -> None:
    before, copied = two.tables()
    assert copied == before
    two.bench.place(ROUNDS - 2, 2, size)
    ours, theirs = two.tables()
    for table, rows in ours.items():
        assert theirs[table] == rows, table
    orders = ROUNDS * 2 * size
    written = grown(before, ours)
    assert written.pop("stock_pool") <= SKUS
    assert written == {
        "sales_order": orders, "order_line": 3 * orders, "stock_reservation": 3 * orders,
        "stock_movement": 3 * orders, "order_history": 3 * orders, "outbox": orders, "command": orders,
    }  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_after_dispatching_every_table_of_the_floor_equals_ours(two: Two, size: int) -> None:
    before, _ = two.tables()
    two.bench.dispatch(ROUNDS - 2, 2, size)
    ours, theirs = two.tables()
    for table, rows in ours.items():
        assert theirs[table] == rows, table
    orders = ROUNDS * 2 * size
    written = grown(before, ours)
    # placed, released, packed and dispatched; a line is reserved, picked (2) and dispatched (2)
    assert {name: written[name] for name in ("shipment", "shipment_line", "stock_movement", "outbox", "command")} == {
        "shipment": orders, "shipment_line": 3 * orders, "stock_movement": 15 * orders, "outbox": 4 * orders,
        "command": 4 * orders,
    }  # fmt: skip
    assert ours["stock_allocation"] == []


def test_the_floor_commits_as_often_as_ours(two: Two) -> None:
    runs: list[int] = []
    run = floor.Floor.run

    def counting(self: floor.Floor, statements: list[floor.Statement]) -> None:
        runs.append(len(statements))
        run(self, statements)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(floor.Floor, "run", counting)
        two.bench.place(ROUNDS - 2, 2, 12)
    assert runs == [0, 2, 2, 2]


def test_both_have_the_same_indexes_triggers_and_constraints(two: Two, empty_postgres_url: str) -> None:
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = %s"
    triggers = (
        "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger AS t JOIN pg_class AS r ON r.oid = t.tgrelid "
        "WHERE r.relnamespace::regnamespace::text = %s AND NOT t.tgisinternal"
    )
    constraints = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace::regnamespace::text = %s"
    )
    with psycopg.connect(empty_postgres_url) as connection:
        for question in (indexes, triggers, constraints):
            ours, theirs = (
                sorted(
                    tuple(str(value).replace(f"{name}.", "") for value in row)
                    for row in connection.execute(question, (name,))
                )
                for name in ("ours", "floor")
            )
            assert ours == theirs
            assert len(ours) > 10
