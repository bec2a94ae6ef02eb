"""The real file of three months: every row sorted, the history in order, the model's figures."""

import gzip
import itertools
import tracemalloc
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from stockcore_replay import report
from stockcore_replay.categories import Category
from stockcore_replay.source import content_digest, read_rows
from stockcore_replay.timeline import Invoice, Outline, events, invoices, moment, outline
from tests.support.online_retail import THREE_MONTHS, london, needs_three_months
from tests.support.replay_model import Model, replayed

pytestmark = needs_three_months


@pytest.fixture(scope="module")
def plan() -> Outline:
    return outline(read_rows(THREE_MONTHS))


@pytest.fixture(scope="module")
def model() -> Model:
    return replayed(THREE_MONTHS)[0]


def test_every_row_has_the_category_that_the_issue_counts(plan: Outline) -> None:
    assert plan.rows == {
        Category.SERVICE: 574,
        Category.RETURN: 1795,
        Category.WRITE_OFF: 214,
        Category.FREE_GOODS: 7,
        Category.FOUND: 318,
        Category.COUNTER_SALE: 35383,
        Category.SALE: 67044,
        Category.REJECTED: 0,
    }
    assert plan.total == 105335
    assert (plan.first_at, plan.last_at) == (london("2010-12-01T08:26"), london("2011-02-28T17:04"))


def test_every_row_belongs_to_one_invoice_and_the_history_is_in_order(plan: Outline) -> None:
    found = list(events(read_rows(THREE_MONTHS), plan))

    rows = [entry.row.number for event in found if isinstance(event, Invoice) for entry in event.rows]
    assert sorted(rows) == list(range(1, 105336))
    assert sum(isinstance(event, Invoice) for event in found) == 4894
    assert [moment(event) for event in found] == sorted(moment(event) for event in found)


def test_the_second_pass_holds_only_the_invoices_that_are_begun(plan: Outline) -> None:
    handed_on = invoices(read_rows(THREE_MONTHS), plan)
    next(handed_on)
    tracemalloc.start()
    for _ in handed_on:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000  # all rows together take more than 60 MB


def test_a_file_cut_where_no_invoice_is_open_gives_a_beginning_of_the_history(tmp_path: Path, plan: Outline) -> None:
    ends = [max(span.last_row for span in plan.spans[:1000])]
    cut = next(row for row in itertools.count(ends[0]) if all(not s.first_row <= row < s.last_row for s in plan.spans))
    with gzip.open(THREE_MONTHS, "rt", newline="") as whole:
        (tmp_path / "part.csv").write_text("".join(itertools.islice(whole, cut + 1)), newline="")

    rows = list(read_rows(tmp_path / "part.csv"))
    part = list(events(rows, outline(rows)))

    assert len(rows) == cut
    assert len(part) > 1000
    assert part == list(itertools.islice(events(read_rows(THREE_MONTHS), plan), len(part)))
    assert content_digest(tmp_path / "part.csv") != content_digest(THREE_MONTHS)


def test_the_fill_rate_is_what_the_issue_says_of_a_simple_model(model: Model, plan: Outline) -> None:
    assert plan.first_at is not None
    assert model.fill_rate() == pytest.approx(0.86, abs=0.01)
    assert model.fill_rate(before=plan.first_at + timedelta(days=14)) == pytest.approx(0.785, abs=0.01)
    assert model.fill_rate(before=london("2010-12-13T00:00")) == pytest.approx(0.765, abs=0.01)


def test_every_unit_and_every_order_is_accounted_for(model: Model, plan: Outline) -> None:
    quantities, orders, stock = model.quantities(), model.order_figures(), model.stock()

    asked = Counter(line.category for line in model.lines)
    assert asked == {c: plan.rows[c] for c in (Category.SALE, Category.FREE_GOODS, Category.COUNTER_SALE)}
    assert quantities.on_hand == stock.on_hand
    assert orders.lines == 67044 + 7 + 35383
    assert (orders.placed, orders.refused) == (3717, 8)
    assert stock.available >= 0
    assert model.lost_sales().quantity == quantities.counter_sale.lost
    waiting = quantities.sale.backordered + quantities.free_goods.backordered
    assert model.backorders(london("2011-02-28T17:04")).quantity == waiting
    assert quantities.returned.unmatched == stock.blocked


def test_the_whole_order_of_74215_that_was_taken_back_at_once_asks_for_no_supply(model: Model) -> None:
    [line] = [line for line in model.lines if line.row.quantity == 74215]
    assert line.cancelled == 74215
    assert line.outcome() is report.LineOutcome.CANCELLED
    assert model.on_hand["23166"] < 5000
