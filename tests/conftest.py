"""Fixtures: each test gets a database of its own, copied from a migrated template.

Under pytest-xdist each worker starts a server of its own: they share nothing, and nothing needs a lock.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.databases import copy_sqlite, make_sqlite_template, make_template
from tests.support.postgres import Server

# No deadlines: a slow machine is no bug. In CI the same examples every time; at the desk new ones.
# pytest's option --hypothesis-profile overrides the choice.
settings.register_profile("dev", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "mutants", settings.get_profile("ci"), print_blob=False, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The run's PostgreSQL server; fast, not durable."""
    with Server.start() as server:
        yield server


@pytest.fixture
def durable_postgres_server() -> Iterator[Server]:
    """A server of the test's own that writes through to the disk, to be crashed and restarted."""
    with Server.start(durable=True, given=False) as server:
        yield server


@pytest.fixture
def empty_postgres_url(postgres_server: Server) -> Iterator[str]:
    """A PostgreSQL database without any schema."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: Server) -> str:
    """The name of the migrated database that `postgres_url` copies."""
    return make_template(postgres_server)


@pytest.fixture
def postgres_url(postgres_server: Server, postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database, dropped after the test."""
    with postgres_server.database(postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated SQLite file that `sqlite_url` copies."""
    return make_sqlite_template(tmp_path_factory.mktemp("template") / "template.db")


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database in the test's own folder."""
    return copy_sqlite(sqlite_template, tmp_path / "stockcore.db")
