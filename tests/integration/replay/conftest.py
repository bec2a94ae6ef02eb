"""Pieces of the file, made once; and the books of one replay that nothing disturbed, to copy from and compare with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.integration.replay.pieces import reported, write_head, write_thinned
from tests.support.databases import copy_sqlite
from tests.support.online_retail import THREE_MONTHS


@attrs.frozen
class Finished:
    """A replay of the thinned file on SQLite, with its report. To be copied, not changed."""

    database: Path
    report: dict[str, Any]

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def ledger(self) -> tuple[int, str]:
        return self.report["ledger"]["rows"], self.report["ledger"]["digest"]


def _needed() -> None:
    if not THREE_MONTHS.exists():
        pytest.skip("../shared/data/online_retail/first3months.csv.gz is not here")


@pytest.fixture(scope="session")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day and a half, with one dispatch in it."""
    _needed()
    return write_head(tmp_path_factory.mktemp("head") / "head.csv", 3500)


@pytest.fixture(scope="session")
def thinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A twentieth of three months."""
    _needed()
    return write_thinned(tmp_path_factory.mktemp("thinned") / "thinned.csv", 20)


@pytest.fixture(scope="session")
def finished(thinned: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    database = tmp_path_factory.mktemp("finished") / "finished.db"
    return Finished(database, reported(copy_sqlite(sqlite_template, database), thinned))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """A migrated database, empty."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))
