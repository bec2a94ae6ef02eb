"""python -m benchmarks [NAME] [--json] [--database URL]: see benchmarks/README.md."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import growth, hot, orders, replay, start, verify
from benchmarks.measuring import machine
from tests.support.postgres import Server

ROUNDS: Final = 30
SIZE: Final = 10_000_000
_SAMPLE: Final = Path(__file__).parents[2] / "shared" / "data" / "online_retail" / "first3months.csv.gz"

Measure = Callable[[str, argparse.Namespace], dict[str, Any]]

BENCHMARKS: Final[dict[str, Measure]] = {
    "orders": lambda url, given: orders.measure(url, given.size, given.rounds),
    "growth": lambda url, given: growth.measure(url, given.size, given.rounds),
    "hot": lambda url, _: hot.measure(url),
    "verify": lambda url, given: verify.measure(url, given.size),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="orders", choices=[*BENCHMARKS, "replay", "start"])
    parser.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument(
        "--database", metavar="URL", help="PostgreSQL to use schemas of; default: a durable one of its own"
    )
    parser.add_argument(
        "--size",
        type=int,
        help=f"ledger rows of the large books; orders: 0 for no growth; default: {SIZE}, of verify {verify.SIZE}",
    )
    parser.add_argument(
        "--rounds", type=int, help=f"turns of ours and the floor; default: {ROUNDS}, of replay {replay.ROUNDS}"
    )
    parser.add_argument("--file", type=Path, default=_SAMPLE, help="replay: a file of the Online Retail layout")
    given = parser.parse_args()
    if given.name == "start":
        document = {"name": given.name, "machine": machine(), **start.measure()}
    elif given.name == "replay":
        document = {"name": given.name, **_replay(parser, given)}
    else:
        given.rounds = given.rounds or ROUNDS
        if given.size is None:
            given.size = verify.SIZE if given.name == "verify" else SIZE
        with _database(given.database) as url:
            measured = BENCHMARKS[given.name](url, given)
            document = {"name": given.name, "machine": machine(**_versions(url)), **measured}
    print(json.dumps(document) if given.json else json.dumps(document, indent=2))


def _replay(parser: argparse.ArgumentParser, given: argparse.Namespace) -> dict[str, Any]:
    """On SQLite, in a folder of its own."""
    if not given.file.is_file():
        parser.error(f"replay: there is no file {given.file}; give one with --file")
    return replay.measure(given.file, given.rounds or replay.ROUNDS)


@contextmanager
def _database(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with Server.start(durable=True) as server, server.database() as own:
        yield own


def _versions(url: str) -> dict[str, str]:
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    driver = f"{psycopg.__version__} ({psycopg.pq.__impl__})"
    return {"postgresql": "" if row is None else str(row[0]), "psycopg": driver}


if __name__ == "__main__":
    main()
