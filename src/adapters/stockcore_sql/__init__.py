"""The domain's ports over SQLAlchemy Core: PostgreSQL and SQLite."""
