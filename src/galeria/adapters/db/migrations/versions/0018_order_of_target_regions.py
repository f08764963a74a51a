"""Replicas know their place among the target regions, in the order in which a client sent them last.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replicas", sa.Column("position", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("replicas", "position")
