"""Orders as they are shown, the same document as from every command, and customers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ZERO
from stockcore.kernel.reading import read_list, readable
from stockcore.kernel.text import normal_code, read_text
from stockcore.orders.lifecycle import UNDISPATCHED, shipped_of_service, shown_state
from stockcore.orders.results import LineFigures, OrderDocument, ShipmentFigures
from stockcore.orders.views import CustomerView, HistoryView, OrderSummary
from stockcore.stock.records import DemandType
from stockcore_sql import schema as s
from stockcore_sql.asking import FAR, Asking, Connect, asking, page_size, sought
from stockcore_sql.reading import Dialect
from stockcore_sql.types import Instant, Key, Quantity

_LAST = UUID(int=2**128 - 1)

_order, _line, _res, _bo = s.sales_order.c, s.order_line.c, s.stock_reservation.c, s.stock_backorder.c
_alloc, _ship, _customer, _past = s.stock_allocation.c, s.shipment.c, s.customer.c, s.order_history.c


class OrderReads:
    """`connect` gives a connection on which to read."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def show(self, number: str) -> OrderDocument:
        """Errors: those of read_text, unknown_order."""
        number = read_text(number, field="number")
        documents = self.show_all([number])
        if not documents:
            raise _unknown_order(number)
        return documents[0]

    def show_all(self, numbers: Sequence[str]) -> list[OrderDocument]:
        """The documents of those that exist, in the order asked for; a fixed number of statements.

        Errors: those of read_list.
        """
        read_list(numbers, str, field="numbers")
        with asking(self._connect) as ask:
            documents = _documents(ask, readable(numbers))
        return [documents[number] for number in numbers if number in documents]

    def list(
        self, *, customer: str | None = None, after: str | None = None, limit: int = 100
    ) -> Sequence[OrderSummary]:
        """Newest first; `after` is the number of the last one seen.

        Errors: those of read_text, unknown_order, unknown_customer.
        """
        with asking(self._connect) as ask:
            placed_before, before = (FAR, _LAST) if after is None else _position_of(ask, after)
            asked: dict[str, Any] = {"placed_before": placed_before, "before": before, "most": page_size(limit)}
            if customer is None:
                rows = ask.rows(_PAGE, **asked)
            else:
                code = normal_code(read_text(customer, field="customer"))
                rows = ask.rows(_PAGE_OF_CUSTOMER, **asked, code=code)
                if not rows and not ask.rows(_CUSTOMER, code=code):
                    raise _unknown_customer(customer)
            documents = _documents(ask, [row.number for row in rows])
        return [_summary(row, documents[row.number]) for row in rows]

    def customer(self, code: str) -> CustomerView:
        """Errors: those of read_text, unknown_customer."""
        with asking(self._connect) as ask:
            rows = ask.rows(_CUSTOMER, code=normal_code(read_text(code, field="customer")))
        if not rows:
            raise _unknown_customer(code)
        return CustomerView(**rows[0]._asdict())

    def customers(
        self, *, after: str | None = None, search: str | None = None, limit: int = 100
    ) -> Sequence[CustomerView]:
        """Customers by code, those after one; with `search` only those with this text in the code, the name or the
        e-mail address, small and capital letters alike (in names on SQLite: of the ASCII ones).

        Errors: those of read_text, type_error.
        """
        first = "" if after is None else normal_code(read_text(after, field="after"))
        values: dict[str, Any] = {"after": first, "most": page_size(limit)}
        asked = _CUSTOMER_PAGE
        if search is not None:
            values |= sought(search)
            asked = asked.where(_FOUND)
        with asking(self._connect) as ask:
            return [CustomerView(**row._asdict()) for row in ask.rows(asked, **values)]

    def history(self, number: str) -> Sequence[HistoryView]:
        """What happened to an order, oldest first, with the explanations. Errors: those of read_text,
        unknown_order."""
        number = read_text(number, field="number")
        with asking(self._connect) as ask:
            rows = ask.rows(_HISTORY, number=number)
        if not rows:
            raise _unknown_order(number)
        return [_event(row) for row in rows]


def _unknown_order(number: str) -> StockcoreError:
    return StockcoreError("unknown_order", f"there is no order {number}", field="number", number=number)


def _unknown_customer(code: str) -> StockcoreError:
    return StockcoreError("unknown_customer", f"there is no customer {code!r}", field="customer")


def _position_of(ask: Asking, number: str) -> tuple[datetime, UUID]:
    number = read_text(number, field="after")
    rows = ask.rows(_headers, numbers=[number])
    if not rows:
        raise _unknown_order(number)
    return rows[0].placed_at, rows[0].id


def _documents(ask: Asking, numbers: Sequence[str]) -> dict[str, OrderDocument]:
    wanted = list(numbers)
    headers = ask.rows(_headers, numbers=wanted)
    lines = _by_order(ask.rows(_lines, numbers=wanted))
    shipments = _by_order(ask.rows(_shipments, numbers=wanted))
    released = {row.order_id: row.quantity for row in ask.rows(_released, numbers=wanted)}
    return {
        header.number: _document(header, lines[header.id], shipments[header.id], released.get(header.id, ZERO))
        for header in headers
    }


def _by_order(rows: Sequence[Any]) -> defaultdict[UUID, list[Any]]:
    found: defaultdict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.order_id].append(row)
    return found


def _document(header: Any, lines: Sequence[Any], shipments: Sequence[Any], released: Decimal) -> OrderDocument:
    reserved = sum((line.reserved for line in lines), ZERO)
    waiting = any(line.backordered > ZERO for line in lines)
    state = shown_state(header.state, [row.state for row in shipments], waiting or reserved > released)
    return OrderDocument(
        number=header.number,
        state=state,
        lines=tuple(_figures(line, header) for line in lines),
        shipments=tuple(ShipmentFigures(row.number, row.site, row.state) for row in shipments),
        customer=header.customer,
        reference=header.reference,
        on_hold=header.on_hold,
    )


def _figures(line: Any, header: Any) -> LineFigures:
    shipped = line.shipped if line.stocked else shipped_of_service(header.state, line.ordered, line.cancelled)
    return LineFigures(
        id=line.id,
        line=line.line_no,
        sku=line.sku,
        ordered=line.ordered,
        reserved=line.reserved,
        backordered=line.backordered,
        shipped=shipped,
        cancelled=line.cancelled,
        price=line.price,
        currency=header.currency,
    )


def _summary(row: Any, document: OrderDocument) -> OrderSummary:
    return OrderSummary(
        number=row.number,
        state=document.state,
        customer=document.customer,
        reference=document.reference,
        lines=len(document.lines),
        on_hold=document.on_hold,
        placed_at=row.placed_at,
    )


def _event(row: Any) -> HistoryView:
    fields = row._asdict()
    fields["explanation"] = None if row.explanation is None else json.loads(row.explanation)
    return HistoryView(**fields)


# -- statements ----------------------------------------------------------------------------------------------------


def _wanted(dialect: Dialect) -> sa.ScalarSelect[Any]:
    return sa.select(_order.id).where(dialect.among(_order.number, "numbers")).scalar_subquery()


def _headers(dialect: Dialect) -> sa.Select[Any]:
    return (
        sa.select(
            _order.id,
            _order.number,
            _order.state,
            _order.currency,
            _order.reference,
            _order.on_hold,
            _order.placed_at,
            _customer.code.label("customer"),
        )
        .select_from(s.sales_order.outerjoin(s.customer, _customer.id == _order.customer))
        .where(dialect.among(_order.number, "numbers"))
    )


def _of_line(total: sa.ColumnElement[Any], table: sa.Table) -> sa.ColumnElement[Any]:
    """The sum over a line's rows in one of stock's tables, 0 without any."""
    c = table.c
    summed = sa.select(sa.func.coalesce(sa.func.sum(total), sa.literal_column("0"))).where(
        c.demand_id == _line.order_id, c.demand_line == _line.id, c.demand_type == DemandType.ORDER
    )
    return sa.type_coerce(summed.correlate(s.order_line).scalar_subquery(), Quantity())


def _lines(dialect: Dialect) -> sa.Select[Any]:
    return (
        sa.select(
            _line.order_id,
            _line.id,
            _line.line_no,
            s.variant.c.sku,
            s.variant.c.stocked,
            _line.ordered,
            _line.cancelled,
            _line.price,
            _of_line(_res.quantity - _res.consumed - _res.released, s.stock_reservation).label("reserved"),
            _of_line(_res.consumed, s.stock_reservation).label("shipped"),
            _of_line(_bo.outstanding, s.stock_backorder).label("backordered"),
        )
        .join(s.variant, s.variant.c.id == _line.variant)
        .where(_line.order_id.in_(_wanted(dialect)))
        .order_by(_line.order_id, _line.line_no)
    )


def _shipments(dialect: Dialect) -> sa.Select[Any]:
    return (
        sa.select(_ship.order_id, _ship.number, s.location.c.code.label("site"), _ship.state)
        .join(s.location, s.location.c.id == _ship.site)
        .where(_ship.order_id.in_(_wanted(dialect)))
        .order_by(_ship.order_id, _ship.id)
    )


def _released(dialect: Dialect) -> sa.Select[Any]:
    """How much of each order lies in shipments that have not left."""
    undispatched = sa.select(_ship.id).where(
        _ship.order_id.in_(_wanted(dialect)), _ship.state.in_([state.value for state in UNDISPATCHED])
    )
    return (
        sa.select(_res.demand_id.label("order_id"), sa.func.sum(_alloc.quantity).label("quantity"))
        .select_from(s.stock_reservation.join(s.stock_allocation, _alloc.reservation == _res.id))
        .where(
            _res.demand_id.in_(_wanted(dialect)),
            _res.demand_type == DemandType.ORDER,
            _alloc.release.in_(undispatched),
        )
        .group_by(_res.demand_id)
    )


_PAGE = (
    sa.select(_order.number, _order.placed_at)
    .where(
        sa.tuple_(_order.placed_at, _order.id)
        < sa.tuple_(sa.bindparam("placed_before", type_=Instant()), sa.bindparam("before", type_=Key()))
    )
    .order_by(_order.placed_at.desc(), _order.id.desc())
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


_CUSTOMERS = sa.select(
    _customer.code,
    _customer.name,
    _customer.email,
    _customer.street,
    _customer.city,
    _customer.postcode,
    _customer.country,
)


_CUSTOMER = _CUSTOMERS.where(_customer.normal_code == sa.bindparam("code", type_=sa.Text()))


_CUSTOMER_PAGE = (
    _CUSTOMERS.where(_customer.normal_code > sa.bindparam("after", type_=sa.Text()))
    .order_by(_customer.normal_code)
    .limit(sa.bindparam("most", type_=sa.BigInteger()))
)


_FOUND = sa.or_(
    _customer.normal_code.like(sa.bindparam("in_code", type_=sa.Text()), escape="\\"),
    _customer.name.ilike(sa.bindparam("in_name", type_=sa.Text()), escape="\\"),
    _customer.email.ilike(sa.bindparam("in_name", type_=sa.Text()), escape="\\"),
)


_PAGE_OF_CUSTOMER = _PAGE.where(
    _order.customer
    == sa.select(_customer.id).where(_customer.normal_code == sa.bindparam("code", type_=sa.Text())).scalar_subquery()
)


_HISTORY = (
    sa.select(
        _past.sequence,
        _ship.number.label("shipment"),
        _past.from_state,
        _past.to_state,
        _past.at,
        _past.actor,
        _past.source,
        _past.reason,
        _past.explanation,
    )
    .select_from(
        s.order_history.join(s.sales_order, _order.id == _past.order_id).outerjoin(
            s.shipment, _ship.id == _past.shipment
        )
    )
    .where(_order.number == sa.bindparam("number", type_=sa.Text()))
    .order_by(_past.sequence)
)
