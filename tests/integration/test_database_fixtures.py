"""The databases that the tests get: migrated, and each test's own."""

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.databases import migrate


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def tables_of(url: str) -> set[str]:
    engine = sa.create_engine(url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def test_a_test_gets_a_migrated_database(migrated_url: str) -> None:
    tables = tables_of(migrated_url)
    assert tables
    migrate(migrated_url)  # safe to run twice
    assert tables_of(migrated_url) == tables


@pytest.mark.parametrize("_", ["first", "second"])
def test_what_one_test_did_the_next_one_does_not_see(migrated_url: str, _: str) -> None:
    assert "left_behind" not in tables_of(migrated_url)
    engine = sa.create_engine(migrated_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE left_behind (answer integer)"))
    engine.dispose()


def test_an_empty_database_is_empty(empty_postgres_url: str) -> None:
    with psycopg.connect(empty_postgres_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row == (0,)
