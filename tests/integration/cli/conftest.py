"""The installed program against databases of the test's own."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

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
    for line in SHOP:
        program.answer(*line)
    return program


SHOP: Final[Sequence[Sequence[str]]] = (
    ("location", "add-site", "MAIN", "--name", "Main", "--time-zone", "Europe/London"),
    ("product", "add", "--sku", "A", "--name", "A thing", "--price", "2.50"),
    ("product", "add", "--sku", "B", "--name", "B thing"),
    ("stock", "receive", "--sku", "A", "--site", "MAIN", "--quantity", "10", "--unit-cost", "1.50"),
    ("stock", "receive", "--sku", "B", "--site", "MAIN", "--quantity", "3"),
)
