"""The oracle itself, on histories small enough to check by hand. Every SKU opens with 10 units."""

from decimal import Decimal

from stockcore_replay import timeline
from stockcore_replay.parameters import Parameters
from stockcore_replay.report import LineOutcome, OpenReason
from stockcore_replay.source import SourceRow
from tests.support.online_retail import source_row
from tests.support.replay_model import Model


def D(number: str | int) -> Decimal:  # noqa: N802
    return Decimal(number)


TEN = Parameters(opening_sizes=(D(10),))
SKU = "22423"


def played(*rows: SourceRow) -> Model:
    plan = timeline.outline(rows)
    assert plan.first_at is not None
    model = Model(plan.first_at, TEN)
    model.play(timeline.events(rows, plan, TEN))
    assert model.quantities().on_hand == model.stock().on_hand
    return model


def row(number: int, invoice: str, quantity: int, at: str, **changes: str | None) -> SourceRow:
    given = {"code": SKU, "price": "2.00", "customer": "1"} | changes
    return source_row(number, invoice=invoice, quantity=quantity, at=f"2010-12-{at}", **given)  # type: ignore[arg-type]


def figures(model: Model) -> list[tuple[int, int, int, int, int]]:
    """Per line: reserved, backordered, shipped, cancelled, lost."""
    return [
        (int(line.reserved), int(line.backordered), int(line.shipped), int(line.cancelled), int(line.lost))
        for line in model.lines
    ]


def test_a_sale_takes_what_there_is_and_waits_for_the_rest() -> None:
    model = played(row(1, "1", 7, "01T09:00"), row(2, "2", 7, "01T09:01"))
    assert figures(model) == [(7, 0, 0, 0, 0), (3, 4, 0, 0, 0)]
    assert model.fill_rate() == 0.5


def test_two_lines_of_one_sku_count_against_the_same_stock() -> None:
    assert figures(played(row(1, "1", 7, "01T09:00"), row(2, "1", 7, "01T09:00"))) == [(7, 0, 0, 0, 0), (3, 4, 0, 0, 0)]


def test_what_is_reserved_leaves_at_17_and_is_delivered_two_days_later() -> None:
    late = row(2, "2", 1, "03T16:59", code="other")
    model = played(row(1, "1", 7, "01T09:00"), late)
    assert figures(model)[0] == (0, 0, 7, 0, 0)
    assert model.order_figures().open[OpenReason.AWAITING_DELIVERY] == 1

    model = played(row(1, "1", 7, "01T09:00"), row(2, "2", 1, "03T17:00", code="other"))
    assert model.order_figures().delivered == 1
    assert model.order_figures().open[OpenReason.AWAITING_DISPATCH] == 1  # at 17:00 sharp: after the dispatch


def test_a_counter_sale_takes_what_there_is_at_once_and_the_rest_is_lost() -> None:
    model = played(
        row(1, "1", 7, "01T09:00", customer=None),
        row(2, "2", 7, "01T09:00", customer=None),
        row(3, "3", 7, "01T09:00", customer=None),
    )
    assert figures(model) == [(0, 0, 7, 0, 0), (0, 0, 3, 0, 4), (0, 0, 0, 0, 7)]
    assert (model.order_figures().delivered, model.order_figures().refused) == (2, 1)
    assert model.order_figures().lines_by_outcome[LineOutcome.LOST] == 1
    assert (model.lost_sales().lines, model.lost_sales().quantity, model.lost_sales().value) == (2, D(11), D(22))


def test_found_stock_serves_the_queue_oldest_first() -> None:
    model = played(
        row(1, "1", 12, "01T09:00"),
        row(2, "2", 5, "01T09:01"),
        row(3, "3", 4, "01T09:02", price="0", customer=None),
    )
    assert figures(model) == [(12, 0, 0, 0, 0), (2, 3, 0, 0, 0)]


def test_a_write_off_takes_promised_goods_from_the_youngest_promise_which_waits_again_at_its_old_place() -> None:
    model = played(
        row(1, "1", 4, "01T09:00"),
        row(2, "2", 5, "01T09:01"),
        row(3, "3", 5, "01T09:02"),
        row(4, "4", -4, "01T09:03", price="0", customer=None),
    )
    assert figures(model) == [(4, 0, 0, 0, 0), (2, 3, 0, 0, 0), (0, 5, 0, 0, 0)]
    assert model.discrepancies == []

    found = row(5, "5", 4, "01T09:04", price="0", customer=None)
    model = played(*(line.row for line in model.lines), row(4, "4", -4, "01T09:03", price="0", customer=None), found)
    assert figures(model) == [(4, 0, 0, 0, 0), (5, 0, 0, 0, 0), (1, 4, 0, 0, 0)]


def test_a_write_off_of_more_than_the_books_hold_is_a_discrepancy_with_its_row() -> None:
    model = played(row(1, "1", 4, "01T09:00"), row(2, "2", -13, "01T09:03", price="0", customer=None))
    assert figures(model) == [(0, 4, 0, 0, 0)]
    assert [(one.row, one.sku, one.quantity) for one in model.discrepancies] == [(2, SKU, D(3))]


def test_quarantined_goods_are_not_written_off() -> None:
    model = played(row(1, "C1", -5, "01T09:00", customer=None), row(2, "2", -12, "01T09:03", price="0", customer=None))
    assert (model.on_hand[SKU], model.quarantined[SKU]) == (D(5), D(5))
    assert model.discrepancies[0].quantity == 2


def test_a_return_takes_open_lines_oldest_first_then_what_was_sent_newest_first_then_quarantine() -> None:
    sent = [row(1, "1", 3, "01T09:00"), row(2, "2", 4, "01T09:00")]
    waiting = [row(3, "3", 5, "02T09:00"), row(4, "4", 2, "02T09:00")]  # 3 of 7 are there

    model = played(*sent, *waiting, row(5, "C5", -6, "02T10:00"))
    assert figures(model) == [(0, 0, 3, 0, 0), (0, 0, 4, 0, 0), (0, 0, 0, 5, 0), (1, 0, 0, 1, 0)]

    model = played(*sent, *waiting, row(5, "C5", -12, "02T10:00"))
    assert figures(model)[2:] == [(0, 0, 0, 5, 0), (0, 0, 0, 2, 0)]
    assert [line.returned for line in model.lines] == [1, 4, 0, 0]
    assert (model.on_hand[SKU], model.unmatched) == (D(8), [])

    model = played(*sent, *waiting, row(5, "C5", -20, "02T10:00"))
    assert [line.returned for line in model.lines] == [3, 4, 0, 0]
    assert model.unmatched == [(5, SKU, D(6))]
    assert (model.on_hand[SKU], model.quarantined[SKU], model.available(SKU)) == (D(16), D(6), D(10))
    assert model.order_figures().cancelled == 2


def test_a_return_takes_no_other_customer_s_lines_and_frees_stock_for_those_who_wait() -> None:
    model = played(row(1, "1", 10, "01T09:00"), row(2, "2", 4, "01T09:00", customer="2"), row(3, "C3", -3, "01T10:00"))
    assert figures(model) == [(7, 0, 0, 3, 0), (3, 1, 0, 0, 0)]


def test_a_return_without_a_customer_matches_nothing() -> None:
    model = played(row(1, "1", 4, "01T09:00", customer=None), row(2, "C2", -4, "01T10:00", customer=None))
    assert model.unmatched == [(2, SKU, D(4))]


def test_supply_covers_three_weeks_of_what_was_asked_for_less_what_was_cancelled() -> None:
    model = played(
        row(1, "1", 30, "01T09:00"),
        row(2, "C2", -10, "02T09:00"),  # what waited is cancelled; 10 were sent at 17:00 the day before
        row(3, "3", 1, "05T09:00", customer=None),  # lost, and yet asked for
        row(4, "4", 1, "06T09:00", code="other"),
    )
    # week one: 30 - 10 + 1 = 21; 3 weeks are 63; nothing is available, 10 are owed
    assert model.on_order[SKU] == 73
    assert figures(model)[0] == (0, 10, 10, 10, 0)


def test_supply_arrives_a_week_later_and_serves_the_queue_first() -> None:
    model = played(row(1, "1", 12, "03T09:00"), row(2, "2", 5, "13T06:00", customer=None))
    assert figures(model) == [(2, 0, 10, 0, 0), (0, 0, 5, 0, 0)]
    assert model.quantities().supply.arrived == 38  # 3 × 12, and 2 that were owed


def test_an_invoice_s_returns_come_before_its_order_and_the_opening_before_both() -> None:
    rows = (row(1, "1", 11, "01T09:00"), row(2, "1", 1, "01T09:00", price="0", customer=None))
    assert figures(played(*rows)) == [(11, 0, 0, 0, 0)]


def test_a_sku_costs_60_percent_of_its_first_positive_price() -> None:
    model = played(
        row(1, "1", 1, "01T09:00", price="0"),
        row(2, "2", 1, "01T09:01", price="2.55"),
        row(3, "3", 1, "01T09:02", price="9.99"),
        row(4, "4", 1, "01T09:02", price="0", code="other"),
    )
    assert model.costs == {SKU: D("1.53")}
    assert model.stock().value == D("15.30")
    assert model.stock().without_cost == 10


def test_services_and_rejected_rows_do_nothing() -> None:
    model = played(row(1, "1", 1, "01T09:00", code="POST"), row(2, "1", 0, "01T09:00"), row(3, "A2", 1, "01T09:00"))
    assert model.orders == []
    assert dict(model.on_hand) == {}
