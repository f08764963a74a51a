"""Machines have an address in the machines' network; those that run since before have none until their next start.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lab_machines", sa.Column("address", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("lab_machines", "address")
