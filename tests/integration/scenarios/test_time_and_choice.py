"""When something happened and when it was learned; and why a site was chosen."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stockcore.orders.records import HistoryEntry
from stockcore.stock.commands import CountStock
from stockcore.stock.use_cases import COUNT_STOCK
from stockcore_sql.stock_reads import StockReads
from stockcore_sql.stores import SqlStore
from tests.support.house import House, d


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
def test_a_late_count_changes_what_was_there_and_not_what_was_known(house: House) -> None:
    """Happened at 09:00, entered at 11:00."""
    assert isinstance(house.store, SqlStore)
    clock = house.stop_the_clock(at(8))
    house.receive("A", 10)
    clock.now = at(11)
    house.do(COUNT_STOCK, CountStock(sku="A", site="LEEDS", counted=d(7), occurred_at=at(9)))
    reads = StockReads(house.store.engine.connect)
    assert [row.on_hand for row in reads.past("A", as_of=at(10)).rows] == [7]
    assert [row.on_hand for row in reads.past("A", known_at=at(10)).rows] == [10]
    assert [row.on_hand for row in reads.past("A", as_of=at(8, 30)).rows] == [10]
    assert [row.on_hand for row in reads.past("A", as_of=at(10), known_at=at(10)).rows] == [10]
    late = CountStock(sku="A", site="LEEDS", counted=d(7), occurred_at=datetime(2026, 11, 13, 10, 59, tzinfo=UTC))
    assert house.refused(COUNT_STOCK, late).code == "too_late"


def chosen(house: House, number: str) -> list[str]:
    return explanation(house, number)["chosen"]  # type: ignore[no-any-return]


def explanation(house: House, number: str) -> dict[str, Any]:
    """Why an order is served from where it is."""
    order = house.header(number)
    texts = [entry.explanation for entry in house.rows(HistoryEntry) if entry.order_id == order.id]
    [text] = [text for text in texts if text is not None]
    found: dict[str, Any] = json.loads(text)
    return found


def test_two_strategies_give_two_plans_for_one_order(house: House) -> None:
    """S225: fewest parcels, then money; or money first."""
    house.site("W1", shipping_cost=d("6.00"))
    house.site("W2", shipping_cost=d("4.00"))
    house.site("W3", shipping_cost=d("11.00"))
    for sku, site, quantity in (("A", "W1", 10), ("A", "W2", 2), ("B", "W2", 10), ("A", "W3", 10), ("B", "W3", 10)):
        house.receive(sku, quantity, site)
    fewest = house.order(("A", 5), ("B", 5)).number
    cheapest = house.order(("A", 5), ("B", 5), strategy="cheapest").number
    assert chosen(house, fewest) == ["W3"]
    assert sorted(chosen(house, cheapest)) == ["W1", "W2"]
    assert explanation(house, cheapest)["policies"][1] == "cost"


def test_the_explanation_changes_with_the_stock(house: House) -> None:
    house.receive("A", 3, "LEEDS")
    house.receive("A", 5, "HULL")
    both = house.order(("A", 6)).number
    told = explanation(house, both)
    assert sorted(told["chosen"]) == ["HULL", "LEEDS"]
    assert told["would_change"] == "1 more units at HULL would let it serve the whole order alone"
    house.cancel(both)
    house.receive("A", 1, "HULL")
    alone = house.order(("A", 6)).number
    told = explanation(house, alone)
    assert told["chosen"] == ["HULL"]
    assert {site["site"]: site["available"]["A"] for site in told["considered"]} == {"LEEDS": "3", "HULL": "6"}


def test_a_refusal_tells_what_each_site_had_under_the_lock(house: House) -> None:
    from stockcore.orders.placing import PLACE_ORDER
    from tests.support.house import order

    house.receive("A", 3, "LEEDS")
    refusal = house.refused(PLACE_ORDER, order(("A", 5), ("B", 1)))
    first, second = refusal.facts["lines"]
    pool = house.pool("A")
    assert (first["short"], second["short"]) == ("2", "1")
    leeds = next(site for site in first["sites"] if site["site"] == "LEEDS")
    assert leeds == {"site": "LEEDS", "available": "3", "last_seq": pool.last_seq}
