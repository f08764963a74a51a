"""Students have work disks, which stay when their machines are made anew and are kept for a time after they go.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "work_disks",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("size_gib", sa.Integer, nullable=False),
        sa.Column("lab_id", sa.String, nullable=False),
        sa.Column("lab_key", sa.String, nullable=False),
        sa.Column("lab_title", sa.String, nullable=False),
        sa.Column("author_id", sa.String, nullable=False),
        sa.Column("person", sa.String, nullable=False),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("machine_id", sa.String),
        sa.Column("kept_until", TIME),
        sa.Column("is_mounted", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_work_disks"),
    )
    op.create_index("ix_work_disks_lab_id", "work_disks", ["lab_id"])
    op.create_index("ix_work_disks_kept_until", "work_disks", ["kept_until"])
    op.create_index("ix_work_disks_machine_id", "work_disks", ["machine_id"], unique=True)


def downgrade() -> None:
    op.drop_table("work_disks")
