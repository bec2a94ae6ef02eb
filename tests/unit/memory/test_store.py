"""The memory store keeps its promises: all or nothing, copies, its tables' rules, one writer, forks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest

from stockcore.catalog.records import Units, Variant, VariantCode
from stockcore.catalog.units import standard_units
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.records import CommandRecord, LockSettings, Setting
from stockcore.kernel.unit_of_work import Changes, Ids, Origin, Source, Store
from stockcore.locations.records import Location, Sites
from stockcore.orders.records import NextOrderNumbers, Order, OrderLine, Shipment
from stockcore.stock.records import (
    Allocation,
    Backorder,
    Document,
    ExpiredHolds,
    LockPools,
    LockReservations,
    Movement,
    PendingFollowUps,
    Pool,
    Quant,
    Reservation,
)
from stockcore_ids import uuid7s
from stockcore_memory import BrokenRuleError, LostUpdateError, MemoryStore, OutOfRangeError
from stockcore_memory.rules import RULES
from tests.support.small_world import EVENING, FIRST, LEEDS, LEEDS_BIN, MUG, NOON, fill, quant, reservation, small_world

D = Decimal
ORIGIN = Origin("ann", Source.CLI)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(clock=lambda: NOON)
    fill(store)
    return store


def write(store: MemoryStore, fill_in: Callable[[Changes], None]) -> None:
    changes = Changes()
    fill_in(changes)
    with store.transaction(ORIGIN) as uow:
        uow.write(changes)


def first(store: MemoryStore, record: type[Any]) -> Any:
    return store.rows(record)[0]


def everything(store: MemoryStore) -> dict[str, list[Any]]:
    return {rules.table: store.rows(record) for record, rules in RULES.items()}


def test_it_is_a_store() -> None:
    store: Store = MemoryStore()
    with store.transaction(ORIGIN) as uow:
        assert uow.origin == ORIGIN


def test_the_small_world_has_a_row_of_every_record_class() -> None:
    assert set(small_world().inserted) | {type(standard_units()[0])} == set(RULES)


def test_a_new_store_has_row_zero_the_units_and_the_transit_site() -> None:
    with MemoryStore().transaction(ORIGIN) as uow:
        units, sites = uow.load(Units(), Sites())
        assert {unit.code for unit in units} == {unit.code for unit in standard_units()}
        assert [site.kind for site in sites] == ["transit"]


def test_what_is_loaded_is_a_copy_and_is_kept_only_when_written(store: MemoryStore) -> None:
    with store.transaction(ORIGIN) as uow:
        (pool, _) = uow.load(LockPools((MUG,)))
        pool.reserved = D(1)
        assert uow.load(LockPools((MUG,)))[0].reserved == 5
    assert first(store, Pool).reserved == 5


def test_what_is_written_is_a_copy_too(store: MemoryStore) -> None:
    setting = Setting("colour", "1")
    with store.transaction(ORIGIN) as uow:
        changes = Changes()
        changes.insert(setting)
        uow.write(changes)
        setting.value = "2"
        assert uow.load(LockSettings(("colour",))) == [Setting("colour", "1")]


def test_a_record_is_written_once_in_its_final_state(store: MemoryStore) -> None:
    with store.transaction(ORIGIN) as uow:
        (pool, other) = uow.load(LockPools((MUG,)))
        changes = Changes()
        changes.update(pool)
        pool.reserved = D(6)
        changes.update(pool)
        new, gone = Setting("x", "1"), Setting("y", "1")
        changes.insert(new)
        new.value = "2"
        changes.update(new)
        changes.insert(gone)
        changes.delete(gone)
        changes.delete(other)
        uow.write(changes)
        assert uow.load(LockPools((MUG,))) == [pool]
        assert uow.load(LockSettings(("x", "y"))) == [Setting("x", "2")]


@pytest.mark.parametrize("failing", [False, True])
def test_an_error_and_a_dry_run_undo_everything(store: MemoryStore, failing: bool) -> None:
    before = everything(store)
    try:
        with store.transaction(ORIGIN, dry_run=not failing) as uow:
            pools, numbers = uow.load(LockPools((MUG,)), NextOrderNumbers(2))
            assert numbers == [1, 2]
            changes = Changes()
            pools[0].on_hand = D(99)
            changes.update(pools[0])
            changes.append(Setting("x", "1"))
            uow.write(changes)
            again = Changes()
            again.delete(pools[1])
            uow.write(again)
            if failing:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert failing
    assert everything(store) == before
    with store.transaction(ORIGIN) as uow:
        assert uow.load(NextOrderNumbers(1)) == [1]
        assert uow.load(LockSettings(("x",))) == []
        changes = Changes()
        changes.append(Setting("x", "2"))
        uow.write(changes)


def test_after_a_refused_write_the_transaction_is_over_even_if_the_error_is_caught(store: MemoryStore) -> None:
    before = everything(store)
    changes = Changes()
    changes.append(Setting("x", "1"))
    changes.append(Setting("base_currency", "1"))

    def swallow_it() -> None:
        with store.transaction(ORIGIN) as uow:
            with pytest.raises(BrokenRuleError):
                uow.write(changes)
            with pytest.raises(RuntimeError, match="ended"):
                uow.load(Sites())

    with pytest.raises(RuntimeError, match="nothing of it is kept"):
        swallow_it()
    assert everything(store) == before


def test_a_unit_of_work_is_of_no_use_after_its_transaction(store: MemoryStore) -> None:
    with store.transaction(ORIGIN) as uow:
        pass
    with pytest.raises(RuntimeError, match="ended"):
        uow.draw(1)


def change(record: type[Any], index: int = 0, **values: Any) -> Callable[[MemoryStore], None]:
    def changed(store: MemoryStore) -> None:
        row = store.rows(record)[index]
        for name, value in values.items():
            setattr(row, name, value)
        write(store, lambda changes: changes.update(row))

    return changed


def copy_of(record: type[Any], index: int = 0, **values: Any) -> Callable[[MemoryStore], None]:
    def copied(store: MemoryStore) -> None:
        row = attrs.evolve(store.rows(record)[index], **values)
        write(store, lambda changes: changes.append(row))

    return copied


BROKEN = {
    "reserved and blocked above on hand (nothing is sold twice)": change(Pool, reserved=D("8.000001")),
    "reserved below zero": change(Pool, reserved=D(-1)),
    "blocked below zero": change(Pool, blocked=D(-1)),
    "allocated above on hand": change(Quant, allocated=D("8.5")),
    "allocated below zero": change(Quant, allocated=D(-1)),
    "allocated though damaged": change(Quant, 1, allocated=D(1)),
    "an unknown status": change(Quant, status="lost"),
    "consumed and released above quantity": change(Reservation, consumed=D(2), released=D(2)),
    "an order's reservation that expires": change(Reservation, expires_at=NOON),
    "a backorder below zero": change(Backorder, outstanding=D(-1)),
    "an allocation of nothing": change(Allocation, quantity=D(0)),
    "an unknown order state": change(Order, state="lost"),
    "more cancelled than ordered": change(OrderLine, cancelled=D(5)),
    "the same SKU twice": copy_of(VariantCode, 1, id=999),
    "the same order number twice": copy_of(Order, id=UUID(int=1), reference="other"),
    "the same order reference of a customer": copy_of(Order, id=UUID(int=1), number="other"),
    "the same shipment number": copy_of(Shipment, id=UUID(int=1)),
    "the same document number": copy_of(Document, id=UUID(int=1)),
    "the same demand twice at a site": copy_of(Reservation, id=999),
    "the same demand waiting twice": copy_of(Backorder, id=999),
    "the same quant under another id": copy_of(Quant, id=999),
    "the same site code": copy_of(Location, 2, id=999, site=999),
    "a command id twice": copy_of(CommandRecord),
    "a ledger row twice": copy_of(Movement),
    "a ledger row that moves nothing": copy_of(Movement, seq=999, quantity=D(0)),
    "a ledger balance below zero": copy_of(Movement, seq=999, balance_after=D(-1)),
    "a ledger row changed": change(Movement, reason="better"),
    "a quant of an unknown variant": copy_of(Quant, id=999, variant=999),
    "a quant in another site's place": change(Quant, site=311),
    "a variant in an unknown unit": change(Variant, unit="bushel"),
    "a seventh decimal": change(Pool, on_hand=D("10.0000001")),
    "not a number": change(Pool, on_hand=D("NaN")),
    "a float": change(Pool, on_hand=10.5),
    "an instant without zone": change(Pool, last_recorded_at=datetime(2026, 1, 1)),  # noqa: DTZ001
    "nothing where something must be": change(Pool, on_hand=None),
    "a text with NUL": change(Variant, name="a\0b"),
    "a lone surrogate": change(Variant, name="\ud800"),
    "a date that is an instant": change(VariantCode, valid_from=NOON),
    "true as a number": change(Pool, last_seq=True),
    "an id beyond 64 bits": change(Pool, last_seq=2**63),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_a_database_would_refuse_is_refused_and_leaves_nothing(
    store: MemoryStore, broken: Callable[[MemoryStore], None]
) -> None:
    before = everything(store)
    with pytest.raises(BrokenRuleError):
        broken(store)
    assert everything(store) == before


ALLOWED = {
    "two codes that are no SKUs": copy_of(VariantCode, id=999, kind="supplier_sku"),
    "two orders without reference": copy_of(Order, 1, id=UUID(int=1), number="x", reference=None),
    "a reference of another customer": copy_of(Order, id=UUID(int=1), number="x", customer=None),
    "a hold that expires": change(Reservation, 1, expires_at=EVENING),
    "the same place code at another site": copy_of(Location, 4, id=999, normal_code="other"),
    "all promised": change(Pool, reserved=D(8)),
}


@pytest.mark.parametrize("allowed", ALLOWED.values(), ids=ALLOWED)
def test_what_a_database_would_take_is_taken(store: MemoryStore, allowed: Callable[[MemoryStore], None]) -> None:
    allowed(store)


def test_a_row_that_is_still_named_cannot_be_deleted(store: MemoryStore) -> None:
    held = first(store, Reservation)
    with pytest.raises(BrokenRuleError, match="still names"):
        write(store, lambda changes: changes.delete(held))
    loose = store.rows(Reservation)[1]
    write(store, lambda changes: changes.delete(loose))


def test_changing_a_row_that_is_not_there_or_twice_is_a_lost_update(store: MemoryStore) -> None:
    missing = quant(999, MUG, LEEDS, LEEDS_BIN, on_hand="1")
    with pytest.raises(LostUpdateError):
        write(store, lambda changes: changes.update(missing))
    one, same = first(store, Pool), first(store, Pool)

    def twice(changes: Changes) -> None:
        changes.update(one)
        changes.update(same)

    with pytest.raises(LostUpdateError):
        write(store, twice)


def test_values_are_kept_as_a_database_keeps_them(store: MemoryStore) -> None:
    zone = datetime.now(UTC).astimezone().tzinfo
    change(Pool, on_hand=D("1E+1"), blocked=D("-0"), reserved=D(1), last_recorded_at=EVENING.astimezone(zone))(store)
    pool = first(store, Pool)
    assert (str(pool.on_hand), str(pool.blocked)) == ("10.000000", "0.000000")
    assert pool.last_recorded_at.tzinfo is UTC


def test_retrying_answers_a_broken_rule_with_the_code_a_database_gets_b029(store: MemoryStore) -> None:
    huge = D(10) ** 12
    with pytest.raises(OutOfRangeError):
        change(Pool, on_hand=huge)(store)
    with pytest.raises(StockcoreError) as refusal:
        store.retrying(lambda: change(Pool, on_hand=huge)(store))
    assert refusal.value.code == "quantity_out_of_range"
    with pytest.raises(StockcoreError) as refusal:
        store.retrying(lambda: change(Pool, reserved=D(99))(store))
    assert refusal.value.code == "internal"
    assert store.retrying(lambda: 5) == 5


def test_expiry_is_judged_by_the_clock_that_was_given() -> None:
    now = NOON
    store = MemoryStore(clock=lambda: now)
    fill(store)
    held = []
    for instant in (NOON - timedelta(microseconds=1), NOON, EVENING):
        now = instant
        with store.transaction(ORIGIN) as uow:
            held.append([row.id for row in uow.load(ExpiredHolds(10))])
            assert uow.draw(1).now == now
    assert held == [[], [604], [604, 602]]


def test_at_most_as_many_rows_as_were_asked_for(store: MemoryStore) -> None:
    with store.transaction(ORIGIN) as uow:
        assert [row.id for row in uow.load(PendingFollowUps(0, 1))] == [607]


def test_drawn_ids_and_order_numbers_rise_from_draw_to_draw(store: MemoryStore) -> None:
    drawn: list[int] = []
    for _ in range(3):
        with store.transaction(ORIGIN) as uow:
            uow.prepare_draw(3)
            ids = Ids(uow, 3)
            drawn += [next(ids) for _ in range(5)]
            assert len(uow.load(NextOrderNumbers(2))) == 2
    assert drawn == sorted(set(drawn))


def test_new_ids_are_uuids_of_version_seven_rising_within_a_call() -> None:
    ids = MemoryStore().new_ids(1000)
    assert ids == sorted(set(ids))
    assert {(key.version, key.variant) for key in ids} == {(7, "specified in RFC 4122")}
    milliseconds = uuid7s(1)[0].int >> 80
    assert abs(milliseconds / 1000 - datetime.now(UTC).timestamp()) < 60


def test_ids_can_be_given_so_that_a_run_repeats_exactly() -> None:
    store = MemoryStore(new_ids=lambda count: [UUID(int=number) for number in range(count)])
    with store.transaction(ORIGIN) as uow:
        assert uow.new_ids(2) == store.new_ids(2) == [UUID(int=0), UUID(int=1)]
    assert store.fork().new_ids(1) == [UUID(int=0)]


def test_a_fork_starts_alike_and_then_goes_its_own_way(store: MemoryStore) -> None:
    before = everything(store)
    fork = store.fork(clock=lambda: EVENING)
    assert everything(fork) == before
    change(Pool, reserved=D(6))(fork)
    write(fork, lambda changes: changes.append(Setting("x", "1")))
    with fork.transaction(ORIGIN) as uow:
        assert uow.draw(1).now == EVENING
        assert len(uow.load(LockPools((MUG,)))) == 2
    assert everything(store) == before
    change(Pool, reserved=D(7))(store)
    assert first(fork, Pool).reserved == 6


def test_threads_write_one_after_the_other(store: MemoryStore) -> None:
    def raise_it() -> None:
        for _ in range(50):
            with store.transaction(ORIGIN) as uow:
                pool = uow.load(LockPools((MUG,)))[0]
                pool.on_hand += 1
                changes = Changes()
                changes.update(pool)
                uow.write(changes)

    threads = [threading.Thread(target=raise_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first(store, Pool).on_hand == 10 + 400


def test_a_thread_with_an_open_transaction_is_told_instead_of_waiting_for_itself(store: MemoryStore) -> None:
    with store.transaction(ORIGIN):
        with pytest.raises(RuntimeError, match="open already"):
            store.fork()
        with pytest.raises(RuntimeError, match="open already"), store.transaction(ORIGIN):
            pass
    with store.transaction(ORIGIN):
        pass


def test_another_threads_transaction_that_never_ends_is_busy(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockcore_memory.store.WRITER_WAIT_S", 0.01)
    codes: list[str] = []

    def try_it() -> None:
        try:
            store.rows(Pool)
        except StockcoreError as refusal:
            codes.append(refusal.code)

    with store.transaction(ORIGIN):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert codes == ["busy"]


def test_a_reservation_made_and_consumed_is_no_longer_found_as_outstanding(store: MemoryStore) -> None:
    new = reservation(998, "hold", UUID(int=1), UUID(int=1), MUG, LEEDS, "1")
    write(store, lambda changes: changes.append(new))
    new.consumed = D(1)
    write(store, lambda changes: changes.update(new))
    with store.transaction(ORIGIN) as uow:
        assert [row.id for row in uow.load(LockReservations((MUG,)))] == [601, 602]
    assert FIRST in {row.demand_id for row in store.rows(Reservation)}
