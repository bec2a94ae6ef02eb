"""The database that a benchmark runs on: the one it was given, or a durable server of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.support.databases import migrate
from tests.support.postgres import Server


@contextmanager
def database(url: str | None, *, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """The URL of a migrated, durable database; without `url` it is made here and dropped after.

    A given database is migrated and kept. `settings` are the server's, where it is ours.
    """
    if url is not None:
        migrate(url)
        yield url
        return
    with Server.start(durable=True, settings=settings) as server, server.database() as own:
        migrate(own)
        yield own
