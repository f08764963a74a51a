"""Machines keep the public ports on which the relay reaches them, once they have any.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NAMES = ("public_ssh_port", "public_rdp_port")


def upgrade() -> None:
    for name in _NAMES:
        op.add_column("lab_machines", sa.Column(name, sa.Integer))
        op.create_index(f"ix_lab_machines_{name}", "lab_machines", [name], unique=True)


def downgrade() -> None:
    for name in _NAMES:
        op.drop_index(f"ix_lab_machines_{name}", "lab_machines")
        op.drop_column("lab_machines", name)
