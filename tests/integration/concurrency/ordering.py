"""One of many processes that order until nothing is left: `python -m tests.integration.concurrency.ordering`.

It takes its `Task` as JSON, says "ready", and begins when its standard input says so. What it is about to send goes
into one file, what it was answered into another, so that whoever looks after a kill knows what was promised.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from stockcore.kernel.errors import StockcoreError
from stockcore.kernel.execution import execute
from stockcore.kernel.plain import plain_facts
from stockcore.kernel.results import Accepted, Outcome
from stockcore.kernel.unit_of_work import Origin
from stockcore.orders.commands import LineRequest, PlaceOrder
from stockcore.orders.placing import PLACE_ORDER
from stockcore.orders.results import OrderDocument
from stockcore_sql.stores import SqlStore


@attrs.frozen(kw_only=True)
class Task:
    """What one process does. `life`: how often it was started again; `line_count`: SKUs per order; `durably`: notes
    are on the disk before the next order is sent."""

    url: str
    folder: str
    worker: int
    life: int
    skus: tuple[str, ...]
    line_count: int = 1
    durably: bool = False

    @classmethod
    def read(cls, text: str) -> Task:
        fields = json.loads(text)
        return cls(**{**fields, "skus": tuple(fields["skus"])})

    def written(self) -> str:
        return json.dumps(attrs.asdict(self))

    @property
    def intents(self) -> Path:
        return Path(self.folder) / f"{self.worker}.intents"

    @property
    def answers(self) -> Path:
        return Path(self.folder) / f"{self.worker}.answers"


def lines_of(path: Path) -> list[dict[str, Any]]:
    """What was noted. A line that a kill cut short was not."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def note(path: Path, fact: dict[str, Any], *, durably: bool) -> None:
    with path.open("a") as file:
        file.write(json.dumps(fact) + "\n")
        file.flush()
        if durably:
            os.fsync(file.fileno())


def main(task: Task) -> None:
    store = SqlStore(task.url)
    store.check_schema()
    print("ready", flush=True)  # noqa: T201 - what the parent waits for
    sys.stdin.readline()
    refused = {answer["sku"] for answer in lines_of(task.answers) if answer["code"] and task.line_count == 1}
    for intent in _unanswered(task):
        _order(store, task, intent)
    left = [sku for sku in task.skus if sku not in refused]
    for number, skus in enumerate(_choices(task, left)):
        intent = {"command": f"{task.worker}.{task.life}.{number}", "skus": skus}
        note(task.intents, intent, durably=task.durably)
        if _order(store, task, intent) and task.line_count == 1:
            left.remove(skus[0])
    store.close()


def _choices(task: Task, left: list[str]) -> Iterator[list[str]]:
    """What to order: single SKUs until each was refused; combinations of several a fixed number of times."""
    chance = random.Random(1000 * task.worker + task.life)
    if task.line_count == 1:
        while left:
            yield [chance.choice(left)]
        return
    for _ in range(60):
        yield [chance.choice(task.skus) for _ in range(task.line_count)]


def _unanswered(task: Task) -> list[dict[str, Any]]:
    """What an earlier life sent, or was about to send, and noted no answer to."""
    answered = {answer["command"] for answer in lines_of(task.answers)}
    return [intent for intent in lines_of(task.intents) if intent["command"] not in answered]


def _order(store: SqlStore, task: Task, intent: dict[str, Any]) -> bool:
    """Order, note the answer, and say whether it was a refusal."""
    outcome = _sent(store, intent["command"], intent["skus"])
    fact: dict[str, Any] = {"command": intent["command"], "sku": intent["skus"][0], "skus": intent["skus"]}
    if isinstance(outcome, Accepted):
        note(task.answers, {**fact, "number": outcome.result.number, "code": None}, durably=task.durably)
        return False
    facts = plain_facts(outcome.facts)
    note(task.answers, {**fact, "number": None, "code": outcome.code, "facts": facts}, durably=task.durably)
    return True


def _sent(store: SqlStore, command_id: str, skus: Sequence[str]) -> Outcome[OrderDocument]:
    """`busy` is no answer: the same command is sent again."""
    lines = tuple(LineRequest(sku=sku, quantity=Decimal(1)) for sku in skus)
    while True:
        try:
            command = PlaceOrder(lines=lines, command_id=command_id)
            return execute(store, PLACE_ORDER, [command], origin=Origin(actor="crowd"))[0]
        except StockcoreError as error:
            if error.code != "busy":
                raise


if __name__ == "__main__":
    main(Task.read(sys.argv[1]))
