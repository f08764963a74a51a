"""What each copy of a version occupies by itself, measured in the background: a list of all of them reads no store.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replicas", sa.Column("whole_bytes", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("replicas", "whole_bytes")
