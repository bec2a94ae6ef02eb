"""The file as a history: what happens when, in one order, from a file read twice and never held.

A first pass notes where each invoice begins and ends; a second one collects each invoice's rows and hands it
on when its last row is read. Kept in memory: a few numbers per invoice, and the rows of those begun and not yet
handed on.
"""

from __future__ import annotations

import enum
import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import ClassVar, Final

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore_replay import calendars
from stockcore_replay.categories import ORDERED, Category, Rejection, categorise, rejection
from stockcore_replay.parameters import DEFAULTS, Parameters
from stockcore_replay.source import SourceRow, UnreadableRow

REJECTIONS_KEPT: Final = 100
"""So many rejected rows are named; all are counted."""


# ------------------------------------------------------------------------------------ first pass: the outline


@attrs.frozen(slots=True)
class Span:
    """Where an invoice's rows lie in the file; they need not be contiguous."""

    invoice: str
    at: datetime  # the time of its first row: when all of the invoice happens
    first_row: int
    last_row: int


@attrs.frozen(kw_only=True)
class Outline:
    """What the first pass learns."""

    rows: Mapping[Category, int]  # every category, those without rows too
    spans: Sequence[Span]  # in the order in which the invoices happen
    first_at: datetime | None  # None where no row can be read
    last_at: datetime | None  # the latest time of any row: there the clock stops
    rejections: Sequence[Rejection]  # the first REJECTIONS_KEPT

    @property
    def total(self) -> int:
        """All data rows, the rejected ones too."""
        return sum(self.rows.values())


def outline(rows: Iterable[SourceRow | UnreadableRow]) -> Outline:
    """The first pass over the file's rows."""
    counts: Counter[Category] = Counter()
    begins: dict[str, tuple[datetime, int]] = {}
    ends: dict[str, int] = {}
    first_at: datetime | None = None
    last_at: datetime | None = None
    rejections: list[Rejection] = []
    for row in rows:
        category = categorise(row)
        counts[category] += 1
        if category is Category.REJECTED and len(rejections) < REJECTIONS_KEPT:
            rejections.extend(filter(None, [rejection(row)]))
        if isinstance(row, UnreadableRow):
            continue
        begins.setdefault(row.invoice, (row.at, row.number))
        ends[row.invoice] = row.number
        first_at = row.at if first_at is None else min(first_at, row.at)
        last_at = row.at if last_at is None else max(last_at, row.at)
    spans = [Span(invoice, at, first, ends[invoice]) for invoice, (at, first) in begins.items()]
    spans.sort(key=lambda span: (span.at, span.first_row))
    return Outline(
        rows={category: counts[category] for category in Category},
        spans=spans,
        first_at=first_at,
        last_at=last_at,
        rejections=rejections,
    )


# ----------------------------------------------------------------------------------------------- the events


class Kind(enum.IntEnum):
    """What happens at one instant happens in this order."""

    ARRIVAL = 1
    SUPPLY_ORDER = 2
    DELIVERY = 3
    DISPATCH = 4
    FILE = 5


@attrs.frozen
class Arrival:
    """What was ordered then arrives, and serves the queue first."""

    kind: ClassVar = Kind.ARRIVAL
    at: datetime
    ordered_at: datetime


@attrs.frozen
class SupplyOrder:
    """Monday morning: supply is ordered by the demand of the last closed weeks."""

    kind: ClassVar = Kind.SUPPLY_ORDER
    at: datetime


@attrs.frozen
class Delivery:
    """What was dispatched then is delivered."""

    kind: ClassVar = Kind.DELIVERY
    at: datetime
    dispatched_at: datetime


@attrs.frozen
class Dispatch:
    """What is reserved for sale orders at this moment leaves, one shipment per order."""

    kind: ClassVar = Kind.DISPATCH
    at: datetime


@attrs.frozen(slots=True)
class Entry:
    """A row and what it is."""

    row: SourceRow
    category: Category


@attrs.frozen(slots=True)
class Order:
    """The order lines of one invoice for one customer, or over the counter (no customer), in row order."""

    invoice: str
    customer: str | None
    lines: tuple[Entry, ...]


@attrs.frozen
class Invoice:
    """All rows of one invoice, in row order, at the time of the first of them.

    It happens in these steps: opening receipts of the SKUs that are new (`goods`), then `bookings`, then
    `orders`.
    """

    kind: ClassVar = Kind.FILE
    number: str
    at: datetime
    rows: tuple[Entry, ...]

    @property
    def first_row(self) -> int:
        """The number of the invoice's first row in the file; orders invoices of one instant."""
        return self.rows[0].row.number

    @property
    def goods(self) -> tuple[Entry, ...]:
        """The rows that move or ask for stock: neither services nor rejected."""
        return tuple(e for e in self.rows if e.category not in (Category.REJECTED, Category.SERVICE))

    @property
    def bookings(self) -> tuple[Entry, ...]:
        """Found, write-off and return rows: booked one after the other, before the order."""
        return tuple(e for e in self.goods if e.category not in ORDERED)

    @property
    def orders(self) -> tuple[Order, ...]:
        """One order, or none where there are no order lines.

        An invoice should name one customer. Where it names several, or leaves some lines without, each gets
        an order of its own, in the order of their first lines.
        """
        lines: dict[str | None, list[Entry]] = {}
        for entry in self.rows:
            if entry.category in ORDERED:
                lines.setdefault(entry.row.customer, []).append(entry)
        return tuple(Order(self.number, customer, tuple(entries)) for customer, entries in lines.items())


Event = Arrival | SupplyOrder | Delivery | Dispatch | Invoice


# ---------------------------------------------------------------------------- second pass: events in order


def invoices(rows: Iterable[SourceRow | UnreadableRow], plan: Outline) -> Iterator[Invoice]:
    """The second pass: every invoice, in the order of time and then of first rows.

    Buffered are the rows of invoices begun and not yet handed on: an invoice waits for its own last row and
    for those that come before it. In a file that is in order of time, these are the few that overlap.
    Errors: file_changed, where the rows are not those of the first pass.
    """
    begun: dict[str, list[Entry]] = {}
    upcoming = deque(plan.spans)
    for row in rows:
        if isinstance(row, UnreadableRow):
            continue
        begun.setdefault(row.invoice, []).append(Entry(row, categorise(row)))
        while upcoming and upcoming[0].last_row <= row.number:
            span = upcoming.popleft()
            yield _complete(span, begun.pop(span.invoice, []))
    if upcoming or begun:
        raise _changed()


def _complete(span: Span, entries: list[Entry]) -> Invoice:
    if not entries or (entries[0].row.number, entries[-1].row.number) != (span.first_row, span.last_row):
        raise _changed()
    return Invoice(span.invoice, span.at, tuple(entries))


def _changed() -> StockcoreError:
    return StockcoreError("file_changed", "the file changed while it was read")


def clock_events(
    first_at: datetime, last_at: datetime, parameters: Parameters = DEFAULTS
) -> Iterator[Arrival | SupplyOrder | Delivery | Dispatch]:
    """What the calendar brings after the file's first moment and up to its last one, in order.

    An event says that it is time, not that there is something to do. What falls due after `last_at` stays
    open.
    """
    streams: list[Iterator[Arrival | SupplyOrder | Delivery | Dispatch]] = [
        (Arrival(calendars.arrives_at(at, parameters), at) for at in calendars.supply_orders(first_at, parameters)),
        (SupplyOrder(at) for at in calendars.supply_orders(first_at, parameters)),
        (Delivery(calendars.delivered_at(at, parameters), at) for at in calendars.dispatches(first_at, parameters)),
        (Dispatch(at) for at in calendars.dispatches(first_at, parameters)),
    ]

    def due(event: Event) -> bool:
        return event.at <= last_at

    return heapq.merge(*(takewhile(due, stream) for stream in streams), key=moment)


def moment(event: Event) -> tuple[datetime, Kind]:
    """By this events are ordered; file events of one instant then by their first rows."""
    return event.at, event.kind


def events(
    rows: Iterable[SourceRow | UnreadableRow], plan: Outline, parameters: Parameters = DEFAULTS
) -> Iterator[Event]:
    """The whole history in order: the file's invoices and what the calendar brings between them."""
    if plan.first_at is None or plan.last_at is None:
        return iter(())
    clock = clock_events(plan.first_at, plan.last_at, parameters)
    return heapq.merge(clock, invoices(rows, plan), key=moment)
