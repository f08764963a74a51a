"""Immutability policies of snapshots, which protect them from deletion for a time.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("snapshots", sa.Column("immutable_days", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("snapshots", sa.Column("immutable_since", sa.DateTime(timezone=True)))
    op.add_column("snapshots", sa.Column("immutability_locked", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    for name in ("immutability_locked", "immutable_since", "immutable_days"):
        op.drop_column("snapshots", name)
