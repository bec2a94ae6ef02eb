"""Sixteen processes order the same stock until it is gone (issue 3: zero oversell)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from stockcore.catalog.commands import AddProduct
from stockcore.kernel.results import Accepted
from stockcore.stock.commands import ReceiveStock
from stockcore_runtime import open_application
from tests.integration.concurrency.books import Books, available, read
from tests.integration.concurrency.crowd import PROCESSES, Crowd, tasks

pytestmark = pytest.mark.slow

HOT: Final = "HOT"
COLD: Final = tuple(f"COLD-{number:03}" for number in range(200))
STOCK: Final = {HOT: 1000, **dict.fromkeys(COLD, 5)}
WHOLE: Final = ["received", "validated", "supplier_confirmed"]
KILLS: Final = 20


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "notes"
    made.mkdir()
    return made


def stocked(url: str, stock: Mapping[str, int], sites: Sequence[str] = ("MAIN",)) -> None:
    """A company that has so much of each SKU, at each of its sites."""
    with open_application(url) as app:
        for priority, site in enumerate(sites):
            app.locations.add_site(code=site, name=site, priority=priority)
        app.catalog.add_product.batch([AddProduct(sku=sku, name=sku) for sku in stock])
        receipts = [
            ReceiveStock(sku=sku, site=site, quantity=Decimal(quantity))
            for sku, quantity in stock.items()
            for site in sites
        ]
        assert all(isinstance(outcome, Accepted) for outcome in app.stock.receive.batch(receipts))


@pytest.fixture
def crowds() -> Iterator[list[Crowd]]:
    """To be filled by the test; whoever still runs at its end is ended."""
    started: list[Crowd] = []
    yield started
    for crowd in started:
        crowd.stop()


def check_sold_out(answers: Sequence[Mapping[str, Any]], books: Books) -> None:
    """Exactly what there was is promised, and every refusal says why."""
    assert Counter(answer["code"] for answer in answers)[None] == len(books.orders) == sum(STOCK.values()) == 2000
    assert {answer["code"] for answer in answers} == {None, "insufficient_stock"}
    sold = Counter(answer["sku"] for answer in answers if answer["code"] is None)
    assert sold == STOCK
    assert books.differences == []


def check_whole(answers: Iterable[Mapping[str, Any]], books: Books) -> None:
    """Every order that was answered is there with everything that belongs to it, and nothing else is there."""
    for answer in answers:
        if answer["code"] is not None:
            assert books.commands[answer["command"]]["rejected"]["code"] == answer["code"]
            continue
        facts = books.orders[answer["number"]]
        lines = len(answer["skus"])
        assert facts["lines"] == facts["ordered"] == facts["reserved"] == facts["ledger"] == lines, (answer, facts)
        assert facts["state"] == "supplier_confirmed"
        assert facts["history"] == WHOLE
        assert facts["messages"] == ["order.placed"]
        assert facts["version"] == 1
        assert books.commands[answer["command"]]["accepted"]["number"] == answer["number"]
    answered = Counter(answer["accepted"]["number"] for answer in books.commands.values() if "accepted" in answer)
    assert answered == Counter(list(books.orders)), "each order was made by one command, and each command made one"


def test_sixteen_processes_sell_exactly_what_there_is(url: str, folder: Path, crowds: list[Crowd]) -> None:
    stocked(url, STOCK)
    crowd = Crowd(tasks(url, folder, list(STOCK)))
    crowds.append(crowd)
    answers = crowd.wait()
    books = read(url)
    check_sold_out(answers, books)
    check_whole(answers, books)
    refused = Counter(answer["sku"] for answer in answers if answer["code"])
    assert refused == dict.fromkeys(STOCK, PROCESSES), "each process was refused once on each SKU"


def test_what_was_answered_survives_twenty_kills_and_what_was_not_is_done_once(
    url: str, folder: Path, crowds: list[Crowd]
) -> None:
    stocked(url, STOCK)
    crowd = Crowd(tasks(url, folder, list(STOCK), durably=True))
    crowds.append(crowd)
    assert crowd.kill_some(KILLS, random.Random(2026), until=1600) == KILLS
    answers = crowd.wait()
    books = read(url)
    check_sold_out(answers, books)
    check_whole(answers, books)
    commands = [answer["command"] for answer in answers]
    assert len(commands) == len(set(commands)), "no command was noted twice"
    assert set(commands) == set(books.commands), "no command was carried out that nobody had an answer to in the end"


SCARCE: Final = {f"SCARCE-{number:02}": 12 for number in range(24)}
SITES: Final = ("LEEDS", "HULL")


def test_no_order_of_several_lines_is_refused_that_its_own_moment_could_have_served(
    url: str, folder: Path, crowds: list[Crowd]
) -> None:
    """A refusal says what it saw under the lock. The ledger must say the same of that moment, the moment must have
    been the newest, and what was seen must not have been enough."""
    stocked(url, SCARCE, SITES)
    crowd = Crowd(tasks(url, folder, list(SCARCE), line_count=3))
    crowds.append(crowd)
    answers = crowd.wait()
    books = read(url)
    assert books.differences == []
    check_whole(answers, books)
    accepted = [answer for answer in answers if answer["code"] is None]
    refused = [answer for answer in answers if answer["code"] is not None]
    assert {answer["code"] for answer in refused} == {"insufficient_stock"}
    assert len(accepted) > 100
    assert len(refused) > 100
    sold = Counter(sku for answer in accepted for sku in answer["skus"])
    assert all(sold[sku] <= quantity * len(SITES) for sku, quantity in SCARCE.items())
    for answer in refused:
        check_refusal(answer, books)


def check_refusal(answer: Mapping[str, Any], books: Books) -> None:
    at = books.answered_at[answer["command"]]
    left: dict[str, Decimal] = {}
    for line in answer["facts"]["lines"]:
        seen = Decimal(0)
        for place in line["sites"]:
            rows = books.ledger[line["sku"], place["site"]]
            assert available(rows, place["last_seq"]) == Decimal(place["available"]), (line, place)
            assert place["last_seq"] in {row.seq for row in rows}
            assert all(row.recorded_at >= at for row in rows if row.seq > place["last_seq"]), "it saw old stock"
            seen += Decimal(place["available"])
        left.setdefault(line["sku"], seen)
    for line in answer["facts"]["lines"]:
        left[line["sku"]] -= Decimal(line["requested"])
    assert min(left.values()) < 0, f"every line was available: {answer}"
