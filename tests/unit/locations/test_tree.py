"""The shape of the tree: order, rings, branches (LOC-02, B091, B093, B153)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockcore.locations.tree import branch, children_of, parents_first, way_up
from tests.unit.locations.places import place

FOREST = st.integers(1, 30).flatmap(
    lambda count: st.lists(st.one_of(st.none(), st.integers(0, count - 1)), min_size=count, max_size=count)
)


def test_children_may_stand_before_their_parents() -> None:
    assert parents_first([1, 2, None]) == ([2, 1, 0], [])


def test_b153_a_ring_is_listed_from_child_to_parent() -> None:
    order, rings = parents_first([1, 2, 0, None, 2])
    assert rings == [[0, 1, 2]]
    assert order == [3, 4], "what hangs below a ring is still answered"


def test_b091_a_row_that_is_its_own_parent_is_a_ring_of_one() -> None:
    assert parents_first([0]) == ([], [[0]])


def test_b093_a_chain_of_a_thousand_needs_no_recursion() -> None:
    order, rings = parents_first([None, *range(5_000)])
    assert order == list(range(5_001))
    assert rings == []


@given(FOREST)
def test_every_row_is_in_the_order_or_in_one_ring_and_after_its_parent(parents: list[int | None]) -> None:
    order, rings = parents_first(parents)
    in_rings = [row for ring in rings for row in ring]
    assert sorted([*order, *in_rings]) == list(range(len(parents)))
    place_of = {row: place for place, row in enumerate(order)}
    for row in order:
        above = parents[row]
        assert above is None or above in in_rings or place_of[above] < place_of[row]
    for ring in rings:
        assert [parents[row] for row in ring] == [*ring[1:], ring[0]]


def test_a_branch_is_a_place_and_all_below_it() -> None:
    places = [place(1), place(2, 1), place(3, 2), place(4, 3), place(5, 1)]
    found = branch(children_of(places), places[1])
    assert [one.id for one in found] == [2, 3, 4]
    assert [one.id for one in way_up({one.id: one for one in places}, places[3])] == [4, 3, 2, 1]


@pytest.mark.parametrize("count", [1, 16])
def test_a_way_up_ends_at_the_site(count: int) -> None:
    places = {number: place(number, number - 1 if number > 1 else None) for number in range(1, count + 1)}
    assert way_up(places, places[count])[-1].parent is None
