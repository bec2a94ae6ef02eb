"""Carrying out commands: in batches, once per command id, each answered, all or one by one.

A use case is a function of a unit of work and the work to do. It loads, decides, and writes everything at once;
this module gives it the commands, keeps the answers, and repeats it as a whole when the database says so
(DESIGN 2).
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from decimal import localcontext
from functools import lru_cache
from typing import Any, Final, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

import attrs

from stockcore.kernel.errors import Kind, StockcoreError
from stockcore.kernel.fingerprint import command_fingerprint
from stockcore.kernel.plain import from_plain, to_json, to_plain
from stockcore.kernel.quantity import ARITHMETIC
from stockcore.kernel.records import CommandRecord, KnownCommands
from stockcore.kernel.results import Accepted, Outcome, Rejected
from stockcore.kernel.text import read_text
from stockcore.kernel.unit_of_work import Changes, Origin, Store, UnitOfWork

#: Commands decided before the first write and, at most, between two: few at first, so that the server begins soon,
#: then half as many again each time, so that it never waits and has few statements to carry out (docs/adr/0003).
WRITE_FIRST: Final = 8
WRITE_AFTER_MAX: Final = 32
BATCH_MAX: Final = 200  # commands per transaction when they need not stand or fall together


#: Called after a commit with the record classes of which rows were inserted.
After: TypeAlias = Callable[[Collection[type]], object]


class Command(Protocol):
    @property
    def command_id(self) -> str | None: ...


C = TypeVar("C", bound=Command)
R = TypeVar("R")


class Work(Generic[C, R]):
    """The commands of one transaction, their ids, and the answers as they come."""

    def __init__(
        self, use_case: UseCase[C, R], commands: Sequence[C], fresh: Sequence[UUID], *, again: bool = True
    ) -> None:
        """`fresh`: ids for the commands that bring none. `again`: those may have been used by an earlier attempt."""
        self._use_case = use_case
        self.commands = commands
        self.ids: list[str] = []
        self._outcomes: list[Outcome[R] | None] = [None] * len(commands)
        self._known: dict[str, CommandRecord] = {}
        self._first: dict[str, int] = {}
        self._recorded = 0  # so many of the answers were given to `record`'s changes
        self.inserted: frozenset[type] = frozenset()  # after `record`: the record classes of which there are new rows
        self._again = again
        self._texts: dict[int, str] = {}
        self._fingerprints: list[str] = []
        for index, (command, own) in enumerate(zip(commands, fresh, strict=True)):
            self.ids.append(self._name(index, command, own))

    def _name(self, index: int, command: C, own: UUID) -> str:
        """A command without an id goes by one of ours. So does one with an unreadable id, which is refused."""
        if command.command_id is None:
            return str(own)
        try:
            return read_text(command.command_id, field="command_id")
        except StockcoreError as refusal:
            self._outcomes[index] = Rejected.of(refusal)
            return str(own)

    def known(self) -> KnownCommands:
        """To be loaded with the first `load`, and given to `settle`."""
        if self._again:
            return KnownCommands(tuple(self.ids))
        named = zip(self.commands, self.ids, strict=True)
        return KnownCommands(tuple(command_id for command, command_id in named if command.command_id is not None))

    def settle(self, known: Sequence[CommandRecord]) -> None:
        """Take note of the commands that were answered before."""
        self._known = {record.id: record for record in known}

    def unanswered(self) -> list[C]:
        """After `settle`: the commands that `decide` will come to, in order; to decide over the whole batch."""
        first: dict[str, C] = {}
        for command, command_id in zip(self.commands, self.ids, strict=True):
            if command_id not in self._known:
                first.setdefault(command_id, command)
        refused = {id(command) for command, outcome in zip(self.commands, self._outcomes, strict=True) if outcome}
        return [command for command in first.values() if id(command) not in refused]

    def prepare(self) -> None:
        """What can be done before anything is loaded."""
        self._fingerprints = [command_fingerprint(command) for command in self.commands]

    def _fingerprint(self, index: int) -> str:
        return self._fingerprints[index] if self._fingerprints else command_fingerprint(self.commands[index])

    def decide(self, decide: Callable[[C], R], changes: Changes, write: Callable[[], None] | None = None) -> None:
        """Answer every command that has no answer yet, in order. `decide` either raises a StockcoreError before it has
        made `changes`, or makes them and returns its result. `write` is called every now and then, so that a database
        server writes what is decided while the rest is being decided; not for the last part.

        Errors: HalfDoneError, for a command refused in the middle of its changes.
        """
        points = _write_points(len(self.commands)) if write is not None else frozenset()
        for index, (command, command_id) in enumerate(zip(self.commands, self.ids, strict=True)):
            if write is not None and index in points:
                write()
            if self._outcomes[index] is None:
                outcome = self._repeated(index, command_id) or self._decided(index, command, decide, changes)
                self._outcomes[index] = outcome

    def _repeated(self, index: int, command_id: str) -> Outcome[R] | None:
        record = self._known.get(command_id)
        if record is not None:
            if record.fingerprint != self._fingerprint(index) or record.name != self._use_case.name:
                return _reused(command_id)
            return self._use_case.answer(record)
        first = self._first.setdefault(command_id, index)
        if first == index:
            return None
        if self._fingerprint(index) != self._fingerprint(first):
            return _reused(command_id)
        outcome = self._outcomes[first]
        return None if outcome is None else attrs.evolve(outcome, repeated=True)

    def _decided(self, index: int, command: C, decide: Callable[[C], R], changes: Changes) -> Outcome[R]:
        touched = changes.touched
        try:
            return Accepted(decide(command))
        except StockcoreError as refusal:
            if refusal.kind is Kind.INFRASTRUCTURE:
                raise
            outcome = Rejected.of(refusal)
            if changes.touched == touched:
                return outcome
            self._outcomes[index] = outcome
            raise HalfDoneError(self) from refusal

    def note_text(self, result: R, text: str) -> None:
        """The JSON of a result where it is known already, so that it is not made twice."""
        self._texts[id(result)] = text

    def record(self, changes: Changes, now: datetime) -> None:
        """Have the new answers written with the changes they describe. Called last, before they are written."""
        self.inserted = self.inserted | changes.inserted.keys()
        for index in range(self._recorded, len(self.commands)):
            outcome = self._outcomes[index]
            if outcome is None:
                return
            self._recorded = index + 1
            if not outcome.repeated and _is_kept(outcome):
                changes.append(self._answered(index, outcome, now))

    def record_refusals(self, changes: Changes, now: datetime, known: Collection[str]) -> None:
        """Have the new refusals alone written, all else being undone; `known` ids were answered meanwhile."""
        for index, (command_id, outcome) in enumerate(zip(self.ids, self._outcomes, strict=True)):
            new = isinstance(outcome, Rejected) and not outcome.repeated and command_id not in known
            if outcome is not None and new and _is_kept(outcome):
                changes.append(self._answered(index, outcome, now))

    def _answered(self, index: int, outcome: Outcome[R], now: datetime) -> CommandRecord:
        text = self._answer_text(outcome)
        return CommandRecord(self.ids[index], self._use_case.name, self._fingerprint(index), text, now)

    def _answer_text(self, outcome: Outcome[R]) -> str:
        if isinstance(outcome, Rejected):
            return _rejection_json(outcome)
        text = self._texts.get(id(outcome.result))
        return '{"accepted":' + (to_json(to_plain(outcome.result)) if text is None else text) + "}"

    @property
    def outcomes(self) -> list[Outcome[R]]:
        return [outcome for outcome in self._outcomes if outcome is not None]

    @property
    def is_refused(self) -> bool:
        """Whether one of the commands cannot be done."""
        return any(isinstance(outcome, Rejected) for outcome in self._outcomes)

    def undone(self) -> list[Outcome[R]]:
        """The outcomes once all is undone: what was done here is `batch_refused`, an earlier answer stays."""
        return [
            _batch_refused()
            if outcome is None or not (isinstance(outcome, Rejected) or command_id in self._known)
            else outcome
            for command_id, outcome in zip(self.ids, self._outcomes, strict=True)
        ]


class HalfDoneError(Exception):
    """A command was refused after it had made some of its changes: the transaction must be undone as a whole."""

    def __init__(self, work: Work[Any, Any]) -> None:
        super().__init__("a command was refused in the middle of its changes")
        self.work = work


@lru_cache
def _write_points(count: int) -> frozenset[int]:
    """Before which of so many commands the ones decided so far are written; the last part is not a small one."""
    points: list[int] = []
    size = point = WRITE_FIRST
    while point + WRITE_FIRST <= count:
        points.append(point)
        size = min(size * 3 // 2, WRITE_AFTER_MAX)
        point += size
    return frozenset(points)


def _is_kept(outcome: Outcome[Any]) -> bool:
    """Whether an outcome is the answer to its command id from now on; a malformed command leaves nothing."""
    return isinstance(outcome, Accepted) or outcome.kind is Kind.RULE


def _batch_refused() -> Rejected:
    return Rejected(code="batch_refused", message="another command of this batch was refused, so none was done")


def _reused(command_id: str) -> Rejected:
    return Rejected(
        code="idempotency_key_reuse",
        message="this command id was used for another command",
        field="command_id",
        facts={"command_id": command_id},
        repeated=True,
    )


def _rejection_json(outcome: Rejected) -> str:
    return to_json(
        {
            "rejected": {
                "code": outcome.code,
                "message": outcome.message,
                "field": outcome.field,
                "row": outcome.row,
                "facts": outcome.facts,
            }
        }
    )


@attrs.frozen
class UseCase(Generic[C, R]):
    """What can be asked of stockcore: its name, the class of its results, the function that carries it out."""

    name: str
    result: type[R]
    carry_out: Callable[[UnitOfWork, Work[C, R]], None]

    def answer(self, record: CommandRecord) -> Outcome[R]:
        document = json.loads(record.answer)
        if "accepted" in document:
            return Accepted(from_plain(document["accepted"], self.result), repeated=True)
        return Rejected(repeated=True, **document["rejected"])


def execute(
    store: Store,
    use_case: UseCase[C, R],
    commands: Sequence[C],
    *,
    origin: Origin,
    atomic: bool = False,
    dry_run: bool = False,
    after: After | None = None,
) -> list[Outcome[R]]:
    """Carry out commands, one outcome each, in order.

    A rejected command leaves the others alone; with `atomic` one rejection undoes them all (`batch_refused`).
    With `dry_run` everything is decided and nothing is written, not even answers. `after` is called after each commit
    with the record classes of which rows were inserted.
    """
    if not commands:
        return []
    fresh = store.new_ids(len(commands))
    with localcontext(ARITHMETIC):
        if atomic:
            return _execute_atomic(store, use_case, commands, fresh, origin, dry_run, after)
        if dry_run:
            return _execute_dry(store, use_case, commands, fresh, origin)
        outcomes: list[Outcome[R]] = []
        for part in _slices(len(commands)):
            outcomes += _execute_batch(store, use_case, commands[part], fresh[part], origin, after)
        return outcomes


def _each_alone(count: int, run: Callable[[slice], list[Outcome[R]]]) -> list[Outcome[R]]:
    return [outcome for index in range(count) for outcome in run(slice(index, index + 1))]


def _slices(count: int) -> list[slice]:
    return [slice(start, start + BATCH_MAX) for start in range(0, count, BATCH_MAX)]


def _execute_dry(
    store: Store, use_case: UseCase[C, R], commands: Sequence[C], fresh: Sequence[UUID], origin: Origin
) -> list[Outcome[R]]:
    """In parts like the real thing, but in one transaction: a later part sees what an earlier one took."""

    def attempt() -> list[Outcome[R]]:
        outcomes: list[Outcome[R]] = []
        with store.transaction(origin, dry_run=True) as uow:
            for part in _slices(len(commands)):
                outcomes += carry_out(uow, use_case, commands[part], fresh[part])
        return outcomes

    try:
        return store.retrying(attempt)
    except HalfDoneError as half_done:
        if len(commands) == 1:
            return half_done.work.outcomes
        return _each_alone(len(commands), lambda one: _execute_dry(store, use_case, commands[one], fresh[one], origin))


def _execute_batch(
    store: Store,
    use_case: UseCase[C, R],
    commands: Sequence[C],
    fresh: Sequence[UUID],
    origin: Origin,
    after: After | None,
) -> list[Outcome[R]]:
    tries = itertools.count()

    def attempt() -> Work[C, R]:
        with store.transaction(origin) as uow:
            work = Work(use_case, commands, fresh, again=next(tries) > 0)
            uow.while_waiting(work.prepare)
            use_case.carry_out(uow, work)
            return work

    try:
        work = store.retrying(attempt)
    except HalfDoneError as half_done:
        if len(commands) == 1:
            _record_refusals(store, half_done.work, origin)
            return half_done.work.outcomes
        return _each_alone(
            len(commands), lambda one: _execute_batch(store, use_case, commands[one], fresh[one], origin, after)
        )
    if after is not None:
        after(work.inserted)
    return work.outcomes


def carry_out(
    uow: UnitOfWork, use_case: UseCase[C, R], commands: Sequence[C], fresh: Sequence[UUID] | None = None
) -> list[Outcome[R]]:
    """Carry out commands inside a unit of work that is already open; several use cases may share it.

    Errors: HalfDoneError, after which the unit of work must be undone.
    """
    new = fresh is None
    work = Work(use_case, commands, uow.new_ids(len(commands)) if fresh is None else fresh, again=not new)
    use_case.carry_out(uow, work)
    return work.outcomes


class _BatchRefusedError(Exception):
    """Carries the work out of a transaction that must be undone."""

    def __init__(self, work: Work[Any, Any]) -> None:
        self.work = work


def _execute_atomic(
    store: Store,
    use_case: UseCase[C, R],
    commands: Sequence[C],
    fresh: Sequence[UUID],
    origin: Origin,
    dry_run: bool,
    after: After | None,
) -> list[Outcome[R]]:
    def attempt() -> Work[C, R]:
        with store.transaction(origin, dry_run=dry_run) as uow:
            work = Work(use_case, commands, fresh)
            try:
                use_case.carry_out(uow, work)
            except HalfDoneError:  # those behind it are not looked at
                raise _BatchRefusedError(work) from None
            if work.is_refused:
                raise _BatchRefusedError(work)
            return work

    try:
        work = store.retrying(attempt)
        if after is not None and not dry_run:
            after(work.inserted)
        return work.outcomes
    except _BatchRefusedError as refused:
        if not dry_run:
            _record_refusals(store, refused.work, origin)
        return refused.work.undone()


def _record_refusals(store: Store, work: Work[Any, Any], origin: Origin) -> None:
    """After the roll-back: a refusal leaves its answer, so that the same command id gets it again."""

    def attempt() -> None:
        with store.transaction(origin) as uow:
            known = {record.id for record in uow.load(work.known())}
            changes = Changes()
            work.record_refusals(changes, uow.draw(1).now, known)
            uow.write(changes)

    store.retrying(attempt)
