"""External identities: accounts at an OpenID Connect provider that are linked to people.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "external_identities",
        sa.Column("id", sa.String, nullable=False),
        sa.Column("issuer", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("principal_id", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
            name="fk_external_identities_principal_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_external_identities"),
    )
    op.create_index("ix_external_identities_subject", "external_identities", ["issuer", "subject"], unique=True)
    op.create_index("ix_external_identities_principal_id", "external_identities", ["principal_id"])
    op.add_column("web_sessions", sa.Column("issuer", sa.String, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("web_sessions", "issuer")
    op.drop_table("external_identities")
