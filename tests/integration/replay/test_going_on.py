"""A replay that was cut short goes on; a complete one changes nothing; other books are left alone."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock

import pytest

from stockcore.kernel.errors import StockcoreError
from stockcore.orders.following import follow_up_orders
from stockcore_replay import engine
from stockcore_replay.parameters import DEFAULTS, Parameters
from stockcore_replay.source import COLUMNS
from stockcore_runtime import open_application
from tests.integration.replay.conftest import Finished
from tests.integration.replay.pieces import everything, replayed, reported, selected, without_run, write_cut
from tests.support.databases import copy_sqlite
from tests.support.online_retail import fields, write_file

PROGRAM: Final = Path(sys.executable).with_name("stockcore")
KILLS: Final = 5
#: What a replay leaves, as far as two of them can be compared: ids are drawn anew each time.
TOLD: Final = {
    "history": "SELECT o.number, h.sequence, h.version, h.from_state, h.to_state, h.reason, h.at FROM order_history AS "
    "h JOIN sales_order AS o ON o.id = h.order_id ORDER BY 1, 2",
    "messages": "SELECT o.number, m.aggregate_version, m.type, m.occurred_at FROM outbox AS m "
    "JOIN sales_order AS o ON o.id = m.aggregate_id ORDER BY 1, 2",
    "follow-ups": "SELECT count(*) FROM stock_follow_up",
}


def start(url: str, file: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(PROGRAM), "replay", "online-retail", str(file), "--json", *options],
        env={**os.environ, "STOCKCORE_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    """Its exit code, its document, and what it said beside."""
    said, complained = process.communicate(timeout=120)
    return process.returncode, json.loads(said) if said else None, complained


def events_done(url: str) -> int:
    rows = selected(url, "SELECT value FROM setting WHERE name = 'replay'")
    if not rows:
        return 0
    value = rows[0][0]
    done: int = (json.loads(value) if isinstance(value, str) else value)["events_done"]
    return done


@pytest.mark.slow
def test_killed_at_random_moments_and_started_again_it_ends_with_the_same_books(
    url: str, thinned: Path, finished: Finished
) -> None:
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    total = events_done(finished.url)
    moments = sorted(chance.randrange(int(total * 0.95)) for _ in range(KILLS))
    seen = []
    for moment in moments:
        process = start(url, thinned)
        try:
            while process.poll() is None and events_done(url) <= moment:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))  # anywhere within a transaction or two
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert process.returncode == -signal.SIGKILL, f"seed {seed}: it ended before it was killed"
        seen.append(events_done(url))

    assert seen == sorted(seen), f"seed {seed}"
    assert 0 < seen[-1] < total, f"seed {seed}"
    code, document, complained = ended(start(url, thinned))
    assert (code, complained) == (0, ""), f"seed {seed}"
    assert without_run(document) | {"verify": None} == finished.report | {"verify": None}, f"seed {seed}"
    assert document["verify"]["ok"]
    if url.startswith("sqlite"):
        for name, statement in TOLD.items():
            assert selected(url, statement) == selected(finished.url, statement), f"seed {seed}: {name}"


@pytest.mark.parametrize("dies", ["in the transaction", "after the commit"])
def test_dying_around_any_commit_loses_nothing_and_does_nothing_twice(
    head: Path,
    sqlite_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dies: str,
) -> None:
    """The exception leaves the process as a SIGKILL would: nothing is tidied up but what the database undoes."""
    part = write_cut(tmp_path / "part.csv", head, 2000)
    straight, broken = (copy_sqlite(sqlite_template, tmp_path / f"{name}.db") for name in ("straight", "broken"))
    expected = replayed(straight, part, rows_per_transaction=100)

    class Died(BaseException):
        pass

    def once(work: Callable[..., Any]) -> Callable[..., Any]:
        """Works once, and dies the second time: every life comes one commit further."""
        calls = iter(range(1000))

        def called(*arguments: Any) -> Any:
            if next(calls) == 1:
                raise Died
            return work(*arguments)

        return called

    lives = 0
    while True:
        lives += 1
        with monkeypatch.context() as patched:
            if dies == "in the transaction":
                patched.setattr(engine.Replay, "_save", once(engine.Replay._save))
            else:
                patched.setattr(engine, "follow_up_orders", once(follow_up_orders))
            try:
                assert replayed(broken, part, rows_per_transaction=100) == expected
            except Died:
                continue
        break
    assert lives > 10
    for name, statement in TOLD.items():
        assert selected(broken, statement) == selected(straight, statement), name


TABLES: Final = (
    "stock_movement", "stock_pool", "stock_quant", "stock_reservation", "stock_allocation", "stock_backorder",
    "sales_order", "order_line", "order_history", "shipment", "outbox", "command", "setting", "customer", "variant",
)  # fmt: skip


def test_a_complete_file_replayed_again_changes_nothing(finished: Finished, thinned: Path, tmp_path: Path) -> None:
    url = copy_sqlite(finished.database, tmp_path / "again.db")
    assert reported(url, thinned) == finished.report
    assert everything(url, TABLES) == everything(finished.url, TABLES)


def test_on_postgresql_too_a_complete_file_replayed_again_changes_nothing(
    head: Path, postgres_url: str, tmp_path: Path
) -> None:
    part = write_cut(tmp_path / "part.csv", head, 500)
    first, rows = reported(postgres_url, part), everything(postgres_url, TABLES)
    assert reported(postgres_url, part) == first
    assert everything(postgres_url, TABLES) == rows


# -- other books -----------------------------------------------------------------------------------------------------


def small(path: Path, quantity: int = 6) -> Path:
    return write_file(path, [fields("536365", quantity=str(quantity))])


def refused(url: str, file: Path, parameters: Parameters = DEFAULTS) -> None:
    before = everything(url, TABLES)
    with pytest.raises(StockcoreError) as refusal:
        replayed(url, file, parameters)
    assert refusal.value.code == "not_empty"
    assert everything(url, TABLES) == before


@pytest.mark.parametrize("content", ["site", "product", "customer"])
def test_a_database_with_anything_in_it_is_left_alone(sqlite_url: str, tmp_path: Path, content: str) -> None:
    with open_application(sqlite_url) as app:
        if content == "site":
            app.locations.add_site(code="HULL", name="Hull")
        elif content == "product":
            app.catalog.add_product(sku="A", name="A")
        else:
            app.orders.add_customer(code="C", name="C")
    refused(sqlite_url, small(tmp_path / "small.csv"))


def test_a_database_with_another_replay_in_it_is_left_alone(url: str, tmp_path: Path) -> None:
    file = small(tmp_path / "small.csv")
    replayed(url, file)
    refused(url, small(tmp_path / "other.csv", 7))
    refused(url, file, Parameters(seed=2))
    refused(url, file, Parameters(lead_time_days=8))


@pytest.mark.parametrize(
    "write",
    [
        lambda app: app.stock.receive(sku="85123A", site="MAIN", quantity=Decimal(5)),
        lambda app: app.orders.hold(number="536365", reason="why not"),
        lambda app: app.orders.cancel(number="536365"),
        lambda app: app.locations.add_site(code="NORTH", name="North"),
        lambda app: app.locations.block(site="MAIN", location="RECEIVING"),
        lambda app: app.catalog.change_product(sku="85123A", name="Another"),
        lambda app: app.orders.add_customer(code="NEW", name="New"),
    ],
    ids=["receipt", "hold", "cancel", "site", "block", "product", "customer"],
)
def test_a_replay_that_somebody_wrote_into_is_left_alone(
    url: str, tmp_path: Path, write: Callable[[Any], object]
) -> None:
    file = small(tmp_path / "small.csv")
    replayed(url, file)
    with open_application(url) as app:
        write(app)
    refused(url, file)


def test_a_database_that_says_no_is_told_as_such(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the next run goes on."""
    file = small(tmp_path / "small.csv")
    full = sqlite3.OperationalError("database or disk is full")
    with monkeypatch.context() as patch:
        patch.setattr(engine.Replay, "_save", Mock(side_effect=full))
        with pytest.raises(StockcoreError) as refusal:
            replayed(sqlite_url, file)
    assert refusal.value.code == "storage_full"
    replayed(sqlite_url, file)


def test_of_several_begun_at_once_one_goes_on_and_the_others_are_told_so(url: str, head: Path, tmp_path: Path) -> None:
    part = write_cut(tmp_path / "part.csv", head, 1500)
    ends = [ended(process) for process in [start(url, part) for _ in range(3)]]
    assert sorted(code for code, _, _ in ends)[0] == 0
    assert {document["error"]["code"] for code, document, _ in ends if code} <= {"busy"}


def test_the_command_says_so_and_ends_with_1(url: str, tmp_path: Path) -> None:
    file = small(tmp_path / "small.csv")
    replayed(url, file)
    code, document, _ = ended(start(url, file, "--seed", "2"))
    assert (code, document["error"]["code"]) == (1, "not_empty")


def test_a_file_that_grew_is_another_replay(sqlite_url: str, tmp_path: Path) -> None:
    file = small(tmp_path / "small.csv")
    replayed(sqlite_url, file)
    write_file(file, [fields(), fields("536366", at="2010-12-01T09:00:00")])
    refused(sqlite_url, file)


def test_a_file_without_a_readable_row_is_a_replay_of_nothing(sqlite_url: str, tmp_path: Path) -> None:
    file = write_file(tmp_path / "nothing.csv", [["?"] * len(COLUMNS)])
    for _ in range(2):
        told = reported(sqlite_url, file)
        assert (told["rows"]["total"], told["rows"]["rejected"], told["ledger"]["rows"]) == (1, 1, 0)
    refused(sqlite_url, small(tmp_path / "small.csv"))


def test_two_at_once_do_nothing_twice(url: str, head: Path, tmp_path: Path) -> None:
    part = write_cut(tmp_path / "part.csv", head, 3000)
    first = start(url, part)
    while first.poll() is None and not events_done(url):
        time.sleep(0.005)
    second = ended(start(url, part))
    ends = [ended(first), second]
    assert {code for code, _, _ in ends} <= {0, 4}
    for code, document, _ in ends:
        assert code == 0 or document["error"]["code"] == "busy"
    code, document, _ = ended(start(url, part))
    assert code == 0
    alone = tmp_path / "alone.db"
    _, expected, _ = ended(start(f"sqlite:///{alone}", part))
    assert document["ledger"] == expected["ledger"]


def test_a_replay_cannot_be_tried(head: Path, tmp_path: Path) -> None:
    database = tmp_path / "none.db"
    code, document, _ = ended(start(f"sqlite:///{database}", head, "--dry-run"))
    assert (code, document["error"]["code"]) == (2, "usage")
    assert not database.exists()
