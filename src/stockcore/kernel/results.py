"""What a command comes back with: accepted with what it made, or rejected with a stable code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeAlias, TypeVar

import attrs

from stockcore.kernel.errors import CODES, Kind, StockcoreError
from stockcore.kernel.plain import plain_facts

R = TypeVar("R")


@attrs.frozen
class Accepted(Generic[R]):
    """Done, durably, with all its effects. `repeated`: the same command id had been carried out before."""

    result: R
    repeated: bool = False


@attrs.frozen(kw_only=True)
class Rejected:
    """Refused, with nothing changed. `facts` are for machines: plain data, quantities as plain text."""

    code: str
    message: str
    field: str | None = None
    row: int | None = None
    facts: Mapping[str, Any] = attrs.field(factory=dict)
    repeated: bool = False

    @classmethod
    def of(cls, error: StockcoreError, *, row: int | None = None) -> Rejected:
        return cls(
            code=error.code,
            message=error.message,
            field=error.field,
            row=row or error.row,
            facts=plain_facts(error.facts),
        )

    @property
    def kind(self) -> Kind:
        return CODES[self.code]

    def as_error(self) -> StockcoreError:
        return StockcoreError(self.code, self.message, field=self.field, row=self.row, **self.facts)


Outcome: TypeAlias = Accepted[R] | Rejected


def value_of(outcome: Outcome[R]) -> R:
    """The accepted result; a rejection is raised as StockcoreError."""
    if isinstance(outcome, Rejected):
        raise outcome.as_error()
    return outcome.result
