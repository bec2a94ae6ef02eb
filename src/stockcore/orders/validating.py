"""Orders that were kept received because they were short: their reservation is tried again (DESIGN 4)."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from uuid import UUID

from stockcore.catalog.records import Sold
from stockcore.kernel.plain import to_json
from stockcore.orders import sourcing
from stockcore.orders.desk import OrderDesk
from stockcore.orders.history import announce, write_history
from stockcore.orders.lifecycle import State
from stockcore.orders.placing import candidates, shortage_error
from stockcore.orders.records import Order, OrderLine
from stockcore.orders.results import OrderChanged
from stockcore.stock.book import Demand, demand_of, sites_of
from stockcore.stock.serving import available_to, available_to_any, reserve


def validate(desk: OrderDesk, order: Order) -> OrderChanged:
    """Reserve all of a received order, or refuse it as short; its sites, multiples and age are those it came with.

    Errors: insufficient_stock, no_site.
    """
    demands = {row.demand_line: demand_of(row) for row in desk.reservations(order)}
    lines = [line for line in desk.lines(order) if line.ordered > line.cancelled]
    wishes = [_wish(line, desk.variants_of_lines[line.variant], demands.get(line.id)) for line in lines]
    allowed = {site for demand in demands.values() for site in sites_of(demand.sites)}
    sites = [site for site in desk.sites if site.id in allowed or not allowed]
    serving = candidates(sites, (), order.strategy)

    def available(index: int, _: int, site: int) -> Decimal:
        demand = demands.get(lines[index].id)
        return wishes[index].quantity if demand is None else available_to(desk.book, desk.floor, demand, site)

    pooled = partial(available_to_any, desk.book, desk.floor)
    plan = sourcing.plan(wishes, available, serving, order.strategy, pooled)
    if not plan.is_whole:
        raise shortage_error(plan, wishes, serving, desk.book, available)
    explanation = to_json(sourcing.explain(plan, wishes, available, serving, order.strategy))
    _reserve(desk, order, plan, lines, demands)
    steps = [(State.RECEIVED, State.VALIDATED), (State.VALIDATED, State.SUPPLIER_CONFIRMED)]
    write_history(desk, order, steps, None, explanation)
    order.state = State.SUPPLIER_CONFIRMED
    announce(desk, order, "order.validated", {"number": order.number, "state": order.state})
    return desk.changed(order)


def _wish(line: OrderLine, variant: Sold, demand: Demand | None) -> sourcing.Wish:
    multiple = variant.step if demand is None else demand.multiple
    pin = "" if demand is None else demand.requirement
    return sourcing.Wish(variant.id, variant.sku, line.ordered - line.cancelled, multiple, pin, variant.stocked)


def _reserve(
    desk: OrderDesk, order: Order, plan: sourcing.Plan, lines: list[OrderLine], demands: dict[UUID, Demand]
) -> None:
    posting = desk.posting(order)
    for take in plan.takes:
        demand = demands[lines[take.line].id]
        reserve(desk.book, posting, desk.floor, demand, take.site, take.quantity)
