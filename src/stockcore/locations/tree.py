"""The shape of the tree: which rows come first, where a ring would close, how deep a branch reaches. Pure.

Nothing here calls itself, so that a chain of a thousand rows is refused for its depth and not for Python's (B093).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from stockcore.locations.records import Location

DEPTH_MAX: Final = 16  # levels, the site being the first


def parents_first(parents: Sequence[int | None]) -> tuple[list[int], list[list[int]]]:
    """An order in which every row comes after its parent, and the rings.

    `parents[i]` is the row that row i hangs below, None where that is no row of this batch. Rows of a ring are in no
    order and only there, each ring from child to parent; rows that hang below a ring are in the order.
    """
    order: list[int] = []
    rings: list[list[int]] = []
    seen: set[int] = set()
    for start in range(len(parents)):
        path: list[int] = []
        place_on_path: dict[int, int] = {}
        row: int | None = start
        while row is not None and row not in seen and row not in place_on_path:
            place_on_path[row] = len(path)
            path.append(row)
            row = parents[row]
        if row is not None and row in place_on_path:
            rings.append(path[place_on_path[row] :])
            path = path[: place_on_path[row]]
            seen.update(rings[-1])
        order.extend(reversed(path))
        seen.update(path)
    return order, rings


def way_up(places: Mapping[int, Location], start: Location) -> list[Location]:
    """A place and all it lies in, up to its site."""
    way = [start]
    while way[-1].parent is not None:
        way.append(places[way[-1].parent])
    return way


def children_of(places: Iterable[Location]) -> dict[int, list[Location]]:
    """The places right below each place, by its id."""
    children: dict[int, list[Location]] = {}
    for place in places:
        if place.parent is not None:
            children.setdefault(place.parent, []).append(place)
    return children


def branch(children: Mapping[int, Sequence[Location]], top: Location) -> list[Location]:
    """A place and everything below it, every place after the one it lies in."""
    found = [top]
    for place in found:  # grows while it is walked
        found.extend(children.get(place.id, ()))
    return found
