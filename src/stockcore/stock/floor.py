"""The floor: places and lots that a use case has loaded, and the shelves a demand may be allocated from. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TypeAlias

from stockcore.catalog.records import Variant
from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ZERO
from stockcore.locations.records import Location, Purpose
from stockcore.stock.allocating import Requirement, Shelf, in_order, local_day, may_take
from stockcore.stock.book import Book
from stockcore.stock.records import Lot, Quant, Status

Strategies: TypeAlias = dict[int, str | None]  # by variant: what overrides the site's strategy


class Floor:
    """Sites, places and lots by id. A quant whose place was not loaded is never offered."""

    def __init__(self, places: Iterable[Location], lots: Iterable[Lot], now: datetime) -> None:
        self.places: dict[int, Location] = {place.id: place for place in places}
        self.lots: dict[int, Lot] = {lot.id: lot for lot in lots}
        self.strategies: Strategies = {}
        self._now = now
        self._days: dict[int, date] = {}

    def load_places(self, places: Iterable[Location]) -> None:
        for place in places:
            self.places.setdefault(place.id, place)

    def today(self, site: int) -> date:
        """The calendar day at a site."""
        if site not in self._days:
            place = self.places.get(site)
            self._days[site] = local_day(self._now, place.time_zone if place is not None else None)
        return self._days[site]

    def is_over(self, lot: int, site: int) -> bool:
        """Whether the last day of a lot (0: none) is over at the site."""
        found = self.lots.get(lot)
        return found is not None and found.expires_on is not None and found.expires_on < self.today(site)

    def status_of_arriving(self, status: Status, lot: int, site: int) -> Status:
        """The status in which goods come to lie at a site: what has expired is never available."""
        return Status.EXPIRED if status == Status.AVAILABLE and self.is_over(lot, site) else status

    def code(self, place: int) -> str:
        found = self.places.get(place)
        return found.code if found is not None else str(place)

    def may_promise(self, site: int) -> bool:
        """Whether what lies at the site may be promised to anybody new. What is promised already stays promised."""
        found = self.places.get(site)
        return found is None or not found.blocked

    def is_in_use(self, place: int) -> bool:
        """Whether goods may be put into a place, as far as it was loaded."""
        found = self.places.get(place)
        return found is None or (found.active and not found.blocked and found.purpose != Purpose.NONE)

    def load_strategies(self, variants: Iterable[Variant]) -> None:
        """Of variants that have one of their own, instead of the site's."""
        self.strategies.update((variant.id, variant.allocation_strategy) for variant in variants)

    def service_place(self, site: int, purpose: Purpose, *, even_blocked: bool = False) -> Location:
        """The site's own place for a purpose (receiving, staging, packing), one in use before a blocked one.

        Errors: unknown_location.
        """
        fitting = [
            place
            for place in self.places.values()
            if place.site == site and place.purpose == purpose and place.active and (even_blocked or not place.blocked)
        ]
        if not fitting:
            raise StockcoreError("unknown_location", f"the site has no {purpose} place in use", site=self.code(site))
        return min(fitting, key=lambda place: (place.blocked, place.id))

    def shelf(self, quant: Quant, requirement: Requirement | None) -> Shelf | None:
        """The quant where the demand may have goods from it."""
        place = self.places.get(quant.location)
        if place is None:
            return None
        shelf = Shelf(quant, place, self.lots.get(quant.lot) if quant.lot else None)
        return shelf if may_take(shelf, self.today(quant.site), requirement) else None

    def shelves(self, book: Book, variant: int, site: int, requirement: Requirement | None) -> list[Shelf]:
        """Free goods at the site that the demand may have, best first."""
        found = []
        for quant in book.quants_at(variant, site):
            if quant.free <= ZERO:
                continue
            shelf = self.shelf(quant, requirement)
            if shelf is not None:
                found.append(shelf)
        strategy = self.strategies.get(variant)
        if strategy is None and site in self.places:
            strategy = self.places[site].strategy
        return in_order(found, strategy)
