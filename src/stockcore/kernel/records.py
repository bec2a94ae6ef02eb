"""Rows that every context writes: the answer to a command, a message for the outbox, a setting."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import attrs

from stockcore.kernel.unit_of_work import Query


@attrs.define
class CommandRecord:
    """The answer that was given to a command; the same id gets it again. Nothing clears them away yet."""

    id: str
    name: str
    fingerprint: str
    answer: str  # JSON: {"accepted": …} or {"rejected": …}
    recorded_at: datetime


@attrs.define
class Message:
    """A domain event, written in the transaction that made it true; delivery is the relay's.

    `aggregate_version` is raised under the aggregate's lock: unique and without gaps per aggregate.
    """

    id: UUID
    aggregate_type: str
    aggregate_id: UUID
    aggregate_version: int
    type: str
    type_version: int
    occurred_at: datetime
    actor: str
    data: str  # JSON


@attrs.define
class Setting:
    """A named value of this company (base currency …) as JSON."""

    name: str
    value: str


@attrs.frozen
class KnownCommands(Query[CommandRecord]):
    ids: tuple[str, ...]


@attrs.frozen
class LockSettings(Query[Setting]):
    names: tuple[str, ...]
