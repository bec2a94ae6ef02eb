"""A server that stays connected and says nothing (F13) is given up, and the books know what was done."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore_runtime import open_application
from stockcore_runtime.application import OwnApplication
from stockcore_sql.connecting import be_patient, engine_for
from stockcore_sql.wire import PatientConnection
from tests.support.proxy import Proxy, proxied

SILENCE_S = 0.3


@pytest.fixture
def proxy(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(PatientConnection, "silence_max_s", SILENCE_S)
    with proxied(postgres_url) as proxy:
        yield proxy


@pytest.fixture
def app(proxy: Proxy) -> Iterator[OwnApplication]:
    with open_application(proxy.url) as app:
        app.catalog.add_product(sku="MUG", name="Mug")
        app.locations.add_site(code="LEEDS", name="Leeds")
        yield app


def test_a_command_is_refused_and_has_one_effect_when_sent_again(app: OwnApplication, proxy: Proxy) -> None:
    proxy.swallows = True
    with pytest.raises(StockcoreError) as refused:
        receive(app)
    assert refused.value.code == "db_unavailable"
    assert "send it again with the same command id" in refused.value.message
    proxy.swallows = False
    receive(app)
    receive(app)
    assert [row.on_hand for row in app.stock.show("MUG")] == [5]
    assert app.verify()["ok"]


def test_a_question_is_refused_and_answered_once_the_server_speaks_again(app: OwnApplication, proxy: Proxy) -> None:
    receive(app)
    proxy.swallows = True
    with pytest.raises(StockcoreError) as refused:
        app.stock.show("MUG")
    assert refused.value.code == "db_unavailable"
    proxy.swallows = False
    assert [row.on_hand for row in app.stock.show("MUG")] == [5]


def test_what_takes_long_by_nature_is_waited_for(proxy: Proxy) -> None:
    """Verifying large books: the server is silent while it counts."""
    engine = engine_for(proxy.url)
    slow = sa.text(f"SELECT pg_sleep({SILENCE_S * 3})")
    with engine.connect() as connection:
        be_patient(connection)
        connection.execute(slow)
    with engine.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.execute(slow)
    engine.dispose()


def receive(app: OwnApplication) -> None:
    app.stock.receive(sku="MUG", site="LEEDS", quantity=Decimal(5), command_id="delivery-1")
