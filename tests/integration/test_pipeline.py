"""Transactions in libpq's pipeline: whole or not at all, whenever they fail, and statements of any size."""

from __future__ import annotations

import faulthandler
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from stockcore.kernel.records import CommandRecord, KnownCommands
from stockcore.kernel.unit_of_work import Changes, Origin
from stockcore.locations.records import LockSites, Sites
from stockcore.orders.commands import LineRequest
from stockcore_runtime.application import open_application
from stockcore_sql.stores import SqlStore
from stockcore_sql.wire import PipelinedWire

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(postgres_url: str) -> Iterator[SqlStore]:
    store = SqlStore(postgres_url)
    store.check_schema()
    yield store
    store.close()


def answers(*ids: str) -> Changes:
    changes = Changes()
    for command_id in ids:
        changes.append(CommandRecord(command_id, "x", "f", "{}", NOON))
    return changes


def known(store: SqlStore, *ids: str) -> list[str]:
    with store.transaction(Origin()) as uow:
        return [record.id for record in uow.load(KnownCommands(ids))]


def connections(store: SqlStore) -> int:
    pool: Any = store.engine.pool
    return int(pool.checkedin())


def test_what_fails_at_the_commit_itself_is_an_error_and_leaves_nothing(store: SqlStore) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF NEW.id = 'late' THEN RAISE EXCEPTION 'refused at commit'; END IF; RETURN NULL; END $$"
        )
        connection.exec_driver_sql(
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON command DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )

    def work() -> None:
        with store.transaction(Origin()) as uow:
            uow.load(KnownCommands(("late",)))
            uow.write(answers("early", "late"))

    with pytest.raises(psycopg.errors.RaiseException):
        work()
    assert known(store, "early", "late") == []
    with store.transaction(Origin()) as uow:
        uow.write(answers("early"))
    assert known(store, "early", "late") == ["early"]
    assert connections(store) == 1  # the same one all the time: it was left in order


def test_an_error_of_ours_undoes_what_was_handed_over_already(store: SqlStore) -> None:
    def work() -> None:
        with store.transaction(Origin()) as uow:
            uow.write(answers("1"))
            assert [record.id for record in uow.load(KnownCommands(("1",)))] == ["1"]
            uow.write(answers("2"))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        work()
    assert known(store, "1", "2") == []
    assert connections(store) == 1


def test_an_error_of_the_server_undoes_what_was_written_before_and_after(store: SqlStore) -> None:
    with store.transaction(Origin()) as uow:
        uow.write(answers("taken"))

    def work() -> None:
        with store.transaction(Origin()) as uow:
            uow.write(answers("before"))
            uow.write(answers("taken"))
            uow.write(answers("after"))

    with pytest.raises(psycopg.errors.UniqueViolation):
        work()
    assert known(store, "before", "taken", "after") == ["taken"]
    assert connections(store) == 1


def test_a_dry_run_is_undone(store: SqlStore) -> None:
    with store.transaction(Origin(), dry_run=True) as uow:
        uow.write(answers("dry"))
        assert [record.id for record in uow.load(KnownCommands(("dry",)))] == ["dry"]
    assert known(store, "dry") == []


def end_connections(store: SqlStore) -> None:
    with psycopg.connect(store.url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_was_lost_while_nobody_used_it_is_replaced_unnoticed(store: SqlStore) -> None:
    assert known(store, "1") == []
    end_connections(store)
    assert known(store, "1") == []
    end_connections(store)
    with store.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


def test_what_lost_its_connection_in_the_middle_is_done_again(store: SqlStore) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        with store.transaction(Origin()) as uow:
            uow.load(KnownCommands(("1",)))
            if len(tries) == 1:
                end_connections(store)
            uow.write(answers("1"))

    store.retrying(work)
    assert len(tries) == 2
    assert known(store, "1") == ["1"]


def narrow(store: SqlStore) -> None:
    """Leave the pooled connection hardly any room to send into, so that nothing large goes out at the first try."""
    pooled = store.engine.raw_connection()
    driver: Any = pooled.driver_connection
    with socket.socket(fileno=socket.dup(driver.fileno())) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    pooled.close()


@pytest.mark.parametrize("megabytes", [1, 8])
def test_a_large_write_and_a_large_question_do_not_wait_for_ever(store: SqlStore, megabytes: int) -> None:
    faulthandler.dump_traceback_later(60, exit=True)  # a wait inside libpq ends by no exception
    try:
        narrow(store)
        changes = Changes()
        for number in range(10 * megabytes):
            changes.append(CommandRecord(f"{number}", "x", "f", '"' + "é" * 50_000 + '"', NOON))
        with store.transaction(Origin()) as uow:
            uow.write(changes)
        ids = tuple(f"{number}" + " " * 100_000 for number in range(1, 10 * megabytes))
        with store.transaction(Origin()) as uow:
            assert len(uow.load(KnownCommands(("0", *ids)))) == 1
            assert len(uow.load(KnownCommands(tuple(map(str, range(10 * megabytes)))))) == 10 * megabytes
    finally:
        faulthandler.cancel_dump_traceback_later()


def sites(store: SqlStore) -> dict[str, bool]:
    with store.transaction(Origin()) as uow:
        uow.prepare_draw(1)
        return {site.code: site.active for site in uow.load(Sites())}


def test_every_change_of_a_site_is_seen_by_the_next_transaction(store: SqlStore) -> None:
    with psycopg.connect(store.url, autocommit=True) as other:
        first = sites(store)
        assert sites(store) == first
        other.execute("UPDATE location SET active = NOT active WHERE parent IS NULL")
        assert sites(store) == {code: not active for code, active in first.items()}
        with other.transaction(force_rollback=True):
            other.execute("UPDATE location SET active = NOT active WHERE parent IS NULL")
            assert sites(store) == {code: not active for code, active in first.items()}
        assert sites(store) == {code: not active for code, active in first.items()}
        other.execute("UPDATE location SET active = NOT active WHERE parent IS NULL")
        assert sites(store) == first


def test_what_a_transaction_changed_of_the_sites_itself_it_sees_and_leaves_to_nobody_when_undone(
    store: SqlStore,
) -> None:
    first = sites(store)
    with store.transaction(Origin(), dry_run=True) as uow:
        changes = Changes()
        (site,) = uow.load(LockSites(("transit",)))
        site.active = not site.active
        changes.update(site)
        uow.write(changes)
        uow.prepare_draw(1)
        assert {site.code: site.active for site in uow.load(Sites())} != first
    assert sites(store) == first


def test_reading_again_and_again_takes_no_prepared_statement_away(postgres_url: str) -> None:
    with open_application(postgres_url) as app:
        app.locations.add_site(code="MAIN", name="Main", time_zone="UTC")
        app.catalog.add_product(sku="A", name="a")
        app.stock.receive(sku="A", site="MAIN", quantity=Decimal(90))
        for _ in range(4):
            app.orders.place(lines=(LineRequest(sku="A", quantity=Decimal(1)),))
            for _ in range(2):
                assert app.verify()["ok"]
            for _ in range(7):
                assert len(app.stock.show("A")) == 1


def test_a_connection_that_was_left_inside_a_transaction_commits_what_it_acknowledges(store: SqlStore) -> None:
    pooled = store.engine.raw_connection()
    driver: Any = pooled.driver_connection
    driver.execute("SELECT 1")
    pooled.close()
    with store.transaction(Origin()) as uow:
        uow.write(answers("a"))
    other = SqlStore(store.url)
    try:
        assert known(other, "a") == ["a"]
    finally:
        other.close()


def test_who_is_interrupted_while_undoing_leaves_no_connection_that_answers_something_else(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known(store, "a") == []

    def interrupted(_: PipelinedWire) -> None:
        raise KeyboardInterrupt

    def fail() -> None:
        with store.transaction(Origin()) as uow:
            uow.write(answers("a"))
            uow._wire.ask("SELECT 'of an earlier question'", ())
            raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(PipelinedWire, "_sync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fail()
    assert known(store, "a", "b") == []
