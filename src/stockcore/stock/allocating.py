"""Which quants serve a demand: requirements that pin it, places that may be taken from, the order of choice. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.quantity import ZERO
from stockcore.locations.records import Location, Purpose
from stockcore.stock.records import Lot, Quant, Status

#: Where goods are taken from, best first. A site without putaway works from its dock.
_TAKEN_FROM: Final[Mapping[str, int]] = {Purpose.PICK_FACE: 0, Purpose.STORAGE: 0, Purpose.RECEIVING: 1}

DEFAULT_STRATEGY: Final = "expiry,received,quantity"


@attrs.frozen
class Requirement:
    """Which units a demand will take. Ids; `good_until`: the lot must be usable on that day."""

    lot: int | None = None
    location: int | None = None
    good_until: date | None = None
    shelf_life_days: int | None = None


def requirement_to_json(requirement: Requirement | None) -> str:
    if requirement is None:
        return ""
    wanted = attrs.asdict(requirement, filter=lambda _, value: value is not None)
    if not wanted:
        return ""
    return json.dumps(wanted, default=lambda value: value.isoformat(), separators=(",", ":"))


def requirement_of(text: str) -> Requirement | None:
    if not text:
        return None
    wanted: dict[str, Any] = json.loads(text)
    if "good_until" in wanted:
        wanted["good_until"] = date.fromisoformat(wanted["good_until"])
    return Requirement(**wanted)


@attrs.frozen
class Shelf:
    """A quant with what deciding needs to know of its place and lot."""

    quant: Quant
    place: Location
    lot: Lot | None


def local_day(now: datetime, time_zone: str | None) -> date:
    """The calendar day at a site. Stock expires when the day after `expires_on` begins there."""
    return now.astimezone(ZoneInfo(time_zone or "UTC")).date()


def may_take(shelf: Shelf, today: date, requirement: Requirement | None) -> bool:
    """Whether these goods may be allocated to the demand at all."""
    quant, place, lot = shelf.quant, shelf.place, shelf.lot
    if quant.status != Status.AVAILABLE or place.purpose not in _TAKEN_FROM:
        return False
    if place.blocked or not place.active:
        return False
    expires_on = lot.expires_on if lot is not None else None
    if expires_on is not None and expires_on < today:
        return False
    if requirement is None:
        return True
    if requirement.lot is not None and quant.lot != requirement.lot:
        return False
    if requirement.location is not None and quant.location != requirement.location:
        return False
    return _keeps_long_enough(expires_on, today, requirement)


def _keeps_long_enough(expires_on: date | None, today: date, requirement: Requirement) -> bool:
    if expires_on is None:
        return True
    if requirement.good_until is not None and expires_on < requirement.good_until:
        return False
    return requirement.shelf_life_days is None or (expires_on - today).days >= requirement.shelf_life_days


_NEVER: Final = date.max

#: Sort keys that a site's strategy is made of, by name.
SORT_KEYS: Final[Mapping[str, Callable[[Shelf], Any]]] = {
    "expiry": lambda shelf: (shelf.lot.expires_on or _NEVER) if shelf.lot is not None else _NEVER,
    "received": lambda shelf: shelf.quant.received_at,
    "pick_face": lambda shelf: shelf.place.purpose != Purpose.PICK_FACE,
    "quantity": lambda shelf: shelf.quant.free,
    "largest": lambda shelf: -shelf.quant.free,
    "distance": lambda shelf: shelf.place.priority,
}


@lru_cache
def sort_keys(strategy: str | None) -> tuple[Callable[[Shelf], Any], ...]:
    """The keys of a strategy such as `expiry,received` (FEFO, then FIFO). Errors: value_unknown."""
    names = [name.strip() for name in (strategy or DEFAULT_STRATEGY).split(",")]
    unknown = [name for name in names if name not in SORT_KEYS]
    if unknown:
        raise StockcoreError("value_unknown", f"no such allocation key: {unknown[0]}", known=sorted(SORT_KEYS))
    return tuple(SORT_KEYS[name] for name in names)


def in_order(shelves: list[Shelf], strategy: str | None) -> list[Shelf]:
    """Best first; ties go to the lower lot code, then the lower place code, so that every run answers the same."""
    keys = sort_keys(strategy)
    if len(shelves) < 2:
        return shelves

    def rank(shelf: Shelf) -> tuple[Any, ...]:
        chosen = tuple(key(shelf) for key in keys)
        lot_code = shelf.lot.code if shelf.lot is not None else ""
        return (_TAKEN_FROM[shelf.place.purpose], *chosen, lot_code, shelf.place.normal_code, shelf.quant.id)

    return sorted(shelves, key=rank)


def choose(shelves: Sequence[Shelf], wanted: Decimal) -> list[tuple[Quant, Decimal]]:
    """Take from the shelves in order until there is enough; what is missing is the caller's to see."""
    taken: list[tuple[Quant, Decimal]] = []
    for shelf in shelves:
        if wanted <= ZERO:
            break
        part = min(wanted, shelf.quant.free)
        if part > ZERO:
            taken.append((shelf.quant, part))
            wanted -= part
    return taken
