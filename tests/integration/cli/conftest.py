"""The installed program against databases of the test's own."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from stockcore_runtime import open_application

PROGRAM: Final = Path(sys.executable).with_name("stockcore")


@attrs.frozen
class Program:
    """The console script, with a database in its environment."""

    url: str

    def run(self, *arguments: str | bytes, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PROGRAM), *arguments],
            env={**os.environ, "STOCKCORE_DATABASE_URL": self.url, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def answer(self, *arguments: str) -> Any:
        """The document of a command that is done; nothing else may be on standard output."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def refusal(self, exit_code: int, *arguments: str) -> Any:
        """The error of a command that is refused."""
        done = self.run(*arguments, "--json")
        assert done.returncode == exit_code, done.stdout + done.stderr
        return json.loads(done.stdout)["error"]


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def program(request: pytest.FixtureRequest) -> Program:
    return Program(str(request.getfixturevalue(request.param)))


@pytest.fixture
def on_sqlite(sqlite_url: str) -> Program:
    return Program(sqlite_url)


@pytest.fixture
def shop(program: Program) -> Program:
    """One site with ten of A and three of B."""
    return stocked(program)


@pytest.fixture
def small_shop(on_sqlite: Program) -> Program:
    return stocked(on_sqlite)


def stocked(program: Program) -> Program:
    """Set up inside this process, which is quicker than a program per command."""
    with open_application(program.url) as app:
        app.locations.add_site(code="MAIN", name="Main", time_zone="Europe/London")
        app.catalog.add_product(sku="A", name="A thing", list_price=Decimal("2.50"))
        app.catalog.add_product(sku="B", name="B thing")
        app.stock.receive(sku="A", site="MAIN", quantity=Decimal(10), unit_cost=Decimal("1.50"))
        app.stock.receive(sku="B", site="MAIN", quantity=Decimal(3))
    return program
