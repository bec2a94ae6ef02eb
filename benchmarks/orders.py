"""Placing and dispatching orders, against the floor; reads; growth.

Ours and the floor run in two schemas of one database, in short turns: a round of ours is captured, and the floor then
writes the same rows in as many transactions. Which of the two goes first changes from round to round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

from benchmarks import floor, growth, peer, reads
from benchmarks.capture import Written, capturing
from benchmarks.company import SKUS, accepted, copy_books, found, orders, repeat, schemas, vacuum
from benchmarks.measuring import Pair, seconds
from stockcore.orders.commands import AdvanceOrder, PlaceOrder
from stockcore_runtime.application import OwnApplication, open_application

BATCH: Final = 100
_WARMING: Final = 2
_BEFORE: Final = 5_000
Translate: TypeAlias = Callable[[Written], floor.Statement]


class Bench:
    """Two schemas with the same books: ours and the floor's."""

    def __init__(self, ours: str, other: str, *, skus: int = SKUS, before: int = _BEFORE) -> None:
        self._ours, self._other, self._skus = ours, other, skus
        self.app: OwnApplication = open_application(ours)
        found(self.app, skus)
        for at in range(0, before, BATCH):  # on empty tables PostgreSQL plans to read them whole
            accepted(self.app.orders.place.batch(self._orders(BATCH, f"before-{at}")))
        vacuum(ours)
        copy_books(ours, other)
        self._floor = floor.Floor(other)

    def close(self) -> None:
        self._floor.close()
        self.app.close()

    def compare(self, batches: Sequence[Callable[[], object]], translate: Translate, per_round: int) -> Pair:
        """Carry out our work, so many batches a round, beside a floor that writes the rows of our round before.

        Two rounds warm up: the first is ours alone, in the second the floor's statement is prepared.
        """
        ours: list[float] = []
        other: list[float] = []
        behind: list[floor.Statement] = []
        for turn, first in enumerate(range(0, len(batches), per_round)):
            mine, theirs = batches[first : first + per_round], behind
            if turn % 2 == 1:
                other.append(seconds(partial(self._floor.run, theirs)))
            with capturing() as transactions:
                ours.append(seconds(partial(_all, mine)))
            if turn % 2 == 0:
                other.append(seconds(partial(self._floor.run, theirs)))
            behind = [translate(written) for written in transactions]
        self._floor.run(behind)
        return Pair(ours[_WARMING:], other[_WARMING:])

    def place(self, rounds: int, per_round: int, size: int) -> Pair:
        """Batches of `size` three-line orders."""
        made = self._orders((rounds + _WARMING) * per_round * size, f"place-{size}")
        works = [_work(self.app.orders.place.batch, made[at : at + size]) for at in range(0, len(made), size)]
        return self.compare(works, floor.place, per_round)

    def dispatch(self, rounds: int, per_round: int, size: int) -> Pair:
        """Batches of `size` orders, from packed to dispatched. Placing, picking and packing them is not measured."""
        numbers: list[list[str]] = []
        with capturing() as transactions:
            for at in range((rounds + _WARMING) * per_round):
                batch = self._orders(size, f"dispatch-{at}")
                numbers.append([document.number for document in accepted(self.app.orders.place.batch(batch))])
                for state in ("picking", "packed"):
                    accepted(self.app.orders.advance.batch(_steps(numbers[-1], state)))
        repeat(self._other, transactions)
        vacuum(self._ours)
        vacuum(self._other)
        works = [_work(self.app.orders.advance.batch, _steps(batch, "dispatched")) for batch in numbers]
        return self.compare(works, floor.dispatch, per_round)

    def _orders(self, count: int, seed: str) -> list[PlaceOrder]:
        return orders(count, seed, skus=self._skus)


def _all(works: Sequence[Callable[[], object]]) -> None:
    for work in works:
        work()


def _steps(numbers: Sequence[str], state: str) -> list[AdvanceOrder]:
    return [AdvanceOrder(number=number, to=state) for number in numbers]


def _work(batch: Callable[[Any], Any], commands: Sequence[Any]) -> Callable[[], object]:
    return lambda: accepted(batch(commands))


def measure(url: str, size: int, rounds: int) -> dict[str, Any]:
    """`size`: ledger rows of the large books in the growth comparison; 0 leaves it out."""
    figures: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    with schemas(url, "stockcore_bench_ours", "stockcore_bench_floor") as (ours, other):
        bench = Bench(ours, other)
        try:
            for name, pair, count in (
                ("single_place", bench.place(4 * rounds, 25, 1), 25),
                ("batch_place", bench.place(2 * rounds, 2, BATCH), 2 * BATCH),
                ("batch_dispatch", bench.dispatch(2 * rounds, 2, BATCH), 2 * BATCH),
            ):
                figures[name] = pair.figures(count)
                ratios[name] = round(pair.ratio, 3)
            figures["reads_ms"] = reads.measure(bench.app)
        finally:
            bench.close()
    figures["peer_floor"] = peer.measure(url)
    if size:
        grown = growth.measure(url, size, rounds)
        figures["growth"] = grown["figures"]
        ratios |= grown["ratios"]
    return {"figures": figures, "ratios": ratios}
