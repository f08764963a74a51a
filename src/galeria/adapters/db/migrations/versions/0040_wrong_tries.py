"""Servers that share a database count wrong passwords together.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wrong_tries",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("blocked_until", TIME),
        sa.Column("forgotten_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_tries"),
    )
    op.create_index("ix_wrong_tries_forgotten_at", "wrong_tries", ["forgotten_at"])


def downgrade() -> None:
    op.drop_table("wrong_tries")
