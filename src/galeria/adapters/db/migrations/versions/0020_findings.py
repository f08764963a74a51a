"""Versions keep what a look into their OS disk found, or why it was not looked at.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_versions", sa.Column("found", sa.String))
    op.add_column("image_versions", sa.Column("look_obstacle", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("image_versions", "look_obstacle")
    op.drop_column("image_versions", "found")
