"""What every change of an order leaves behind: its history, and the one message that tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from stockcore.kernel.plain import to_json
from stockcore.kernel.records import Message
from stockcore.kernel.unit_of_work import Changes, Ids, UnitOfWork
from stockcore.orders.lifecycle import State, step
from stockcore.orders.records import HistoryEntry, Order, Shipment

NOTHING_LEFT: Final = "nothing is left in it"  # why a shipment is cancelled whose goods gave way


class Holder(Protocol):
    """Who decides on orders, and holds what will be written of it."""

    uow: UnitOfWork
    ids: Ids
    changes: Changes

    def new_id(self) -> UUID: ...


def write_history(
    holder: Holder,
    order: Order,
    steps: Sequence[tuple[str | None, str]],
    shipment: UUID | None,
    explanation: str | None = None,
    reason: str | None = None,
) -> None:
    """One row per transition, within the version that `announce` is about to give. Errors: illegal_transition."""
    origin = holder.uow.origin
    for from_state, to_state in steps:
        if from_state is not None:
            step(from_state, to_state)
        order.history_count += 1
        holder.changes.append(
            HistoryEntry(
                order.id,
                order.history_count,
                order.version + 1,
                shipment,
                from_state,
                to_state,
                holder.ids.now,
                origin.actor,
                origin.source,
                reason,
                explanation if to_state == State.VALIDATED or len(steps) == 1 else None,
            )
        )


def close_shipment(holder: Holder, order: Order, shipment: Shipment, reason: str | None) -> None:
    """A shipment that has nothing to send any more is cancelled."""
    write_history(holder, order, [(shipment.state, State.CANCELLED)], shipment.id, reason=reason)
    shipment.state = State.CANCELLED
    shipment.changed_at = holder.ids.now
    holder.changes.update(shipment)


def announce(holder: Holder, order: Order, type_: str, data: Any) -> None:
    """Raise the order's version and write the one message that goes with it; `data` is plain, or JSON already."""
    order.version += 1
    order.changed_at = holder.ids.now
    holder.changes.update(order)
    holder.changes.append(
        Message(
            holder.new_id(),
            "order",
            order.id,
            order.version,
            type_,
            1,
            holder.ids.now,
            holder.uow.origin.actor,
            data if isinstance(data, str) else to_json(data),
        )
    )
