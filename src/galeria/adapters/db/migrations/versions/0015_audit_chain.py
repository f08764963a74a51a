"""Audit events say from which address they were caused, and get a number and a hash that chain them.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_events", sa.Column("address", sa.String, nullable=False, server_default=""))
    # Without numbers: the running service chains them, the oldest first (reconcilers/audit_chain.py).
    op.add_column("audit_events", sa.Column("number", sa.Integer, nullable=True))
    op.add_column("audit_events", sa.Column("hash", sa.String, nullable=False, server_default=""))
    op.create_index("ix_audit_events_number", "audit_events", ["number"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_audit_events_number", "audit_events")
    with op.batch_alter_table("audit_events") as table:
        table.drop_column("hash")
        table.drop_column("number")
        table.drop_column("address")
