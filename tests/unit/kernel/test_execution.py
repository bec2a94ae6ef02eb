"""Carrying out commands: once per id, each answered, all or one by one, and nothing left by what failed.

The use case under test counts: an `Add` to a setting that may not pass 100.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import attrs
import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import BATCH_MAX, UseCase, Work, carry_out, execute
from stockcore.kernel.quantity import read_quantity
from stockcore.kernel.records import CommandRecord, LockSettings, Setting
from stockcore.kernel.results import Accepted, Outcome, Rejected
from stockcore.kernel.unit_of_work import Changes, Origin, UnitOfWork
from stockcore_memory import MemoryStore

ORIGIN = Origin()


@attrs.frozen
class Add:
    amount: Any
    note: Mapping[str, Any] | str | None = None
    command_id: Any = None


@attrs.frozen
class Added:
    total: Decimal


class CountingStore(MemoryStore):
    """Notes how many transactions were begun."""

    def __init__(self) -> None:
        super().__init__()
        self.transactions = 0

    def transaction(self, origin: Origin, *, dry_run: bool = False) -> Any:
        self.transactions += 1
        return super().transaction(origin, dry_run=dry_run)


def add(uow: UnitOfWork, work: Work[Add, Added]) -> None:
    known, settings = uow.load(work.known(), LockSettings(("total",)))
    work.settle(known)
    changes = Changes()
    total = settings[0] if settings else Setting("total", "0")
    (changes.update if settings else changes.insert)(total)

    def decide(command: Add) -> Added:
        if command.note == "broken disk":
            raise StockcoreError("db_unavailable", "gone")
        if command.note == "defect":
            raise ZeroDivisionError
        after = Decimal(total.value) + read_quantity(command.amount, field="amount")
        if after > 100:
            raise StockcoreError("insufficient_stock", "too much", field="amount", over=after - 100)
        total.value = str(after)
        changes.update(total)
        if command.note == "too late":
            raise StockcoreError("insufficient_stock", "noticed in the middle of the changes")
        return Added(after)

    work.decide(decide, changes)
    work.record(changes, uow.draw(1).now)
    uow.write(changes)


ADD = UseCase("add", Added, add)
ADD_TWICE = UseCase("add_twice", Added, add)


def run(store: MemoryStore, *commands: Add, **options: Any) -> list[Outcome[Added]]:
    return execute(store, ADD, commands, origin=ORIGIN, **options)


def total(store: MemoryStore) -> Any:
    return Decimal(next((row.value for row in store.rows(Setting)), "0"))


def answered(store: MemoryStore) -> list[str]:
    return [row.id for row in store.rows(CommandRecord)]


def codes(outcomes: list[Outcome[Added]]) -> list[str]:
    return [outcome.code if isinstance(outcome, Rejected) else "" for outcome in outcomes]


def test_each_command_is_answered_in_order_and_a_refusal_leaves_the_others_alone() -> None:
    store = MemoryStore()
    outcomes = run(store, Add(60), Add(50), Add("x"), Add("40"))
    assert outcomes[0] == Accepted(Added(Decimal(60)))
    assert codes(outcomes) == ["", "insufficient_stock", "number_format", ""]
    assert total(store) == 100


def test_no_commands_are_no_transaction() -> None:
    store = CountingStore()
    assert run(store) == []
    assert store.transactions == 0


def test_the_same_id_gives_the_same_answer_and_one_effect() -> None:
    store = MemoryStore()
    first = run(store, Add(60, command_id="a"), Add(50, command_id="b"))
    again = run(store, Add(60, command_id="a"), Add(50, command_id="b"))
    assert again == [attrs.evolve(outcome, repeated=True) for outcome in first]
    assert total(store) == 60


def test_a_refusal_stays_the_answer_though_the_state_has_changed_since() -> None:
    store = MemoryStore()
    run(store, Add(90))
    refused = run(store, Add(20, command_id="a"))
    with store.transaction(ORIGIN) as uow:
        (setting,) = uow.load(LockSettings(("total",)))
        setting.value = "0"
        changes = Changes()
        changes.update(setting)
        uow.write(changes)
    assert run(store, Add(20, command_id="a")) == [attrs.evolve(refused[0], repeated=True)]
    assert codes(run(store, Add(20, command_id="b"))) == [""]


@pytest.mark.parametrize(
    "other", [Add(2, command_id="a"), Add("1", command_id="a"), Add(1, note="x", command_id="a"), Add(1, {}, "a")]
)
def test_the_same_id_for_another_command_is_refused_and_changes_nothing_s159(other: Add) -> None:
    store = MemoryStore()
    run(store, Add(1, command_id="a"))
    (refused,) = run(store, other)
    assert codes([refused]) == ["idempotency_key_reuse"]
    assert (total(store), answered(store)) == (1, ["a"])


def test_the_same_id_for_another_use_case_is_refused() -> None:
    store = MemoryStore()
    run(store, Add(1, command_id="a"))
    outcomes = execute(store, ADD_TWICE, [Add(1, command_id="a")], origin=ORIGIN)
    assert codes(outcomes) == ["idempotency_key_reuse"]


def test_a_huge_number_is_another_command_and_no_quantity_b005() -> None:
    store = MemoryStore()
    run(store, Add(1, command_id="a"))
    assert codes(run(store, Add(Decimal("1e999999999"), command_id="a"))) == ["idempotency_key_reuse"]
    assert codes(run(store, Add(Decimal("1e-999999999")))) == ["quantity_precision"]


def test_a_command_sent_twice_in_one_batch_is_done_once() -> None:
    store = MemoryStore()
    first, second, third = run(store, Add(1, command_id="a"), Add(1, command_id="a"), Add(2, command_id="a"))
    assert second == attrs.evolve(first, repeated=True)
    assert codes([third]) == ["idempotency_key_reuse"]
    assert (total(store), answered(store)) == (1, ["a"])


def test_ids_are_trimmed_and_an_unreadable_one_refuses_its_command_only() -> None:
    store = MemoryStore()
    outcomes = run(
        store, Add(1, command_id=" a "), Add(2, command_id="\0"), Add(4, command_id=7), Add(8, None, "x" * 256)
    )
    assert codes(outcomes) == ["", "text_invalid", "type_error", "text_too_long"]
    assert [outcome.field for outcome in outcomes if isinstance(outcome, Rejected)] == ["command_id"] * 3
    assert (total(store), answered(store)) == (1, ["a"])


def test_a_command_without_id_is_answered_under_one_of_ours() -> None:
    store = MemoryStore()
    run(store, Add(1), Add(1))
    assert (total(store), len(set(answered(store)))) == (2, 2)


def test_a_malformed_command_leaves_nothing_and_may_be_sent_again_corrected() -> None:
    store = MemoryStore()
    assert codes(run(store, Add("NaN", command_id="a"))) == ["quantity_not_finite"]
    assert answered(store) == []
    assert codes(run(store, Add(5, command_id="a"))) == [""]


def test_with_atomic_one_refusal_undoes_all_and_is_itself_remembered() -> None:
    store = MemoryStore()
    commands = [Add(60, command_id="a"), Add(60, command_id="b"), Add("x", command_id="c")]
    outcomes = run(store, *commands, atomic=True)
    assert codes(outcomes) == ["batch_refused", "insufficient_stock", "number_format"]
    assert (total(store), answered(store)) == (0, ["b"])
    again = run(store, *commands, atomic=True)
    assert codes(again) == codes(outcomes)
    assert again[1].repeated
    assert not again[0].repeated


def test_with_atomic_a_repeat_inside_a_refused_batch_is_undone_too() -> None:
    store = MemoryStore()
    outcomes = run(store, Add(60, command_id="a"), Add(60, command_id="a"), Add(60, command_id="b"), atomic=True)
    assert codes(outcomes) == ["batch_refused", "batch_refused", "insufficient_stock"]


def test_with_atomic_what_was_done_before_the_batch_stays_done() -> None:
    store = MemoryStore()
    run(store, Add(60, command_id="a"))
    outcomes = run(store, Add(60, command_id="a"), Add(60, command_id="b"), atomic=True)
    assert codes(outcomes) == ["", "insufficient_stock"]
    assert outcomes[0].repeated
    assert total(store) == 60


def test_with_atomic_and_no_refusal_all_is_done_in_one_transaction() -> None:
    store = CountingStore()
    outcomes = run(store, *[Add("0.1")] * 300, atomic=True)
    assert codes(outcomes) == [""] * 300
    assert (total(store), store.transactions) == (30, 1)


@pytest.mark.parametrize("atomic", [False, True])
def test_a_dry_run_decides_the_same_and_leaves_nothing_not_even_answers(atomic: bool) -> None:
    store = MemoryStore()
    run(store, Add(1))
    before = (store.rows(Setting), store.rows(CommandRecord))
    commands = [Add(60, command_id="a"), Add(60, command_id="b")]
    tried = run(store, *commands, atomic=atomic, dry_run=True)
    assert (store.rows(Setting), store.rows(CommandRecord)) == before
    assert tried == run(store, *commands, atomic=atomic)


def test_a_dry_run_over_several_parts_decides_as_the_real_run_will() -> None:
    store = MemoryStore()
    commands = [Add("0.4")] * (2 * BATCH_MAX)
    tried = run(store, *commands, dry_run=True)
    assert codes(tried).count("insufficient_stock") == 150
    assert total(store) == 0
    assert run(store, *commands) == tried


@pytest.mark.parametrize(("count", "transactions"), [(1, 1), (200, 1), (201, 2), (401, 3)])
def test_rows_run_in_transactions_of_at_most_two_hundred(count: int, transactions: int) -> None:
    store = CountingStore()
    assert len(run(store, *[Add("0.1")] * count)) == count
    assert store.transactions == transactions
    assert total(store) == Decimal(count) / 10


def test_a_repeat_in_a_later_part_is_recognised() -> None:
    store = MemoryStore()
    outcomes = run(store, Add(1, command_id="a"), *[Add("0.1")] * BATCH_MAX, Add(1, command_id="a"))
    assert outcomes[-1] == attrs.evolve(outcomes[0], repeated=True)


@pytest.mark.parametrize(("note", "error"), [("broken disk", StockcoreError), ("defect", ZeroDivisionError)])
@pytest.mark.parametrize("atomic", [False, True])
def test_an_infrastructure_fault_leaves_nothing(note: str, error: type[Exception], atomic: bool) -> None:
    store = MemoryStore()
    with pytest.raises(error):
        run(store, Add(1, command_id="a"), Add(1, note=note, command_id="b"), atomic=atomic)
    assert (store.rows(Setting), answered(store)) == ([], [])
    assert codes(run(store, Add(1, command_id="a"))) == [""]


def test_several_use_cases_share_one_transaction() -> None:
    store = MemoryStore()
    with store.transaction(ORIGIN) as uow:
        carry_out(uow, ADD, [Add(1, command_id="a")])
        (repeated,) = carry_out(uow, ADD, [Add(1, command_id="a")])
        carry_out(uow, ADD, [Add(1)])
    assert repeated.repeated
    assert total(store) == 2


def test_what_waits_for_a_decision_is_each_new_command_once() -> None:
    store = MemoryStore()
    run(store, Add(1, command_id="old"))
    commands = [Add(1, command_id="old"), Add(2, command_id="a"), Add(2, command_id="a"), Add(3, None, "\0"), Add(4)]
    seen: list[Add] = []

    def look(uow: UnitOfWork, work: Work[Add, Added]) -> None:
        work.settle(uow.load(work.known()))
        seen.extend(work.unanswered())
        work.decide(lambda command: Added(Decimal(0)), Changes())

    execute(store, UseCase("add", Added, look), commands, origin=ORIGIN)
    assert seen == [commands[1], commands[4]]


def test_a_command_refused_in_the_middle_of_its_changes_leaves_none_and_the_others_are_done() -> None:
    store = MemoryStore()
    late = Add(5, "too late", "late")
    outcomes = run(store, Add(1), late, Add(2))
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [True, False, True]
    assert total(store) == 3
    [again] = run(store, late)
    assert isinstance(again, Rejected)
    assert (again.code, again.repeated) == ("insufficient_stock", True)


def test_a_dry_run_and_an_atomic_batch_tell_of_a_command_refused_in_the_middle_too() -> None:
    store = MemoryStore()
    commands = [Add(1), Add(5, "too late"), Add(2)]
    told = execute(store, ADD, commands, origin=ORIGIN, dry_run=True)
    assert [isinstance(outcome, Accepted) for outcome in told] == [True, False, True]
    told = execute(store, ADD, commands, origin=ORIGIN, atomic=True)
    assert [getattr(outcome, "code", None) for outcome in told] == [
        "batch_refused",
        "insufficient_stock",
        "batch_refused",
    ]
    assert total(store) == 0
