"""A statement larger than the socket's buffer is sent whole, also inside psycopg's pipeline."""

from __future__ import annotations

import faulthandler
import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from stockcore.kernel.records import CommandRecord, KnownCommands
from stockcore.kernel.unit_of_work import Changes, Origin
from stockcore_sql.stores import SqlStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def narrow(store: SqlStore) -> None:
    """Leave the pooled connection hardly any room to send into, so that nothing large goes out at the first try."""
    pooled = store.engine.raw_connection()
    driver: Any = pooled.driver_connection
    with socket.socket(fileno=socket.dup(driver.fileno())) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    pooled.close()


@pytest.mark.parametrize("megabytes", [1, 8])
def test_a_large_write_and_a_large_question_do_not_wait_for_ever(postgres_url: str, megabytes: int) -> None:
    faulthandler.dump_traceback_later(60, exit=True)  # a wait inside libpq ends by no exception
    store = SqlStore(postgres_url)
    try:
        store.check_schema()
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
        store.close()
