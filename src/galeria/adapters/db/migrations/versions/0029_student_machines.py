"""Labs have revisions, and machines note which of them their disk is made from, and whether it is their own yet.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WORD = sa.String(40)


def upgrade() -> None:
    op.add_column("lab_machines", sa.Column("os_state", WORD, nullable=False, server_default="Generalized"))
    op.add_column("lab_machines", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column("lab_machines", sa.Column("is_prepared", sa.Boolean, nullable=False, server_default=sa.true()))
    op.execute(
        "UPDATE lab_machines SET os_state = (SELECT labs.os_state FROM labs WHERE labs.id = lab_machines.lab_id)"
    )
    op.create_table(
        "lab_revisions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column(
            "lab_id",
            sa.String,
            sa.ForeignKey("labs.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("os_state", WORD, nullable=False),
        sa.Column("layer", sa.String),
        sa.Column("is_ready", sa.Boolean, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_index("ix_lab_revisions_lab_id", "lab_revisions", ["lab_id"])
    op.create_index("ix_lab_revisions_number", "lab_revisions", ["lab_id", "number"], unique=True)


def downgrade() -> None:
    op.drop_table("lab_revisions")
    for name in ("is_prepared", "revision", "os_state"):
        op.drop_column("lab_machines", name)
