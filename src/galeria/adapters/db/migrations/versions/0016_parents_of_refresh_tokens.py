"""Refresh tokens know which one they replaced, so that of two that replaced the same one only one goes on.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("refresh_tokens", sa.Column("parent", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("refresh_tokens", "parent")
