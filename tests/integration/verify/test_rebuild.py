"""Rebuild computes pools and quants from the ledger, says what differs, and puts it right when asked to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from stockcore.kernel.errors import StockcoreError
from stockcore_sql import schema as s
from stockcore_sql.connecting import engine_for
from stockcore_sql.rebuild import rebuild
from stockcore_sql.verify import verify
from tests.integration.verify.books import (
    HULL,
    HULL_DOCK,
    LEEDS,
    LEEDS_BIN,
    MUG,
    POT,
    START,
    TRANSIT,
    disarmed,
    healthy,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def books_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    healthy().write(url)
    return url


@pytest.fixture
def engine(books_url: str) -> Iterator[sa.Engine]:
    engine = engine_for(books_url)
    yield engine
    engine.dispose()


def drift(url: str) -> None:
    """Wrong figures in a pool and a quant, a pool that nothing explains, a pool and a quant that are gone."""
    pool, quant = s.stock_pool, s.stock_quant
    with disarmed(url) as connection:
        connection.execute(
            sa.update(pool).where(pool.c.variant == MUG, pool.c.site == LEEDS).values(on_hand=99, shipped=1, last_seq=1)
        )
        connection.execute(sa.update(quant).where(quant.c.location == LEEDS_BIN).values(on_hand=11))
        connection.execute(
            sa.insert(pool).from_select(
                ["variant", "site", "on_hand", "blocked", "reserved", "shipped", "last_seq", "last_recorded_at"],
                sa.select(
                    pool.c.variant, sa.literal(HULL), pool.c.on_hand, pool.c.blocked, pool.c.reserved, pool.c.shipped,
                    pool.c.last_seq, pool.c.last_recorded_at,
                ).where(pool.c.variant == MUG, pool.c.site == TRANSIT),
            )
        )  # fmt: skip
        connection.execute(sa.delete(pool).where(pool.c.variant == MUG, pool.c.site == TRANSIT))
        connection.execute(sa.delete(quant).where(quant.c.variant == POT, quant.c.location == HULL_DOCK))


def stored(engine: sa.Engine, table: sa.Table) -> list[tuple[Any, ...]]:
    """A table's rows without what a rebuild gives anew: ids and times."""
    left_out = {"id", "received_at", "last_recorded_at"}
    columns = [column for column in table.columns if column.name not in left_out]
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(*columns))]


def test_healthy_books_need_no_rebuild(engine: sa.Engine) -> None:
    assert rebuild(engine) == {"dry_run": True, "rows": 0, "differences": []}


def test_a_dry_run_says_what_differs_and_changes_nothing(books_url: str, engine: sa.Engine) -> None:
    drift(books_url)
    before = stored(engine, s.stock_pool)
    report = rebuild(engine)
    assert report["dry_run"]
    assert report["rows"] == 5
    named = {
        (d["table"], d["key"]["variant"], d["key"].get("location", d["key"]["site"]), d["column"]): (
            d["stored"],
            d["computed"],
        )
        for d in report["differences"]
        if d["column"] != "last_recorded_at"
    }
    last = max(row["seq"] for row in healthy().of(s.stock_movement) if row["variant"] == MUG)
    assert named == {
        ("stock_pool", MUG, LEEDS, "on_hand"): ("99", "13.25"),
        ("stock_pool", MUG, LEEDS, "shipped"): ("1", "4"),
        ("stock_pool", MUG, LEEDS, "last_seq"): (1, last),
        ("stock_pool", MUG, HULL, "on_hand"): ("5", "0"),
        ("stock_pool", MUG, TRANSIT, "on_hand"): (None, "5"),
        ("stock_pool", MUG, TRANSIT, "blocked"): (None, "0"),
        ("stock_pool", MUG, TRANSIT, "reserved"): (None, "0"),
        ("stock_pool", MUG, TRANSIT, "shipped"): (None, "0"),
        ("stock_pool", MUG, TRANSIT, "last_seq"): (None, last - 1),
        ("stock_quant", MUG, LEEDS_BIN, "on_hand"): ("11", "10"),
        ("stock_quant", POT, HULL_DOCK, "on_hand"): (None, "7"),
        ("stock_quant", POT, HULL_DOCK, "last_seq"): (None, 50),
    }
    assert stored(engine, s.stock_pool) == before


def test_a_repair_makes_the_books_clean_again(books_url: str, engine: sa.Engine) -> None:
    pools, quants = stored(engine, s.stock_pool), stored(engine, s.stock_quant)
    drift(books_url)
    assert not verify(engine)["ok"]
    assert rebuild(engine, dry_run=False)["rows"] == 5
    assert verify(engine)["ok"]
    assert rebuild(engine)["rows"] == 0
    left_over = [row for row in stored(engine, s.stock_pool) if row not in pools]
    assert [row[:6] for row in left_over] == [(MUG, HULL, 0, 0, 0, 0)]
    assert stored(engine, s.stock_quant) == quants


def test_a_ledger_that_breaks_a_rule_itself_is_not_written_into_the_tables(books_url: str, engine: sa.Engine) -> None:
    allocated = s.stock_quant.c.location == LEEDS_BIN
    movement = s.stock_movement
    taken_out = [movement.c.location == LEEDS_BIN, movement.c.quantity == 20]
    with engine.begin() as connection:
        before = connection.execute(sa.select(s.stock_quant).where(allocated)).all()
    with disarmed(books_url) as connection:
        connection.execute(sa.update(movement).where(*taken_out).values(quantity=12))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "PRAGMA ignore_check_constraints = OFF"
            if engine.dialect.name == "sqlite"
            else "ALTER TABLE stock_quant ADD CHECK (allocated <= on_hand)"
        )
    with pytest.raises(StockcoreError) as refusal:
        rebuild(engine, dry_run=False)
    assert refusal.value.code == "verification_failed"
    with engine.begin() as connection:
        assert connection.execute(sa.select(s.stock_quant).where(allocated)).all() == before


def test_a_repair_waits_for_those_who_have_locked_pools(postgres_url: str) -> None:
    healthy().write(postgres_url)
    drift(postgres_url)
    engine = engine_for(postgres_url)
    with engine.begin() as writer:
        writer.execute(sa.select(s.stock_pool).with_for_update())
        with pytest.raises(StockcoreError) as refusal:
            rebuild(engine, dry_run=False)
    assert refusal.value.code == "busy"
    engine.dispose()


def test_a_wrong_time_is_put_right(books_url: str, engine: sa.Engine) -> None:
    late = START + timedelta(days=9)
    with disarmed(books_url) as connection:
        connection.execute(sa.update(s.stock_pool).values(last_recorded_at=late))
        connection.execute(sa.update(s.stock_quant).values(last_recorded_at=late))
    assert not verify(engine)["ok"]
    assert {(d["column"], d["stored"]) for d in rebuild(engine)["differences"]} == {
        ("last_recorded_at", late.isoformat())
    }
    rebuild(engine, dry_run=False)
    assert verify(engine)["ok"]
    assert rebuild(engine)["rows"] == 0
