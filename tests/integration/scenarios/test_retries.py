"""The same command again (S153 to S157), and processes that die (S151, S155)."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import execute
from stockcore.kernel.records import CommandRecord
from stockcore.kernel.results import Accepted, Rejected
from stockcore.orders.cancelling import CANCEL_ORDER
from stockcore.orders.commands import CancelOrder
from stockcore.orders.placing import PLACE_ORDER
from stockcore.stock.commands import ReceiveStock, ReserveStock
from stockcore.stock.records import Movement
from stockcore.stock.reserving import RESERVE_STOCK
from stockcore.stock.use_cases import RECEIVE_STOCK
from stockcore_sql.stores import SqlStore
from tests.support.house import ANN, House, d, order, together

ROOT: Final = Path(__file__).parents[3]


def receipt(quantity: int, **fields: Any) -> ReceiveStock:
    return ReceiveStock(sku="A", site="LEEDS", quantity=d(quantity), **fields)


def test_the_same_command_id_has_one_effect_and_one_answer(house: House) -> None:
    first, again = (house.run(RECEIVE_STOCK, receipt(3, command_id="key"))[0] for _ in range(2))
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (first.result, first.repeated, again.repeated) == (again.result, False, True)
    assert house.stock("A") == (3, 0, 3)


def test_the_same_key_with_another_body_is_refused(house: House) -> None:
    """S153, B075: the first result stays."""
    first = house.do(RECEIVE_STOCK, receipt(3, command_id="key"))
    assert house.refused(RECEIVE_STOCK, receipt(4, command_id="key")).code == "idempotency_key_reuse"
    hold = ReserveStock(sku="A", quantity=d(1), reference="basket", command_id="key")
    assert house.refused(RESERVE_STOCK, hold).code == "idempotency_key_reuse"
    assert house.do(RECEIVE_STOCK, receipt(3, command_id="key")) == first
    assert house.stock("A") == (3, 0, 3)


def test_the_same_key_from_many_at_once_has_one_effect(house: House) -> None:
    answers = together(*[lambda: house.run(RECEIVE_STOCK, receipt(3, command_id="key"))[0] for _ in range(8)])
    results = [answer.result for answer in answers if isinstance(answer, Accepted)]
    assert len(results) == 8
    assert all(result == results[0] for result in results)
    assert house.stock("A") == (3, 0, 3)


def test_a_refusal_is_kept_and_a_fault_is_not(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """S157."""
    wish = order(("A", 3), command_id="short")
    first = house.refused(PLACE_ORDER, wish)
    assert first.code == "insufficient_stock"
    house.receive("A", 3)
    again = house.refused(PLACE_ORDER, wish)
    assert (again.code, again.facts, again.repeated) == (first.code, first.facts, True)
    with monkeypatch.context() as patched:
        patched.setattr(house.store, "transaction", _busy(house))
        with pytest.raises(StockcoreError) as fault:
            house.run(PLACE_ORDER, order(("A", 3), command_id="busy"))
        assert fault.value.code == "busy"
    assert "busy" not in {record.id for record in house.rows(CommandRecord)}
    house.order(("A", 3), command_id="busy")
    assert house.stock("A") == (3, 3, 0)


def _busy(house: House) -> Any:
    begin = house.store.transaction

    @contextlib.contextmanager
    def failing(*arguments: Any, **options: Any) -> Iterator[Any]:
        with begin(*arguments, **options) as uow:
            yield uow
            raise StockcoreError("busy", "at the last moment")

    return failing


def test_a_malformed_command_leaves_nothing(house: House) -> None:
    bad = receipt(0, command_id="key")
    assert house.refused(RECEIVE_STOCK, bad).code == "quantity_not_positive"
    assert house.do(RECEIVE_STOCK, receipt(3, command_id="key")).on_hand == 3


def test_a_dry_run_decides_and_writes_nothing(house: House) -> None:
    [outcome] = execute(house.store, RECEIVE_STOCK, [receipt(3, command_id="key")], origin=ANN, dry_run=True)
    assert isinstance(outcome, Accepted)
    assert outcome.result.on_hand == 3
    assert house.stock("A") == (0, 0, 0)
    assert not house.rows(Movement)
    [refused] = execute(house.store, PLACE_ORDER, [order(("A", 1), command_id="o")], origin=ANN, dry_run=True)
    assert isinstance(refused, Rejected)
    house.receive("A", 3, command_id="key")
    house.order(("A", 1), command_id="o")


@contextlib.contextmanager
def killed_before_commit(store: SqlStore, what: str, argument: str, command_id: str) -> Iterator[None]:
    """While the block runs, a process has done the command and not committed; then it is killed."""
    program = [sys.executable, "-m", "tests.support.dying", store.url, what, argument, command_id]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield
        process.send_signal(signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)  # a store in memory dies with its process
def test_what_a_dead_process_had_not_committed_is_done_once_by_the_retry(house: House) -> None:
    """S155: the key vanished with its owner's transaction."""
    assert isinstance(house.store, SqlStore)
    with killed_before_commit(house.store, "receive", "3", "key"):
        pass
    assert "key" not in {record.id for record in house.rows(CommandRecord)}
    assert house.stock("A") == (0, 0, 0)
    results = together(*[lambda: house.do(RECEIVE_STOCK, receipt(3, command_id="key")) for _ in range(2)])
    assert results[0] == results[1]
    assert house.stock("A") == (3, 0, 3)


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)  # a store in memory dies with its process
def test_a_process_that_dies_in_a_long_cancel_leaves_none_of_it(house: House) -> None:
    """S151: 500 lines; after the restart all are released, or none."""
    assert isinstance(house.store, SqlStore)
    house.receive("A", 500)
    number = house.order(*[("A", 1)] * 500).number
    with killed_before_commit(house.store, "cancel", number, "key"):
        pass
    assert house.stock("A") == (500, 500, 0)
    house.do(CANCEL_ORDER, CancelOrder(number=number, command_id="key"))
    assert house.stock("A") == (500, 0, 500)
