"""The books that the growth benchmark writes in bulk are such as the engine could have written."""

from __future__ import annotations

import pytest

from benchmarks.bulk import orders_for, write_books
from stockcore_runtime import open_application
from stockcore_sql.verify import verify


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_books_written_in_bulk_are_clean(request: pytest.FixtureRequest, kind: str) -> None:
    url = str(request.getfixturevalue(kind))
    with open_application(url) as app:
        app.catalog.categories()  # an empty file is given its tables
    assert write_books(url, orders=orders_for(3_000, 200), variants=200) > 2_000
    report = verify(url)
    assert [invariant["violations"] for invariant in report["invariants"] if invariant["violations"]] == []
