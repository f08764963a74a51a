"""Machines keep whether their agent answers and whether a failed one is on; failed operations what the machine showed.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lab_machines", sa.Column("has_agent", sa.Boolean))
    op.add_column("lab_machines", sa.Column("is_on", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "failure_records",
        sa.Column("operation_id", sa.String, nullable=False),
        sa.Column("machine_id", sa.String, nullable=False),
        sa.Column("console", sa.String, nullable=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("operation_id"),
        sa.ForeignKeyConstraint(
            ["operation_id"], ["operations.id"], ondelete="CASCADE", deferrable=True, initially="DEFERRED"
        ),
        sa.ForeignKeyConstraint(
            ["machine_id"], ["lab_machines.id"], ondelete="CASCADE", deferrable=True, initially="DEFERRED"
        ),
    )
    op.create_index("ix_failure_records_machine_id", "failure_records", ["machine_id"])


def downgrade() -> None:
    op.drop_table("failure_records")
    op.drop_column("lab_machines", "is_on")
    op.drop_column("lab_machines", "has_agent")
