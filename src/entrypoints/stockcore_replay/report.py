"""What the replay reports: its figures, as one JSON document for programs and as tables for people.

The figures are filled in by whoever ran the replay; here they are only checked against each other and shown.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from stockcore.kernel.quantity import ZERO, plain
from stockcore_replay.categories import Category, Rejection
from stockcore_replay.countries import Country
from stockcore_replay.parameters import ParameterRow

if TYPE_CHECKING:
    from rich.console import Console

CURRENCY: Final = "GBP"
SHOWN: Final = 100
"""Lists of single rows (rejections, discrepancies) are shown up to this length; their counts are whole."""

Document = dict[str, Any]


# ------------------------------------------------------------------------------------------------ quantities


@attrs.frozen(kw_only=True)
class OrderedQuantities:
    """What became of the order lines of one category, in units.

    Invariant: ordered = shipped + cancelled + lost + reserved + backordered.
    """

    ordered: Decimal = ZERO
    reserved_when_placed: Decimal = ZERO
    shipped: Decimal = ZERO  # dispatched, whether or not it came back later
    cancelled: Decimal = ZERO  # by the customer's return of what had not been sent
    lost: Decimal = ZERO  # over the counter, and not there
    reserved: Decimal = ZERO  # at the end: leaves with the next dispatch
    backordered: Decimal = ZERO  # at the end: waits for supply

    def __attrs_post_init__(self) -> None:
        if self.ordered != self.shipped + self.cancelled + self.lost + self.reserved + self.backordered:
            raise ValueError(f"the parts do not make up what was ordered: {self}")


@attrs.frozen(kw_only=True)
class ReturnQuantities:
    """What customers took back their word for, or sent back, in units.

    Invariant: returned = cancelled_backordered + cancelled_reserved + restocked + unmatched.
    """

    returned: Decimal = ZERO
    cancelled_backordered: Decimal = ZERO
    cancelled_reserved: Decimal = ZERO
    restocked: Decimal = ZERO  # was sent, came back, and is available again
    unmatched: Decimal = ZERO  # nothing is known to have been sent: quarantine

    def __attrs_post_init__(self) -> None:
        parts = self.cancelled_backordered + self.cancelled_reserved + self.restocked + self.unmatched
        if self.returned != parts:
            raise ValueError(f"the parts do not make up what was returned: {self}")


@attrs.frozen(kw_only=True)
class WriteOffQuantities:
    """What was found missing or damaged, in units. Invariant: asked = written_off + discrepancy."""

    asked: Decimal = ZERO
    written_off: Decimal = ZERO
    discrepancy: Decimal = ZERO  # more than the books held

    def __attrs_post_init__(self) -> None:
        if self.asked != self.written_off + self.discrepancy:
            raise ValueError(f"the parts do not make up what was to be written off: {self}")


@attrs.frozen(kw_only=True)
class SupplyQuantities:
    """What the replay's supply rule brought, in units. Invariant: ordered = arrived + on_order."""

    opening: Decimal = ZERO
    ordered: Decimal = ZERO
    arrived: Decimal = ZERO
    on_order: Decimal = ZERO

    def __attrs_post_init__(self) -> None:
        if self.ordered != self.arrived + self.on_order:
            raise ValueError(f"the parts do not make up the supply ordered: {self}")


@attrs.frozen(kw_only=True)
class Quantities:
    """Where all units came from and went, by the category of the rows that asked for it."""

    sale: OrderedQuantities = OrderedQuantities()
    free_goods: OrderedQuantities = OrderedQuantities()
    counter_sale: OrderedQuantities = OrderedQuantities()
    returned: ReturnQuantities = ReturnQuantities()
    write_off: WriteOffQuantities = WriteOffQuantities()
    found: Decimal = ZERO
    supply: SupplyQuantities = SupplyQuantities()

    @property
    def on_hand(self) -> Decimal:
        """What must be on hand at the end, in whatever status: all that came less all that went."""
        came = self.supply.opening + self.supply.arrived + self.found
        came += self.returned.restocked + self.returned.unmatched
        went = self.sale.shipped + self.free_goods.shipped + self.counter_sale.shipped + self.write_off.written_off
        return came - went


# -------------------------------------------------------------------------------------------------- figures


class OpenReason(enum.StrEnum):
    """Why an order is still open when the clock stops: the first that holds."""

    AWAITING_SUPPLY = "awaiting_supply"  # something of it is backordered
    AWAITING_DISPATCH = "awaiting_dispatch"  # reserved after the last dispatch
    AWAITING_DELIVERY = "awaiting_delivery"  # dispatched, its delivery is due later


class LineOutcome(enum.StrEnum):
    """What became of an order line: the first that holds."""

    OPEN = "open"  # something of it is reserved or backordered
    SHIPPED = "shipped"  # something of it was shipped, and nothing is open
    CANCELLED = "cancelled"
    LOST = "lost"  # over the counter, and nothing was there


@attrs.frozen(kw_only=True)
class OrderFigures:
    """Orders and lines by outcome.

    Refused are counter orders of which nothing was there; their lines count as asked for and not filled.
    Invariant: placed = delivered + cancelled + all that are open.
    """

    placed: int
    refused: int
    delivered: int
    cancelled: int
    open: Mapping[OpenReason, int]
    lines: int
    lines_filled: int  # wholly reserved when the order was placed
    lines_by_outcome: Mapping[LineOutcome, int]
    shipments: int

    def __attrs_post_init__(self) -> None:
        if self.placed != self.delivered + self.cancelled + sum(self.open.values()):
            raise ValueError(f"an order without an outcome: {self}")
        if self.lines != sum(self.lines_by_outcome.values()):
            raise ValueError(f"a line without an outcome: {self}")

    @property
    def fill_rate(self) -> float:
        """Order lines wholly reserved when placed, as a share of all order lines; 1 where there are none."""
        return fill_rate(self.lines_filled, self.lines)


def fill_rate(filled: int, lines: int) -> float:
    """A share with four decimals."""
    return round(filled / lines, 4) if lines else 1.0


@attrs.frozen(kw_only=True)
class LostSales:
    """What was asked for over the counter and was not there."""

    lines: int  # wholly or partly lost
    quantity: Decimal
    value: Decimal  # GBP at the prices asked


@attrs.frozen
class AgeGroup:
    """Backordered lines of one age."""

    label: str
    lines: int
    quantity: Decimal


@attrs.frozen(kw_only=True)
class Backorders:
    """Lines that wait for supply when the clock stops."""

    lines: int
    quantity: Decimal
    oldest_at: datetime | None  # when the oldest was ordered
    by_age: Sequence[AgeGroup]


_AGES: Final = (("up to 7 days", 7), ("8 to 14 days", 14), ("15 to 28 days", 28), ("older", None))


def backorders(open_lines: Iterable[tuple[datetime, Decimal]], now: datetime) -> Backorders:
    """Backorders by age, from each waiting line's order time and backordered quantity."""
    waiting = list(open_lines)
    groups: list[AgeGroup] = []
    younger = timedelta(days=-1)
    for label, days in _AGES:
        limit = timedelta.max if days is None else timedelta(days=days)
        quantities = [quantity for at, quantity in waiting if younger < now - at <= limit]
        groups.append(AgeGroup(label, len(quantities), sum(quantities, ZERO)))
        younger = limit
    return Backorders(
        lines=len(waiting),
        quantity=sum((quantity for _, quantity in waiting), ZERO),
        oldest_at=min((at for at, _ in waiting), default=None),
        by_age=tuple(groups),
    )


@attrs.frozen
class Discrepancy:
    """A write-off of more than the books held."""

    row: int  # of the file
    sku: str
    quantity: Decimal


@attrs.frozen(kw_only=True)
class StockFigures:
    """What lies there when the clock stops, and what it cost.

    Invariant: what has a cost and what has none make up what is on hand.
    """

    skus: int  # with stock
    on_hand: Decimal
    blocked: Decimal  # quarantine: returns that match nothing
    reserved: Decimal
    value: Decimal  # GBP at cost
    without_cost: Decimal  # units of SKUs that never had a positive price; worth what nobody knows

    @property
    def available(self) -> Decimal:
        """Not promised and not blocked."""
        return self.on_hand - self.blocked - self.reserved


@attrs.frozen
class Mover:
    """A SKU that sold much."""

    sku: str
    name: str
    shipped: Decimal


@attrs.frozen(kw_only=True)
class Month:
    """One calendar month in London."""

    month: str  # 2010-12
    orders: int
    lines: int
    lines_filled: int
    ordered: Decimal  # units
    value: Decimal  # GBP of what was ordered


@attrs.frozen(kw_only=True)
class CountryFigures:
    """Orders by the customer's country as the file names it."""

    country: Country
    orders: int
    lines: int
    value: Decimal  # GBP of what was ordered


@attrs.frozen(kw_only=True)
class Report:
    """All that a replay reports."""

    rows: Mapping[Category, int]
    rejections: Sequence[Rejection]
    quantities: Quantities
    orders: OrderFigures
    lost_sales: LostSales
    backorders: Backorders
    discrepancies: Sequence[Discrepancy]
    stock: StockFigures
    top_movers: Sequence[Mover]
    months: Sequence[Month]
    countries: Sequence[CountryFigures]
    parameters: Sequence[ParameterRow]
    first_at: datetime | None
    last_at: datetime | None  # where the clock stopped
    ledger_rows: int
    ledger_digest: str
    verify: Mapping[str, Any]  # as `stockcore verify` prints it
    seconds: float
    peak_memory_mb: float

    @property
    def total(self) -> int:
        """All data rows."""
        return sum(self.rows.values())

    @property
    def rows_per_second(self) -> float:
        """Data rows of the file per second of the whole replay."""
        return self.total / self.seconds if self.seconds else 0.0


# ------------------------------------------------------------------------------------------- for programs


def to_document(report: Report) -> Document:
    """The report as JSON values: counts as numbers, quantities and money as plain strings, times as ISO 8601."""
    return {
        "rows": {
            "total": report.total,
            **{category.value: report.rows.get(category, 0) for category in Category},
        },
        "quantities": quantities_document(report.quantities),
        "orders": orders_document(report.orders),
        "ledger": {"rows": report.ledger_rows, "digest": report.ledger_digest},
        "verify": dict(report.verify),
        "seconds": round(report.seconds, 3),
        "peak_memory_mb": round(report.peak_memory_mb, 1),
        "rows_per_second": round(report.rows_per_second, 1),
        "first_at": _time(report.first_at),
        "last_at": _time(report.last_at),
        "rejections": [_plainly(attrs.asdict(rejected)) for rejected in report.rejections[:SHOWN]],
        "lost_sales": _plainly(attrs.asdict(report.lost_sales)),
        "backorders": _plainly(attrs.asdict(report.backorders)),
        "returns": _plainly({"rows": report.rows.get(Category.RETURN, 0)} | _parts(report.quantities.returned)),
        "write_offs": _plainly(
            {"rows": report.rows.get(Category.WRITE_OFF, 0)}
            | _parts(report.quantities.write_off)
            | {
                "discrepancy_rows": len(report.discrepancies),
                "discrepancies": [attrs.asdict(found) for found in report.discrepancies[:SHOWN]],
            }
        ),
        "stock": _plainly(attrs.asdict(report.stock) | {"available": report.stock.available, "currency": CURRENCY}),
        "top_movers": [_plainly(attrs.asdict(mover)) for mover in report.top_movers],
        "months": [_month(month) for month in report.months],
        "countries": [
            _plainly(
                {"code": one.country.code, "name": one.country.name}
                | attrs.asdict(one, filter=attrs.filters.exclude("country"))
            )
            for one in report.countries
        ],
        "parameters": {row.name: row.value for row in report.parameters},
    }


def quantities_document(quantities: Quantities) -> Document:
    """Per category what became of its units, and what supply brought; plain strings."""
    document: Document = {
        Category.SALE.value: _parts(quantities.sale),
        Category.FREE_GOODS.value: _parts(quantities.free_goods),
        Category.COUNTER_SALE.value: _parts(quantities.counter_sale),
        Category.RETURN.value: _parts(quantities.returned),
        Category.WRITE_OFF.value: _parts(quantities.write_off),
        Category.FOUND.value: {"found": quantities.found},
        "supply": _parts(quantities.supply),
        "on_hand": quantities.on_hand,
    }
    plainly: Document = _plainly(document)
    return plainly


def orders_document(orders: OrderFigures) -> Document:
    """Orders and lines by outcome, and the fill rate as a number between 0 and 1."""
    return {
        "placed": orders.placed,
        "refused": orders.refused,
        "delivered": orders.delivered,
        "cancelled": orders.cancelled,
        "open": sum(orders.open.values()),
        "open_reasons": {reason.value: orders.open.get(reason, 0) for reason in OpenReason},
        "shipments": orders.shipments,
        "lines": orders.lines,
        "lines_filled": orders.lines_filled,
        "lines_by_outcome": {outcome.value: orders.lines_by_outcome.get(outcome, 0) for outcome in LineOutcome},
        "fill_rate": orders.fill_rate,
    }


def _month(month: Month) -> Document:
    document: Document = _plainly(attrs.asdict(month))
    return document | {"fill_rate": fill_rate(month.lines_filled, month.lines)}


def _parts(quantities: attrs.AttrsInstance) -> Document:
    return attrs.asdict(quantities, recurse=False)


def _plainly(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plainly(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plainly(part) for part in value]
    return value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


# --------------------------------------------------------------------------------------------- for people


def print_report(report: Report, console: Console) -> None:
    """The report as tables and bars."""
    from rich.columns import Columns
    from rich.table import Table
    from rich.text import Text

    def figures(title: str, rows: Iterable[tuple[str, object]]) -> Table:
        table = Table(title=title, title_justify="left", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for name, value in rows:
            table.add_row(Text(name), Text(_shown(value)))
        return table

    def listing(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
        table = Table(title=title, title_justify="left")
        for heading in headings:
            table.add_column(heading.strip(">"), justify="right" if heading.startswith(">") else "left")
        for row in rows:
            table.add_row(*(value if isinstance(value, Text) else Text(_shown(value)) for value in row))
        return table

    orders, quantities, stock = report.orders, report.quantities, report.stock
    console.print(
        Columns(
            [
                figures("Rows of the file", [*_by_category(report), ("total", report.total)]),
                figures("Orders", _order_rows(orders)),
                figures("Order lines", _line_rows(orders)),
            ]
        )
    )
    console.print(
        Columns(
            [
                figures("Sales, units", _named(quantities.sale)),
                figures("Free goods, units", _named(quantities.free_goods)),
                figures("Counter sales, units", _named(quantities.counter_sale)),
                figures("Returns, units", _named(quantities.returned)),
                figures(
                    "Write-offs, units",
                    [*_named(quantities.write_off), ("rows with a discrepancy", len(report.discrepancies))],
                ),
                figures("Supply, units", [*_named(quantities.supply), ("found", quantities.found)]),
                figures("Lost sales", _lost_rows(report.lost_sales)),
                figures("Backorders", _backorder_rows(report.backorders)),
                figures("Stock", _stock_rows(stock)),
            ]
        )
    )
    most = max((month.lines for month in report.months), default=1)
    console.print(
        listing(
            "Months",
            ("month", ">orders", ">lines", ">filled", f">value {CURRENCY}", "lines"),
            (
                (
                    month.month,
                    month.orders,
                    month.lines,
                    f"{fill_rate(month.lines_filled, month.lines):.1%}",
                    _money(month.value),
                    Text("█" * max(1, round(30 * month.lines / most)), style="cyan"),
                )
                for month in report.months
            ),
        )
    )
    console.print(
        listing("Top movers", ("SKU", "name", ">shipped"), ((m.sku, m.name, m.shipped) for m in report.top_movers))
    )
    console.print(
        listing(
            "Countries",
            ("country", "name in the file", ">orders", ">lines", f">value {CURRENCY}"),
            (
                (one.country.code or "–", one.country.name, one.orders, one.lines, _money(one.value))
                for one in report.countries
            ),
        )
    )
    if report.rejections:
        console.print(
            listing(
                "Rejected rows",
                (">row", "field", "reason", "message"),
                ((r.number, r.field or "", r.reason, r.message) for r in report.rejections[:SHOWN]),
            )
        )
    console.print(
        listing(
            "Parameters",
            ("parameter", ">value", ">default", "meaning"),
            ((row.name, row.value, row.default, row.meaning) for row in report.parameters),
        )
    )
    console.print(figures("Books", _book_rows(report)))


_Rows = Iterable[tuple[str, object]]


def _by_category(report: Report) -> _Rows:
    return [(_words(category.value), report.rows.get(category, 0)) for category in Category]


def _order_rows(orders: OrderFigures) -> _Rows:
    reasons = [(f"open: {_words(reason.value)}", orders.open.get(reason, 0)) for reason in OpenReason]
    return [
        ("placed", orders.placed),
        ("delivered", orders.delivered),
        ("cancelled", orders.cancelled),
        *reasons,
        ("refused", orders.refused),
        ("shipments", orders.shipments),
    ]


def _line_rows(orders: OrderFigures) -> _Rows:
    outcomes = [(_words(outcome.value), orders.lines_by_outcome.get(outcome, 0)) for outcome in LineOutcome]
    return [("lines", orders.lines), *outcomes, ("fill rate", f"{orders.fill_rate:.1%}")]


def _lost_rows(lost: LostSales) -> _Rows:
    return [("lines", lost.lines), ("units", lost.quantity), (f"value {CURRENCY}", _money(lost.value))]


def _backorder_rows(waiting: Backorders) -> _Rows:
    ages = [(f"{group.label}: units", group.quantity) for group in waiting.by_age]
    oldest = "" if waiting.oldest_at is None else f"{waiting.oldest_at:%Y-%m-%d}"
    return [("lines", waiting.lines), ("units", waiting.quantity), *ages, ("oldest ordered", oldest)]


def _stock_rows(stock: StockFigures) -> _Rows:
    return [
        ("SKUs with stock", stock.skus),
        ("on hand", stock.on_hand),
        ("blocked", stock.blocked),
        ("reserved", stock.reserved),
        ("available", stock.available),
        (f"value at cost {CURRENCY}", _money(stock.value)),
        ("units without a cost", stock.without_cost),
    ]


def _book_rows(report: Report) -> _Rows:
    return [
        ("ledger rows", report.ledger_rows),
        ("ledger digest", report.ledger_digest),
        ("verify", "clean" if report.verify.get("ok") else "DIFFERENCES FOUND"),
        ("seconds", f"{report.seconds:,.1f}"),
        ("rows per second", f"{report.rows_per_second:,.0f}"),
        ("peak memory MB", f"{report.peak_memory_mb:,.0f}"),
    ]


def _named(quantities: attrs.AttrsInstance) -> _Rows:
    return [(_words(name), value) for name, value in _parts(quantities).items()]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _money(value: Decimal) -> str:
    return f"{value:,.2f}"


def _shown(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{Decimal(plain(value)):,}"
    return f"{value:,}" if isinstance(value, int) else str(value)
