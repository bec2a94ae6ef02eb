"""Losses: goods promised in pairs, and whose goods are taken when nobody says from where."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import pytest

from stockcore.orders.commands import LineRequest
from stockcore.stock.commands import AdjustStock, CountStock, DamageStock, ExpireLots
from stockcore.stock.expiring import EXPIRE_LOTS
from stockcore.stock.records import Allocation
from stockcore.stock.use_cases import ADJUST_STOCK, COUNT_STOCK, DAMAGE_STOCK
from tests.support.house import House, d


def damage(house: House, quantity: int, **fields: Any) -> None:
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(quantity), reason="dropped", **fields))


def adjust(house: House, quantity: int) -> None:
    command = AdjustStock(sku="A", site="LEEDS", quantity=d(-quantity), reason="gone", allow_shortage=True)
    house.do(ADJUST_STOCK, command)


def count(house: House, quantity: int) -> None:
    house.do(COUNT_STOCK, CountStock(sku="A", site="LEEDS", counted=house.pool("A").on_hand - quantity))


LOSSES: Final = [damage, adjust, count]


@pytest.mark.parametrize("lose", LOSSES)
@pytest.mark.parametrize(("lost", "left"), [(1, 2), (2, 2), (3, 0)])
def test_what_is_promised_in_pairs_gives_way_in_pairs(
    house: House, lose: Callable[[House, int], None], lost: int, left: int
) -> None:
    house.packaging("A", "PAIR", 2)
    house.receive("A", 4)
    order = house.order(LineRequest(sku="A", quantity=d(2), unit="PAIR")).number
    lose(house, lost)
    assert house.line(order) == (left, 4 - left, 0)
    assert house.exceptions().count("shortage") == 1


@pytest.mark.parametrize("lose", LOSSES)
def test_what_was_chosen_in_pairs_gives_way_in_pairs(house: House, lose: Callable[[House, int], None]) -> None:
    house.packaging("A", "PAIR", 2)
    house.receive("A", 4)
    order = house.order(LineRequest(sku="A", quantity=d(2), unit="PAIR")).number
    house.advance(order, "picking", through=True)
    lose(house, 1)
    assert house.line(order) == (2, 2, 0)


def test_a_pair_gives_way_whose_halves_lie_in_two_places(house: House) -> None:
    house.packaging("A", "PAIR", 2)
    house.place("LEEDS", "BIN")
    house.receive("A", 1)
    house.receive("A", 1, location="BIN")
    order = house.order(LineRequest(sku="A", quantity=d(1), unit="PAIR")).number
    house.advance(order, "picking", through=True)
    damage(house, 1, location="BIN")
    assert house.line(order) == (0, 2, 0)
    assert house.stock("A") == (2, 0, 1)


def test_a_lot_promised_in_pairs_expires(house: House) -> None:
    clock = house.stop_the_clock()
    house.product("MILK", lot_tracked=True)
    house.packaging("MILK", "PAIR", 2)
    house.receive("MILK", 1, lot="L1", expires_on=date(2026, 11, 20))
    house.receive("MILK", 3, lot="L2", expires_on=date(2027, 11, 20))
    order = house.order(LineRequest(sku="MILK", quantity=d(2), unit="PAIR")).number
    clock.pass_time(days=1)
    house.do(EXPIRE_LOTS, ExpireLots(site="LEEDS"))
    assert house.line(order) == (2, 2, 0)


def packed_and_picking(house: House, *, free: int) -> tuple[str, str]:
    """The numbers of a packed order of four A and of a younger one of two whose goods are chosen; so many are free."""
    house.receive("A", 4)
    packed = house.order(("A", 4)).number
    house.advance(packed, "packed", through=True)
    house.receive("A", 2 + free)
    picking = house.order(("A", 2)).number
    house.advance(picking, "picking", through=True)
    return packed, picking


@pytest.mark.parametrize("lose", [damage, adjust])
def test_a_loss_anywhere_takes_what_is_packed_last(house: House, lose: Callable[[House, int], None]) -> None:
    packed, picking = packed_and_picking(house, free=0)
    lose(house, 1)
    assert (house.line(packed), house.line(picking)) == ((4, 0, 0), (1, 1, 0))
    lose(house, 2)
    assert (house.line(packed), house.line(picking)) == ((3, 1, 0), (0, 2, 0))


def test_a_loss_anywhere_takes_what_nobody_has_chosen_first(house: House) -> None:
    packed, picking = packed_and_picking(house, free=1)
    damage(house, 1)
    assert (house.line(packed), house.line(picking)) == ((4, 0, 0), (2, 0, 0))


def test_a_loss_anywhere_takes_from_the_lowest_priority_among_what_is_chosen(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 2)
    urgent = house.order(("A", 2), priority=9).number
    house.advance(urgent, "picking", through=True)
    house.receive("A", 2, location="BIN")
    other = house.order(("A", 2)).number
    house.advance(other, "picking", through=True)
    damage(house, 1)
    assert (house.line(urgent), house.line(other)) == ((2, 0, 0), (1, 1, 0))


def test_a_loss_at_the_packing_place_takes_what_is_packed(house: House) -> None:
    house.receive("A", 3)
    order = house.order(("A", 2)).number
    house.advance(order, "packed", through=True)
    damage(house, 1, location="PACKING")
    assert (house.line(order), house.exceptions()) == ((2, 0, 0), ["shortage"])
    assert [allocation.quantity for allocation in house.rows(Allocation)] == [1]
