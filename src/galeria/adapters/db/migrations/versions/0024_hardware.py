"""Versions and labs keep the hardware of their machines, labs their operating system, machines a password for Windows.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_versions", sa.Column("hardware", sa.String))
    op.add_column("labs", sa.Column("os_type", sa.String(40), nullable=False, server_default="Linux"))
    op.add_column("labs", sa.Column("hardware", sa.String))
    op.add_column("lab_machines", sa.Column("pending_password", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("lab_machines", "pending_password")
    op.drop_column("labs", "hardware")
    op.drop_column("labs", "os_type")
    op.drop_column("image_versions", "hardware")
