"""The desk: what every stock use case loads and checks before it posts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from stockcore.catalog.conversion import Conversions
from stockcore.catalog.records import LockProducts, PackagingsOf, ShareVariants, Units, Variant, VariantsByCode
from stockcore.kernel.dates import read_instant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import Work
from stockcore.kernel.plain import to_json
from stockcore.kernel.quantity import (
    QUANTITY_DIGITS,
    QUANTITY_LIMIT,
    ZERO,
    check_step,
    plain,
    read_decimal,
    read_quantity,
)
from stockcore.kernel.reading import one_of
from stockcore.kernel.records import Message
from stockcore.kernel.text import lookup_codes, normal_code, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, UnitOfWork
from stockcore.locations.records import Location, LockPlaces, PlacesFor, Purpose, SiteKind
from stockcore.stock.book import Book, Posting, sites_of
from stockcore.stock.floor import Floor
from stockcore.stock.records import (
    AllocationsOfVariants,
    Document,
    DocumentLine,
    LockBackorders,
    LockExpiredHolds,
    LockPools,
    LockPoolsByCode,
    LockQuants,
    LockReservations,
    LockReservationsWaiting,
    Lot,
    LotsOfVariants,
    Pool,
    Quant,
    QuantsAt,
    Reservation,
    ReservationsOf,
    Status,
)

BACKDATED_MAX: Final = timedelta(days=7)
AHEAD_MAX: Final = timedelta(minutes=5)
_DEMANDS: Final = UUID("6f1c1e9e-7d0a-5d0b-9a55-0f6f3a1d7c11")  # the namespace of outside demands


def demand_uuid(demand_type: str, reference: str) -> UUID:
    """The id of a demand that the outside names (RFC 9562, version 5): the same name is the same demand."""
    return uuid5(_DEMANDS, f"{demand_type}:{reference.strip()}")


def ambiguous_location(sites: Iterable[str], code: str, *, field: str) -> StockcoreError:
    """Several sites have a location of that code."""
    holders = sorted(sites)
    return StockcoreError(
        "ambiguous_location",
        f"{', '.join(holders)} have a location {code!r} each: name the site",
        field=field,
        sites=holders,
    )


def read_key(value: object, *, field: str) -> UUID:
    """Errors: field_required, type_error."""
    if value is None:
        raise StockcoreError("field_required", "an id is needed here", field=field)
    if not isinstance(value, UUID):
        raise StockcoreError("type_error", f"a UUID is needed here, not {type(value).__name__}", field=field)
    return value


def _check_active(place: Location, *, field: str) -> None:
    """Errors: location_inactive."""
    if not place.active:
        raise StockcoreError("location_inactive", f"{place.code} is not active", field=field)


def check_storable(place: Location, *, field: str, even_blocked: bool = False) -> None:
    """Whether goods may be taken from and put into a place. Errors: location_inactive, location_not_storable."""
    _check_active(place, field=field)
    if place.purpose == Purpose.NONE or (place.blocked and not even_blocked):
        raise StockcoreError(
            "location_not_storable", f"nothing can be taken from or put into {place.code}", field=field
        )


def skus_of(uow: UnitOfWork, variants: Iterable[int]) -> list[str]:
    """The SKUs of variants that were found without locking them; from now on nobody renames them."""
    wanted = tuple(sorted(set(variants)))
    return [variant.sku for variant in uow.load(ShareVariants(wanted))] if wanted else []


#: What only stockcore gives to its documents: a number of this form that somebody brings could be given again later.
_AUTOMATIC: Final = re.compile("(?:RECEIPT|ADJUSTMENT|COUNT|RETURN|ISSUE|REVERSAL|TRANSFER)-[1-9][0-9]*", re.IGNORECASE)


def own_number(value: object) -> str:
    """The number that somebody brings for a document. Errors: those of read_text, number_reserved."""
    number = read_text(value, field="number")
    if _AUTOMATIC.fullmatch(number):
        raise StockcoreError("number_reserved", f"{number} is a number that only stockcore gives", field="number")
    return number


class Desk:
    """Everything about some SKUs, loaded and locked in the order of DESIGN 2: pools, backorders and reservations,
    quants. `places` are looked up; `into`, where goods may come to, are locked too. What is rare costs a round trip of
    its own: units other than the base unit (`units`), all reservations of some demands (`demands`), what those who may
    give way held before (`losses`: goods may be gone), the first movement of a SKU, and places that are named as
    `into` or of limited capacity. Everybody's promises on the SKUs, of which there may be many, are loaded only where
    the goods of anybody may be touched (`promises`, `losses`); else those that wait, or have expired.

    Who changes a variant or deactivates it holds its product and its pools, who deactivates a place holds the place:
    so both are read after the locks."""

    def __init__(
        self,
        uow: UnitOfWork,
        work: Work[Any, Any],
        skus: Iterable[str],
        *,
        places: Iterable[str | None] = (),
        into: Iterable[str | None] = (),
        units: bool = False,
        demands: Sequence[UUID] = (),
        losses: bool = False,
        promises: bool = False,
        ids_per_command: int = 8,
    ) -> None:
        self.uow = uow
        codes = lookup_codes(skus)
        targets = lookup_codes(into)
        wanted_places = tuple(sorted({*lookup_codes(places), *targets}))
        known, pools, variants, found_places = uow.load(
            work.known(), LockPoolsByCode(codes), VariantsByCode(codes), PlacesFor(codes, wanted_places)
        )
        work.settle(known)
        variants = self._lock_unmoved(variants, pools)
        self.variants: dict[str, Variant] = {normal_code(variant.sku): variant for variant in variants}
        ids = tuple(sorted(variant.id for variant in variants))
        uow.prepare_draw(ids_per_command * max(1, len(work.commands)))
        grown, backorders, reservations, waiting, quants, allocations, lots = uow.load(
            LockPools(ids),  # again: who waited for a lock does not see the pools that were made meanwhile
            LockBackorders(ids),
            LockReservations(ids) if promises or losses else LockExpiredHolds(codes),
            LockReservationsWaiting(ids),
            LockQuants(ids),
            AllocationsOfVariants(ids),
            LotsOfVariants(ids),
        )
        self.changes = Changes()
        self.ids = Ids(uow, ids_per_command * max(1, len(work.commands)))
        self.book = Book(self.changes, self.ids, uow.origin)
        self.book.load_pools([*pools, *grown])
        self.book.load_backorders(backorders)
        self.book.load_reservations([*reservations, *waiting])
        self.book.load_quants(quants)
        self.book.load_allocations(allocations)
        self.floor = Floor(found_places, lots, self.ids.now)
        self.lots: dict[tuple[int, str], Lot] = {(lot.variant, lot.code): lot for lot in lots}
        self.sites = {place.normal_code: place for place in found_places if place.parent is None}
        self._places = {(place.site, place.normal_code): place for place in found_places}
        self.floor.load_strategies(variants)
        self._work = work
        self.conversions = Conversions()
        if units:
            self.conversions = Conversions.of(*uow.load(PackagingsOf(ids), Units()))
        if demands:
            self.book.load_reservations(uow.load(ReservationsOf(tuple(sorted(set(demands))), ids)))
        if losses:
            self._load_settled(reservations, ids)
        self._others: dict[int, Decimal] = {}  # by place of limited capacity: what other SKUs fill of it
        self._lock_places(found_places, set(targets))

    def _load_settled(self, outstanding: Iterable[Reservation], variants: tuple[int, ...]) -> None:
        """Who gives way here is served from its other sites at once, by what it held there before where it did."""
        demands = {r.demand_id for r in outstanding if len(sites_of(r.sites)) > 1}
        if demands:
            self.book.load_reservations(self.uow.load(ReservationsOf(tuple(sorted(demands)), variants)))

    def _lock_unmoved(self, variants: list[Variant], pools: Iterable[Pool]) -> list[Variant]:
        """A variant without any pool has no lock to wait for: before its first movement its product is locked."""
        moved = {pool.variant for pool in pools}
        unmoved = lookup_codes(variant.sku for variant in variants if variant.id not in moved)
        if not unmoved:
            return variants
        _, fresh = self.uow.load(LockProducts(unmoved), VariantsByCode(unmoved))
        return [*(variant for variant in variants if variant.id in moved), *fresh]

    def _lock_places(self, places: Iterable[Location], targets: set[str]) -> None:
        """Places that goods come to are locked, after everything else, so that nobody deactivates them meanwhile, and
        that two SKUs cannot fill one of limited capacity together."""
        limited = {place.id for place in places if place.capacity is not None}
        wanted = limited | {place.id for place in places if place.normal_code in targets}
        if not wanted:
            return
        locked, contents = self.uow.load(LockPlaces(tuple(sorted(wanted))), QuantsAt(tuple(sorted(limited))))
        for place in locked:
            self.floor.places[place.id] = self._places[(place.site, place.normal_code)] = place
            if place.parent is None:
                self.sites[place.normal_code] = place
        for quant in contents:
            if quant.id not in self.book.quants_by_id:
                self._others[quant.location] = self._others.get(quant.location, ZERO) + quant.on_hand

    @property
    def now(self) -> datetime:
        return self.ids.now

    def finish(self) -> None:
        """Write what was decided, with the answers."""
        self._work.record(self.changes, self.now)
        self.uow.write(self.changes)

    # -- reading a command ---------------------------------------------------------------------------------------

    def variant(self, sku: str, *, field: str = "sku") -> Variant:
        """Errors: those of read_text, unknown_sku, not_stocked."""
        variant = self.variants.get(normal_code(read_text(sku, field=field)))
        if variant is None:
            raise StockcoreError("unknown_sku", f"there is no SKU {sku!r}", field=field, sku=sku)
        if not variant.stocked:
            raise StockcoreError("not_stocked", f"{variant.sku} is a service: it has no stock", field=field)
        return variant

    def site(self, code: str, *, field: str = "site", even_transit: bool = False) -> Location:
        """`even_transit`: not to post there. Errors: those of read_text, unknown_site, location_inactive,
        location_not_storable."""
        site = self.sites.get(normal_code(read_text(code, field=field)))
        if site is None:
            raise StockcoreError("unknown_site", f"there is no site {code!r}", field=field, site=code)
        if not site.active:
            raise StockcoreError("location_inactive", f"the site {site.code} is not active", field=field)
        if site.kind == SiteKind.TRANSIT and not even_transit:
            raise StockcoreError(
                "location_not_storable", f"{site.code} is on the way, where only transfers put goods", field=field
            )
        return site

    def place(
        self, site: Location, code: str | None, *, default: Purpose, field: str = "location", even_blocked: bool = False
    ) -> Location:
        """A place of the site that can hold stock, or the site's own for that purpose. Errors: those of named_place."""
        if code is None:
            return self.floor.service_place(site.id, default)
        return self.named_place(site, code, field=field, even_blocked=even_blocked)

    def named_place(
        self, site: Location, code: str, *, field: str = "location", even_blocked: bool = False
    ) -> Location:
        """A place of the site that can hold stock; `even_blocked` to say what lies there, not to take or put.

        Errors: those of any_place, location_not_storable.
        """
        place = self.any_place(site, code, field=field)
        check_storable(place, field=field, even_blocked=even_blocked)
        return place

    def any_place(self, site: Location, code: str, *, field: str = "location") -> Location:
        """A place of the site, whatever it is for. Errors: those of read_text, unknown_location, location_inactive."""
        place = self._places.get((site.id, normal_code(read_text(code, field=field))))
        if place is None:
            raise StockcoreError(
                "unknown_location", f"{site.code} has no location {code!r}", field=field, location=code
            )
        _check_active(place, field=field)
        return place

    def check_arrival(self, variant: Variant, site: Location, coming: Decimal) -> None:
        """Refuse what nothing here could keep: a unit's own number, or a figure too large. Errors:
        serials_not_supported, quantity_out_of_range."""
        if coming > ZERO and variant.serial_tracking != "none":
            raise StockcoreError("serials_not_supported", "keeping serial numbers is not built yet", field="sku")
        pool = self.book.pools.get((variant.id, site.id))
        if pool is not None and pool.on_hand + coming >= QUANTITY_LIMIT:
            raise StockcoreError(
                "quantity_out_of_range",
                f"{site.code} would have more of {variant.sku} than {QUANTITY_DIGITS} digits before the point can say",
                field="quantity",
            )

    def check_capacity(self, place: Location, coming: Decimal) -> None:
        """Refuse what the place has no room for. Errors: over_capacity."""
        if place.capacity is None:
            return
        here = (quant.on_hand for quant in self.book.quants_by_id.values() if quant.location == place.id)
        there = sum(here, self._others.get(place.id, ZERO))
        if there + coming > place.capacity:
            raise StockcoreError(
                "over_capacity",
                f"{place.code} holds at most {plain(place.capacity)}",
                field="location",
                capacity=place.capacity,
                there=there,
            )

    def entered(self, value: Decimal, unit: str | None, variant: Variant, *, field: str = "quantity") -> Decimal:
        """A quantity of a unit or packaging, in base units. Errors: those of read_text, read_quantity and `to_base`."""
        if unit is None:
            return self.quantity(value, variant, field=field)
        unit = read_text(unit, field="unit")
        return self.conversions.to_base(read_quantity(value, field=field), unit, variant, field=field).quantity

    def quantity(self, value: Decimal, variant: Variant, *, field: str = "quantity", signed: bool = False) -> Decimal:
        """A quantity on the variant's step. Errors: those of read_quantity, quantity_precision."""
        if signed:
            change = read_decimal(value, field=field)
            number = read_quantity(abs(change), field=field).copy_sign(change)
        else:
            number = read_quantity(value, field=field)
        check_step(number, variant.step, field=field)
        return number

    def status(self, value: str, *, field: str = "status") -> Status:
        """Errors: value_unknown."""
        return one_of(value, list(Status), field=field)

    def occurred(self, at: datetime | None) -> datetime | None:
        """Errors: those of read_instant, in_future, too_late."""
        if at is None:
            return None
        at = read_instant(at, field="occurred_at")
        if at > self.now + AHEAD_MAX:
            raise StockcoreError("in_future", "it cannot have happened yet", field="occurred_at")
        if at < self.now - BACKDATED_MAX:
            raise StockcoreError("too_late", "more than 7 days ago: post an adjustment now", field="occurred_at")
        return min(at, self.now)

    def existing_lot(self, variant: Variant, code: str | None) -> int:
        """The lot's id; 0 for none. Errors: those of read_text, lot_required, lot_not_tracked, unknown_lot."""
        if code is None:
            if variant.lot_tracked:
                raise StockcoreError("lot_required", f"{variant.sku} is lot-tracked: name the lot", field="lot")
            return 0
        if not variant.lot_tracked:
            raise StockcoreError("lot_not_tracked", f"{variant.sku} is not lot-tracked", field="lot")
        lot = self.lots.get((variant.id, read_text(code, field="lot")))
        if lot is None:
            raise StockcoreError("unknown_lot", f"{variant.sku} has no lot {code!r}", field="lot", lot=code)
        return lot.id

    # -- posting -------------------------------------------------------------------------------------------------

    def posting(self, kind: str, reference_id: UUID, reason: str | None, occurred_at: datetime | None) -> Posting:
        return Posting(self.uow.new_ids(1)[0], kind, reference_id, reason, occurred_at)

    def document(
        self,
        kind: str,
        site: int,
        *,
        reference: str | None,
        reason: str | None,
        occurred_at: datetime | None,
        number: str | None = None,
        to_site: int | None = None,
        state: str = "posted",
    ) -> Document:
        """The paper behind outer rows; numbered by itself unless it has a number."""
        document = Document(
            self.uow.new_ids(1)[0],
            kind,
            number or f"{kind.upper()}-{next(self.ids)}",
            state,
            site,
            to_site,
            reference,
            reason,
            self.uow.origin.actor,
            occurred_at or self.now,
            self.now,
        )
        self.changes.insert(document)
        return document

    def document_line(
        self,
        document: Document,
        line_no: int,
        quant: Quant,
        quantity: Decimal,
        *,
        unit_cost: Decimal | None = None,
        reference_line: UUID | None = None,
    ) -> DocumentLine:
        line = DocumentLine(
            document.id,
            line_no,
            quant.variant,
            quant.location,
            quant.lot,
            quant.status,
            quantity,
            ZERO,
            unit_cost,
            reference_line,
        )
        self.changes.insert(line)
        return line

    def event(self, type_: str, posting: Posting, data: dict[str, Any]) -> None:
        """A message about a posting; the posting is its own aggregate, so its version is 1."""
        self.changes.append(
            Message(
                self.uow.new_ids(1)[0],
                "posting",
                posting.id,
                1,
                type_,
                1,
                posting.occurred_at or self.now,
                self.uow.origin.actor,
                to_json(data),
            )
        )
