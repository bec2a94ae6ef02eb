"""What callers of the library get wrong, and what the rules refuse (shared bad inputs, on every store)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from stockcore.locations.commands import BlockLocation, DeactivateLocation
from stockcore.locations.use_cases import BLOCK_LOCATION, DEACTIVATE_LOCATION
from stockcore.orders.cancelling import CANCEL_ORDER
from stockcore.orders.commands import AdvanceOrder, CancelOrder, LineRequest
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import AdjustStock, CountStock, ReceiveStock, ReserveStock, ReturnStock
from stockcore.stock.records import Movement
from stockcore.stock.reserving import RESERVE_STOCK
from stockcore.stock.use_cases import ADJUST_STOCK, COUNT_STOCK, RECEIVE_STOCK, RETURN_STOCK
from tests.support.house import House, d, order


def receipt(quantity: str | int = 1, **fields: Any) -> ReceiveStock:
    return ReceiveStock(**{"sku": "A", "site": "LEEDS", "quantity": d(quantity), **fields})


def test_a_count_of_nothing_is_written_as_nothing(house: House) -> None:
    """B009: never as minus zero."""
    house.receive("A", 3)
    counted = house.do(COUNT_STOCK, CountStock(sku="A", site="LEEDS", counted=d("-0")))
    assert str(counted.on_hand) == "0"
    assert not house.pool("A").on_hand.is_signed()


def test_a_cost_has_six_decimals(house: House) -> None:
    """B025: as a unit cost 0.001 is taken as it is."""
    house.receive("A", 1, unit_cost=d("0.001"))
    assert house.ledger()[-1].unit_cost == d("0.001")
    assert house.refused(RECEIVE_STOCK, receipt(unit_cost=d("0.0000001"))).code == "money_precision"
    assert len(house.rows(Movement)) == 1


def test_a_sum_beyond_twelve_digits_is_refused(house: House) -> None:
    """B029: a rule, and no error of the database."""
    house.product("SAND", unit="kg")
    most = "999999999999.999"
    house.receive("SAND", most)
    assert house.refused(RECEIVE_STOCK, receipt(most, sku="SAND")).code == "quantity_out_of_range"
    wish = AdjustStock(sku="SAND", site="LEEDS", quantity=d(most), reason="found")
    assert house.refused(ADJUST_STOCK, wish).code == "quantity_out_of_range"
    house.place("LEEDS", "BIN")
    heap = CountStock(sku="SAND", site="LEEDS", location="BIN", counted=d(most))
    assert house.refused(COUNT_STOCK, heap).code == "quantity_out_of_range"
    back = ReturnStock(sku="SAND", site="LEEDS", quantity=d(most))
    assert house.refused(RETURN_STOCK, back).code == "quantity_out_of_range"
    assert house.stock("SAND")[0] == d(most)
    assert len(house.rows(Movement)) == 1


def test_an_order_has_at_most_ten_thousand_lines(house: House) -> None:
    """B057."""
    line = LineRequest(sku="A", quantity=d(1))
    assert house.refused(PLACE_ORDER, order(*[line] * 10_001)).code == "too_many_lines"


@pytest.mark.parametrize("number", ["0", "-1", "1e3", "9223372036854775808", "abc", "x" * 10_000, "'; --"])
def test_what_is_no_orders_number_names_none(house: House, number: str) -> None:
    """B059."""
    assert house.refused(CANCEL_ORDER, CancelOrder(number=number)).code == "unknown_order"
    assert house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to="picking")).code == "unknown_order"


def test_a_shortage_says_what_was_asked_and_what_there_is(house: House) -> None:
    """B085."""
    house.receive("A", 5)
    wish = ReserveStock(sku="A", quantity=d(6), reference="web-1", sites=("LEEDS",))
    refusal = house.refused(RESERVE_STOCK, wish)
    assert (refusal.code, refusal.facts["requested"], refusal.facts["available"]) == ("insufficient_stock", "6", "5")


def test_no_more_comes_back_than_was_sent(house: House) -> None:
    """B089."""
    house.receive("A", 5)
    number = house.order(("A", 2)).number
    house.advance(number, "dispatched", through=True)
    back = ReturnStock(sku="A", site="LEEDS", quantity=d(3), order_line=house.line_ids(number)[0])
    assert house.refused(RETURN_STOCK, back).code == "over_return"
    assert house.stock("A") == (3, 0, 3)


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("AISLE", "location_not_storable"),
        ("SHUT", "location_not_storable"),
        ("OLD", "location_inactive"),
        ("LEEDS", "location_not_storable"),
        ("NOWHERE", "unknown_location"),
    ],
)
def test_nothing_is_put_where_nothing_can_lie(house: House, location: str, code: str) -> None:
    """B095: a grouping, a closed place, one that is not used any more, the site itself."""
    house.place("LEEDS", "AISLE", purpose="none")
    house.place("LEEDS", "SHUT", "OLD")
    house.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location="SHUT"))
    house.do(DEACTIVATE_LOCATION, DeactivateLocation(site="LEEDS", location="OLD"))
    assert house.refused(RECEIVE_STOCK, receipt(location=location)).code == code
    assert not house.rows(Movement)


def test_nothing_happened_in_the_future_and_nothing_too_long_ago(house: House) -> None:
    """B101: five minutes are allowed, for clocks that differ."""
    now = house.stop_the_clock().now
    assert house.refused(RECEIVE_STOCK, receipt(occurred_at=now + timedelta(hours=2))).code == "in_future"
    assert house.refused(RECEIVE_STOCK, receipt(occurred_at=now - timedelta(days=8))).code == "too_late"
    assert house.refused(RECEIVE_STOCK, receipt(occurred_at=now.replace(tzinfo=None))).code == "time_zone_required"
    house.receive("A", 1, occurred_at=now + timedelta(minutes=4))
    assert house.ledger()[0].occurred_at == now


def test_a_text_is_kept_as_it_is_written(house: House) -> None:
    """B109: and the table lives."""
    name = "Robert'); DROP TABLE stock_pool;--"
    house.product(name)
    house.receive(name, Decimal(2))  # type: ignore[arg-type]
    assert house.variant(name).name == name
    assert house.stock(name) == (2, 0, 2)


@pytest.mark.parametrize("sites", [5, "LEEDS", ("LEEDS", 5)])
def test_sites_that_are_no_list_of_texts_are_refused(house: House, sites: Any) -> None:
    house.receive("A", 5)
    wish = ReserveStock(sku="A", quantity=d(1), reference="web-1", sites=sites)
    assert house.refused(RESERVE_STOCK, wish).code == "type_error"


def test_an_address_whose_names_are_no_texts_is_refused(house: House) -> None:
    house.receive("A", 5)
    assert house.refused(PLACE_ORDER, order(("A", 1), address={1: "x", "a": "y"})).code == "type_error"
