"""What is known of the use of running machines is kept, so that those that nobody uses are switched off.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
TABLE = "machine_presence"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("machine_id", sa.String, nullable=False),
        *(sa.Column(name, TIME, nullable=False) for name in ("running_since", "looked_at")),
        *(sa.Column(name, TIME) for name in ("connected_at", "typed_at", "busy_at", "kept_at", "warned_at")),
        sa.Column("sent_bytes", sa.BigInteger, nullable=False),
        sa.Column("processor_seconds", sa.Float, nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.ForeignKeyConstraint(
            ["machine_id"],
            ["lab_machines.id"],
            name=f"fk_{TABLE}_machine_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("machine_id", name=f"pk_{TABLE}"),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
