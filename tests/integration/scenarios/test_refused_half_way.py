"""What is refused in the middle of its changes has changed nothing, and those beside it in the batch are done."""

from __future__ import annotations

import pytest

from stockcore.kernel.execution import execute
from stockcore.kernel.results import Accepted, Rejected
from stockcore.kernel.unit_of_work import Origin
from stockcore.locations.commands import BlockLocation, DeactivateLocation, UnblockLocation
from stockcore.locations.use_cases import BLOCK_LOCATION, DEACTIVATE_LOCATION
from stockcore.orders.commands import AdvanceOrder, EditOrder, LineEdit
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.records import HistoryEntry
from stockcore.stock.waiting import UNBLOCK_LOCATION
from tests.support.house import House, d


@pytest.fixture
def no_packing(house: House) -> House:
    """A, 5 in LEEDS and 5 in HULL, whose packing place is blocked."""
    house.receive("A", 5, "LEEDS")
    house.receive("A", 5, "HULL")
    house.do(BLOCK_LOCATION, BlockLocation(site="HULL", location="PACKING"))
    return house


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_order_that_cannot_be_packed_at_its_second_site_is_not_dispatched_from_its_first(
    no_packing: House, dry_run: bool
) -> None:
    house = no_packing
    number = house.order(("A", 8)).number
    history = house.rows(HistoryEntry)
    wish = AdvanceOrder(number=number, to="dispatched", through=True, command_id="go")
    [outcome] = execute(house.store, ADVANCE_ORDER, [wish], origin=Origin(), dry_run=dry_run)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "unknown_location"
    assert house.state(number) == "supplier_confirmed"
    assert house.rows(HistoryEntry) == history
    assert house.pool("A", "LEEDS").shipped == 0

    house.do(UNBLOCK_LOCATION, UnblockLocation(site="HULL", location="PACKING"))
    [again] = house.run(ADVANCE_ORDER, wish)
    assert again.repeated is not dry_run  # a dry run leaves no answer
    house.advance(number, "dispatched", through=True)
    assert house.pool("A", "LEEDS").shipped + house.pool("A", "HULL").shipped == 8


def test_the_others_of_a_batch_are_done(no_packing: House) -> None:
    house = no_packing
    first, second, third = (house.order(("A", 2), sites=sites).number for sites in (("LEEDS",), ("HULL",), ("LEEDS",)))
    wishes = [AdvanceOrder(number=number, to="packed", through=True) for number in (first, second, third)]
    outcomes = house.run(ADVANCE_ORDER, *wishes)
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [True, False, True]
    assert [house.state(number) for number in (first, second, third)] == ["packed", "supplier_confirmed", "packed"]


def test_all_of_an_atomic_batch_is_undone(no_packing: House) -> None:
    house = no_packing
    first = house.order(("A", 1), sites=("LEEDS",)).number
    second = house.order(("A", 8)).number
    wishes = [AdvanceOrder(number=number, to="packed", through=True) for number in (first, second)]
    outcomes = execute(house.store, ADVANCE_ORDER, [*wishes, wishes[0]], origin=Origin(), atomic=True)
    assert [getattr(outcome, "code", None) for outcome in outcomes] == [
        "batch_refused",
        "unknown_location",
        "batch_refused",
    ]
    assert {house.state(first), house.state(second)} == {"supplier_confirmed"}


def test_a_refused_edit_of_a_received_order_leaves_its_lines(house: House) -> None:
    number = house.order(("A", 10), keep_received=True).number
    for site in ("LEEDS", "HULL"):
        house.do(DEACTIVATE_LOCATION, DeactivateLocation(site=site))
    edits = (LineEdit(line=1, quantity=d(99)), LineEdit(sku="A", quantity=d(2)))
    assert house.refused(EDIT_ORDER, EditOrder(number=number, lines=edits)).code == "no_site"
    assert [line.ordered for line in house.lines(number)] == [10]
