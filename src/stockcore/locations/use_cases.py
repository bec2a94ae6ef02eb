"""The locations' use cases; each is a UseCase for `kernel.execution.execute`. A batch is one load and one write.

Who changes a site's tree locks its root first, so that two changes never close a ring together.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import UseCase, Work
from stockcore.kernel.quantity import ID_LIMIT, read_integer
from stockcore.kernel.reading import readable_ids
from stockcore.kernel.text import lookup_codes, normal_code, read_text
from stockcore.kernel.unit_of_work import Changes, Ids, UnitOfWork
from stockcore.locations.commands import (
    ActivateLocation,
    AddLocation,
    AddSite,
    BlockLocation,
    ChangeLocation,
    DeactivateLocation,
    UnblockLocation,
)
from stockcore.locations.drafting import (
    NEEDED,
    check_depth,
    check_fits,
    new_location,
    place_fields,
    places_of,
    read_kind,
    read_name,
    read_priority,
    site_fields,
)
from stockcore.locations.ports import Countries
from stockcore.locations.records import (
    AwaitingSites,
    Location,
    LocationsByCode,
    LocationsById,
    LocationsOfSites,
    LockPlaces,
    LockSites,
    OccupiedLocations,
    Purpose,
)
from stockcore.locations.results import LocationDocument, SiteDocument
from stockcore.locations.transit import TRANSIT_PLACE, TRANSIT_SITE
from stockcore.locations.tree import branch, children_of, parents_first, way_up

F = TypeVar("F", bound=BlockLocation | UnblockLocation)
SiteKey: TypeAlias = tuple[str, str]  # normal codes of a site and of a place


class _Ground:
    """The sites and places that were loaded, and what the commands of this batch have made of them so far."""

    def __init__(self, uow: UnitOfWork, ids: Ids, places: Iterable[Location]) -> None:
        self.changes = Changes()
        self.ids = ids
        self.now: datetime = ids.now
        self.actor = uow.origin.actor
        self.by_id: dict[int, Location] = {}
        for place in places:  # two queries may bring the same place: the first one's stands
            self.by_id.setdefault(place.id, place)
        self.sites: dict[str, Location] = {}
        self.places: dict[tuple[int, str], Location] = {}
        for place in self.by_id.values():
            self._note(place)
        self._children: dict[int, list[Location]] | None = None

    def _note(self, place: Location) -> None:
        self.places[(place.site, place.normal_code)] = place
        if place.parent is None:
            self.sites[place.normal_code] = place

    # -- reading -------------------------------------------------------------------------------------------------

    def site(self, code: object) -> Location:
        """Errors: those of `read_text`, unknown_site."""
        text = read_text(code, field="site")
        site = self.sites.get(normal_code(text))
        if site is None:
            raise StockcoreError("unknown_site", f"there is no site {text!r}", field="site", site=text)
        return site

    def place(self, site: Location, code: object) -> Location:
        """A place of the site; the site itself where no code is given. Errors: those of `read_text`,
        unknown_location."""
        if code is None:
            return site
        text = read_text(code, field="location")
        place = self.places.get((site.id, normal_code(text)))
        if place is None:
            raise StockcoreError(
                "unknown_location", f"{site.code} has no location {text!r}", field="location", location=text
            )
        return place

    def parent(self, site: Location, named: object) -> Location:
        """A place of the site by code or id; the site itself where none is named.

        Errors: those of `read_text`, unknown_location, location_other_site.
        """
        if named is None:
            return site
        if isinstance(named, int):
            place = self.by_id.get(read_integer(named, field="parent", least=-ID_LIMIT, most=ID_LIMIT))
        else:
            key = normal_code(read_text(named, field="parent"))
            place = self.places.get((site.id, key))
            if place is None:
                place = next((other for other in self.by_id.values() if other.normal_code == key), None)
        if place is None:
            raise StockcoreError(
                "unknown_location", f"{site.code} has no location {named!r}", field="parent", location=named
            )
        if place.site != site.id:
            raise StockcoreError(
                "location_other_site",
                f"{place.code} lies in another site than {site.code}",
                field="parent",
                location=place.code,
            )
        return place

    def below(self, top: Location) -> list[Location]:
        """A place and everything below it; the whole site must be loaded."""
        if self._children is None:
            self._children = children_of(self.by_id.values())
        return branch(self._children, top)

    def site_has(self, site: int, purpose: Purpose, without: Iterable[int] = ()) -> bool:
        """Whether the site has an active place of the purpose, those with these ids aside."""
        aside = set(without)
        return any(
            place.site == site and place.purpose == purpose and place.active and place.id not in aside
            for place in self.by_id.values()
        )

    # -- changing ------------------------------------------------------------------------------------------------

    def add(self, place: Location) -> None:
        self.by_id[place.id] = place
        self._note(place)
        self._children = None
        self.changes.insert(place)

    def touch(self, place: Location) -> None:
        place.changed_at, place.changed_by = self.now, self.actor
        self.changes.update(place)

    def hang(self, place: Location, parent: Location) -> None:
        """Move a place, with all below it, below another one of its site; below a blocked one all of it is blocked
        too. Errors: location_cycle, location_depth, location_inactive."""
        if parent.id == place.parent:
            return
        moved = self.below(place)
        if parent in moved:
            way = way_up(self.by_id, parent)
            ring = [place.code, *(step.code for step in way[: way.index(place) + 1])]
            raise _ring_refused(place.code, ring)
        deeper = parent.depth + 1 - place.depth
        check_depth(max(other.depth for other in moved) + deeper, place.code)
        if place.active:
            _check_active(parent)
        place.parent = parent.id
        for other in moved:
            other.depth += deeper
            other.blocked = other.blocked or parent.blocked
            self.touch(other)
        self._children = None

    def document(self, place: Location) -> LocationDocument:
        return LocationDocument(
            id=place.id,
            site=self.by_id[place.site].code,
            code=place.code,
            parent=None if place.parent is None else self.by_id[place.parent].code,
            name=place.name,
            purpose=place.purpose,
            depth=place.depth,
            capacity=place.capacity,
            active=place.active,
            blocked=place.blocked,
            priority=place.priority,
        )


def _check_active(place: Location) -> None:
    if not place.active:
        raise StockcoreError("location_inactive", f"{place.code} is not active", field="parent", location=place.code)


def _ring_refused(code: str, ring: Sequence[str]) -> StockcoreError:
    return StockcoreError(
        "location_cycle", f"{code} would lie inside itself: {' in '.join(ring)}", field="parent", ring=list(ring)
    )


# -- sites ---------------------------------------------------------------------------------------------------------


def add_site(countries: Countries | None = None) -> UseCase[AddSite, SiteDocument]:
    """The use case that adds sites; with a list of countries, it refuses what the list does not know."""

    def carry_out(uow: UnitOfWork, work: Work[AddSite, SiteDocument]) -> None:
        drawn = 5 * len(work.commands)
        uow.prepare_draw(drawn)
        known, found = uow.load(work.known(), LockSites(lookup_codes(command.code for command in work.commands)))
        work.settle(known)
        ground = _Ground(uow, Ids(uow, drawn), found)
        work.decide(lambda command: _site_added(ground, command, countries), ground.changes)
        work.record(ground.changes, ground.now)
        uow.write(ground.changes)

    return UseCase("locations.add_site", SiteDocument, carry_out)


def _site_added(ground: _Ground, command: AddSite, countries: Countries | None) -> SiteDocument:
    code = read_text(command.code, field="code")
    if normal_code(code) in ground.sites:
        raise StockcoreError("duplicate_location", f"there is a site {code} already", field="code", taken=code)
    name = read_text(command.name, field="name")
    kind = read_kind(command.kind)
    priority = read_priority(command.priority)
    fields = {"time_zone": "UTC", **site_fields(command, countries)}
    number = next(ground.ids)
    site = new_location(
        number=number,
        site=number,
        parent=None,
        code=code,
        name=name,
        purpose=Purpose.NONE.value,
        now=ground.now,
        actor=ground.actor,
        fields={**fields, "kind": kind, "priority": priority},
    )
    ground.add(site)
    places = []
    for place_code, place_name, purpose in places_of(kind):
        if normal_code(place_code) == site.normal_code:  # codes are unique within a site, the site's own included
            place_code = f"{place_code}-1"
        places.append(place_code)
        ground.add(
            new_location(
                number=next(ground.ids),
                site=number,
                parent=site,
                code=place_code,
                name=place_name,
                purpose=purpose.value,
                now=ground.now,
                actor=ground.actor,
                fields={"priority": priority},
            )
        )
    return SiteDocument(
        id=number,
        code=code,
        name=name,
        kind=kind,
        time_zone=str(site.time_zone),
        country=site.country,
        priority=priority,
        places=tuple(places),
    )


ADD_SITE: Final = add_site()


# -- places --------------------------------------------------------------------------------------------------------


def _add_locations(uow: UnitOfWork, work: Work[AddLocation, LocationDocument]) -> None:
    commands = work.commands
    codes = lookup_codes(value for command in commands for value in (command.code, command.parent))
    uow.prepare_draw(len(commands))
    known, sites, named, by_id = uow.load(
        work.known(),
        LockSites(lookup_codes(command.site for command in commands)),
        LocationsByCode(codes),
        LocationsById(readable_ids(command.parent for command in commands)),
    )
    work.settle(known)
    ground = _Ground(uow, Ids(uow, len(commands)), [*sites, *named, *by_id])
    planned = _plan(ground, work.unanswered())

    def decide(command: AddLocation) -> LocationDocument:
        outcome = planned[id(command)].pop(0)
        if isinstance(outcome, StockcoreError):
            raise outcome
        return outcome

    work.decide(decide, ground.changes)
    work.record(ground.changes, ground.now)
    uow.write(ground.changes)


def _plan(ground: _Ground, commands: Sequence[AddLocation]) -> dict[int, list[LocationDocument | StockcoreError]]:
    """Every command's outcome, parents decided before what hangs below them, whatever the order of the rows."""
    parents = _rows_of_parents(ground, commands)
    order, rings = parents_first(parents)
    outcomes: dict[int, LocationDocument | StockcoreError] = {}
    for ring in rings:
        codes = [commands[row].code for row in ring]
        for place, row in enumerate(ring):
            outcomes[row] = _ring_refused(codes[place], [*codes[place:], *codes[: place + 1]])
    for row in order:
        above = parents[row]
        refused_above = None if above is None else outcomes[above]
        try:
            outcomes[row] = _added(ground, commands[row], refused_above)
        except StockcoreError as refusal:
            outcomes[row] = refusal
    planned: dict[int, list[LocationDocument | StockcoreError]] = {}
    for row, command in enumerate(commands):
        planned.setdefault(id(command), []).append(outcomes[row])
    return planned


def _rows_of_parents(ground: _Ground, commands: Sequence[AddLocation]) -> list[int | None]:
    """For each command the row of this batch that adds its parent; None: it is there already, or nowhere."""
    first: dict[SiteKey, int] = {}
    for row, command in enumerate(commands):
        key = _key(command.site, command.code)
        if key is not None:
            first.setdefault(key, row)
    parents: list[int | None] = []
    for row, command in enumerate(commands):
        key = _key(command.site, command.parent)
        site = None if key is None else ground.sites.get(key[0])
        if key is None or site is None or (site.id, key[1]) in ground.places:
            parents.append(None)
        else:
            parents.append(row if key == _key(command.site, command.code) else first.get(key))
    return parents


def _key(site: object, code: object) -> SiteKey | None:
    if isinstance(site, str) and isinstance(code, str):
        return normal_code(site), normal_code(code)
    return None


def _added(ground: _Ground, command: AddLocation, above: LocationDocument | StockcoreError | None) -> LocationDocument:
    site = ground.site(command.site)
    code = read_text(command.code, field="code")
    if (site.id, normal_code(code)) in ground.places:
        raise StockcoreError(
            "duplicate_location", f"{site.code} has a location {code} already", field="code", taken=code
        )
    if isinstance(above, StockcoreError) and above.code in ("location_depth", "location_cycle"):
        raise StockcoreError(above.code, f"what {code} would lie in was refused", field="parent", **above.facts)
    parent = ground.parent(site, command.parent)
    check_depth(parent.depth + 1, code)
    _check_active(parent)
    fields = {**place_fields(command), "priority": read_priority(command.priority)}
    purpose = fields.pop("purpose", Purpose.STORAGE.value)
    name = read_name(command.name, code)
    place = new_location(
        number=next(ground.ids),
        site=site.id,
        parent=parent,
        code=code,
        name=name,
        purpose=purpose,
        now=ground.now,
        actor=ground.actor,
        fields=fields,
    )
    ground.add(place)
    return ground.document(place)


ADD_LOCATION: Final = UseCase("locations.add_location", LocationDocument, _add_locations)


# -- changing ------------------------------------------------------------------------------------------------------


def change_location(countries: Countries | None = None) -> UseCase[ChangeLocation, LocationDocument]:
    """The use case that changes sites and places; with a list of countries, it refuses what the list does not know."""

    def carry_out(uow: UnitOfWork, work: Work[ChangeLocation, LocationDocument]) -> None:
        commands = work.commands
        codes = lookup_codes(command.site for command in commands)
        uow.prepare_draw(1)
        known, sites, places, named, by_id = uow.load(
            work.known(),
            LockSites(codes),
            LocationsOfSites(codes),
            LocationsByCode(lookup_codes(command.parent for command in commands)),
            LocationsById(readable_ids(command.parent for command in commands)),
        )
        work.settle(known)
        ground = _Ground(uow, Ids(uow, 1), [*places, *sites, *named, *by_id])
        emptied = _tops(ground, [command for command in commands if command.purpose is not None])
        full = _lock_occupied(uow, emptied, codes)
        work.decide(lambda command: _changed(ground, full, command, countries), ground.changes)
        work.record(ground.changes, ground.now)
        uow.write(ground.changes)

    return UseCase("locations.change_location", LocationDocument, carry_out)


def _changed(
    ground: _Ground, occupied: set[int], command: ChangeLocation, countries: Countries | None
) -> LocationDocument:
    site = ground.site(command.site)
    place = ground.place(site, command.location)
    is_site = place.parent is None
    cleared = check_fits(command, is_site=is_site)
    after: dict[str, Any] = dict.fromkeys(cleared)
    after |= site_fields(command, countries) if is_site else place_fields(command)
    if command.name is not None:
        after["name"] = read_name(command.name, place.name)
    if command.priority is not None:
        after["priority"] = read_priority(command.priority)
    if after.get("purpose", place.purpose) != place.purpose:
        _check_purpose_may_change(ground, place, occupied)
    if command.parent is not None:
        ground.hang(place, ground.parent(site, command.parent))
    for name, value in after.items():
        setattr(place, name, value)
    if after:
        ground.touch(place)
    return ground.document(place)


def _check_purpose_may_change(ground: _Ground, place: Location, occupied: set[int]) -> None:
    """Errors: in_use."""
    if place.id in occupied:
        raise StockcoreError(
            "in_use", f"{place.code} holds stock: its purpose cannot change", field="purpose", location=place.code
        )
    _check_not_needed(ground, place, [place])


def _check_not_needed(ground: _Ground, place: Location, leaving: Iterable[Location]) -> None:
    """Refuse to take a site's last receiving, staging, packing or quarantine place, and the transit place every
    transfer goes through. Errors: in_use."""
    if place.id in (TRANSIT_SITE, TRANSIT_PLACE):
        raise StockcoreError("in_use", f"every transfer between sites needs {place.code}", location=place.code)
    if place.parent is None:
        return
    gone = [other for other in leaving if other.active]
    for purpose in NEEDED:
        if any(other.purpose == purpose for other in gone) and not ground.site_has(
            place.site, purpose, without=(other.id for other in gone)
        ):
            raise StockcoreError(
                "in_use",
                f"the site has no other active place for {purpose}",
                location=place.code,
                purpose=purpose.value,
            )


CHANGE_LOCATION: Final = change_location()


# -- blocking ------------------------------------------------------------------------------------------------------


def _set_blocked(blocked: bool) -> Callable[[UnitOfWork, Work[F, LocationDocument]], None]:
    """Carries out commands that block, or unblock, a branch of the tree. Errors of the commands: unknown_site,
    unknown_location, those of read_text; for unblocking also location_blocked."""

    def carry_out(uow: UnitOfWork, work: Work[F, LocationDocument]) -> None:
        codes = lookup_codes(command.site for command in work.commands)
        uow.prepare_draw(1)
        known, sites, places = uow.load(work.known(), LockSites(codes), LocationsOfSites(codes))
        work.settle(known)
        ground = _Ground(uow, Ids(uow, 1), [*places, *sites])

        def decide(command: F) -> LocationDocument:
            top = ground.place(ground.site(command.site), command.location)
            if not blocked and top.parent is not None and ground.by_id[top.parent].blocked:
                above = ground.by_id[top.parent].code
                raise StockcoreError(
                    "location_blocked", f"{above}, in which {top.code} is, is blocked", field="location", location=above
                )
            for place in ground.below(top):
                if place.blocked != blocked:
                    place.blocked = blocked
                    ground.touch(place)
            return ground.document(top)

        work.decide(decide, ground.changes)
        work.record(ground.changes, ground.now)
        uow.write(ground.changes)

    return carry_out


BLOCK_LOCATION: Final[UseCase[BlockLocation, LocationDocument]] = UseCase(
    "locations.block_location", LocationDocument, _set_blocked(True)
)
#: Stock makes the use case of it: who waits for what lies there is served (`stock/waiting.py`).
unblock_locations: Final[Callable[[UnitOfWork, Work[UnblockLocation, LocationDocument]], None]] = _set_blocked(False)


# -- taking out of use ---------------------------------------------------------------------------------------------


def _deactivate(uow: UnitOfWork, work: Work[DeactivateLocation, LocationDocument]) -> None:
    codes = lookup_codes(command.site for command in work.commands)
    uow.prepare_draw(1)
    known, sites, places = uow.load(work.known(), LockSites(codes), LocationsOfSites(codes))
    work.settle(known)
    ground = _Ground(uow, Ids(uow, 1), [*places, *sites])
    full = _lock_occupied(uow, [place for top in _tops(ground, work.commands) for place in ground.below(top)], codes)
    awaited = {site.id for site in uow.load(AwaitingSites(codes))}

    def decide(command: DeactivateLocation) -> LocationDocument:
        top = ground.place(ground.site(command.site), command.location)
        leaving = ground.below(top)
        _check_empty(top, leaving, full, awaited)
        _check_not_needed(ground, top, leaving)
        for place in leaving:
            if place.active:
                place.active = False
                ground.touch(place)
        return ground.document(top)

    work.decide(decide, ground.changes)
    work.record(ground.changes, ground.now)
    uow.write(ground.changes)


def _tops(ground: _Ground, commands: Iterable[ChangeLocation | DeactivateLocation]) -> list[Location]:
    """The places that these commands name; what names none is refused later."""
    found = []
    for command in commands:
        with contextlib.suppress(StockcoreError):
            found.append(ground.place(ground.site(command.site), command.location))
    return found


def _lock_occupied(uow: UnitOfWork, places: Iterable[Location], sites: tuple[str, ...]) -> set[int]:
    """Which places of these sites are occupied, once nobody can put anything more into `places`: who puts goods
    somewhere holds the place, so those that do so now are waited for."""
    wanted = tuple(sorted({place.id for place in places}))
    if not wanted:
        return set()
    _, occupied = uow.load(LockPlaces(wanted), OccupiedLocations(sites))
    return {place.id for place in occupied}


def _check_empty(top: Location, leaving: Iterable[Location], occupied: set[int], awaited: set[int]) -> None:
    """Errors: in_use."""
    full = [place.code for place in leaving if place.id in occupied]
    if full:
        raise StockcoreError(
            "in_use",
            f"{top.code} cannot be deactivated: there is stock in {full[0]}",
            location=top.code,
            places=full[:100],
        )
    if top.id in awaited:
        raise StockcoreError(
            "in_use", f"{top.code} cannot be deactivated: a transfer is on its way to it", location=top.code
        )


DEACTIVATE_LOCATION: Final = UseCase("locations.deactivate_location", LocationDocument, _deactivate)


def _activate(uow: UnitOfWork, work: Work[ActivateLocation, LocationDocument]) -> None:
    codes = lookup_codes(command.site for command in work.commands)
    uow.prepare_draw(1)
    known, sites, places = uow.load(work.known(), LockSites(codes), LocationsOfSites(codes))
    work.settle(known)
    ground = _Ground(uow, Ids(uow, 1), [*places, *sites])

    def decide(command: ActivateLocation) -> LocationDocument:
        top = ground.place(ground.site(command.site), command.location)
        if top.parent is not None:
            _check_active(ground.by_id[top.parent])
        for place in ground.below(top):
            if not place.active:
                place.active = True
                ground.touch(place)
        return ground.document(top)

    work.decide(decide, ground.changes)
    work.record(ground.changes, ground.now)
    uow.write(ground.changes)


ACTIVATE_LOCATION: Final = UseCase("locations.activate_location", LocationDocument, _activate)
