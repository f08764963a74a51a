"""Machines keep the key that they showed the terminal in the browser.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lab_machines", sa.Column("host_key", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("lab_machines", "host_key")
