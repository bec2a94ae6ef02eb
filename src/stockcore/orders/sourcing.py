"""Sourcing: which sites serve an order, planned for the whole order at once, and why. Pure.

A strategy is a list of policies, each a figure of a plan where less is better; plans are compared by the first policy,
ties by the next. Every set of sites is looked at where there are few of them (the exact answer); with many, sites are
added one by one, each time the one that covers most.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

import attrs

from stockcore.kernel.quantity import ZERO, plain, whole_multiples
from stockcore.kernel.reading import one_of
from stockcore.kernel.values import value
from stockcore.stock.allocating import requirement_of

EXACT_SITES_MAX: Final = 8  # 2**8 = 256 sets of sites


@attrs.frozen
class Candidate:
    """A site that may serve. `cost` is that of one shipment from it, in the company's currency; `distance` in
    kilometres to the customer, 0 when unknown; a lower `priority` is preferred. A `blocked` one has nothing available
    for now."""

    site: int
    code: str
    cost: Decimal = ZERO
    distance: Decimal = ZERO
    priority: int = 0
    blocked: bool = False


@value
class Wish:
    """One line's wish, in base units and whole multiples. `requirement`: what not every unit satisfies, as JSON; empty
    when any available unit will do. What is not `stocked`, a service, is taken from nowhere."""

    variant: int
    sku: str
    quantity: Decimal
    multiple: Decimal
    requirement: str
    stocked: bool


@value
class Take:
    line: int  # index into the wishes
    site: int
    quantity: Decimal


@value
class Plan:
    takes: tuple[Take, ...]
    short: tuple[Decimal, ...]  # per wish
    sites: tuple[Candidate, ...]  # those that ship

    @property
    def is_whole(self) -> bool:
        return not any(self.short)


Policy = Callable[[Plan], Any]
#: What a site can promise to a line: (line, variant, site).
Available: TypeAlias = Callable[[int, int, int], Decimal]
#: What a site can promise of a variant to anybody: (variant, site). Asked for pinned wishes only.
Pooled: TypeAlias = Callable[[int, int], Decimal]

POLICIES: Final[Mapping[str, Policy]] = {
    "covered": lambda plan: sum(plan.short, ZERO),
    "shipments": lambda plan: len(plan.sites),
    "cost": lambda plan: sum((site.cost for site in plan.sites), ZERO),
    "distance": lambda plan: sum((site.distance for site in plan.sites), ZERO),
    "priority": lambda plan: sum(site.priority for site in plan.sites),
}

#: The named strategies. Whatever the rest, a plan that covers more wins.
STRATEGIES: Final[Mapping[str, tuple[str, ...]]] = {
    "fewest_shipments": ("covered", "shipments", "cost", "distance", "priority"),
    "cheapest": ("covered", "cost", "shipments", "distance", "priority"),
    "by_priority": ("covered", "priority", "shipments", "cost", "distance"),
}

_SITE_FIGURES: Final[Mapping[str, Callable[[Candidate], Any]]] = {
    "cost": lambda site: site.cost,
    "distance": lambda site: site.distance,
    "priority": lambda site: site.priority,
}


def policies_of(strategy: object) -> tuple[str, ...]:
    """Errors: value_unknown."""
    return STRATEGIES[one_of(strategy, STRATEGIES, field="strategy")]


def preferred(candidates: Iterable[Candidate], strategy: str) -> list[Candidate]:
    """The candidates as the strategy prefers them one by one; ties by code, so that every run answers the same."""
    figures = [_SITE_FIGURES[name] for name in policies_of(strategy) if name in _SITE_FIGURES]
    return sorted(candidates, key=lambda site: (*(figure(site) for figure in figures), site.code))


def plan(
    wishes: Sequence[Wish],
    available: Available,
    candidates: Sequence[Candidate],
    strategy: str,
    pooled: Pooled | None = None,
) -> Plan:
    """The best plan; candidates as `preferred`. `pooled` is needed where wishes are pinned."""
    if len(candidates) == 1:
        return _fill(wishes, available, candidates, pooled)
    names = policies_of(strategy)
    if len(candidates) > EXACT_SITES_MAX:
        candidates = _with_goods(wishes, available, candidates) or candidates[:1]
    best: Plan | None = None
    for chosen in _sets_of(wishes, available, candidates, pooled):
        found = _fill(wishes, available, chosen, pooled)
        if best is None or _rank(found, names) < _rank(best, names):
            best = found
    return best if best is not None else Plan((), tuple(wish.quantity for wish in wishes), ())


def _with_goods(wishes: Sequence[Wish], available: Available, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those that have any of what is wanted: the others are in no plan."""
    wanted = [(line, wish.variant) for line, wish in enumerate(wishes) if wish.stocked]
    return [c for c in candidates if any(available(line, variant, c.site) > ZERO for line, variant in wanted)]


def _rank(found: Plan, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(POLICIES[name](found) for name in names)


def _sets_of(
    wishes: Sequence[Wish], available: Available, candidates: Sequence[Candidate], pooled: Pooled | None
) -> Iterable[Sequence[Candidate]]:
    if len(candidates) <= EXACT_SITES_MAX:
        for size in range(1, len(candidates) + 1):
            yield from itertools.combinations(candidates, size)
        return
    for candidate in candidates:
        yield [candidate]
    chosen: list[Candidate] = []
    left = list(candidates)
    while left:
        chosen.append(min(left, key=lambda site: sum(_fill(wishes, available, [*chosen, site], pooled).short, ZERO)))
        left.remove(chosen[-1])
        yield sorted(chosen, key=candidates.index)
        yield _without_needless(wishes, available, sorted(chosen, key=candidates.index), pooled)


def _without_needless(
    wishes: Sequence[Wish], available: Available, sites: Sequence[Candidate], pooled: Pooled | None
) -> Sequence[Candidate]:
    """Less the sites, the least preferred first, without which no more is short."""
    short = sum(_fill(wishes, available, sites, pooled).short, ZERO)
    for site in reversed(sites):
        others = [other for other in sites if other is not site]
        if others and sum(_fill(wishes, available, others, pooled).short, ZERO) <= short:
            sites = others
    return sites


class _Taken:
    """Where lines want the same variant: what the lines before take, by variant and site; for pinned lines, by the pin
    that took it."""

    def __init__(self, pooled: Pooled | None) -> None:
        self._pooled = pooled
        self._all: dict[tuple[int, int], Decimal] = {}
        self._pinned: dict[tuple[int, int], list[tuple[str, Decimal]]] = {}

    def left(self, wish: Wish, site: int, available: Decimal) -> Decimal:
        """Of what the site could promise to the line alone: what the lines before leave."""
        key = (wish.variant, site)
        taken = self._all.get(key, ZERO)
        if not wish.requirement or self._pooled is None:
            return available - taken
        same_goods = (quantity for pin, quantity in self._pinned.get(key, ()) if not _disjoint(pin, wish.requirement))
        return min(available - sum(same_goods, ZERO), self._pooled(*key) - taken)

    def add(self, wish: Wish, site: int, quantity: Decimal) -> None:
        key = (wish.variant, site)
        self._all[key] = self._all.get(key, ZERO) + quantity
        if wish.requirement:
            self._pinned.setdefault(key, []).append((wish.requirement, quantity))


def _disjoint(one: str, other: str) -> bool:
    """Whether no unit can satisfy both: two lots, or two places."""
    a, b = requirement_of(one), requirement_of(other)
    if a is None or b is None:
        return False
    pairs = ((a.lot, b.lot), (a.location, b.location))
    return any(x is not None and y is not None and x != y for x, y in pairs)


def _freedom(wish: Wish) -> int:
    """How many units satisfy a wish: those of one lot or place, those that keep long enough, any."""
    wanted = requirement_of(wish.requirement)
    if wanted is None:
        return 2
    return 0 if wanted.lot is not None or wanted.location is not None else 1


def _fill(wishes: Sequence[Wish], available: Available, sites: Sequence[Candidate], pooled: Pooled | None) -> Plan:
    """Take each line from the first of the sites that has all of it, else from one after the other. Where lines want
    the same goods, those that few units satisfy come first; and if that leaves something short, those to which the
    least is left to choose."""
    if len({wish.variant for wish in wishes}) == len(wishes):
        return _fill_in_order(range(len(wishes)), wishes, available, sites, None)
    by_freedom = sorted(range(len(wishes)), key=lambda line: _freedom(wishes[line]))
    found = _fill_in_order(by_freedom, wishes, available, sites, _Taken(pooled))
    if found.is_whole:
        return found

    def room(line: int) -> Decimal:
        wish = wishes[line]
        there = (whole_multiples(available(line, wish.variant, site.site), wish.multiple) for site in sites)
        return sum(there, ZERO) - wish.quantity

    by_room = sorted(by_freedom, key=room)
    other = _fill_in_order(by_room, wishes, available, sites, _Taken(pooled))
    return other if sum(other.short) < sum(found.short) else found


def _fill_in_order(
    lines: Iterable[int],
    wishes: Sequence[Wish],
    available: Available,
    sites: Sequence[Candidate],
    taken: _Taken | None,
) -> Plan:
    takes: list[Take] = []
    short = [ZERO] * len(wishes)
    for line in lines:
        wish = wishes[line]
        if not wish.stocked:
            continue
        left = wish.quantity
        rooms: list[tuple[int, Decimal]] = []
        for site in sites:
            free = available(line, wish.variant, site.site)
            if taken is not None:
                free = taken.left(wish, site.site, free)
            if free >= left:
                rooms = [(site.site, left)]
                break
            if free > ZERO:
                rooms.append((site.site, whole_multiples(free, wish.multiple)))
        for number, room in rooms:
            part = min(left, room)
            if part > ZERO:
                if taken is not None:
                    taken.add(wish, number, part)
                takes.append(Take(line, number, part))
                left -= part
        short[line] = left
    used = {take.site for take in takes}
    return Plan(tuple(takes), tuple(short), tuple(site for site in sites if site.site in used))


def explain(
    found: Plan,
    wishes: Sequence[Wish],
    available: Available,
    candidates: Sequence[Candidate],
    strategy: str,
) -> dict[str, Any]:
    """What was considered, what decided, and what would change the answer; plain data."""
    considered = [
        {
            "site": site.code,
            "available": {
                wish.sku: plain(available(line, wish.variant, site.site)) for line, wish in enumerate(wishes)
            },
            "cost": plain(site.cost),
            "priority": site.priority,
            **told_if_blocked(site),
        }
        for site in candidates
    ]
    return {
        "strategy": strategy,
        "policies": list(policies_of(strategy)),
        "considered": considered,
        "chosen": [site.code for site in found.sites],
        "short": {} if found.is_whole else {sku: plain(short) for sku, short in _short_by_sku(found, wishes).items()},
        "would_change": _would_change(found, wishes, available, candidates),
    }


def told_if_blocked(site: Candidate) -> dict[str, bool]:
    """Why a site that has the goods offers none of them."""
    return {"blocked": True} if site.blocked else {}


def _short_by_sku(found: Plan, wishes: Sequence[Wish]) -> dict[str, Decimal]:
    """What is missing of each SKU, all its lines together."""
    total: dict[str, Decimal] = {}
    for wish, short in zip(wishes, found.short, strict=True):
        if short:
            total[wish.sku] = total.get(wish.sku, ZERO) + short
    return total


def _lack(wishes: Sequence[Wish], available: Available, site: int) -> Decimal:
    """What the site lacks to serve the whole order alone."""
    wanted: dict[tuple[int, str], Decimal] = {}
    there: dict[tuple[int, str], Decimal] = {}
    for line, wish in enumerate(wishes):
        if not wish.stocked:
            continue
        key = (wish.variant, wish.requirement)
        wanted[key] = wanted.get(key, ZERO) + wish.quantity
        there[key] = available(line, wish.variant, site)
    return sum((max(ZERO, quantity - there[key]) for key, quantity in wanted.items()), ZERO)


def _would_change(
    found: Plan,
    wishes: Sequence[Wish],
    available: Available,
    candidates: Sequence[Candidate],
) -> str:
    """In words, the nearest change of stock after which the answer would be another."""
    if not found.is_whole:
        sku, short = next(iter(_short_by_sku(found, wishes).items()))
        return f"{plain(short)} more of {sku} at any of these sites"
    if not any(wish.stocked for wish in wishes):
        return "nothing: a service needs no goods"
    candidates = [site for site in candidates if not site.blocked]
    if len(candidates) < 2:
        return "nothing: only one site may serve"
    if len(found.sites) > 1:
        lack, code = min((_lack(wishes, available, site.site), site.code) for site in candidates)
        if not lack:
            return f"another strategy: {code} has the whole order"
        return f"{plain(lack)} more units at {code} would let it serve the whole order alone"
    return f"less stock at {found.sites[0].code}, or a better figure of another site" if found.sites else "any stock"
