"""Every scenario runs on each of the three stores; at its end the books are proved."""

from collections.abc import Iterator

import pytest

from stockcore.kernel.unit_of_work import Store
from tests.support.house import House, proven
from tests.support.stores import STORES, opened


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty store, of each kind in turn."""
    with opened(request.param, request) as store:
        yield store


@pytest.fixture
def house(store: Store) -> Iterator[House]:
    """Sites LEEDS and HULL; SKU A and B. What a test leaves must be whole."""
    with proven(store) as house:
        house.product("A", "B")
        house.site("LEEDS", "HULL", time_zone="Europe/London")
        yield house
