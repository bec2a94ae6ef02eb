"""Orders on their way (S147 to S151, DESIGN 4)."""

from functools import partial
from typing import Any

import pytest

from stockcore.kernel.execution import UseCase, carry_out, execute
from stockcore.kernel.results import Accepted, Outcome, Rejected, value_of
from stockcore.locations.commands import BlockLocation, DeactivateLocation, UnblockLocation
from stockcore.locations.use_cases import BLOCK_LOCATION, DEACTIVATE_LOCATION
from stockcore.orders.cancelling import CANCEL_LINES, CANCEL_ORDER, HOLD_ORDER, RESUME_ORDER
from stockcore.orders.commands import (
    AddCustomer,
    AdvanceOrder,
    CancelLines,
    CancelOrder,
    EditOrder,
    HoldOrder,
    LineCancel,
    LineEdit,
    LineRequest,
    Requirement,
    ResumeOrder,
)
from stockcore.orders.customers import ADD_CUSTOMER
from stockcore.orders.editing import EDIT_ORDER
from stockcore.orders.fulfilling import ADVANCE_ORDER
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.results import OrderChanged
from stockcore.stock.commands import DamageStock, MoveStock
from stockcore.stock.records import StockException
from stockcore.stock.use_cases import DAMAGE_STOCK, MOVE_STOCK
from stockcore.stock.waiting import UNBLOCK_LOCATION
from tests.support.house import ANN, House, d, order, together


def first_outcome(house: House, use_case: UseCase[Any, OrderChanged], command: Any) -> Outcome[OrderChanged]:
    return house.run(use_case, command)[0]


@pytest.mark.slow
def test_a_ship_against_a_cancel_ends_one_way_or_the_other(house: House) -> None:
    """S147: 200 rounds."""
    rounds = 200
    house.receive("A", 2 * rounds)
    placed = house.run(PLACE_ORDER, *[order(("A", 2)) for _ in range(rounds)])
    numbers = [value_of(outcome).number for outcome in placed]
    for to in ("picking", "packed"):
        house.run(ADVANCE_ORDER, *[AdvanceOrder(number=number, to=to) for number in numbers])
    shipped = 0
    for number in numbers:
        ship, cancel = together(
            partial(first_outcome, house, ADVANCE_ORDER, AdvanceOrder(number=number, to="dispatched")),
            partial(first_outcome, house, CANCEL_ORDER, CancelOrder(number=number)),
        )
        assert isinstance(ship, Accepted) != isinstance(cancel, Accepted)
        lost = ship if isinstance(ship, Rejected) else cancel
        assert isinstance(lost, Rejected)
        assert lost.code == "illegal_transition"
        shipped += isinstance(ship, Accepted)
    assert house.stock("A") == (2 * (rounds - shipped), 0, 2 * (rounds - shipped))
    assert house.pool("A").shipped == 2 * shipped


def test_the_same_wish_again_changes_nothing(house: House) -> None:
    """S149."""
    house.receive("A", 3)
    number = house.order(("A", 3)).number

    def again(to: str, **fields: Any) -> None:
        before = house.header(number)
        house.advance(number, to, **fields)
        assert house.header(number) == before

    again("supplier_confirmed")
    again("validated")
    for to in ("picking", "packed", "dispatched", "delivered"):
        house.advance(number, to)
        again(to)
    other = house.order(("A", 1), policy="backorder").number
    house.cancel(other)
    version = house.header(other).version
    house.cancel(other)
    assert house.header(other).version == version


class DiedError(Exception):
    """The process ended here."""


def test_a_cancel_of_five_hundred_lines_is_whole_or_nothing(house: House) -> None:
    """S151: what dies before the commit leaves nothing; tests of crashes kill real processes."""
    house.receive("A", 500)
    number = house.order(*[("A", 1)] * 500).number
    wish = CancelOrder(number=number, command_id="cancel-once")

    def half_way() -> None:
        with house.store.transaction(ANN) as uow:
            carry_out(uow, CANCEL_ORDER, [wish])
            raise DiedError

    with pytest.raises(DiedError):
        half_way()
    assert house.stock("A") == (500, 500, 0)
    assert all(figures.reserved == 1 for figures in house.lines(number))
    house.do(CANCEL_ORDER, wish)
    assert house.stock("A") == (500, 0, 500)
    assert all(figures.cancelled == 1 for figures in house.lines(number))


def test_a_cancel_after_part_shipment_takes_back_the_rest_only(house: House) -> None:
    house.receive("A", 6)
    number = house.order(("A", 10), policy="backorder").number
    house.advance(number, "dispatched", through=True)
    house.receive("A", 1)
    house.cancel(number)
    assert house.lines(number)[0].cancelled == 4
    assert house.line(number) == (0, 0, 6)
    assert house.state(number) == "dispatched"
    assert house.stock("A") == (1, 0, 1)


def test_a_cancel_of_what_is_packed_moves_the_goods_back_to_their_bins(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 5, location="BIN")
    number = house.order(("A", 3)).number
    house.advance(number, "packed", through=True)
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "PACKING")) == (2, 3)
    house.cancel(number)
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "PACKING")) == (5, 0)
    assert [shipment.state for shipment in house.shipments(number)] == ["cancelled"]
    assert house.state(number) == "cancelled"


def test_part_of_a_line_is_taken_back_from_the_queue_first(house: House) -> None:
    house.receive("A", 6)
    number = house.order(("A", 10), policy="backorder").number
    house.do(CANCEL_LINES, CancelLines(number=number, lines=(LineCancel(line=1, quantity=d(5)),)))
    assert house.line(number) == (5, 0, 0)
    too_much = CancelLines(number=number, lines=(LineCancel(line=1, quantity=d(6)),))
    assert house.refused(CANCEL_LINES, too_much).code == "over_release"


def test_ship_complete_waits_for_the_last_piece(house: House) -> None:
    house.receive("A", 3)
    number = house.order(("A", 4), policy="backorder", ship_complete=True).number
    release = AdvanceOrder(number=number, to="picking")
    assert house.refused(ADVANCE_ORDER, release).code == "not_complete"
    house.receive("A", 1)
    house.do(ADVANCE_ORDER, release)
    assert house.state(number) == "picking"


def test_ship_available_closes_what_is_short_at_once(house: House) -> None:
    house.receive("A", 3)
    number = house.order(("A", 4), ("B", 1), policy="ship_available").number
    assert [(x.reserved, x.backordered, x.cancelled) for x in house.lines(number)] == [(3, 0, 1), (0, 0, 1)]
    assert house.refused(PLACE_ORDER, order(("B", 1), policy="ship_available")).code == "insufficient_stock"


def test_an_order_on_hold_is_not_released(house: House) -> None:
    house.receive("A", 3)
    number = house.order(("A", 3)).number
    house.do(HOLD_ORDER, HoldOrder(number=number, reason="address?"))
    release = AdvanceOrder(number=number, to="picking")
    assert house.refused(ADVANCE_ORDER, release).code == "on_hold"
    house.do(RESUME_ORDER, ResumeOrder(number=number))
    house.do(ADVANCE_ORDER, release)
    assert house.state(number) == "picking"


def test_goods_in_a_blocked_place_are_reserved_but_cannot_be_released(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 3, location="BIN")
    number = house.order(("A", 3)).number
    house.do(BLOCK_LOCATION, BlockLocation(site="LEEDS", location="BIN"))
    refusal = house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to="picking"))
    assert (refusal.code, refusal.facts["places"]) == ("not_allocatable", ["BIN"])
    assert house.line(number) == (3, 0, 0)
    house.do(UNBLOCK_LOCATION, UnblockLocation(site="LEEDS", location="BIN"))
    house.advance(number, "picking")


def test_what_can_be_allocated_is_released_and_the_rest_stays_reserved(house: House) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 2)
    house.receive("A", 1)
    house.do(
        MOVE_STOCK,
        MoveStock(sku="A", site="LEEDS", quantity=d(1), from_location="RECEIVING", to_location="QUARANTINE"),
    )
    number = house.order(("A", 3)).number
    house.advance(number, "dispatched", through=True)
    assert house.line(number) == (1, 0, 2)
    assert house.exceptions() == ["not_allocatable"]
    assert house.state(number) == "supplier_confirmed"


# -- orders that stay received ---------------------------------------------------------------------------------------


def test_a_short_order_from_a_channel_is_kept_and_validated_when_the_goods_are_there(house: House) -> None:
    house.receive("A", 2)
    number = house.order(("A", 3), ("B", 1), keep_received=True, sites=("LEEDS",)).number
    assert house.state(number) == "received"
    assert house.stock("A") == (2, 0, 2)
    short = [(x.code, x.variant, x.demand_id, x.quantity) for x in house.rows(StockException)]
    order_id = house.header(number).id
    assert short == [("insufficient_stock", house.variant(sku).id, order_id, d(1)) for sku in ("A", "B")]
    validate = AdvanceOrder(number=number, to="validated")
    refusal = house.refused(ADVANCE_ORDER, validate)
    assert refusal.code == "insufficient_stock"
    assert [line["short"] for line in refusal.facts["lines"]] == ["1", "1"]
    house.receive("A", 1)
    house.receive("B", 1, "HULL")
    assert house.refused(ADVANCE_ORDER, validate).code == "insufficient_stock"  # only LEEDS may serve it
    house.receive("B", 1)
    version = house.header(number).version
    assert house.do(ADVANCE_ORDER, validate).state == "supplier_confirmed"
    assert house.header(number).version == version + 1
    assert [figures.reserved for figures in house.lines(number)] == [3, 1]
    house.advance(number, "delivered", through=True)
    assert house.state(number) == "delivered"


def test_a_kept_order_keeps_multiples_and_takes_edits(house: House) -> None:
    house.receive("A", 3)
    number = house.order(LineRequest(sku="A", quantity=d(4), multiple=d(2)), keep_received=True).number
    house.do(EDIT_ORDER, EditOrder(number=number, lines=(LineEdit(sku="B", quantity=d(2)),)))
    assert house.state(number) == "received"
    house.receive("A", 1)
    house.receive("B", 2)
    house.advance(number, "supplier_confirmed")
    assert [figures.reserved for figures in house.lines(number)] == [4, 2]
    house.cancel(number)
    assert house.stock("A") == (4, 0, 4)


def test_an_order_of_services_only_needs_no_stock(house: House) -> None:
    house.product("ADVICE", stocked=False)
    document = house.order(("ADVICE", 1))
    assert (document.state, document.lines[0].shipped) == ("delivered", d(1))


def test_a_customer_is_added_once(house: House) -> None:
    house.do(ADD_CUSTOMER, AddCustomer(code="C-1", name="Carol"))
    assert house.refused(ADD_CUSTOMER, AddCustomer(code=" c-1", name="Carol")).code == "duplicate_customer"
    house.receive("A", 1)
    assert house.order(("A", 1), customer="c-1", reference="web-1").customer is not None
    assert house.refused(PLACE_ORDER, order(("A", 1), customer="C-1", reference="web-1")).code == "duplicate_reference"


def test_one_bad_command_of_a_batch_leaves_the_others_alone_unless_it_is_atomic(house: House) -> None:
    house.receive("A", 3)
    batch = [order(("A", 2)), order(("A", 2)), order(("A", 1))]
    atomic: list[Outcome[Any]] = execute(house.store, PLACE_ORDER, batch, origin=ANN, atomic=True)
    assert [getattr(outcome, "code", None) for outcome in atomic] == [
        "batch_refused", "insufficient_stock", "batch_refused",
    ]  # fmt: skip
    assert house.stock("A") == (3, 0, 3)
    single: list[Outcome[Any]] = execute(house.store, PLACE_ORDER, batch, origin=ANN)
    assert [getattr(outcome, "code", None) for outcome in single] == [None, "insufficient_stock", None]
    assert house.stock("A") == (3, 3, 0)


@pytest.mark.parametrize(
    ("use_case", "command"),
    [
        (BLOCK_LOCATION, BlockLocation(site="LEEDS", location="BIN")),
        (DEACTIVATE_LOCATION, DeactivateLocation(site="LEEDS", location="BIN")),
    ],
    ids=["blocked", "inactive"],
)
def test_picked_goods_do_not_go_back_into_a_bin_that_is_out_of_use(
    house: House, use_case: UseCase[Any, Any], command: Any
) -> None:
    house.place("LEEDS", "BIN")
    house.receive("A", 5, location="BIN")
    number = house.order(("A", 5)).number
    house.advance(number, "packed", through=True)
    house.do(use_case, command)
    house.cancel(number)
    assert (house.at("A", "LEEDS", "BIN"), house.at("A", "LEEDS", "RECEIVING")) == (0, 5)
    house.advance(house.order(("A", 5)).number, "delivered", through=True)


def test_of_an_order_that_ships_complete_nothing_leaves_while_some_of_it_gave_way(house: House) -> None:
    house.receive("A", 4)
    number = house.order(("A", 4), policy="backorder", ship_complete=True).number
    house.advance(number, "packed", through=True)
    house.do(DAMAGE_STOCK, DamageStock(sku="A", site="LEEDS", location="PACKING", quantity=d(1), reason="dropped"))
    wish = AdvanceOrder(number=number, to="dispatched")
    assert house.refused(ADVANCE_ORDER, wish).code == "not_complete"
    house.receive("A", 1)
    house.advance(number, "dispatched", through=True)
    assert house.line(number) == (0, 0, 4)


def test_what_has_left_is_not_picked_again_ord01(house: House) -> None:
    house.receive("A", 1)
    number = house.order(("A", 1)).number
    house.advance(number, "dispatched", through=True)
    refusal = house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to="picking"))
    assert (refusal.code, refusal.facts["current"]) == ("illegal_transition", "dispatched")


def test_one_step_is_there_only_when_nothing_stands_behind(house: House) -> None:
    """Else a step that was forgotten would be told as taken, and its command id be used up."""
    house.receive("A", 6)
    number = house.order(("A", 10), policy="backorder").number
    house.advance(number, "delivered", through=True)
    assert house.advance(number, "delivered").state == "supplier_confirmed"  # all that was there is
    house.receive("A", 4)

    def refused(to: str, **options: Any) -> tuple[str, str]:
        refusal = house.refused(ADVANCE_ORDER, AdvanceOrder(number=number, to=to, **options))
        return refusal.code, refusal.facts["current"]

    assert refused("delivered") == ("illegal_transition", "supplier_confirmed")
    house.advance(number, "packed", through=True)
    assert refused("delivered") == ("illegal_transition", "packed")
    assert refused("validated") == ("illegal_transition", "packed")
    for through in (False, True):
        assert house.advance(number, "picking", through=through).state == "packed"
    house.advance(number, "dispatched")
    assert house.advance(number, "dispatched").state == "dispatched"
    house.advance(number, "delivered")
    assert house.state(number) == "delivered"


@pytest.mark.parametrize("pinned", [False, True])
def test_a_products_own_strategy_says_what_leaves_first(house: House, pinned: bool) -> None:
    """DESIGN 3: per site, and of a product that has its own, by that."""
    house.product("L", allocation_strategy="largest")
    house.place("LEEDS", "OLD", "NEW")
    house.receive("L", 3, location="OLD")
    house.receive("L", 9, location="NEW")
    line = LineRequest(sku="L", quantity=d(2), requirement=Requirement(shelf_life_days=0) if pinned else None)
    number = house.order(line).number
    house.advance(number, "packed", through=True)
    assert (house.at("L", "LEEDS", "OLD"), house.at("L", "LEEDS", "NEW")) == (3, 7)
