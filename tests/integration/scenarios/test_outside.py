"""Reservations of the outside, expiry, thresholds, and postings undone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stockcore.stock.commands import (
    AdjustStock,
    CommitReservation,
    DamageStock,
    ExpireHolds,
    ExpireLots,
    MoveStock,
    ReleaseReservation,
    ReserveStock,
    ReturnStock,
    ReversePosting,
    SetStockRecord,
)
from stockcore.stock.expiring import EXPIRE_HOLDS, EXPIRE_LOTS
from stockcore.stock.records import DemandName, StockRecord
from stockcore.stock.reserving import COMMIT_RESERVATION, RELEASE_RESERVATION, RESERVE_STOCK
from stockcore.stock.reversing import REVERSE_POSTING
from stockcore.stock.thresholds import SET_STOCK_RECORD
from stockcore.stock.use_cases import ADJUST_STOCK, DAMAGE_STOCK, MOVE_STOCK, RETURN_STOCK
from tests.support.house import House, d


def external(quantity: int, **fields: Any) -> ReserveStock:
    return ReserveStock(sku="A", quantity=d(quantity), reference="web-1", demand_type="external", **fields)


def commit(quantity: int | None = None, **fields: Any) -> CommitReservation:
    return CommitReservation(
        reference="web-1", sku="A", quantity=None if quantity is None else Decimal(quantity), **fields
    )


# -- outside orders --------------------------------------------------------------------------------------------------


def test_an_outside_order_reserves_from_the_sites_in_order_and_commits(house: House) -> None:
    house.receive("A", 3, "LEEDS")
    house.receive("A", 5, "HULL")
    held = house.do(RESERVE_STOCK, external(6, sites=("HULL", "LEEDS")))
    assert [(part.site, part.quantity) for part in held.parts] == [("HULL", d(5)), ("LEEDS", d(1))]
    assert [(name.type, name.reference) for name in house.rows(DemandName)] == [("external", "web-1")]
    after = house.do(COMMIT_RESERVATION, commit(5))
    assert after.reserved == 1
    assert house.stock("A", "HULL") == (0, 0, 0)
    assert house.pool("A", "HULL").shipped == 5
    assert house.do(COMMIT_RESERVATION, commit()).reserved == 0
    assert house.stock("A", "LEEDS") == (2, 0, 2)


def test_no_more_is_committed_than_is_reserved(house: House) -> None:
    house.receive("A", 3)
    house.do(RESERVE_STOCK, external(2))
    refusal = house.refused(COMMIT_RESERVATION, commit(3))
    assert (refusal.code, refusal.facts["reserved"]) == ("over_commit", "2")
    house.do(COMMIT_RESERVATION, commit())
    assert house.refused(COMMIT_RESERVATION, commit()).code == "over_commit"
    assert house.stock("A") == (1, 0, 1)


def test_an_order_of_ours_is_not_committed_or_released_past_its_shipments(house: House) -> None:
    house.receive("A", 3)
    house.order(("A", 3))
    assert house.refused(COMMIT_RESERVATION, commit(demand_type="order")).code == "value_unknown"
    release = ReleaseReservation(reference="SO-000001", demand_type="order")
    assert house.refused(RELEASE_RESERVATION, release).code == "value_unknown"


def test_a_commit_takes_what_was_chosen_and_then_by_the_sites_strategy(house: House) -> None:
    house.place("LEEDS", "BIN", "OTHER")
    house.receive("A", 2, location="OTHER")
    house.receive("A", 3, location="BIN")
    house.do(RESERVE_STOCK, external(2, location="BIN"))
    house.do(RESERVE_STOCK, external(2))
    house.do(COMMIT_RESERVATION, commit(3))
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "OTHER")) == (1, 1)
    assert house.stock("A") == (2, 1, 1)


def test_goods_that_nothing_may_be_taken_from_cannot_be_committed(house: House) -> None:
    house.receive("A", 3, location="QUARANTINE")
    house.do(RESERVE_STOCK, external(3))
    assert house.refused(COMMIT_RESERVATION, commit()).code == "not_allocatable"
    assert house.stock("A") == (3, 3, 0)


def test_reserving_again_under_one_reference_adds_to_it(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 5)
    house.do(RESERVE_STOCK, external(2, expires_at=clock.now + timedelta(hours=1)))
    assert house.do(RESERVE_STOCK, external(2, expires_at=clock.now + timedelta(hours=3))).reserved == 4
    clock.pass_time(hours=2)
    assert house.do(EXPIRE_HOLDS, ExpireHolds()).count == 0
    clock.pass_time(hours=2)
    assert house.do(EXPIRE_HOLDS, ExpireHolds()).count == 1
    assert house.refused(COMMIT_RESERVATION, commit()).code == "hold_expired"
    house.do(RESERVE_STOCK, external(1))
    clock.pass_time(days=9)
    assert house.do(EXPIRE_HOLDS, ExpireHolds()).count == 0
    assert house.stock("A") == (5, 1, 4)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"demand_type": "channel", "expires_at": datetime(2099, 1, 1, tzinfo=UTC)}, "unknown_field"),
        ({"expires_at": datetime(2000, 1, 1, tzinfo=UTC)}, "hold_expired"),
        ({"expires_at": datetime(2099, 1, 1)}, "time_zone_required"),  # noqa: DTZ001 - that is what is refused
        ({"demand_type": "order"}, "value_unknown"),
        ({"reference": "  "}, "text_blank"),
        ({"sku": "GHOST"}, "unknown_sku"),
        ({"sites": ("YORK",)}, "unknown_site"),
        ({"sites": ("TRANSIT",)}, "no_site"),
        ({"location": "NOWHERE"}, "unknown_location"),
        ({"lot": "L1"}, "lot_not_tracked"),
        ({"quantity": d(0)}, "quantity_not_positive"),
        ({"quantity": d("0.5")}, "quantity_precision"),
        ({"quantity": d(99)}, "insufficient_stock"),
    ],
)
def test_a_wrong_reservation_is_refused_by_its_code(house: House, fields: dict[str, Any], code: str) -> None:
    house.receive("A", 5)
    wish = ReserveStock(**{"sku": "A", "quantity": d(1), "reference": "basket", **fields})
    assert house.refused(RESERVE_STOCK, wish).code == code
    assert house.stock("A") == (5, 0, 5)
    assert not house.rows(DemandName)


# -- expiry ----------------------------------------------------------------------------------------------------------


def test_goods_expire_when_the_day_after_their_last_begins_at_their_site(house: House) -> None:
    """A site in Auckland is 13 hours ahead in November."""
    clock = house.stop_the_clock(datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    house.site("AUCKLAND", time_zone="Pacific/Auckland")
    house.product("MILK", lot_tracked=True, perishable=True)
    for site in ("LEEDS", "AUCKLAND"):
        house.receive("MILK", 5, site, lot="M1", expires_on=date(2026, 11, 20))
    number = house.order(("MILK", 3), sites=("AUCKLAND", "LEEDS")).number
    held_at = next(site for site in ("LEEDS", "AUCKLAND") if house.pool("MILK", site).reserved)
    assert house.do(EXPIRE_LOTS, ExpireLots(site="AUCKLAND")).count == 0
    clock.pass_time(hours=2)
    assert house.do(EXPIRE_LOTS, ExpireLots(site="LEEDS")).count == 0
    assert house.do(EXPIRE_LOTS, ExpireLots(site="AUCKLAND")).count == 1
    assert house.stock("MILK", "AUCKLAND") == (5, 0, 0)
    assert house.at("MILK", "AUCKLAND", "RECEIVING", "expired") == 5
    assert house.stock("MILK", "LEEDS") == (5, 3, 2)  # what gave way in Auckland was served from Leeds
    assert house.line(number) == (3, 0, 0)
    assert held_at in ("LEEDS", "AUCKLAND")
    clock.pass_time(hours=13)
    assert house.do(EXPIRE_LOTS, ExpireLots(site="LEEDS")).count == 1
    assert house.line(number) == (0, 3, 0)
    assert house.do(EXPIRE_LOTS, ExpireLots(site="LEEDS")).count == 0


def test_at_most_so_many_holds_end_at_once(house: House) -> None:
    clock = house.stop_the_clock()
    house.product("X", "Y", "Z")
    for minute, sku in enumerate("ZYX", 1):
        house.receive(sku, 1)
        house.reserve(sku, 1, f"basket-{sku}", expires_at=clock.now + timedelta(minutes=minute))
    clock.pass_time(hours=1)
    assert house.do(EXPIRE_HOLDS, ExpireHolds(most=2)).count == 2
    assert [house.pool(sku).reserved for sku in "ZYX"] == [0, 0, 1]


# -- thresholds ------------------------------------------------------------------------------------------------------


def test_thresholds_are_set_and_set_again(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.do(SET_STOCK_RECORD, SetStockRecord(sku="A", site="LEEDS", minimum=d(5), maximum=d(20)))
    house.do(SET_STOCK_RECORD, SetStockRecord(sku="A", site="LEEDS", location="BIN", reorder_point=d(2)))
    house.do(SET_STOCK_RECORD, SetStockRecord(sku="A", site="LEEDS", minimum=d(6)))
    records = {record.location: record for record in house.rows(StockRecord)}
    site, place = house.location("LEEDS").id, house.location("LEEDS", "BIN").id
    assert (records[site].minimum, records[site].maximum) == (d(6), None)
    assert records[place].reorder_point == 2
    wrong = SetStockRecord(sku="A", site="LEEDS", minimum=d(9), maximum=d(8))
    assert house.refused(SET_STOCK_RECORD, wrong).code == "quantity_out_of_range"
    uneven = SetStockRecord(sku="A", site="LEEDS", minimum=d("0.5"))
    assert house.refused(SET_STOCK_RECORD, uneven).code == "quantity_precision"


# -- reversals -------------------------------------------------------------------------------------------------------


def reverse(posting: Any) -> ReversePosting:
    return ReversePosting(posting_id=posting.posting_id, reason="a mistake")


def test_a_receipt_is_reversed_once(house: House) -> None:
    receipt = house.receive("A", 5)
    undone = house.do(REVERSE_POSTING, reverse(receipt))
    assert undone.quantity == -5
    assert house.stock("A") == (0, 0, 0)
    assert house.refused(REVERSE_POSTING, reverse(receipt)).code == "already_reversed"
    house.do(REVERSE_POSTING, reverse(undone))
    assert house.stock("A") == (5, 0, 5)


def test_what_is_promised_or_gone_is_not_reversed(house: House) -> None:
    receipt = house.receive("A", 5)
    number = house.order(("A", 2)).number
    refusal = house.refused(REVERSE_POSTING, reverse(receipt))
    assert (refusal.code, refusal.facts["shortfall"]) == ("would_uncover_reservations", "2")
    house.advance(number, "dispatched", through=True)
    refusal = house.refused(REVERSE_POSTING, reverse(receipt))
    assert (refusal.code, refusal.facts["available"]) == ("insufficient_stock", "3")


def test_goods_chosen_for_someone_are_not_reversed_although_there_are_others(house: House) -> None:
    house.place("LEEDS", "BIN")
    receipt = house.receive("A", 5, location="BIN")
    house.receive("A", 5)
    house.reserve("A", 1, "window", location="BIN")
    assert house.refused(REVERSE_POSTING, reverse(receipt)).facts["shortfall"] == "1"


def test_moves_damages_and_returns_are_reversed(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 5)
    move = MoveStock(sku="A", site="LEEDS", quantity=d(3), from_location="RECEIVING", to_location="BIN")
    moved = house.do(MOVE_STOCK, move)
    damaged = house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", quantity=d(1), reason="?", location="BIN"))
    assert house.refused(REVERSE_POSTING, reverse(moved)).code == "insufficient_stock"
    house.do(REVERSE_POSTING, reverse(damaged))
    house.do(REVERSE_POSTING, reverse(moved))
    assert (house.at("A", "LEEDS", "RECEIVING"), house.at("A", "LEEDS", "BIN")) == (5, 0)
    number = house.order(("A", 2)).number
    house.advance(number, "dispatched", through=True)
    back = ReturnStock(sku="A", site="LEEDS", quantity=d(2), order_line=house.line_ids(number)[0])
    returned = house.do(RETURN_STOCK, back)
    assert house.refused(RETURN_STOCK, back).code == "over_return"
    house.do(REVERSE_POSTING, reverse(returned))
    house.do(RETURN_STOCK, back)
    assert house.stock("A") == (5, 0, 5)


def test_only_what_a_person_posted_in_one_go_is_reversed(house: House) -> None:
    house.receive("A", 5)
    number = house.order(("A", 2)).number
    house.advance(number, "dispatched", through=True)
    issue = next(row for row in house.ledger() if row.counterpart == "customer")
    assert house.refused(REVERSE_POSTING, reverse(issue)).code == "unknown_posting"
    lost = house.do(ADJUST_STOCK, AdjustStock(sku="A", site="LEEDS", quantity=d(-1), reason="lost"))
    house.do(REVERSE_POSTING, reverse(lost))
    assert house.stock("A") == (3, 0, 3)


def test_a_further_part_of_a_hold_never_shortens_its_time(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 9)

    def hold(quantity: int, hours: int) -> None:
        until = clock.now + timedelta(hours=hours)
        house.do(RESERVE_STOCK, ReserveStock(sku="A", quantity=d(quantity), reference="h", expires_at=until))

    hold(3, 5)
    hold(1, 1)
    clock.pass_time(hours=2)
    house.do(EXPIRE_HOLDS, ExpireHolds())
    assert house.stock("A") == (9, 4, 5)
    clock.pass_time(hours=4)
    house.do(EXPIRE_HOLDS, ExpireHolds())
    assert house.stock("A") == (9, 0, 9)


def test_a_further_part_without_an_end_has_none(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 9)
    for until in (clock.now + timedelta(minutes=5), None):
        house.do(RESERVE_STOCK, external(2, expires_at=until))
    clock.pass_time(hours=1)
    house.do(EXPIRE_HOLDS, ExpireHolds())
    assert house.stock("A") == (9, 4, 5)


def test_what_waits_for_a_part_that_has_no_end_goes_on_waiting_when_another_part_ends(house: House) -> None:
    clock = house.stop_the_clock()
    house.receive("A", 5, "LEEDS")
    house.receive("A", 2, "HULL")
    house.do(RESERVE_STOCK, external(5, sites=("LEEDS",)))
    house.do(RESERVE_STOCK, external(2, sites=("HULL",), expires_at=clock.now + timedelta(minutes=5)))
    loss = AdjustStock(sku="A", site="LEEDS", quantity=d(-5), reason="fire", allow_shortage=True)
    house.do(ADJUST_STOCK, loss)
    clock.pass_time(hours=1)
    house.do(EXPIRE_HOLDS, ExpireHolds())
    assert house.stock("A", "HULL") == (2, 0, 2)
    house.receive("A", 5, "LEEDS")
    assert house.stock("A", "LEEDS") == (5, 5, 0)
