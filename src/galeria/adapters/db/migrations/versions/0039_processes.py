"""The processes that share a database show that they live, and hold leases that end with them.

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "processes",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("regions", sa.JSON, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("beat_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )
    op.create_index("ix_processes_beat_at", "processes", ["beat_at"])
    op.create_table(
        "leases",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("process_id", sa.String, nullable=False),
        sa.Column("is_exclusive", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(["process_id"], ["processes.id"], name="fk_leases_process_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_leases"),
    )
    op.create_index("ix_leases_name", "leases", ["name"])
    op.create_index("ix_leases_process_id", "leases", ["process_id"])


def downgrade() -> None:
    op.drop_table("leases")
    op.drop_table("processes")
