"""The mutants: one line each that a careless hand might write, and the tests that must notice it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).parents[2]

_SCENARIOS: Final = "tests/integration/scenarios"
_MACHINE: Final = "tests/integration/stateful"
#: Without PostgreSQL, which takes seconds to start: what is decided is the same on every store.
_FAST: Final = "not postgresql"


@attrs.frozen
class Mutant:
    """`old`, which stands in `file` exactly once, becomes `new`. `tests`: files, and by keyword which tests of them."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    keywords: str = _FAST

    def applied_to(self, text: str) -> str:
        """The file's text with the mutant in it. Errors: ValueError, where the old text is not there exactly once."""
        found = text.count(self.old)
        if found != 1:
            raise ValueError(f"{self.name}: {self.file} has {found} times {self.old!r}")
        return text.replace(self.old, self.new)


MUTANTS: Final = (
    Mutant(
        "reserved ignored",
        "src/stockcore/stock/records.py",
        "return self.on_hand - self.blocked - self.reserved",
        "return self.on_hand - self.blocked",
        (f"{_SCENARIOS}/test_reservations.py",),
    ),
    Mutant(
        "blocked counted as available",
        "src/stockcore/stock/records.py",
        "return self.on_hand - self.blocked - self.reserved",
        "return self.on_hand - self.reserved",
        (f"{_SCENARIOS}/test_shortage.py", f"{_SCENARIOS}/test_transfers.py", _MACHINE),
    ),
    Mutant(
        "< for <=: a hold outlives its last moment",
        "src/stockcore/stock/holds.py",
        "expires_at <= book.now and",
        "expires_at < book.now and",
        (f"{_SCENARIOS}/test_giving_way.py", f"{_SCENARIOS}/test_reservations.py"),
    ),
    Mutant(
        "<= for <: goods expire on their last good day",
        "src/stockcore/stock/allocating.py",
        "if expires_on is not None and expires_on < today:",
        "if expires_on is not None and expires_on <= today:",
        ("tests/unit/stock/test_allocating.py", f"{_SCENARIOS}/test_outside.py"),
    ),
    Mutant(
        "release not ledgered",
        "src/stockcore/stock/book.py",
        "self._change_reserved(posting, MovementKind.RESERVATION_RELEASE, pool, reservation, -quantity)",
        "pool.reserved -= quantity; self.changes.update(pool)",
        (f"{_SCENARIOS}/test_reservations.py", f"{_SCENARIOS}/test_orders.py"),
    ),
    Mutant(
        "retry applied twice",
        "src/stockcore/kernel/execution.py",
        "first = self._first.setdefault(command_id, index)",
        "first = index",
        ("tests/unit/kernel/test_execution.py", _MACHINE),
    ),
    Mutant(
        "answer forgotten",
        "src/stockcore/kernel/execution.py",
        "self._known = {record.id: record for record in known}",
        "self._known = {}",
        ("tests/unit/kernel/test_execution.py", f"{_SCENARIOS}/test_retries.py"),
    ),
    Mutant(
        "shortage keeps the newest",
        "src/stockcore/stock/shortage.py",
        "-reservation.since.timestamp(), -reservation.age)",
        "reservation.since.timestamp(), reservation.age)",
        (f"{_SCENARIOS}/test_shortage.py",),
    ),
    Mutant(
        "backorder served twice",
        "src/stockcore/stock/serving.py",
        "book.settle_backorder(backorder, wanted)",
        "pass",
        (f"{_SCENARIOS}/test_backorders.py",),
    ),
    Mutant(
        "the lowest priority is served first",
        "src/stockcore/stock/book.py",
        "return (-backorder.priority,",
        "return (backorder.priority,",
        (f"{_SCENARIOS}/test_backorders.py",),
    ),
    Mutant(
        "balance taken before the lock",
        "src/adapters/stockcore_sql/reading.py",
        "stock.LockPoolsByCode: _rows(stock.Pool, _variants_by_code(_pool.variant), lock=True),",
        "stock.LockPoolsByCode: _rows(stock.Pool, _variants_by_code(_pool.variant)),",
        (f"{_SCENARIOS}/test_reservations.py",),
        "postgresql and (fifty or hot)",
    ),
    Mutant(
        "balance taken before the writer's turn",
        "src/adapters/stockcore_sql/stores.py",
        'connection.execute("BEGIN IMMEDIATE")\n        try:',
        'connection.execute("BEGIN")\n        try:',
        (f"{_SCENARIOS}/test_reservations.py",),
        "sqlite and (fifty or hot)",
    ),
    Mutant(
        "balance taken before the change",
        "src/stockcore/stock/book.py",
        "                pool.reserved,\n                None,",
        "                pool.reserved - change,\n                None,",
        (f"{_SCENARIOS}/test_reservations.py",),
    ),
    Mutant(
        "pool not updated",
        "src/stockcore/stock/book.py",
        "pool.on_hand += change",
        "pass",
        (f"{_SCENARIOS}/test_backorders.py",),
    ),
    Mutant(
        "shipped not raised",
        "src/stockcore/stock/book.py",
        "pool.shipped += quantity",
        "pass",
        (f"{_SCENARIOS}/test_backorders.py", _MACHINE),
    ),
    Mutant(
        "what was shipped is still reserved",
        "src/stockcore/stock/book.py",
        "reservation.consumed += quantity",
        "pass",
        (f"{_SCENARIOS}/test_backorders.py",),
    ),
    Mutant(
        "allocation not freed",
        "src/stockcore/stock/book.py",
        "quant.allocated -= quantity",
        "pass",
        (f"{_SCENARIOS}/test_orders.py",),
    ),
    Mutant(
        "what is cancelled still waits",
        "src/stockcore/orders/cancelling.py",
        "desk.book.settle_backorder(backorder, part)",
        "pass",
        (f"{_SCENARIOS}/test_orders.py",),
    ),
    Mutant(
        "one SKU on two lines counts once",
        "src/stockcore/orders/sourcing.py",
        "return available - taken",
        "return available",
        ("tests/unit/orders/test_planning.py", _MACHINE),
    ),
    Mutant(
        "a refusal leaves no answer",
        "src/stockcore/kernel/execution.py",
        "return isinstance(outcome, Accepted) or outcome.kind is Kind.RULE",
        "return isinstance(outcome, Accepted)",
        ("tests/unit/kernel/test_execution.py", f"{_SCENARIOS}/test_retries.py"),
    ),
    Mutant(
        "who gives way forgets its other sites",
        "src/stockcore/stock/desk.py",
        "        if losses:",
        "        if False:",
        (f"{_SCENARIOS}/test_giving_way.py",),
    ),
    Mutant(
        "a released hold takes its goods back",
        "src/stockcore/stock/reserving.py",
        "    waiting = _waiting_of_demand(desk, held[0].demand_id, variant)",
        "    waiting: list[Backorder] = []",
        (f"{_SCENARIOS}/test_giving_way.py",),
    ),
)
