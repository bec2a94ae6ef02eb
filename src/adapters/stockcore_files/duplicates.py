"""Rows of one file that say the same thing twice. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping

import attrs


@attrs.frozen
class Duplicates:
    """`refused`: row → another row with its identity. `superseded`: rows that a later one replaces (last wins)."""

    refused: Mapping[int, int]
    superseded: frozenset[int]


def decide(rows: Iterable[tuple[int, Hashable]], *, last_wins: bool) -> Duplicates:
    """Rows with equal identity are all refused, since nobody knows which is meant; or, if told so, the last one wins
    and the others are as if they were not there."""
    last: dict[Hashable, int] = {}
    refused: dict[int, int] = {}
    superseded: set[int] = set()
    for number, identity in rows:
        before = last.get(identity)
        last[identity] = number
        if before is None:
            continue
        if last_wins:
            superseded.add(before)
        else:
            refused.setdefault(before, number)
            refused[number] = before
    return Duplicates(refused, frozenset(superseded))
