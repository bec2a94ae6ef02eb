import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from rich.console import Console

from stockcore_replay import report
from stockcore_replay.categories import Category, Rejection
from stockcore_replay.countries import country
from stockcore_replay.parameters import table
from tests.support.online_retail import london

NOW = london("2011-02-28T17:04")


def D(number: str | int) -> Decimal:  # noqa: N802
    return Decimal(number)


def a_report() -> report.Report:
    return report.Report(
        rows={Category.SALE: 3, Category.WRITE_OFF: 1, Category.REJECTED: 1},
        rejections=(Rejection(4, "Quantity", "zero_quantity", "the quantity is 0"),),
        quantities=report.Quantities(
            sale=report.OrderedQuantities(
                ordered=D(30), reserved_when_placed=D(20), shipped=D("20.50"), backordered=D("9.50")
            ),
            write_off=report.WriteOffQuantities(asked=D(5), written_off=D(2), discrepancy=D(3)),
            supply=report.SupplyQuantities(opening=D(48), ordered=D(10), on_order=D(10)),
        ),
        orders=report.OrderFigures(
            placed=2,
            refused=0,
            delivered=1,
            cancelled=0,
            open={report.OpenReason.AWAITING_SUPPLY: 1},
            lines=3,
            lines_filled=2,
            lines_by_outcome={report.LineOutcome.SHIPPED: 2, report.LineOutcome.OPEN: 1},
            shipments=2,
        ),
        lost_sales=report.LostSales(lines=0, quantity=D(0), value=D(0)),
        backorders=report.backorders([(NOW - timedelta(days=9), D("9.50"))], NOW),
        discrepancies=(report.Discrepancy(5, "22423", D(3)),),
        stock=report.StockFigures(
            skus=1, on_hand=D("25.5"), blocked=D(0), reserved=D(0), value=D("39.015000"), without_cost=D(0)
        ),
        top_movers=(report.Mover("85123A", "HEART [WHITE]", D(1000)),),
        months=(report.Month(month="2010-12", orders=2, lines=3, lines_filled=2, ordered=D(30), value=D("76.50")),),
        countries=(report.CountryFigures(country=country("EIRE"), orders=2, lines=3, value=D("76.50")),),
        parameters=table(),
        first_at=london("2010-12-01T08:26"),
        last_at=NOW,
        ledger_rows=12,
        ledger_digest="ab" * 32,
        verify={"ok": True, "invariants": []},
        seconds=2.0,
        peak_memory_mb=81.26,
    )


def test_the_document_has_the_fixed_words() -> None:
    document = report.to_document(a_report())

    assert document["rows"] == {
        "total": 5,
        "rejected": 1,
        "service": 0,
        "return": 0,
        "write_off": 1,
        "free_goods": 0,
        "found": 0,
        "counter_sale": 0,
        "sale": 3,
    }
    assert document["orders"]["fill_rate"] == 0.6667
    assert document["ledger"] == {"rows": 12, "digest": "ab" * 32}
    assert document["verify"] == {"ok": True, "invariants": []}
    assert document["seconds"] == 2.0
    assert document["peak_memory_mb"] == 81.3


def test_the_document_is_json_with_quantities_as_plain_strings() -> None:
    document = json.loads(json.dumps(report.to_document(a_report()), allow_nan=False))

    assert document["quantities"]["sale"]["shipped"] == "20.5"
    assert document["quantities"]["write_off"] == {"asked": "5", "written_off": "2", "discrepancy": "3"}
    assert document["quantities"]["on_hand"] == "25.5"
    assert document["top_movers"] == [{"sku": "85123A", "name": "HEART [WHITE]", "shipped": "1000"}]
    assert document["countries"][0] | {"value": ""} == {
        "code": "IE",
        "name": "EIRE",
        "orders": 2,
        "lines": 3,
        "value": "",
    }
    assert document["backorders"]["by_age"][1] == {"label": "8 to 14 days", "lines": 1, "quantity": "9.5"}
    assert document["write_offs"]["discrepancies"] == [{"row": 5, "sku": "22423", "quantity": "3"}]
    assert document["rejections"][0]["number"] == 4
    assert document["parameters"]["cover_weeks"] == "3"


def test_people_get_tables_and_a_bar_per_month() -> None:
    text = io.StringIO()

    report.print_report(a_report(), Console(file=text, width=120))

    for words in (
        "fill rate",
        "66.7%",
        "awaiting supply",
        "2010-12",
        "█",
        "EIRE",
        "HEART [WHITE]",
        "clean",
        "1,000",
        " 20.5 ",
        " 76.50 ",
    ):
        assert words in text.getvalue()


def test_quantities_whose_parts_do_not_add_up_are_refused() -> None:
    for wrong in (
        lambda: report.OrderedQuantities(ordered=D(2), shipped=D(1)),
        lambda: report.ReturnQuantities(returned=D(2), restocked=D(1)),
        lambda: report.WriteOffQuantities(asked=D(2), written_off=D(1)),
        lambda: report.SupplyQuantities(ordered=D(2), arrived=D(1)),
    ):
        with pytest.raises(ValueError, match="make up"):
            wrong()


def test_backorders_are_grouped_by_age_and_each_belongs_to_one_group() -> None:
    waiting = [(NOW - timedelta(days=days), D(1)) for days in (0, 7, 8, 14, 15, 28, 29, 400)]

    found = report.backorders(waiting, NOW)

    assert [group.lines for group in found.by_age] == [2, 2, 2, 2]
    assert (found.lines, found.quantity, found.oldest_at) == (8, D(8), NOW - timedelta(days=400))
    assert report.backorders([], NOW).oldest_at is None


def test_the_fill_rate_of_no_lines_is_whole() -> None:
    assert report.fill_rate(0, 0) == 1.0
