"""A company to measure on: 5,000 SKUs at one site with plenty of stock, and commands about them from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from benchmarks.capture import Written
from stockcore.catalog.commands import AddProduct
from stockcore.kernel.results import Accepted, Outcome
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore.stock.commands import ReceiveStock
from stockcore_runtime.application import OwnApplication
from stockcore_sql import migrate, schema
from stockcore_sql.wire import HostedWire
from stockcore_sql.writing import PostgresWriter

SKUS: Final = 5_000
LINES: Final = 3
_PLENTY: Final = Decimal(1_000_000)
#: Tables in an order in which every foreign key finds its row.
_TABLES: Final = tuple(table.name for table in schema.metadata.sorted_tables)


@contextmanager
def schemas(url: str, *names: str) -> Iterator[list[str]]:
    """Migrated schemas of our own in a PostgreSQL database, as URLs; dropped after. What else is there stays."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
    try:
        urls = [_within(url, name) for name in names]
        for within in urls:
            migrate.upgrade(within)
        yield urls
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


def _within(url: str, name: str) -> str:
    given = make_url(url)
    options = " ".join(filter(None, [str(given.query.get("options", "")), f"-csearch_path={name}"]))
    return given.update_query_dict({"options": options}).render_as_string(hide_password=False)


def found(app: OwnApplication, skus: int = SKUS) -> None:
    """Found the company."""
    app.locations.add_site(code="MAIN", name="Main")
    codes = [sku(number) for number in range(1, skus + 1)]
    accepted(app.catalog.add_product.batch([AddProduct(sku=c, name=c, list_price=Decimal("2.50")) for c in codes]))
    accepted(app.stock.receive.batch([ReceiveStock(sku=code, site="MAIN", quantity=_PLENTY) for code in codes]))


def sku(number: int) -> str:
    return f"SKU{number}"


def orders(count: int, seed: object, *, skus: int = SKUS, pieces_max: int = 5) -> list[PlaceOrder]:
    """Orders of three lines, as `benchmarks/README.md` describes them."""
    dice = random.Random(str(seed))
    return [
        PlaceOrder(
            lines=tuple(
                LineRequest(
                    sku=sku(number),
                    quantity=Decimal(dice.randint(1, pieces_max)),
                    price=Decimal(dice.randint(100, 9999)) / 100,
                )
                for number in dice.sample(range(1, skus + 1), LINES)
            )
        )
        for _ in range(count)
    ]


def accepted(outcomes: Sequence[Outcome[Any]]) -> list[Any]:
    """The results, every one of them; anything else would be no measurement."""
    refused = next((outcome for outcome in outcomes if not isinstance(outcome, Accepted)), None)
    if refused is not None:
        raise RuntimeError(f"a command was refused: {refused}")
    return [outcome.result for outcome in outcomes if isinstance(outcome, Accepted)]


def copy_books(from_url: str, to_url: str) -> None:
    """Fill an empty schema with the rows of another one of the same database."""
    with psycopg.connect(to_url, autocommit=True) as connection, psycopg.connect(from_url) as source:
        row = source.execute("SELECT current_schema()").fetchone()
        assert row is not None
        for name in reversed(_TABLES):  # a fresh schema has some rows: units, row 0 of lots …
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        for name in _TABLES:
            target, origin = sql.Identifier(name), sql.Identifier(str(row[0]), name)
            connection.execute(sql.SQL("INSERT INTO {} SELECT * FROM {}").format(target, origin))
        connection.execute("VACUUM ANALYZE")


def repeat(url: str, transactions: Sequence[Written]) -> None:
    """Write in one place what the engine wrote in another, without a clock."""
    writer = PostgresWriter()
    with psycopg.connect(url, autocommit=True) as connection:
        wire = HostedWire(connection)
        for written in transactions:
            wire.tell(*writer.statement(written.everything_parts()))


def contents(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted, as text."""
    with psycopg.connect(url) as connection:
        return {
            name: sorted(
                tuple(row)
                for row in connection.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(name)))
            )
            for name in _TABLES
        }


def vacuum(url: str) -> None:
    """What autovacuum would do, at a moment of our choosing."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
