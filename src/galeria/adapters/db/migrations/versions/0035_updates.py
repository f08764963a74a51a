"""Students' machines may be brought to the newest revision at their next stop, and what they were before is kept.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TEXTS = ("id", "machine_id", "lab_id", "user_id", "region", "base_digest")


def upgrade() -> None:
    column = sa.Column("update_at_stop", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("lab_machines", column)
    op.create_table(
        "kept_machines",
        *(sa.Column(name, sa.String, nullable=False) for name in TEXTS),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("row", sa.JSON, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_machines"),
    )
    for name in ("machine_id", "lab_id", "kept_until"):
        op.create_index(f"ix_kept_machines_{name}", "kept_machines", [name])


def downgrade() -> None:
    op.drop_table("kept_machines")
    op.drop_column("lab_machines", "update_at_stop")
