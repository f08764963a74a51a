"""Machines have an address in the machines' network; those that run since before have none until their next start.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lab_machines", sa.Column("address", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("lab_machines", "address")
