"""How each query of the domain is answered: by a function over the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, TypeAlias

import attrs

import stockcore.catalog.records as catalog
import stockcore.kernel.records as kernel
import stockcore.locations.records as locations
import stockcore.orders.records as orders
import stockcore.stock.records as stock
from stockcore_memory.books import SHAPES, Books

Find: TypeAlias = Callable[[Books, Any], Iterable[Any]]

_SERVICE: Final = ("receiving", "staging", "packing", "quarantine")


@attrs.frozen
class Answer:
    """A query's rows: of which class, found how, in which order (by default by key)."""

    record: type
    find: Find
    order: tuple[str, ...] = ()
    expired: bool = False  # only what has expired by now

    def rows(self, books: Books, query: Any, clock: Callable[[], datetime]) -> list[Any]:
        """Copies, so that nothing a use case does to them is seen before it is written."""
        shape = SHAPES[self.record]
        found = self.find(books, query)
        if self.expired:
            now = clock()
            found = [row for row in found if row.expires_at <= now]
        once = {shape.key(row): row for row in found}
        ordered = sorted(once.values(), key=attrgetter(*(self.order or shape.rules.key)))
        return [shape.copy(row) for row in ordered[: getattr(query, "most", None)]]


def _keys(record: type, field: str) -> Answer:
    """Rows by their key."""
    return Answer(record, lambda books, query: books.get(record, getattr(query, field)))


def _by(record: type, index: str, field: str, *order: str) -> Answer:
    """Rows by an indexed column."""
    return Answer(record, lambda books, query: books.find(record, index, getattr(query, field)), order)


def _all(record: type) -> Answer:
    return Answer(record, lambda books, _: books.rows(record))


def _ids(rows: Iterable[Any]) -> set[Any]:
    return {row.id for row in rows}


def _variants_with(books: Books, codes: Iterable[str]) -> set[int]:
    """The variants whose SKU is one of these normal codes."""
    return {row.variant for row in books.find(catalog.VariantCode, "normal_code", codes) if row.kind == "sku"}


def _offered(books: Books, query: catalog.VariantsByCode) -> list[Any]:
    """Those whose product is not deleted."""
    found = list(books.get(catalog.Variant, _variants_with(books, query.codes)))
    kept = _ids(p for p in books.get(catalog.Product, {v.product for v in found}) if p.deleted_at is None)
    return [variant for variant in found if variant.product in kept]


def _orders(books: Books, numbers: Iterable[str]) -> set[Any]:
    return _ids(books.find(orders.Order, "number", numbers))


def _variants_of_orders(books: Books, numbers: Iterable[str]) -> set[int]:
    return {line.variant for line in books.find(orders.OrderLine, "order_id", _orders(books, numbers))}


def _of_variants(record: type, index: str = "variant") -> Answer:
    """Rows of the variants with the query's SKUs."""
    return Answer(record, lambda books, query: books.find(record, index, _variants_with(books, query.codes)))


def _of_orders(record: type, index: str, *order: str) -> Answer:
    """Rows that name one of the query's orders."""
    return Answer(record, lambda books, query: books.find(record, index, _orders(books, query.numbers)), order)


def _of_orders_variants(record: type, index: str = "variant") -> Answer:
    """Rows of all variants on the lines of the query's orders."""
    return Answer(record, lambda books, query: books.find(record, index, _variants_of_orders(books, query.numbers)))


def _family(books: Books, codes: Iterable[str]) -> list[Any]:
    """The variants of every product that one with these SKUs belongs to."""
    members = books.get(catalog.Variant, _variants_with(books, codes))
    return list(books.find(catalog.Variant, "product", {member.product for member in members}))


def _products(books: Books, query: catalog.LockProducts) -> Iterable[Any]:
    return books.get(catalog.Product, {variant.product for variant in _family(books, query.codes)})


def _family_where(condition: Callable[[Books, int], bool]) -> Answer:
    """Of the products of the query's SKUs: the variants for which the condition holds."""
    return Answer(
        catalog.Variant,
        lambda books, query: [row for row in _family(books, query.codes) if condition(books, row.id)],
    )


def _has_pool(books: Books, variant: int) -> bool:
    return any(books.find(stock.Pool, "variant", [variant]))


def _has_stock(books: Books, variant: int) -> bool:
    return any(pool.on_hand > 0 for pool in books.find(stock.Pool, "variant", [variant]))


def _is_ordered(books: Books, variant: int) -> bool:
    return any(books.find(orders.OrderLine, "variant", [variant]))


def _is_awaited(books: Books, variant: int) -> bool:
    reserved = any(pool.reserved > 0 for pool in books.find(stock.Pool, "variant", [variant]))
    return reserved or any(books.find(stock.Backorder, "open", [variant])) or _is_received(books, variant)


def _is_received(books: Books, variant: int) -> bool:
    """Whether an order that still stands in state received asks for it."""
    open_lines = (row for row in books.find(orders.OrderLine, "variant", [variant]) if row.cancelled < row.ordered)
    holders = books.get(orders.Order, {line.order_id for line in open_lines})
    return any(order.state == "received" for order in holders)


def _sites_with(books: Books, codes: Iterable[str]) -> list[Any]:
    named = books.find(locations.Location, "normal_code", codes)
    return [row for row in named if row.parent is None]


def _places_of_sites(books: Books, query: Any) -> Iterable[Any]:
    return books.find(locations.Location, "site", _ids(_sites_with(books, query.codes)))


def _occupied(books: Books, query: locations.OccupiedLocations) -> Iterable[Any]:
    return [
        place
        for place in _places_of_sites(books, query)
        if any(quant.on_hand > 0 for quant in books.find(stock.Quant, "location", [place.id]))
    ]


def _awaiting(books: Books, query: locations.AwaitingSites) -> Iterable[Any]:
    transfers = {row.id: row.to_site for row in books.rows(stock.Document) if row.kind == "transfer"}
    lines = books.find(stock.DocumentLine, "document", transfers)
    awaited = {transfers[line.document] for line in lines if line.settled < line.quantity}
    return [site for site in _sites_with(books, query.codes) if site.id in awaited]


def _usual_places(books: Books) -> list[Any]:
    sites = (row for row in books.rows(locations.Location) if row.parent is None)
    return [*sites, *books.find(locations.Location, "purpose", _SERVICE)]


def _places_holding(books: Books, variants: Iterable[int]) -> Iterable[Any]:
    places = {quant.location for quant in books.find(stock.Quant, "variant", variants)}
    return books.get(locations.Location, places)


def _places_for(books: Books, query: locations.PlacesFor) -> Iterable[Any]:
    holding = _places_holding(books, _variants_with(books, query.skus))
    return [*_usual_places(books), *holding, *books.find(locations.Location, "normal_code", query.places)]


def _places_for_orders(books: Books, query: locations.PlacesForOrders) -> Iterable[Any]:
    return [*_usual_places(books), *_places_holding(books, _variants_of_orders(books, query.numbers))]


def _holds(books: Books, query: stock.LockExpiredHolds) -> Iterable[Any]:
    return books.find(stock.Reservation, "expiring", _variants_with(books, query.codes))


@attrs.frozen
class Joined:
    """A query's answers where they are not rows of one table: made how."""

    record: type
    make: Callable[[Books, Any, datetime], list[Any]]

    def rows(self, books: Books, query: Any, clock: Callable[[], datetime]) -> list[Any]:
        return self.make(books, query, clock())


def _offers(books: Books, query: orders.LockOffers, now: datetime) -> list[orders.Offer]:
    wanted = _variants_with(books, query.codes)
    held = books.find(stock.Reservation, "expiring", wanted)
    late = {hold.variant for hold in held if hold.expires_at <= now}
    variants = {variant.id: variant for variant in books.get(catalog.Variant, wanted)}
    pools = sorted(books.find(stock.Pool, "variant", wanted), key=lambda pool: (pool.variant, pool.site))
    return [_offer(variants[pool.variant], pool, pool.variant in late) for pool in pools]


def _allocated(books: Books, query: stock.LockAllocatedOfOrders, _: datetime) -> list[stock.Allocated]:
    allocations = list(_allocations_of(books, _orders(books, query.numbers)))
    quants = {quant.id: quant for quant in books.get(stock.Quant, {each.quant for each in allocations})}
    ordered = sorted(allocations, key=lambda each: (each.quant, each.reservation, each.release, each.home))
    copy_allocation, copy_quant = SHAPES[stock.Allocation].copy, SHAPES[stock.Quant].copy
    return [stock.Allocated(copy_allocation(each), copy_quant(quants[each.quant])) for each in ordered]


def _offer(variant: catalog.Variant, pool: stock.Pool, late: bool) -> orders.Offer:
    return orders.Offer(
        id=variant.id,
        sku=variant.sku,
        unit=variant.unit,
        step=variant.step,
        stocked=variant.stocked,
        list_price=variant.list_price,
        currency=variant.currency,
        status=variant.status,
        site=pool.site,
        on_hand=pool.on_hand,
        blocked=pool.blocked,
        reserved=pool.reserved,
        shipped=pool.shipped,
        last_seq=pool.last_seq,
        last_recorded_at=pool.last_recorded_at,
        late=late,
    )


def _all_holds(books: Books, _: Any) -> Iterable[Any]:
    return [row for row in books.rows(stock.Reservation) if row.expires_at is not None and row.outstanding > 0]


def _reservations_of(books: Books, query: stock.ReservationsOf) -> Iterable[Any]:
    held = books.find(stock.Reservation, "demand_id", query.demands)
    return [row for row in held if row.variant in query.variants]


def _lots_expired_at(books: Books, query: stock.LotsExpiredAt) -> Iterable[Any]:
    here = [
        row
        for row in books.rows(stock.Quant)
        if row.site == query.site and row.status == "available" and row.on_hand > 0
    ]
    lots = books.get(stock.Lot, {quant.lot for quant in here})
    return [lot for lot in lots if lot.expires_on is not None and lot.expires_on < query.day]


def _movements_since(books: Books, query: stock.MovementsSince) -> Iterable[Any]:
    return [row for row in books.find(stock.Movement, "variant", query.variants) if row.occurred_at > query.since]


def _contents(books: Books, query: stock.QuantsAt) -> Iterable[Any]:
    return [row for row in books.find(stock.Quant, "location", query.places) if row.on_hand > 0]


def _reservations_of_lines(books: Books, query: stock.LockReservationsOfLines) -> Iterable[Any]:
    owners = {line.order_id for line in books.get(orders.OrderLine, query.lines)}
    held = books.find(stock.Reservation, "demand_id", owners)
    return [row for row in held if row.demand_line in query.lines]


def _waiting(books: Books, variants: Iterable[int]) -> Iterable[Any]:
    waiting = list(books.find(stock.Backorder, "open", set(variants)))
    lines = {(row.demand_line, row.variant) for row in waiting}
    held = books.find(stock.Reservation, "demand_id", {row.demand_id for row in waiting})
    return [row for row in held if (row.demand_line, row.variant) in lines]


def _allocations_of_variants(books: Books, query: stock.AllocationsOfVariants) -> Iterable[Any]:
    outstanding = books.find(stock.Reservation, "open", query.variants)
    return books.find(stock.Allocation, "reservation", _ids(outstanding))


def _allocations_of(books: Books, demands: Iterable[Any]) -> Iterable[Any]:
    return books.find(stock.Allocation, "reservation", _ids(books.find(stock.Reservation, "demand_id", demands)))


def _pools_to_edit(books: Books, query: stock.LockPoolsToEdit) -> Iterable[Any]:
    variants = _variants_of_orders(books, query.numbers) | _variants_with(books, query.codes)
    return books.find(stock.Pool, "variant", variants)


def _lots_of_orders(books: Books, query: stock.LotsOfOrders) -> Iterable[Any]:
    lots = books.find(stock.Lot, "variant", _variants_of_orders(books, query.numbers))
    return [lot for lot in lots if lot.id > 0]


def _lines_of_customer(books: Books, query: orders.LinesOfCustomer) -> Iterable[Any]:
    own = _ids(books.find(orders.Order, "customer", [query.customer]))
    return [row for row in books.find(orders.OrderLine, "order_id", own) if row.variant in query.variants]


_LINE_ORDER: Final = ("order_id", "line_no")

ANSWERS: Final[Mapping[type, Answer | Joined]] = {
    kernel.KnownCommands: _keys(kernel.CommandRecord, "ids"),
    kernel.LockSettings: _keys(kernel.Setting, "names"),
    catalog.VariantsByCode: Answer(catalog.Variant, _offered),
    catalog.ShareVariants: _keys(catalog.Variant, "ids"),
    catalog.CodesOf: _by(catalog.VariantCode, "scan_code", "codes"),
    catalog.VariantsOfProducts: _by(catalog.Variant, "product", "ids"),
    catalog.PackagingsOf: _by(catalog.Packaging, "variant", "variants"),
    catalog.ShareProducts: Answer(catalog.Product, _products),
    catalog.LockProducts: Answer(catalog.Product, _products),
    catalog.LockProductsById: _keys(catalog.Product, "ids"),
    catalog.SiblingsByCode: Answer(catalog.Variant, lambda books, query: _family(books, query.codes)),
    catalog.PackagingsByCode: _of_variants(catalog.Packaging),
    catalog.MovedVariants: _family_where(_has_pool),
    catalog.VariantsWithStock: _family_where(_has_stock),
    catalog.VariantsWithOpenWork: _family_where(_is_awaited),
    catalog.OrderedVariants: _family_where(_is_ordered),
    catalog.Units: _all(catalog.UnitOfMeasure),
    locations.Sites: Answer(
        locations.Location,
        lambda books, _: [row for row in books.rows(locations.Location) if row.parent is None],
    ),
    locations.LocationsOfSites: Answer(locations.Location, _places_of_sites),
    locations.LockSites: Answer(locations.Location, lambda books, query: _sites_with(books, query.codes)),
    locations.LocationsByCode: _by(locations.Location, "normal_code", "codes"),
    locations.OccupiedLocations: Answer(locations.Location, _occupied),
    locations.AwaitingSites: Answer(locations.Location, _awaiting),
    locations.LocationsById: _keys(locations.Location, "ids"),
    locations.ShareSites: _keys(locations.Location, "ids"),
    locations.LockPlaces: _keys(locations.Location, "ids"),
    locations.PlacesFor: Answer(locations.Location, _places_for),
    locations.PlacesForOrders: Answer(locations.Location, _places_for_orders),
    stock.LockPoolsByCode: _of_variants(stock.Pool),
    stock.LockPools: _by(stock.Pool, "variant", "variants"),
    stock.LockPoolsOfOrders: _of_orders_variants(stock.Pool),
    stock.OpenBackorders: Answer(
        stock.Backorder, lambda books, _: [row for row in books.rows(stock.Backorder) if row.outstanding > 0]
    ),
    stock.LockPoolsToEdit: Answer(stock.Pool, _pools_to_edit),
    stock.LockBackorders: _by(stock.Backorder, "open", "variants"),
    stock.LockBackordersOfOrders: _of_orders(stock.Backorder, "demand_id"),
    stock.LockBackordersOfOrdersVariants: _of_orders_variants(stock.Backorder, "open"),
    stock.LockReservations: _by(stock.Reservation, "open", "variants"),
    stock.LockReservationsWaiting: Answer(stock.Reservation, lambda books, query: _waiting(books, query.variants)),
    stock.LockReservationsWaitingWithOrders: Answer(
        stock.Reservation, lambda books, query: _waiting(books, _variants_of_orders(books, query.numbers))
    ),
    stock.LockReservationsOfLines: Answer(stock.Reservation, _reservations_of_lines),
    stock.LockReservationsOfOrders: _of_orders(stock.Reservation, "demand_id"),
    stock.OutstandingOfOrders: Answer(
        stock.Reservation,
        lambda books, query: [
            row for row in books.find(stock.Reservation, "demand_id", _orders(books, query.numbers)) if row.outstanding
        ],
    ),
    stock.LockExpiredHolds: Answer(stock.Reservation, _holds, expired=True),
    stock.LockExpiredHoldsOfOrders: Answer(
        stock.Reservation,
        lambda books, query: books.find(stock.Reservation, "expiring", _variants_of_orders(books, query.numbers)),
        expired=True,
    ),
    stock.ExpiredHolds: Answer(stock.Reservation, _all_holds, ("expires_at", "id"), expired=True),
    stock.ReservationsOf: Answer(stock.Reservation, _reservations_of),
    stock.DemandsReservations: _by(stock.Reservation, "demand_id", "demands"),
    stock.QuantsAt: Answer(stock.Quant, _contents),
    stock.LotsExpiredAt: Answer(stock.Lot, _lots_expired_at),
    stock.LockQuants: _by(stock.Quant, "variant", "variants"),
    stock.LockQuantsOfOrders: _of_orders_variants(stock.Quant),
    stock.LockAllocatedOfOrders: Joined(stock.Allocated, _allocated),
    stock.LotsOfOrders: Answer(stock.Lot, _lots_of_orders),
    stock.AllocationsOfVariants: Answer(stock.Allocation, _allocations_of_variants),
    stock.AllocationsOfOrders: Answer(
        stock.Allocation, lambda books, query: _allocations_of(books, _orders(books, query.numbers))
    ),
    stock.AllocationsOfDemands: Answer(stock.Allocation, lambda books, query: _allocations_of(books, query.demands)),
    stock.LotsOfVariants: _by(stock.Lot, "variant", "variants"),
    stock.LockDocuments: _by(stock.Document, "number", "numbers"),
    stock.DocumentLinesOf: _by(stock.DocumentLine, "document", "documents"),
    stock.ReturnedFor: _by(stock.DocumentLine, "reference_line", "order_lines"),
    stock.MovementsOfPosting: _by(stock.Movement, "posting_id", "postings"),
    stock.MovementsSince: Answer(stock.Movement, _movements_since),
    stock.ReversalsOf: _keys(stock.PostingReversal, "postings"),
    stock.StockRecordsOf: _by(stock.StockRecord, "variant", "variants"),
    stock.DemandNames: _keys(stock.DemandName, "ids"),
    stock.PendingFollowUps: Answer(
        stock.FollowUp, lambda books, query: (row for row in books.rows(stock.FollowUp) if row.id > query.after)
    ),
    orders.LockOffers: Joined(orders.Offer, _offers),
    orders.LockOrders: _by(orders.Order, "number", "numbers", "number"),
    orders.LockOrdersById: Answer(orders.Order, lambda books, query: books.get(orders.Order, query.ids), ("number",)),
    orders.LockFreeOrders: Answer(orders.Order, lambda books, query: books.get(orders.Order, query.ids), ("number",)),
    orders.OrdersByReference: _by(orders.Order, "reference", "references"),
    orders.LinesOfOrders: _of_orders(orders.OrderLine, "order_id", *_LINE_ORDER),
    orders.LinesById: _keys(orders.OrderLine, "ids"),
    orders.VariantsOfOrders: Answer(
        catalog.Variant,
        lambda books, query: books.get(catalog.Variant, _variants_of_orders(books, query.numbers)),
    ),
    orders.AllocationsWaitingWithOrders: Answer(
        stock.Allocation,
        lambda books, query: books.find(
            stock.Allocation, "reservation", _ids(_waiting(books, _variants_of_orders(books, query.numbers)))
        ),
    ),
    orders.LinesOfCustomer: Answer(orders.OrderLine, _lines_of_customer),
    orders.ShipmentsOfOrders: _of_orders(orders.Shipment, "order_id"),
    orders.ShipmentsOfOrdersById: _by(orders.Shipment, "order_id", "ids"),
    orders.CustomersByCode: _by(orders.Customer, "normal_code", "codes"),
}
