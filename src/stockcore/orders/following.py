"""The order's follow-up: stock noted that it served an order or took from it; the order takes note of that (DESIGN 4).

Stock never locks an order's header, so it leaves a row; this carries the rows out, in a transaction of its own, right
after the commit that left them, or by the next one who comes. Per order it raises the version once, writes one message
and closes shipments that have nothing left in them. It needs no pool: with the order's header locked nobody can put
anything into a shipment, so one that is empty stays so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import partial
from typing import Any, Final
from uuid import UUID

from stockcore.kernel.quantity import ARITHMETIC, ZERO
from stockcore.kernel.unit_of_work import Changes, Ids, NewIds, Origin, Store, UnitOfWork
from stockcore.orders.history import NOTHING_LEFT, announce, close_shipment
from stockcore.orders.lifecycle import UNDISPATCHED
from stockcore.orders.records import LinesById, LockFreeOrders, Order, Shipment, ShipmentsOfOrdersById
from stockcore.stock.records import AllocationsOfDemands, FollowUp, PendingFollowUps

FOLLOW_UPS_MAX: Final = 200  # per transaction


def follow_up_orders(store: Store, origin: Origin) -> int:
    """Carry out every follow-up that is pending; how many orders took note. Running it again changes nothing. One of an
    order that somebody else is changing is left for the next who comes: nobody waits, holding what that other needs."""
    orders = 0
    last: int | None = 0
    while last is not None:
        last, followed = store.retrying(partial(_follow_up_some, store, origin, last))
        orders += followed
    return orders


def _follow_up_some(store: Store, origin: Origin, after: int) -> tuple[int | None, int]:
    """Those that come `after` a row; returns the last of them, if there may be more, and how many orders took note."""
    with localcontext(ARITHMETIC), store.transaction(origin) as uow:
        pending = uow.load(PendingFollowUps(after, FOLLOW_UPS_MAX))
        if not pending:
            return None, 0
        by_order: dict[UUID, list[FollowUp]] = {}
        for row in pending:
            by_order.setdefault(row.demand_id, []).append(row)
        follower = _Follower(uow, tuple(sorted(by_order)), tuple(sorted({_line_of(row) for row in pending})))
        for order in follower.orders:
            follower.follow(order, by_order[order.id])
            for row in by_order[order.id]:
                follower.changes.delete(row)
        uow.write(follower.changes)
        return pending[-1].id if len(pending) == FOLLOW_UPS_MAX else None, len(follower.orders)


class _Follower:
    """The orders concerned, locked, and what their shipments hold."""

    def __init__(self, uow: UnitOfWork, ids: tuple[UUID, ...], line_ids: tuple[UUID, ...]) -> None:
        uow.prepare_draw(1)
        self.orders, lines, shipments, allocations = uow.load(
            LockFreeOrders(ids), LinesById(line_ids), ShipmentsOfOrdersById(ids), AllocationsOfDemands(ids)
        )
        self.uow = uow
        self.changes = Changes()
        self.ids = Ids(uow, 1)
        self._new_ids = NewIds(uow, len(self.orders))
        self._line_numbers = {line.id: line.line_no for line in lines}
        self._shipments: dict[UUID, list[Shipment]] = {}
        for shipment in shipments:
            self._shipments.setdefault(shipment.order_id, []).append(shipment)
        self._filled = {allocation.release for allocation in allocations}

    def new_id(self) -> UUID:
        return next(self._new_ids)

    def follow(self, order: Order, rows: Sequence[FollowUp]) -> None:
        closed = [shipment.number for shipment in self._close_empty(order)]
        served = self._by_line(rows, "served")
        gave_way = self._by_line(rows, "gave_way")
        data = {"number": order.number, "served": served, "gave_way": gave_way, "closed_shipments": closed}
        announce(self, order, "order.shortage" if gave_way else "order.backorder_served", data)

    def _close_empty(self, order: Order) -> list[Shipment]:
        closed = []
        for shipment in self._shipments.get(order.id, ()):
            if shipment.state in UNDISPATCHED and shipment.id not in self._filled:
                close_shipment(self, order, shipment, NOTHING_LEFT)
                closed.append(shipment)
        return closed

    def _by_line(self, rows: Sequence[FollowUp], what: str) -> list[dict[str, Any]]:
        totals: dict[UUID, Decimal] = {}
        for row in rows:
            if row.what == what:
                line = _line_of(row)
                totals[line] = totals.get(line, ZERO) + Decimal(json.loads(row.facts)["quantity"])
        return [{"line": self._line_numbers.get(line), "quantity": quantity} for line, quantity in totals.items()]


def _line_of(row: FollowUp) -> UUID:
    return UUID(json.loads(row.facts)["line"])
