"""The state machine as data (DESIGN 4): one table, read by the code, the errors, the docs' diagram, verify and tests.

An order steps through received, validated, supplier_confirmed, cancelled; each of its shipments through picking,
packed, dispatched, delivered, cancelled. From release on the order's state is computed from its shipments.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ZERO


class State(enum.StrEnum):
    RECEIVED = "received"
    VALIDATED = "validated"
    SUPPLIER_CONFIRMED = "supplier_confirmed"
    PICKING = "picking"
    PACKED = "packed"
    DISPATCHED = "dispatched"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@attrs.frozen
class Step:
    """One permitted transition: who may take it and what it sets off (names of effects)."""

    permission: str
    effects: tuple[str, ...] = ()


_CANCEL: Final = Step("orders.cancel", ("release_stock",))
LIFECYCLE: Final[Mapping[State, Mapping[State, Step]]] = {
    State.RECEIVED: {State.VALIDATED: Step("orders.place", ("reserve_stock",)), State.CANCELLED: _CANCEL},
    State.VALIDATED: {State.SUPPLIER_CONFIRMED: Step("orders.confirm"), State.CANCELLED: _CANCEL},
    State.SUPPLIER_CONFIRMED: {
        State.PICKING: Step("fulfilment.release", ("allocate_stock",)),
        State.CANCELLED: _CANCEL,
    },
    State.PICKING: {State.PACKED: Step("fulfilment.pack", ("move_to_packing",)), State.CANCELLED: _CANCEL},
    State.PACKED: {State.DISPATCHED: Step("fulfilment.dispatch", ("issue_stock",)), State.CANCELLED: _CANCEL},
    State.DISPATCHED: {State.DELIVERED: Step("fulfilment.deliver")},
    State.DELIVERED: {},
    State.CANCELLED: {},
}

#: The states of a shipment, in order; those in which it is still open.
SHIPMENT_STATES: Final = (State.PICKING, State.PACKED, State.DISPATCHED, State.DELIVERED)
OPEN_SHIPMENT: Final = (State.PICKING, State.PACKED, State.DISPATCHED)
#: Goods are still in the house.
UNDISPATCHED: Final = (State.PICKING, State.PACKED)
BEFORE: Final[Mapping[State, State]] = {after: before for before, after in itertools.pairwise(SHIPMENT_STATES)}


def step(current: str, wanted: str) -> Step:
    """The step from `current` to `wanted`. Errors: illegal_transition, which names what is allowed."""
    found = LIFECYCLE[State(current)].get(State(wanted))
    if found is None:
        raise illegal(current, wanted)
    return found


def illegal(current: str, wanted: str) -> StockcoreError:
    steps = LIFECYCLE[State(current)]
    allowed = sorted(str(step) for step in steps if step != wanted)
    if wanted in steps:
        more = "; that is a command of its own"  # cancelling is no advance
    else:
        more = f", only {' or '.join(allowed)}" if allowed else ": it has ended"
    return StockcoreError(
        "illegal_transition",
        f"an order that is {current} cannot become {wanted}{more}",
        current=str(current),
        wanted=str(wanted),
        allowed=allowed,
    )


def shipped_of_service(own: str, ordered: Decimal, cancelled: Decimal) -> Decimal:
    """What counts as shipped of a line that is not stocked, in base units, by the order's own state: a service has no
    goods to wait for and is done as soon as its order is confirmed. Pure."""
    return ordered - cancelled if own == State.SUPPLIER_CONFIRMED else ZERO


def shown_state(own: str, shipments: Iterable[str], open_remainder: bool) -> State:
    """What an order's state is: the least advanced of its open shipments, an open remainder (reserved and not
    released, or backordered) counting as supplier_confirmed; with nothing open, delivered: so is a confirmed order of
    services only, which has nothing to release. Pure."""
    state = State(own)
    if state is not State.SUPPLIER_CONFIRMED or open_remainder:
        return state
    still_open = [State(shipment) for shipment in shipments if shipment in OPEN_SHIPMENT]
    return min(still_open, key=SHIPMENT_STATES.index) if still_open else State.DELIVERED
