"""The engine's books beside a model in plain dictionaries: the same units, line by line and SKU by SKU."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from stockcore_replay import report
from stockcore_replay.parameters import DEFAULTS, Parameters
from stockcore_replay.source import normalised
from tests.integration.replay.pieces import reported, selected, write_head, write_thinned
from tests.support.online_retail import fields, needs_three_months, write_file
from tests.support.replay_model import Model
from tests.support.replay_model import replayed as modelled

#: Of every line: reserved, backordered, shipped, come back, cancelled; of a counter sale what was lost.
LINES = """
SELECT o.number, l.line_no, coalesce(r.reserved, 0), coalesce(b.outstanding, 0), coalesce(r.shipped, 0),
       coalesce(m.back, 0), l.cancelled
FROM order_line AS l JOIN sales_order AS o ON o.id = l.order_id
LEFT JOIN (SELECT demand_line, sum(quantity - consumed - released) AS reserved, sum(consumed) AS shipped
           FROM stock_reservation GROUP BY demand_line) AS r ON r.demand_line = l.id
LEFT JOIN stock_backorder AS b ON b.demand_line = l.id
LEFT JOIN (SELECT reference_line, sum(quantity) AS back FROM stock_movement WHERE kind = 'return'
           GROUP BY reference_line) AS m ON m.reference_line = l.id
"""
STOCK = """
SELECT v.sku, p.on_hand, p.blocked, p.reserved FROM stock_pool AS p JOIN variant AS v ON v.id = p.variant
"""
MICRO = Decimal("0.000001")  # SQLite's books count in millionths


def units(number: int) -> Decimal:
    return number * MICRO


def check(url: str, file: Path, parameters: Parameters = DEFAULTS) -> Model:
    """Whatever the engine and the model both know is the same."""
    told = reported(url, file, parameters)
    model, plan = modelled(file, parameters)
    assert plan.last_at is not None
    assert told["verify"]["ok"]
    assert told["quantities"] == report.quantities_document(model.quantities())
    assert told["orders"] == report.orders_document(model.order_figures())
    plainly = report._plainly
    assert told["lost_sales"] == plainly(attrs.asdict(model.lost_sales()))
    assert told["backorders"] == plainly(attrs.asdict(model.backorders(plan.last_at)))
    assert told["stock"].items() >= plainly(attrs.asdict(model.stock())).items()
    assert told["write_offs"]["discrepancies"] == plainly([attrs.asdict(one) for one in model.discrepancies])
    assert lines_of(url) == lines_in(model)
    assert stock_of(url) == {
        code: (on_hand, model.quarantined[code], model.reserved[code]) for code, on_hand in model.on_hand.items()
    }
    return model


def lines_of(url: str) -> Counter[tuple[Any, ...]]:
    return Counter((number, no, *map(units, figures)) for number, no, *figures in selected(url, LINES))


def lines_in(model: Model) -> Counter[tuple[Any, ...]]:
    """A refused order leaves no lines in the books."""
    return Counter(
        (
            line.order.invoice,
            line.number,
            line.reserved,
            line.backordered,
            line.shipped,
            line.returned,
            line.cancelled + line.lost,
        )
        for line in model.lines
        if not line.order.refused
    )


def stock_of(url: str) -> dict[str, tuple[Decimal, ...]]:
    return {normalised(sku): tuple(map(units, figures)) for sku, *figures in selected(url, STOCK)}


@needs_three_months
def test_the_first_days_are_as_the_model_says(sqlite_url: str, tmp_path: Path) -> None:
    file = write_head(tmp_path / "head.csv", 10_500)
    model = check(sqlite_url, file)
    assert model.totals["ordered"] > 0  # a Monday is among them
    assert model.totals["cancelled_reserved"] > 0


@needs_three_months
def test_a_share_of_three_months_with_little_stock_is_as_the_model_says(sqlite_url: str, tmp_path: Path) -> None:
    file = write_thinned(tmp_path / "thinned.csv", 12)
    model = check(sqlite_url, file, Parameters(opening_sizes=(Decimal(3), Decimal(24))))
    for name in ("arrived", "restocked", "unmatched", "written_off", "cancelled_backordered"):
        assert model.totals[name] > 0, name
    assert any(line.backordered > 0 for line in model.lines)


def test_what_a_refused_counter_order_asked_for_is_lost_and_is_demand(sqlite_url: str, tmp_path: Path) -> None:
    file = write_file(
        tmp_path / "refused.csv",
        [
            fields("1", "22423", "768", "2010-12-01T09:00:00", customer="1"),  # whatever there is
            fields("2", "22423", "5", "2010-12-01T10:00:00", customer=""),
            fields("3", "85123A", "1", "2010-12-13T06:00:00", customer="1"),
            fields("4", "85123A", "1", "2011-01-10T06:00:00", customer="1"),
        ],
    )
    model = check(sqlite_url, file, Parameters(opening_sizes=(Decimal(48),)))
    assert model.order_figures().refused == 1
    assert model.lost_sales().quantity == 5
    # On the first Monday: three weeks of 768 + 5, and the 720 that are owed. Later there is enough.
    assert model.totals["ordered"] == 3 * 773 + 720
