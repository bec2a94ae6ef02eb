"""The example programs of the documents run as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stockcore_runtime import open_application
from stockcore_runtime.asking import Ask

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


def _output(program: str, url: str) -> str:
    done = subprocess.run(
        [sys.executable, EXAMPLES / program, url], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_postgresql_example_places_and_dispatches_an_order(empty_postgres_url: str) -> None:
    assert _output("postgresql.py", empty_postgres_url).split("\n")[:3] == [
        "SO-000001 supplier_confirmed",
        "dispatched",
        "books agree: True",
    ]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_a_host_rolls_back_is_gone_and_what_it_commits_is_there(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/host.db" if kind == "sqlite" else request.getfixturevalue("empty_postgres_url")
    assert _output("embedding.py", url).split("\n")[:2] == ["invoices: 1 reserved: 2", "books agree: True"]


def test_the_library_page_names_every_method_and_its_command(sqlite_url: str) -> None:
    page = (EXAMPLES.parent / "library.md").read_text(encoding="utf-8")
    table = {
        (cells[0].split(".")[0].strip(" `"), name)
        for cells in (line.split("|")[1:] for line in page.splitlines() if line.startswith("| `"))
        for name in re.findall(r"`(?:\w+\.)?(\w+)`", cells[0])
    }
    with open_application(sqlite_url) as app:
        areas = {"catalog": app.catalog, "locations": app.locations, "stock": app.stock, "orders": app.orders}
        methods = {(area, name) for area, found in areas.items() for name in dir(found) if not name.startswith("_")}
        commands = {ask._command for found in areas.values() for ask in vars(found).values() if isinstance(ask, Ask)}
    assert table == methods
    assert [name for name in sorted(each.__name__ for each in commands) if f"`{name}`" not in page] == []
