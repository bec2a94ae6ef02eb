"""Sites and places from a file: a row without `site` is a site, any other a place of that site; in any order."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.money import read_unit_price
from stockcore.kernel.quantity import read_decimal, read_quantity
from stockcore.kernel.text import normal_code, read_text
from stockcore.locations.commands import AddLocation, AddSite
from stockcore.locations.records import Purpose, SiteKind
from stockcore_files.reading import Entry, Fields, Formed, Item, Refused
from stockcore_files.table import Column, Record, Table, choice, read_whole

#: (site, place): a site itself is (site, "")
Place: TypeAlias = tuple[str, str]

_COLUMNS: Final = (
    Column("code", read_text, required=True),
    Column("name", read_text),
    Column("site", read_text),
    Column("parent", read_text),
    Column("kind", choice(*SiteKind)),
    Column("purpose", choice(*Purpose)),
    Column("storage_kind", read_text),
    Column("capacity", read_quantity),
    Column("time_zone", read_text),
    Column("street", read_text),
    Column("city", read_text),
    Column("postcode", read_text),
    Column("country", read_text),
    Column("latitude", read_decimal),
    Column("longitude", read_decimal),
    Column("priority", read_whole),
    Column("shipping_cost", read_unit_price),
    Column("strategy", read_text),
)
_OF_SITE: Final = frozenset(
    ("code", "name", "kind", "time_zone", "street", "city", "postcode", "country", "latitude", "longitude")
) | {"priority", "shipping_cost", "strategy"}
_OF_PLACE: Final = frozenset(("code", "name", "site", "parent", "purpose", "storage_kind", "capacity", "priority"))


class Locations:
    """Two rows are the same thing when they name the same place of the same site, or the same site."""

    name = "locations"
    telling_apart = ""
    table = Table(_COLUMNS)
    fields: Final[Fields] = {}

    def identity(self, record: Record) -> Hashable | None:
        return _place(record.values) if "code" in record.values else None

    def note(self, record: Record) -> None:
        """The tree is built from all rows at once, in `form`."""

    def form(self, entries: Iterable[Entry], command_prefix: str) -> Iterator[Formed]:
        """Sites first, then places from the top down; rows that form a ring are refused, each naming the ring."""
        records = {_place(entry.record.values): entry.record for entry in entries if entry.good}
        order, rings = from_the_top({place: _parent(record.values) for place, record in records.items()})
        for ring in rings:
            for place in ring:
                yield Refused.of(records[place].row, _in_a_ring(ring))
        for place in order:
            yield _formed(records[place], command_prefix)


def from_the_top(parents: Mapping[Place, Place | None]) -> tuple[list[Place], list[list[Place]]]:
    """The places, sites first, each after the one it lies in; and the rings: places that lie in one another, in turn.

    What lies below a ring comes last: its refusal will say that its parent is missing. Pure.
    """
    below: dict[Place | None, list[Place]] = {}
    for place, parent in parents.items():
        below.setdefault(parent if parent in parents else None, []).append(place)
    order = sorted(below.get(None, ()), key=lambda place: place[1] != "")
    for place in order:  # grows while it is walked
        order += below.get(place, ())
    lost = dict.fromkeys(parents)
    for place in order:
        del lost[place]
    rings = list(_rings(lost, parents))
    on_rings = {place for ring in rings for place in ring}
    return order + [place for place in lost if place not in on_rings], rings


def _rings(lost: Iterable[Place], parents: Mapping[Place, Place | None]) -> Iterator[list[Place]]:
    """The rings among places whose way up never ends."""
    seen: set[Place] = set()
    for start in lost:
        way: dict[Place, None] = {}
        place: Place | None = start
        while place is not None and place not in seen:
            seen.add(place)
            way[place] = None
            place = parents.get(place)
        if place in way:
            listed = list(way)
            yield listed[listed.index(place) :]


def _place(values: Mapping[str, Any]) -> Place:
    code = normal_code(values["code"])
    return (normal_code(values["site"]), code) if "site" in values else (code, "")


def _parent(values: Mapping[str, Any]) -> Place | None:
    if "site" not in values:
        return None
    site = normal_code(values["site"])
    return (site, normal_code(values["parent"])) if "parent" in values else (site, "")


def _in_a_ring(ring: list[Place]) -> StockcoreError:
    codes = [code for _, code in ring]
    way = " in ".join([*codes, codes[0]])
    return StockcoreError("location_cycle", f"these places lie in one another: {way}", field="parent", ring=codes)


def _formed(record: Record, command_prefix: str) -> Formed:
    values = record.values
    command_id = f"{command_prefix}:{record.row.number}"
    is_place = "site" in values
    foreign = sorted(set(values) - (_OF_PLACE if is_place else _OF_SITE))
    if foreign:
        what = "a place below a site" if is_place else "a site"
        error = StockcoreError("row_invalid", f"{what} has no {', '.join(foreign)}", field=foreign[0])
        return Refused.of(record.row, error)
    if is_place:
        return Item(AddLocation(**values, command_id=command_id), (record.row,))
    return Item(AddSite(**{"name": values["code"], **values}, command_id=command_id), (record.row,))
