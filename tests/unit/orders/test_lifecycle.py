"""The order's states as data (DESIGN 4): each is reached, and ends; nothing goes another way."""

from __future__ import annotations

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.orders.lifecycle import LIFECYCLE, State, step


def reached_from(state: State) -> set[State]:
    found: set[State] = set()
    waiting = [state]
    while waiting:
        for after in LIFECYCLE[waiting.pop()]:
            if after not in found:
                found.add(after)
                waiting.append(after)
    return found


def test_every_state_is_reached_from_the_first_and_comes_to_an_end() -> None:
    assert set(LIFECYCLE) == set(State) == {State.RECEIVED} | reached_from(State.RECEIVED)
    ends = {state for state, steps in LIFECYCLE.items() if not steps}
    assert ends == {State.DELIVERED, State.CANCELLED}
    assert all(reached_from(state) & ends for state in set(State) - ends)


def test_no_state_leads_back() -> None:
    assert all(state not in reached_from(state) for state in State)


@pytest.mark.parametrize("wanted", sorted(set(State) - {State.DELIVERED}))
def test_what_was_dispatched_can_only_be_delivered(wanted: State) -> None:
    with pytest.raises(StockcoreError, match="cannot become") as refusal:
        step(State.DISPATCHED, wanted)
    assert refusal.value.code == "illegal_transition"
    assert refusal.value.facts["allowed"] == ["delivered"]


def test_what_has_ended_stays_so() -> None:
    with pytest.raises(StockcoreError, match="it has ended"):
        step(State.CANCELLED, State.PICKING)
