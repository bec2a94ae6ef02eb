"""What PostgreSQL refuses under two writers becomes a stable code, and nothing is half done (shared bad inputs)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from stockcore.kernel.errors import StockcoreError
from stockcore.orders.commands import AddCustomer
from stockcore.orders.customers import ADD_CUSTOMER
from stockcore.orders.placing import PLACE_ORDER
from stockcore_runtime import open_application
from stockcore_sql.stores import SqlStore
from tests.support.house import House, order, proven
from tests.support.meanwhile import Wish, meanwhile
from tests.support.stores import codes


@pytest.fixture
def house(postgres_url: str) -> Iterator[House]:
    store = SqlStore(postgres_url)
    with proven(store) as house:
        house.product("A", "B")
        house.site("LEEDS", time_zone="Europe/London")
        house.receive("A", 5)
        house.receive("B", 5)
        yield house
    store.close()


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (
            (PLACE_ORDER, order(("A", 1), number="W-1")),
            (PLACE_ORDER, order(("B", 1), number="W-1")),
            "duplicate_reference",
        ),
        (
            (PLACE_ORDER, order(("A", 1), reference="web-1")),
            (PLACE_ORDER, order(("B", 1), reference="web-1")),
            "duplicate_reference",
        ),
        (
            (ADD_CUSTOMER, AddCustomer(code="C-1", name="Carol")),
            (ADD_CUSTOMER, AddCustomer(code="c-1", name="Carol")),
            "duplicate_customer",
        ),
    ],
    ids=["number", "reference", "customer"],
)
def test_a_name_that_another_takes_at_the_same_time_is_refused(house: House, one: Wish, other: Wish, code: str) -> None:
    """B253: no error of the database."""
    assert isinstance(house.store, SqlStore)
    assert codes([meanwhile(house.store.url, one, other)]) == [code]


@pytest.mark.slow
def test_rows_that_another_holds_too_long_are_busy(house: House) -> None:
    """B251: after three seconds; the same command may be sent again."""
    assert isinstance(house.store, SqlStore)
    wish = order(("A", 1), command_id="key")
    with house.store.engine.connect() as other:
        other.execute(sa.text("SELECT * FROM stock_pool FOR UPDATE"))
        with pytest.raises(StockcoreError) as refused:
            house.run(PLACE_ORDER, wish)
    assert refused.value.code == "busy"
    house.do(PLACE_ORDER, wish)
    assert house.stock("A") == (5, 1, 4)


def test_a_server_that_takes_no_more_connections_is_busy(postgres_url: str) -> None:
    """F15."""
    role = f"few_{uuid.uuid4().hex[:8]}"
    store = SqlStore(postgres_url)
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 0")
    try:
        url = make_url(postgres_url).set(username=role).render_as_string(hide_password=False)
        with open_application(url) as app, pytest.raises(StockcoreError) as refused:
            app.stock.show("MUG")
        assert refused.value.code == "busy"
    finally:
        with store.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP ROLE {role}")
        store.close()


def test_a_full_disk_is_told_and_leaves_nothing_half_done(sqlite_url: str) -> None:
    with open_application(sqlite_url) as app:
        app.locations.add_site(code="LEEDS", name="Leeds")
        store = app.store
        assert isinstance(store, SqlStore)
        with store.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
        sites = len(app.locations.sites())
        added = 0

        def add_for_ever() -> None:
            nonlocal added
            while True:
                app.locations.add_site(code=f"S{added}", name="x" * 200)
                added += 1

        with pytest.raises(StockcoreError, match="full") as refusal:
            add_for_ever()
        assert refusal.value.code == "storage_full"
        assert len(app.locations.sites()) == sites + added
        with store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        app.locations.add_site(code="AGAIN", name="There is room again")
