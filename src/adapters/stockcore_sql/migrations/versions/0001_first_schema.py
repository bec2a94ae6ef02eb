"""The first schema: catalogue, locations, stock with its ledger, orders, outbox.

Until the first release this migration follows `schema.py`; from then on it is frozen.
"""

from alembic import op

from stockcore_sql.ddl import create_all

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_all(op.get_bind())


def downgrade() -> None:
    raise RuntimeError("the first schema is not taken back: drop the database instead")
