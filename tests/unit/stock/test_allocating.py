"""Which goods a demand may have."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import attrs
import pytest

from stockcore.locations.records import Location
from stockcore.stock.allocating import Requirement, Shelf, in_order, may_take
from stockcore.stock.records import Lot
from tests.support.small_world import CUP, LEEDS, LEEDS_BIN, NOON, location, quant

TODAY = date(2026, 3, 1)


def shelf(number: int = 1, *, expires_on: date | None = None, purpose: str = "storage", **fields: Any) -> Shelf:
    lot = Lot(number, CUP, f"L{number}", None, None, expires_on, None, "{}", NOON)
    goods = quant(number, CUP, LEEDS, LEEDS_BIN, on_hand="5", lot=number)
    return Shelf(attrs.evolve(goods, **fields), location(LEEDS_BIN, LEEDS, "A-01", purpose), lot)


def test_goods_may_be_taken_on_their_last_day_and_not_after() -> None:
    assert may_take(shelf(expires_on=TODAY), TODAY, None)
    assert not may_take(shelf(expires_on=date(2026, 2, 28)), TODAY, None)


def test_goods_must_keep_as_long_as_the_demand_says() -> None:
    good = shelf(expires_on=date(2026, 3, 11))
    assert may_take(good, TODAY, Requirement(shelf_life_days=10))
    assert not may_take(good, TODAY, Requirement(shelf_life_days=11))
    assert may_take(good, TODAY, Requirement(good_until=date(2026, 3, 11)))
    assert not may_take(good, TODAY, Requirement(good_until=date(2026, 3, 12)))


@pytest.mark.parametrize("purpose", ["staging", "packing", "quarantine", "none"])
def test_goods_on_their_way_are_not_taken(purpose: str) -> None:
    assert not may_take(shelf(purpose=purpose), TODAY, None)


@pytest.mark.parametrize("status", ["quarantine", "damaged", "expired", "hold"])
def test_only_available_goods_are_taken(status: str) -> None:
    assert not may_take(shelf(status=status), TODAY, None)


def blocked(place: Location) -> Location:
    return attrs.evolve(place, blocked=True)


def inactive(place: Location) -> Location:
    return attrs.evolve(place, active=False)


@pytest.mark.parametrize("closed", [blocked, inactive])
def test_nothing_is_taken_from_a_closed_place(closed: Callable[[Location], Location]) -> None:
    good = shelf()
    assert not may_take(attrs.evolve(good, place=closed(good.place)), TODAY, None)


def test_what_expires_first_is_best_and_then_what_came_first() -> None:
    keeps = shelf(1)
    later = shelf(2, expires_on=date(2026, 6, 1))
    sooner = shelf(3, expires_on=date(2026, 5, 1))
    older = shelf(4, received_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert in_order([keeps, later, sooner, older], None) == [sooner, later, older, keeps]
