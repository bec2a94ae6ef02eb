"""The ledger's months on PostgreSQL: partitions are there before they are needed (OPS-17)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psycopg
import pytest
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore_runtime.application import OwnApplication, open_application
from stockcore_sql import migrate
from stockcore_sql.connecting import engine_for
from stockcore_sql.ddl import MONTHS_AHEAD, months_lacking


@pytest.fixture
def shop(postgres_url: str) -> Iterator[OwnApplication]:
    with open_application(postgres_url) as app:
        app.locations.add_site(code="MAIN", name="Main")
        app.catalog.add_product(sku="MUG", name="Mug")
        yield app


def forget_coming_months(url: str) -> None:
    """The tables as they are when the last month that was prepared begins: as though time had passed."""
    engine = engine_for(url)
    with engine.begin() as connection:
        names = connection.scalars(
            sa.text(
                "SELECT CAST(CAST(inhrelid AS regclass) AS text) FROM pg_inherits "
                "WHERE inhparent = CAST('stock_movement' AS regclass) ORDER BY 1 DESC LIMIT :ahead"
            ),
            {"ahead": MONTHS_AHEAD},
        ).all()
        for name in names:
            connection.exec_driver_sql(f"DROP TABLE {name}")
    engine.dispose()


def lacking(url: str) -> int:
    engine = engine_for(url)
    with engine.connect() as connection:
        found = len(months_lacking(connection))
    engine.dispose()
    return found


def receive(app: OwnApplication) -> Decimal:
    return app.stock.receive(sku="MUG", site="MAIN", quantity=Decimal(1)).on_hand


def test_an_upgrade_prepares_the_months_ahead(postgres_url: str, shop: OwnApplication) -> None:
    forget_coming_months(postgres_url)
    assert shop.info()["warnings"][-1].startswith("the ledger has partitions for less than two months")
    migrate.upgrade(postgres_url)
    assert lacking(postgres_url) == 0
    assert not any("partitions" in warning for warning in shop.info()["warnings"])


def test_an_application_prepares_them_when_it_starts(postgres_url: str, shop: OwnApplication) -> None:
    forget_coming_months(postgres_url)
    with open_application(postgres_url) as later:
        assert receive(later) == 1
    assert lacking(postgres_url) == 0


@pytest.mark.parametrize("days", [40, 130, 400])
def test_one_that_runs_for_months_goes_on(postgres_url: str, shop: OwnApplication, days: int) -> None:
    now = datetime.now(UTC)
    with open_application(postgres_url, clock=lambda: now) as app:
        assert receive(app) == 1
        now += timedelta(days=days)
        assert receive(app) == 2
        assert app.verify()["ok"]


MAKE = "SELECT stock_movement_partition(DATE '2031-05-01')"


def test_two_that_make_the_same_month_at_once_both_go_on(postgres_url: str, shop: OwnApplication) -> None:
    with psycopg.connect(postgres_url) as one, ThreadPoolExecutor() as threads:
        one.execute(MAKE)
        with psycopg.connect(postgres_url, autocommit=True) as other:
            waiting = threads.submit(other.execute, MAKE)
            with psycopg.connect(postgres_url, autocommit=True) as watching:
                while not watching.execute(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                ).fetchall()[0][0]:
                    pass
            one.commit()
            waiting.result(timeout=20)


def test_a_missed_month_waits_for_nobody_who_reads(postgres_url: str, shop: OwnApplication) -> None:
    later = datetime.now(UTC) + timedelta(days=150)
    with psycopg.connect(postgres_url) as reading:
        reading.execute("SELECT count(*) FROM stock_movement")
        with open_application(postgres_url, clock=lambda: later) as app:
            assert receive(app) == 1
            assert app.verify()["ok"]


def test_where_none_may_be_made_it_says_so(postgres_url: str, shop: OwnApplication) -> None:
    engine = engine_for(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE FUNCTION stock_movement_partition(month date) RETURNS void "
                                   "LANGUAGE sql AS 'SELECT NULL'")  # fmt: skip
    engine.dispose()
    later = datetime.now(UTC) + timedelta(days=130)
    with open_application(postgres_url, clock=lambda: later) as app, pytest.raises(StockcoreError) as refusal:
        receive(app)
    assert refusal.value.code == "schema_mismatch"
    assert "db upgrade" in str(refusal.value)
