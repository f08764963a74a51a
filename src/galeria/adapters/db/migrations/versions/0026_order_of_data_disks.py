"""Data disks of versions and managed images keep the order in which they were sent; so far it was that of their LUNs.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_TABLES = ("version_disks", "managed_image_disks")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("position", sa.Integer, nullable=False, server_default="0"))
        op.execute(sa.text(f"UPDATE {table} SET position = lun"))


def downgrade() -> None:
    for table in _TABLES:
        op.drop_column(table, "position")
