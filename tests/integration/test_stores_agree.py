"""One small world in every store: each query of the domain has the same answer everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from stockcore.catalog import records as catalog
from stockcore.kernel import records as kernel
from stockcore.kernel.unit_of_work import Origin, Query, Store
from stockcore.locations import records as locations
from stockcore.orders import records as orders
from stockcore.stock import records as stock
from stockcore_memory import MemoryStore
from stockcore_memory.answers import ANSWERS
from stockcore_sql.stores import SqlStore
from tests.support.small_world import (
    ADVICE,
    CUP,
    EVENING,
    FIRST,
    HOLD,
    HULL,
    LEEDS,
    LEEDS_BIN,
    LINES,
    MUG,
    NOON,
    POSTING,
    SECOND,
    SOCKS,
    TRANSFER,
    fill,
)

#: What each kind of parameter may be asked for: something, much, nothing known, nothing at all.
ASKED: dict[str, list[Any]] = {
    "variants": [(MUG,), (MUG, CUP, SOCKS, ADVICE, MUG), (999,), ()],
    "demands": [(FIRST,), (FIRST, SECOND, HOLD, TRANSFER), (POSTING,), ()],
    "numbers": [("1001",), ("0999", "1001", "T-1", "0999-1"), ("x",), ()],
    "most": [1, 100],
    "after": [0, 607],
    "postings": [(POSTING,), (FIRST,), ()],
    "documents": [(TRANSFER,), (FIRST,), ()],
    "lines": [(LINES[FIRST, 1],), tuple(LINES.values()), (HOLD,), ()],
    "order_lines": [tuple(LINES.values()), (HOLD,), ()],
    "references": [("web-7", "x"), ()],
    "purposes": [("receiving",), ("storage", "none"), ()],
    "customer": [701, 999],
    "skus": [("mug",), ("socks", "cup"), ()],
    "places": [(), ("a-01", "receiving")],
    "site": [LEEDS, HULL],
    "day": [date(2027, 1, 1), date(2027, 1, 2)],
    "since": [EVENING, NOON, NOON - timedelta(seconds=1)],
    "names": [("base_currency", "x"), ()],
}
IDS: dict[type, list[Any]] = {
    kernel.CommandRecord: [("a", "é", "x"), ()],
    catalog.Variant: [(MUG, CUP, 999), ()],
    catalog.Product: [(211, 212), ()],
    locations.Location: [(LEEDS, LEEDS_BIN), ()],
    stock.DemandName: [(HOLD, FIRST), ()],
    orders.Order: [(SECOND, FIRST), (HOLD,), ()],
    orders.OrderLine: [(SECOND, FIRST), tuple(LINES.values()), ()],
    orders.Shipment: [(SECOND, FIRST), ()],
}
CODES: dict[type, list[Any]] = {
    locations.Location: [("leeds",), ("hull", "leeds", "a-01", "transit"), ("x",), ()],
    orders.Customer: [("c-1",), ()],
}
SKUS = [("mug",), ("cup", "socks", "advice"), ("x",), ()]


def questions(query: type) -> Iterator[Query[Any]]:
    """The query with each combination of what its fields may ask for."""
    combinations: list[dict[str, Any]] = [{}]
    record = ANSWERS[query].record
    for field in attrs.fields(query):
        choices = {"ids": IDS.get(record, []), "codes": CODES.get(record, SKUS)}.get(field.name) or ASKED[field.name]
        if query is stock.QuantsAt:
            choices = [(LEEDS_BIN, LEEDS), ()]
        if query is catalog.VariantsOfProducts:
            choices = IDS[catalog.Product]
        combinations = [{**one, field.name: choice} for one in combinations for choice in choices]
    return (query(**one) for one in combinations)


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    url = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    store = SqlStore(url, clock=evening)
    if store.is_postgresql:
        with store.engine.begin() as connection:
            connection.execute(sa.text("SELECT stock_movement_partition(:month)"), {"month": EVENING.date()})
    yield store
    store.close()


def evening() -> datetime:
    return EVENING


def answers(store: Store, asked: list[Query[Any]]) -> list[list[Any]]:
    with store.transaction(Origin()) as uow:
        return [uow.load(query) for query in asked]


def test_every_query_has_the_same_answer_in_memory_and_in_sql(sql_store: SqlStore) -> None:
    memory = MemoryStore(clock=evening)
    fill(memory)
    fill(sql_store)
    asked = [question for query in ANSWERS for question in questions(query)]
    expected = answers(memory, asked)
    found = answers(sql_store, asked)
    different = [
        (query, mine, theirs) for query, mine, theirs in zip(asked, expected, found, strict=True) if mine != theirs
    ]
    assert different == []
    answered = {type(query) for query, rows in zip(asked, expected, strict=True) if rows}
    assert set(ANSWERS) - answered == set(), "a query that the small world never answers with anything"
