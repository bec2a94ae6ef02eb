"""What can be asked of stockcore, as methods: one command by its fields, or a whole batch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from typing import Final, Generic, ParamSpec, TypeVar

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import Command, UseCase, execute
from stockcore.kernel.results import Outcome, value_of
from stockcore.kernel.unit_of_work import Origin, Store
from stockcore.orders.following import follow_up_orders
from stockcore.stock.records import FollowUp

P = ParamSpec("P")
C = TypeVar("C", bound=Command)
R = TypeVar("R")

#: What a database may say today and not tomorrow.
_PASSING: Final = ("busy", "db_unavailable", "read_only", "storage_full")


@attrs.frozen
class Desk:
    """Where commands are handed in: the books, and who acts."""

    store: Store
    origin: Origin

    def carry_out(
        self, use_case: UseCase[C, R], commands: Sequence[C], *, atomic: bool, dry_run: bool
    ) -> list[Outcome[R]]:
        return execute(
            self.store,
            use_case,
            commands,
            origin=self.origin,
            atomic=atomic,
            dry_run=dry_run,
            after=self._follow_up_if_any,
        )

    def _follow_up_if_any(self, inserted: Collection[type]) -> None:
        """What was asked for is done, whatever becomes of this; what cannot be done is left for the next one, and
        `verify` says why."""
        if FollowUp in inserted:
            with contextlib.suppress(StockcoreError):
                self.follow_up()

    def follow_up(self) -> int:
        """Have orders take note of what stock did for them; how many did. What the database cannot do at the moment is
        left for the next one who comes. Errors: internal, schema_mismatch."""
        try:
            return follow_up_orders(self.store, self.origin)
        except StockcoreError as error:
            if error.code not in _PASSING:
                raise
            return 0


class Ask(Generic[P, C, R]):
    """One thing that can be asked.

    Called with the fields of its command it carries out that one command and gives its result, or raises the refusal
    as StockcoreError. `do` is the same for a command that is made already; `batch` takes many and gives an outcome
    for each, in order, raising nothing for a refusal.
    """

    def __init__(self, desk: Desk, use_case: UseCase[C, R], command: Callable[P, C]) -> None:
        self._desk = desk
        self.use_case = use_case
        self._command = command

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.do(self._command(*args, **kwargs))

    def do(self, command: C, *, dry_run: bool = False) -> R:
        (outcome,) = self.batch([command], dry_run=dry_run)
        return value_of(outcome)

    def batch(self, commands: Sequence[C], *, atomic: bool = False, dry_run: bool = False) -> list[Outcome[R]]:
        return self._desk.carry_out(self.use_case, commands, atomic=atomic, dry_run=dry_run)

    def __repr__(self) -> str:
        return f"<{self.use_case.name}>"
