"""The report's figures, read from the finished books and the replay's running totals."""

from __future__ import annotations

import resource
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stockcore.kernel.quantity import ZERO
from stockcore_replay import report
from stockcore_replay.categories import Category
from stockcore_replay.countries import country
from stockcore_replay.engine import Replay
from stockcore_replay.parameters import table

TOP_MOVERS = 10


def report_of(replay: Replay, seconds: float, verified: Mapping[str, Any]) -> report.Report:
    """Everything that a replay reports. `seconds`: how long the replay itself took."""
    books, progress, plan = replay.books, replay.progress, replay.plan
    rows, digest = books.digest()
    return report.Report(
        rows=plan.rows,
        rejections=plan.rejections,
        quantities=_quantities(replay),
        orders=_orders(replay),
        lost_sales=report.LostSales(
            lines=int(progress.get("lost_lines")),
            quantity=_counter_lost(replay),
            value=progress.get("lost_value"),
        ),
        backorders=report.backorders(books.waiting(), plan.last_at) if plan.last_at else _NO_BACKORDERS,
        discrepancies=[report.Discrepancy(*one) for one in progress.discrepancies],
        stock=books.stock(),
        top_movers=books.top_movers(TOP_MOVERS),
        months=[
            report.Month(
                month=name,
                orders=int(one["orders"]),
                lines=int(one["lines"]),
                lines_filled=int(one["lines_filled"]),
                ordered=one["ordered"],
                value=one["value"],
            )
            for name, one in sorted(progress.months.items())
        ],
        countries=[
            report.CountryFigures(
                country=country(name), orders=int(one["orders"]), lines=int(one["lines"]), value=one["value"]
            )
            for name, one in sorted(progress.countries.items(), key=lambda item: (-item[1]["lines"], item[0]))
        ],
        parameters=table(replay.parameters),
        first_at=plan.first_at,
        last_at=plan.last_at,
        ledger_rows=rows,
        ledger_digest=digest,
        verify=verified,
        seconds=seconds,
        peak_memory_mb=peak_memory_mb(),
    )


_NO_BACKORDERS = report.Backorders(lines=0, quantity=ZERO, oldest_at=None, by_age=())


def peak_memory_mb() -> float:
    """The most memory this process ever had resident (`ru_maxrss`: kilobytes on Linux, bytes on macOS)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _counter_lost(replay: Replay) -> Decimal:
    totals = replay.books.line_totals()
    lost = totals[Category.COUNTER_SALE].cancelled if Category.COUNTER_SALE in totals else ZERO
    return lost + replay.progress.get(f"refused_lost:{Category.COUNTER_SALE.value}")


def _quantities(replay: Replay) -> report.Quantities:
    get = replay.progress.get
    return report.Quantities(
        sale=_ordered(replay, Category.SALE),
        free_goods=_ordered(replay, Category.FREE_GOODS),
        counter_sale=_ordered(replay, Category.COUNTER_SALE),
        returned=report.ReturnQuantities(
            returned=get("returned"),
            cancelled_backordered=get("cancelled_backordered"),
            cancelled_reserved=get("cancelled_reserved"),
            restocked=get("restocked"),
            unmatched=get("unmatched"),
        ),
        write_off=report.WriteOffQuantities(
            asked=get("write_off"),
            written_off=get("written_off"),
            discrepancy=sum((quantity for _, _, quantity in replay.progress.discrepancies), ZERO),
        ),
        found=get("found"),
        supply=report.SupplyQuantities(
            opening=get("opening"),
            ordered=get("ordered"),
            arrived=get("arrived"),
            on_order=sum(replay.progress.on_order().values(), ZERO),
        ),
    )


def _ordered(replay: Replay, category: Category) -> report.OrderedQuantities:
    totals = replay.books.line_totals().get(category)
    refused = replay.progress.get(f"refused_lost:{category.value}")
    promised = replay.progress.get(f"reserved_when_placed:{category.value}")
    if totals is None:
        return report.OrderedQuantities(ordered=refused, lost=refused, reserved_when_placed=promised)
    counter = category is Category.COUNTER_SALE
    return report.OrderedQuantities(
        ordered=totals.ordered + refused,
        reserved_when_placed=promised,
        shipped=totals.shipped,
        cancelled=ZERO if counter else totals.cancelled,
        lost=(totals.cancelled if counter else ZERO) + refused,
        reserved=totals.reserved,
        backordered=totals.backordered,
    )


def _orders(replay: Replay) -> report.OrderFigures:
    get = replay.progress.get
    outcomes = replay.books.order_outcomes()
    lines = replay.books.line_outcomes()
    lines[report.LineOutcome.LOST] = lines.get(report.LineOutcome.LOST, 0) + int(get("refused_lines"))
    return report.OrderFigures(
        placed=int(get("placed")),
        refused=int(get("refused")),
        delivered=outcomes.get("delivered", 0),
        cancelled=outcomes.get("cancelled", 0),
        open={reason: outcomes.get(reason.value, 0) for reason in report.OpenReason},
        lines=int(get("lines")),
        lines_filled=int(get("lines_filled")),
        lines_by_outcome=lines,
        shipments=replay.books.shipment_count(),
    )
