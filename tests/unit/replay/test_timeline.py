from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockcore.kernel.errors import StockcoreError
from stockcore_replay.categories import Category
from stockcore_replay.source import SourceRow, UnreadableRow
from stockcore_replay.timeline import (
    REJECTIONS_KEPT,
    Arrival,
    Delivery,
    Dispatch,
    Event,
    Invoice,
    SupplyOrder,
    clock_events,
    events,
    invoices,
    moment,
    outline,
)
from tests.support.online_retail import london, source_row

UNREADABLE = UnreadableRow(3, "Quantity", "number_format", "'six' is no number")


def history(rows: Sequence[SourceRow | UnreadableRow]) -> list[Event]:
    return list(events(rows, outline(rows)))


def numbers(found: Iterable[Invoice]) -> list[tuple[str, list[int]]]:
    return [(invoice.number, [entry.row.number for entry in invoice.rows]) for invoice in found]


# ------------------------------------------------------------------------------------------------- first pass


def test_the_outline_counts_every_row_once_and_names_the_rejected_ones() -> None:
    plan = outline([source_row(1), source_row(2, customer=None), UNREADABLE, source_row(4, quantity=0)])

    assert {category: count for category, count in plan.rows.items() if count} == {
        Category.SALE: 1,
        Category.COUNTER_SALE: 1,
        Category.REJECTED: 2,
    }
    assert set(plan.rows) == set(Category)
    assert plan.total == 4
    assert [(one.number, one.reason) for one in plan.rejections] == [(3, "number_format"), (4, "zero_quantity")]


def test_many_rejected_rows_are_all_counted_and_the_first_are_kept() -> None:
    plan = outline(source_row(number, quantity=0) for number in range(1, REJECTIONS_KEPT + 51))
    assert plan.rows[Category.REJECTED] == REJECTIONS_KEPT + 50
    assert len(plan.rejections) == REJECTIONS_KEPT


def test_the_clock_runs_from_the_earliest_row_to_the_latest() -> None:
    plan = outline([source_row(1, at="2010-12-01T09:00"), source_row(2, at="2010-12-01T09:01")])
    assert (plan.first_at, plan.last_at) == (london("2010-12-01T09:00"), london("2010-12-01T09:01"))


def test_a_file_without_readable_rows_has_no_events() -> None:
    assert outline([UNREADABLE]).first_at is None
    assert history([UNREADABLE]) == []
    assert history([]) == []


# ------------------------------------------------------------------------------------------------ second pass


def test_the_rows_of_an_invoice_need_not_be_contiguous_and_happen_at_the_first_one_s_time() -> None:
    rows = [
        source_row(1, invoice="1", at="2010-12-01T09:00"),
        source_row(2, invoice="2", at="2010-12-01T09:01"),
        source_row(3, invoice="1", at="2010-12-01T09:02"),
        source_row(4, invoice="3", at="2010-12-01T09:02"),
    ]

    found = list(invoices(rows, outline(rows)))

    assert numbers(found) == [("1", [1, 3]), ("2", [2]), ("3", [4])]
    assert [invoice.at for invoice in found] == [rows[0].at, rows[1].at, rows[3].at]


def test_invoices_of_one_instant_come_in_the_order_of_their_first_rows() -> None:
    rows = [source_row(1, invoice="9"), source_row(2, invoice="1"), source_row(3, invoice="9")]
    assert numbers(invoices(rows, outline(rows))) == [("9", [1, 3]), ("1", [2])]


def test_a_file_out_of_order_is_put_into_the_order_of_time() -> None:
    rows = [source_row(1, invoice="1", at="2010-12-02T09:00"), source_row(2, invoice="2", at="2010-12-01T09:00")]
    assert numbers(invoices(rows, outline(rows))) == [("2", [2]), ("1", [1])]


def test_an_invoice_is_handed_on_as_soon_as_its_last_row_is_read() -> None:
    rows = [
        source_row(1, invoice="1"),
        source_row(2, invoice="2"),
        source_row(3, invoice="1"),
        source_row(4, invoice="3"),
    ]
    read: list[int] = []

    def watched() -> Iterator[SourceRow]:
        for row in rows:
            read.append(row.number)
            yield row

    handed_on = invoices(watched(), outline(rows))

    assert next(handed_on).number == "1"
    assert read == [1, 2, 3]
    assert next(handed_on).number == "2"  # complete, it waited for the first
    assert read == [1, 2, 3]


def test_a_file_that_changed_between_the_passes_is_refused() -> None:
    rows = [source_row(1, invoice="1"), source_row(2, invoice="2"), source_row(3, invoice="1")]
    plan = outline(rows)
    for changed in (rows[:2], [*rows, source_row(4, invoice="4")], [rows[1], rows[2]], [rows[0], rows[2]]):
        with pytest.raises(StockcoreError) as refused:
            list(invoices(changed, plan))
        assert refused.value.code == "file_changed"


START = datetime(2010, 12, 1, 8, 0, tzinfo=UTC)


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 300)), max_size=30), st.integers(0, 30))
def test_events_are_those_of_sorting_everything_in_memory(drawn: list[tuple[int, int]], unreadable: int) -> None:
    rows: list[SourceRow | UnreadableRow] = [
        source_row(number, invoice=str(invoice), at=START + timedelta(hours=hours))
        for number, (invoice, hours) in enumerate(drawn, start=1)
    ]
    rows.insert(unreadable, UNREADABLE)
    grouped: dict[str, list[SourceRow]] = {}
    for row in rows:
        if isinstance(row, SourceRow):
            grouped.setdefault(row.invoice, []).append(row)
    expected = sorted(grouped.values(), key=lambda group: (group[0].at, group[0].number))

    found = history(rows)

    assert [event for event in found if isinstance(event, Invoice)] == list(invoices(rows, outline(rows)))
    assert numbers(event for event in found if isinstance(event, Invoice)) == [
        (group[0].invoice, [row.number for row in group]) for group in expected
    ]
    assert [moment(event) for event in found] == sorted(moment(event) for event in found)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 400)), min_size=1, max_size=30), st.data())
def test_a_file_cut_where_no_invoice_is_open_gives_a_beginning_of_the_same_history(
    drawn: list[tuple[bool, int]], data: st.DataObject
) -> None:
    invoice, minutes, rows = 0, 0, []
    for number, (new, later) in enumerate(drawn, start=1):
        invoice, minutes = invoice + new, minutes + later
        rows.append(source_row(number, invoice=str(invoice), at=START + timedelta(minutes=minutes)))
    ends = [i for i in range(1, len(rows) + 1) if i == len(rows) or rows[i].invoice != rows[i - 1].invoice]
    cut = data.draw(st.sampled_from(ends))

    part = history(rows[:cut])

    assert part == history(rows)[: len(part)]


# --------------------------------------------------------------------------------------------- the calendar


def test_at_one_instant_arrival_comes_first_then_the_order_of_supply_delivery_dispatch_and_the_file() -> None:
    rows = [
        source_row(1, invoice="1", at="2010-12-03T12:00"),
        source_row(2, invoice="2", at="2010-12-13T06:00"),
        source_row(3, invoice="3", at="2010-12-13T17:00"),
    ]

    found = history(rows)

    at_six = [type(event) for event in found if event.at == london("2010-12-13T06:00")]
    at_five = [type(event) for event in found if event.at == london("2010-12-13T17:00")]
    assert at_six == [Arrival, SupplyOrder, Invoice]
    assert at_five == [Delivery, Dispatch, Invoice]


def test_the_calendar_begins_after_the_first_moment_and_stops_with_the_last() -> None:
    found = list(clock_events(london("2010-12-03T17:00"), london("2010-12-06T17:00")))

    assert found == [
        Dispatch(london("2010-12-04T17:00")),
        Dispatch(london("2010-12-05T17:00")),
        SupplyOrder(london("2010-12-06T06:00")),
        Delivery(london("2010-12-06T17:00"), london("2010-12-04T17:00")),
        Dispatch(london("2010-12-06T17:00")),
    ]


def test_what_is_ordered_on_a_monday_arrives_on_the_next_one() -> None:
    found = list(clock_events(london("2010-12-03T12:00"), london("2010-12-20T06:00")))
    assert [event for event in found if isinstance(event, Arrival)] == [
        Arrival(london("2010-12-13T06:00"), london("2010-12-06T06:00")),
        Arrival(london("2010-12-20T06:00"), london("2010-12-13T06:00")),
    ]


# ----------------------------------------------------------------------------------------- one invoice's parts


def one_invoice(*rows: SourceRow) -> Invoice:
    [found] = invoices(rows, outline(rows))
    return found


def test_an_invoice_books_what_was_found_written_off_and_returned_before_its_order() -> None:
    invoice = one_invoice(
        source_row(1, code="21"),
        source_row(2, code="22", quantity=-1, price="0"),
        source_row(3, code="POST"),
        source_row(4, code="23", price="0"),
        source_row(5, code="24", quantity=0),
    )

    assert [entry.row.number for entry in invoice.goods] == [1, 2, 4]
    assert [entry.category for entry in invoice.bookings] == [Category.WRITE_OFF]
    [order] = invoice.orders
    assert (order.invoice, order.customer) == ("536365", "17850")
    assert [entry.category for entry in order.lines] == [Category.SALE, Category.FREE_GOODS]


def test_an_invoice_of_services_only_makes_no_order() -> None:
    assert one_invoice(source_row(1, code="POST"), source_row(2, code="M")).orders == ()


def test_an_invoice_of_several_customers_makes_an_order_for_each() -> None:
    invoice = one_invoice(
        source_row(1, customer="2"),
        source_row(2, customer=None),
        source_row(3, customer="1"),
        source_row(4, customer="2"),
    )
    assert [(order.customer, [e.row.number for e in order.lines]) for order in invoice.orders] == [
        ("2", [1, 4]),
        (None, [2]),
        ("1", [3]),
    ]
