"""Machines know how much of their image has arrived on their host, and what a system reads while it starts is fetched first.

The latter is kept by the disk's digest.

Revision ID: 0037
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "boot_traces",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("slots", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_boot_traces"),
    )
    with op.batch_alter_table("lab_machines") as machines:
        machines.add_column(sa.Column("image_percent", sa.Integer))
        machines.add_column(sa.Column("image_problem", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("lab_machines") as machines:
        machines.drop_column("image_problem")
        machines.drop_column("image_percent")
    op.drop_table("boot_traces")
