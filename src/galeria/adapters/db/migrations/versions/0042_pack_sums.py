"""The sum of each pack's bytes, by which a replication copies whole packs without unpacking their chunks.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("packs", sa.Column("sum", sa.LargeBinary(32)))


def downgrade() -> None:
    op.drop_column("packs", "sum")
