"""Alembic's entry: runs the migrations on the connection that `stockcore_sql.migrate` hands over."""

from alembic import context

from stockcore_sql.migrate import VERSION_TABLE
from stockcore_sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
