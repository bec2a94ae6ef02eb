"""Reservations under pressure (S001 to S021)."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from stockcore.kernel.records import Message
from stockcore.kernel.results import Accepted, Outcome, Rejected
from stockcore.orders.cancelling import CANCEL_ORDER
from stockcore.orders.commands import CancelOrder, EditOrder, LineEdit
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.results import OrderDocument
from stockcore.stock.commands import AdjustStock, CountStock, DamageStock, ExpireHolds, ReleaseReservation, ReserveStock
from stockcore.stock.expiring import EXPIRE_HOLDS
from stockcore.stock.records import Reservation
from stockcore.stock.reserving import RELEASE_RESERVATION, RESERVE_STOCK
from stockcore.stock.use_cases import ADJUST_STOCK, COUNT_STOCK, DAMAGE_STOCK
from stockcore_memory import MemoryStore
from tests.support.house import House, codes, d, order, together


def test_a_hold_over_two_skus_of_which_one_gave_way_ends_for_both(house: House) -> None:
    clock = house.stop_the_clock()
    for sku in ("A", "B"):
        house.receive(sku, 5)
        house.reserve(sku, 3, "basket", expires_at=clock.now + timedelta(minutes=10))
    house.do(DAMAGE_STOCK, DamageStock(sku="B", site="LEEDS", quantity=d(4), reason="fell"))
    clock.pass_time(hours=1)
    house.receive("B", 5)
    assert house.stock("B") == (10, 0, 6)
    house.receive("A", 1)
    assert house.stock("A") == (6, 0, 6)


def hold(reference: str, quantity: int = 1, **fields: object) -> ReserveStock:
    return ReserveStock(sku="A", quantity=Decimal(quantity), reference=reference, sites=("LEEDS",), **fields)  # type: ignore[arg-type]


def test_the_last_unit_goes_to_one_of_fifty_buyers(house: House) -> None:
    """S001."""
    house.receive("A", 1)
    before = len(house.ledger())
    answers = together(*[
        lambda number=number: house.run(RESERVE_STOCK, hold(f"buyer-{number}", command_id=f"key-{number}"))[0]
        for number in range(50)
    ])  # fmt: skip
    assert sum(isinstance(answer, Accepted) for answer in answers) == 1
    assert codes(answers) == ["insufficient_stock"] * 49
    assert house.stock("A") == (1, 1, 0)
    assert len([r for r in house.rows(Reservation) if r.outstanding]) == 1
    assert len(house.ledger()) == before


def test_random_reservations_on_a_hot_sku_never_take_more_than_there_is(house: House) -> None:
    """S003: no accepted request was answered after available had become smaller than it asked."""
    house.receive("A", 100)

    def until_refused(worker: int) -> Decimal:
        dice, taken = random.Random(worker), d(0)
        for attempt in range(100):
            wanted = dice.randint(1, 7)
            [answer] = house.run(RESERVE_STOCK, hold(f"worker-{worker}-{attempt}", wanted))
            if isinstance(answer, Rejected):
                assert answer.code == "insufficient_stock"
                assert d(answer.facts["available"]) < wanted
                return taken
            taken += wanted
        raise AssertionError("never refused")

    taken = sum(together(*[lambda worker=worker: until_refused(worker) for worker in range(40)]), d(0))
    assert 94 <= taken <= 100
    assert house.pool("A").reserved == taken == sum(r.outstanding for r in house.rows(Reservation))
    rows = house.ledger("reserved")
    assert [row.balance_after for row in rows] == sorted(row.balance_after for row in rows)


def test_two_releases_at_once_and_each_again(house: House) -> None:
    """S005."""
    house.receive("A", 5)
    house.reserve("A", 3, "one")
    house.reserve("A", 2, "two")
    release = {name: ReleaseReservation(reference=name, sku="A") for name in ("one", "two")}
    first = together(
        lambda: house.do(RELEASE_RESERVATION, release["one"]), lambda: house.do(RELEASE_RESERVATION, release["two"])
    )
    assert house.stock("A") == (5, 0, 5)
    messages = len(house.rows(Message))
    again = [house.do(RELEASE_RESERVATION, release["one"]), house.do(RELEASE_RESERVATION, release["two"])]
    assert again == first
    assert len(house.rows(Message)) == messages
    assert house.stock("A") == (5, 0, 5)


def test_more_than_is_held_is_never_released(house: House) -> None:
    house.receive("A", 5)
    house.reserve("A", 3, "one")
    refusal = house.refused(RELEASE_RESERVATION, ReleaseReservation(reference="one", sku="A", quantity=d(4)))
    assert (refusal.code, refusal.facts["reserved"]) == ("over_release", "3")
    assert house.refused(RELEASE_RESERVATION, ReleaseReservation(reference="ghost")).code == "unknown_reservation"
    assert house.do(RELEASE_RESERVATION, ReleaseReservation(reference="one", quantity=d(1))).reserved == 2
    assert house.stock("A") == (5, 2, 3)


def test_one_sku_on_two_lines_counts_twice_against_one_pool(house: House) -> None:
    """S007."""
    house.receive("A", 50)
    house.reserve("A", 20, "others")
    house.order(("A", 10), ("A", 5))
    assert house.pool("A").reserved == 35


def test_what_a_line_holds_is_available_to_itself(house: House) -> None:
    """S009."""
    house.receive("A", 6)
    number = house.order(("A", 5)).number
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(6)),)))
    assert house.pool("A").reserved == 6
    refusal = house.refused(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(line=1, quantity=d(7)),)))
    assert refusal.code == "insufficient_stock"
    assert house.lines(number)[0].ordered == 6
    assert house.pool("A").reserved == 6


@pytest.mark.slow
def test_a_hold_that_ends_now_is_either_confirmed_or_released(house: House) -> None:
    """S011: PlaceOrder takes the hold; 200 rounds of sweeper against buyer while the clock reaches its end."""
    rounds = 200
    clock = house.stop_the_clock()
    house.product(*[f"R{number}" for number in range(rounds)])
    confirmed = 0
    for number in range(rounds):
        sku, reference = f"R{number}", f"basket-{number}"
        house.receive(sku, 3)
        house.reserve(sku, 3, reference, expires_at=clock.now + timedelta(hours=1))
        dice = random.Random(number)

        def end(dice: random.Random = dice) -> None:
            time.sleep(dice.random() * 0.01)
            clock.pass_time(hours=1)

        def sweep() -> None:
            for _ in range(3):
                house.do(EXPIRE_HOLDS, ExpireHolds())

        def confirm(sku: str = sku, reference: str = reference, dice: random.Random = dice) -> Outcome[OrderDocument]:
            time.sleep(dice.random() * 0.01)
            return house.run(PLACE_ORDER, order((sku, 3), holds=(reference,)))[0]

        works: list[Callable[[], Outcome[OrderDocument] | None]] = [end, sweep, confirm]
        answer = together(*works)[2]
        house.do(EXPIRE_HOLDS, ExpireHolds())
        if isinstance(answer, Accepted):
            assert house.stock(sku) == (3, 3, 0)
            confirmed += 1
        else:
            assert isinstance(answer, Rejected)
            assert answer.code == "hold_expired"
            assert house.stock(sku) == (3, 0, 3)
    assert 0 < confirmed < rounds


def test_a_kept_order_that_holds_nothing_takes_nothing_back(house: House) -> None:
    """S013: a draft is an order that stayed received."""
    number = house.order(("A", 3), keep_received=True).number
    house.receive("A", 3)
    assert house.state(number) == "received"
    house.cancel(number)
    assert house.stock("A") == (3, 0, 3)
    assert house.state(number) == "cancelled"


def test_what_was_shipped_is_not_compensated_by_a_cancel(house: House) -> None:
    """S015, B087."""
    house.receive("A", 100)
    number = house.order(("A", 5)).number
    house.advance(number, "dispatched", through=True)
    assert house.stock("A") == (95, 0, 95)
    assert house.refused(CANCEL_ORDER, CancelOrder(number=number)).code == "illegal_transition"
    assert house.stock("A") == (95, 0, 95)


def test_a_cancel_gives_back_at_each_site_what_was_held_there(house: House) -> None:
    """S017."""
    house.receive("A", 8, "LEEDS")
    house.receive("A", 4, "HULL")
    number = house.order(("A", 12)).number
    assert [house.pool("A", site).reserved for site in ("LEEDS", "HULL")] == [8, 4]
    house.cancel(number)
    assert house.stock("A", "LEEDS") == (8, 0, 8)
    assert house.stock("A", "HULL") == (4, 0, 4)


def test_adjusting_below_what_is_promised_must_be_said(house: House) -> None:
    """S019."""
    house.receive("A", 10)
    older = house.order(("A", 5)).number
    younger = house.order(("A", 2)).number
    house.do(COUNT_STOCK, CountStock(sku="A", site="LEEDS", counted=d(8)))
    assert house.stock("A") == (8, 7, 1)
    wish = AdjustStock(sku="A", site="LEEDS", quantity=d(-2), reason="broken")
    refusal = house.refused(ADJUST_STOCK, wish)
    assert (refusal.code, refusal.facts["shortfall"]) == ("would_uncover_reservations", "1")
    forced = AdjustStock(sku="A", site="LEEDS", quantity=d(-2), reason="broken", allow_shortage=True)
    house.do(ADJUST_STOCK, forced)
    assert house.stock("A") == (6, 6, 0)
    assert house.line(older) == (5, 0, 0)
    assert house.line(younger) == (1, 1, 0)
    assert house.exceptions().count("shortage") == 1


def test_every_accepted_reservation_of_a_retry_storm_is_there_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S021: transactions that the database undoes are run again by the store; the client sees a clear answer."""
    house.receive("A", 20)
    if not isinstance(house.store, MemoryStore):
        _undo_the_first_two_transactions_of_each_writer(house, monkeypatch)
    answers = together(*[
        lambda number=number: house.run(RESERVE_STOCK, hold(f"writer-{number}"))[0] for number in range(30)
    ])  # fmt: skip
    assert sum(isinstance(answer, Accepted) for answer in answers) == 20
    assert codes(answers) == ["insufficient_stock"] * 10
    assert len(house.rows(Reservation)) == 20
    assert house.stock("A") == (20, 20, 0)


def _undo_the_first_two_transactions_of_each_writer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a deadlock would: at the very end, after everything was written."""
    import contextlib
    import threading

    from psycopg.errors import DeadlockDetected, SerializationFailure

    tries: dict[int, int] = {}  # by thread
    begin = house.store.transaction

    @contextlib.contextmanager
    def failing(*arguments: object, **options: object):  # type: ignore[no-untyped-def]
        with begin(*arguments, **options) as uow:  # type: ignore[arg-type]
            yield uow
            if threading.current_thread() is threading.main_thread():
                return
            writer = threading.get_ident()
            tries[writer] = tries.get(writer, 0) + 1
            if tries[writer] <= 2:
                raise DeadlockDetected if tries[writer] % 2 else SerializationFailure

    monkeypatch.setattr(house.store, "transaction", failing)


def test_an_order_takes_of_a_hold_what_it_orders(house: House) -> None:
    for sku in ("A", "B"):
        house.receive(sku, 5)
        house.reserve(sku, 3, "basket", demand_type="hold")
    house.run(PLACE_ORDER, order(("A", 3), holds=("basket",)), order(("B", 1)))
    assert (house.stock("A"), house.stock("B")) == ((5, 3, 2), (5, 4, 1))
