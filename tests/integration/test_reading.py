"""What is read is as it was at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from stockcore.orders.commands import LineRequest
from stockcore_runtime.application import OwnApplication, open_application
from stockcore_sql.asking import Asking

D = Decimal


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest) -> Iterator[OwnApplication]:
    with open_application(request.getfixturevalue(request.param)) as app:
        app.locations.add_site(code="MAIN", name="Main")
        app.catalog.add_product(sku="A", name="A")
        app.stock.receive(sku="A", site="MAIN", quantity=D(10))
        yield app


def test_an_order_that_changes_while_it_is_read_is_shown_as_before_or_after(
    app: OwnApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = app.orders.place(lines=(LineRequest(sku="A", quantity=D(5)),)).number
    app.orders.advance(number=number, to="packed", through=True)
    before = app.orders.show(number)
    plain_rows = Asking.rows

    def rows(ask: Asking, *question: Any, **values: Any) -> Any:
        found = plain_rows(ask, *question, **values)
        monkeypatch.setattr(Asking, "rows", plain_rows)
        app.orders.advance(number=number, to="dispatched")  # between the first statement and the second
        return found

    monkeypatch.setattr(Asking, "rows", rows)
    assert app.orders.show(number) == before
    assert app.orders.show(number).lines[0].shipped == D(5)
