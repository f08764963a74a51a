"""Invitations are sent by mail: how often each was tried, when it is tried next, and why it failed.

What was to be sent before there was mail was never sent.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "invitations",
        sa.Column("user_id", sa.String, nullable=False),
        sa.Column("invited_by", sa.String, nullable=False),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("begun_at", TIME),
        sa.Column("failure", sa.String, nullable=False),
        sa.Column("welcome_hash", sa.String, nullable=False),
        sa.Column("welcome_until", TIME),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["lab_users.id"],
            name="fk_invitations_user_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_invitations"),
    )
    op.create_index("ix_invitations_user_id", "invitations", ["user_id"])
    op.create_index("ix_invitations_welcome_hash", "invitations", ["welcome_hash"])
    op.execute("UPDATE lab_users SET invitation = 'NotSent' WHERE invitation = 'Sending'")


def downgrade() -> None:
    op.drop_table("invitations")
