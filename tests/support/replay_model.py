"""The replay as plain dictionaries: what the engine's replay of a file is compared with.

One site, no database, no bins, no transactions. It shares the reading of the file, the order of events and
the supply rule with the product (they have tests of their own); all that stock and orders do is written here
again, as simply as it can be said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import attrs

from stockcore_replay import report, supply, timeline
from stockcore_replay.categories import Category
from stockcore_replay.parameters import DEFAULTS, Parameters
from stockcore_replay.source import SourceRow, read_rows
from tests.support.weekly_demand import WeeklyDemand

ZERO = Decimal(0)


@attrs.define(eq=False)
class Line:
    """ordered = reserved + backordered + shipped + cancelled + lost, always."""

    order: Order
    number: int  # within its order, from 1
    row: SourceRow
    category: Category
    reserved: Decimal = ZERO
    backordered: Decimal = ZERO
    shipped: Decimal = ZERO
    cancelled: Decimal = ZERO
    lost: Decimal = ZERO
    returned: Decimal = ZERO  # of what was shipped
    filled: bool = False  # wholly reserved when placed

    @property
    def code(self) -> str:
        return self.row.code

    @property
    def is_open(self) -> bool:
        return self.reserved > 0 or self.backordered > 0

    def outcome(self) -> report.LineOutcome:
        if self.is_open:
            return report.LineOutcome.OPEN
        if self.shipped > 0:
            return report.LineOutcome.SHIPPED
        return report.LineOutcome.CANCELLED if self.cancelled > 0 else report.LineOutcome.LOST


@attrs.define(eq=False)
class Order:
    invoice: str
    customer: str | None  # None: over the counter
    at: datetime
    lines: list[Line] = attrs.field(factory=list)
    on_the_way: int = 0  # shipments dispatched and not delivered
    shipments: int = 0
    refused: bool = False

    def outcome(self) -> str:
        if any(line.backordered > 0 for line in self.lines):
            return report.OpenReason.AWAITING_SUPPLY
        if any(line.reserved > 0 for line in self.lines):
            return report.OpenReason.AWAITING_DISPATCH
        if self.on_the_way:
            return report.OpenReason.AWAITING_DELIVERY
        if self.refused:
            return "refused"
        return "delivered" if self.shipments else "cancelled"


class Model:
    """Plain totals per SKU and plain lists of lines; `play` moves them event by event."""

    def __init__(self, first_at: datetime, parameters: Parameters = DEFAULTS) -> None:
        self.parameters = parameters
        self.on_hand: defaultdict[str, Decimal] = defaultdict(Decimal)  # a key for every SKU that appeared
        self.quarantined: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.reserved: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.backordered: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.on_order: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.orders: list[Order] = []
        self.open_lines: defaultdict[str, list[Line]] = defaultdict(list)  # by SKU, oldest first
        self.bought: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)  # by customer and SKU, likewise
        self.arriving: dict[datetime, dict[str, Decimal]] = {}  # by when it was ordered
        self.shipped: dict[datetime, list[Order]] = {}  # by when it was dispatched
        self.demand = WeeklyDemand(first_at, parameters.demand_weeks)
        self.costs: dict[str, Decimal] = {}
        self.discrepancies: list[report.Discrepancy] = []
        self.unmatched: list[tuple[int, str, Decimal]] = []  # row, SKU, quantity
        self.totals: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.movements: Counter[str] = Counter()  # ledger rows that stock's total or its promises need

    # -------------------------------------------------------------------------------------- what happens

    def play(self, events: Iterable[timeline.Event]) -> None:
        for event in events:
            if isinstance(event, timeline.Invoice):
                self.invoice(event)
            elif isinstance(event, timeline.Arrival):
                self.arrival(event.ordered_at)
            elif isinstance(event, timeline.SupplyOrder):
                self.supply_order(event.at)
            elif isinstance(event, timeline.Dispatch):
                self.dispatch(event.at)
            else:
                self.delivery(event.dispatched_at)

    def invoice(self, invoice: timeline.Invoice) -> None:
        for entry in invoice.goods:
            if entry.row.price > 0 and entry.row.code not in self.costs:
                self.costs[entry.row.code] = supply.unit_cost(entry.row.price, self.parameters)
        for entry in invoice.goods:
            if entry.row.code not in self.on_hand:
                self.opening(entry.row.code)
        for entry in invoice.bookings:
            if entry.category is Category.FOUND:
                self.found(entry.row)
            elif entry.category is Category.WRITE_OFF:
                self.write_off(entry.row)
            else:
                self.take_back(entry.row)
        for wanted in invoice.orders:
            self.order(invoice.at, wanted)

    def opening(self, code: str) -> None:
        quantity = supply.opening_quantity(self.parameters.seed, code, self.parameters.opening_sizes)
        self.put(code, quantity, "receipt")
        self.add("opening", quantity)

    def found(self, row: SourceRow) -> None:
        self.put(row.code, row.quantity, "adjustment")
        self.add("found", row.quantity)

    def write_off(self, row: SourceRow) -> None:
        asked = -row.quantity
        taken = min(asked, self.on_hand[row.code] - self.quarantined[row.code])
        if taken > 0:
            self.on_hand[row.code] -= taken
            self.movements["adjustment"] += 1
        for line in reversed(self.open_lines[row.code]):  # promised goods give way, the youngest promise first
            missing = -self.available(row.code)
            if missing <= 0:
                break
            given_up = min(line.reserved, missing)
            if given_up > 0:
                self.reserve(line, -given_up)
                self.backorder(line, given_up)
                self.movements["reservation_release"] += 1
        if asked > taken:
            self.discrepancies.append(report.Discrepancy(row.number, row.code, asked - taken))
        self.add("write_off", asked)
        self.add("written_off", taken)

    def take_back(self, row: SourceRow) -> None:
        left = -row.quantity
        self.add("returned", left)
        bought = self.bought[row.customer, row.code] if row.customer else []
        for line in bought:  # not sent yet: oldest first
            left -= self.cancel(line, left)
        restocked = ZERO
        for line in reversed(bought):  # sent: newest first
            back = min(left, line.shipped - line.returned)
            if back > 0:
                line.returned += back
                restocked += back
                left -= back
                self.movements["return"] += 1
        self.on_hand[row.code] += restocked
        self.add("restocked", restocked)
        if left > 0:
            self.on_hand[row.code] += left
            self.quarantined[row.code] += left
            self.movements["return"] += 1
            self.unmatched.append((row.number, row.code, left))
            self.add("unmatched", left)
        self.serve(row.code)

    def cancel(self, line: Line, up_to: Decimal) -> Decimal:
        """Take this much off the line at most, what waits before what is promised; how much it was."""
        from_queue = min(up_to, line.backordered)
        from_stock = min(up_to - from_queue, line.reserved)
        self.backorder(line, -from_queue)
        if from_stock > 0:
            self.reserve(line, -from_stock)
            self.movements["reservation_release"] += 1
        line.cancelled += from_queue + from_stock
        self.demand.cancel(line.code, from_queue + from_stock, line.order.at)
        self.add("cancelled_backordered", from_queue)
        self.add("cancelled_reserved", from_stock)
        return from_queue + from_stock

    def order(self, at: datetime, wanted: timeline.Order) -> None:
        order = Order(wanted.invoice, wanted.customer, at)
        self.orders.append(order)
        for number, entry in enumerate(wanted.lines, start=1):
            line = Line(order, number, entry.row, entry.category)
            order.lines.append(line)
            self.demand.order(line.code, line.row.quantity, at)
            promised = max(ZERO, min(line.row.quantity, self.available(line.code)))
            line.filled = promised == line.row.quantity
            self.add("reserved_when_placed:" + line.category, promised)
            if promised > 0:
                self.reserve(line, promised)
                self.movements["reservation"] += 1
            if wanted.customer is None:
                line.lost = line.row.quantity - promised
            else:
                self.backorder(line, line.row.quantity - promised)
                self.open_lines[line.code].append(line)
                self.bought[wanted.customer, line.code].append(line)
        if wanted.customer is None:
            order.refused = not any(line.reserved > 0 for line in order.lines)
            self.ship(order)

    def arrival(self, ordered_at: datetime) -> None:
        for code, quantity in self.arriving.pop(ordered_at, {}).items():
            self.on_order[code] -= quantity
            self.put(code, quantity, "receipt")
            self.add("arrived", quantity)

    def supply_order(self, at: datetime) -> None:
        ordered = {}
        for code in sorted(self.on_hand):
            quantity = supply.order_quantity(
                self.demand.recent(code, at),
                available=self.available(code),
                on_order=self.on_order[code],
                backordered=self.backordered[code],
                parameters=self.parameters,
            )
            if quantity > 0:
                ordered[code] = quantity
                self.on_order[code] += quantity
                self.add("ordered", quantity)
        self.arriving[at] = ordered

    def dispatch(self, at: datetime) -> None:
        ready = {line.order: None for lines in self.open_lines.values() for line in lines if line.reserved > 0}
        for order in ready:
            self.ship(order)
            order.on_the_way += 1
        self.shipped[at] = list(ready)
        for code, lines in self.open_lines.items():
            self.open_lines[code] = [line for line in lines if line.is_open]

    def delivery(self, dispatched_at: datetime) -> None:
        for order in self.shipped.pop(dispatched_at, []):
            order.on_the_way -= 1

    # ---------------------------------------------------------------------------------------- how stock moves

    def available(self, code: str) -> Decimal:
        return self.on_hand[code] - self.quarantined[code] - self.reserved[code]

    def put(self, code: str, quantity: Decimal, kind: str) -> None:
        self.on_hand[code] += quantity
        self.movements[kind] += 1
        self.serve(code)

    def serve(self, code: str) -> None:
        """Whatever raised available goes to those who wait, the oldest first."""
        for line in self.open_lines[code]:
            promised = min(line.backordered, self.available(code))
            if promised > 0:
                self.backorder(line, -promised)
                self.reserve(line, promised)
                self.movements["reservation"] += 1
        assert self.available(code) >= 0
        assert self.available(code) == 0 or self.backordered[code] == 0

    def ship(self, order: Order) -> None:
        for line in order.lines:
            if line.reserved > 0:
                self.on_hand[line.code] -= line.reserved
                line.shipped += line.reserved
                self.reserve(line, -line.reserved)
                self.movements["commit"] += 1
        order.shipments += not order.refused

    def reserve(self, line: Line, quantity: Decimal) -> None:
        line.reserved += quantity
        self.reserved[line.code] += quantity

    def backorder(self, line: Line, quantity: Decimal) -> None:
        line.backordered += quantity
        self.backordered[line.code] += quantity

    def add(self, name: str, quantity: Decimal) -> None:
        self.totals[name] += quantity

    # ------------------------------------------------------------------------------------- what came of it

    @property
    def lines(self) -> list[Line]:
        return [line for order in self.orders for line in order.lines]

    def fill_rate(self, before: datetime | None = None) -> float:
        lines = [line for line in self.lines if before is None or line.order.at < before]
        return report.fill_rate(sum(line.filled for line in lines), len(lines))

    def quantities(self) -> report.Quantities:
        total = self.totals
        return report.Quantities(
            sale=self._ordered(Category.SALE),
            free_goods=self._ordered(Category.FREE_GOODS),
            counter_sale=self._ordered(Category.COUNTER_SALE),
            returned=report.ReturnQuantities(
                returned=total["returned"],
                cancelled_backordered=total["cancelled_backordered"],
                cancelled_reserved=total["cancelled_reserved"],
                restocked=total["restocked"],
                unmatched=total["unmatched"],
            ),
            write_off=report.WriteOffQuantities(
                asked=total["write_off"],
                written_off=total["written_off"],
                discrepancy=sum((one.quantity for one in self.discrepancies), ZERO),
            ),
            found=total["found"],
            supply=report.SupplyQuantities(
                opening=total["opening"],
                ordered=total["ordered"],
                arrived=total["arrived"],
                on_order=sum(self.on_order.values(), ZERO),
            ),
        )

    def _ordered(self, category: Category) -> report.OrderedQuantities:
        lines = [line for line in self.lines if line.category is category]
        return report.OrderedQuantities(
            ordered=sum((line.row.quantity for line in lines), ZERO),
            reserved_when_placed=self.totals["reserved_when_placed:" + category],
            shipped=sum((line.shipped for line in lines), ZERO),
            cancelled=sum((line.cancelled for line in lines), ZERO),
            lost=sum((line.lost for line in lines), ZERO),
            reserved=sum((line.reserved for line in lines), ZERO),
            backordered=sum((line.backordered for line in lines), ZERO),
        )

    def order_figures(self) -> report.OrderFigures:
        outcomes = Counter(order.outcome() for order in self.orders)
        lines = self.lines
        return report.OrderFigures(
            placed=len(self.orders) - outcomes["refused"],
            refused=outcomes["refused"],
            delivered=outcomes["delivered"],
            cancelled=outcomes["cancelled"],
            open={reason: outcomes[reason] for reason in report.OpenReason},
            lines=len(lines),
            lines_filled=sum(line.filled for line in lines),
            lines_by_outcome=Counter(line.outcome() for line in lines),
            shipments=sum(order.shipments for order in self.orders),
        )

    def lost_sales(self) -> report.LostSales:
        lost = [line for line in self.lines if line.lost > 0]
        return report.LostSales(
            lines=len(lost),
            quantity=sum((line.lost for line in lost), ZERO),
            value=sum((line.lost * line.row.price for line in lost), ZERO),
        )

    def backorders(self, now: datetime) -> report.Backorders:
        waiting = ((line.order.at, line.backordered) for line in self.lines if line.backordered > 0)
        return report.backorders(waiting, now)

    def stock(self) -> report.StockFigures:
        priced = {code: quantity for code, quantity in self.on_hand.items() if code in self.costs}
        return report.StockFigures(
            skus=sum(quantity > 0 for quantity in self.on_hand.values()),
            on_hand=sum(self.on_hand.values(), ZERO),
            blocked=sum(self.quarantined.values(), ZERO),
            reserved=sum(self.reserved.values(), ZERO),
            value=sum((quantity * self.costs[code] for code, quantity in priced.items()), ZERO),
            without_cost=sum(self.on_hand.values(), ZERO) - sum(priced.values(), ZERO),
        )


def replayed(path: Path, parameters: Parameters = DEFAULTS) -> tuple[Model, timeline.Outline]:
    """The model after the whole file, and what the first pass said about the file."""
    plan = timeline.outline(read_rows(path))
    assert plan.first_at is not None
    model = Model(plan.first_at, parameters)
    model.play(timeline.events(read_rows(path), plan, parameters))
    return model, plan
