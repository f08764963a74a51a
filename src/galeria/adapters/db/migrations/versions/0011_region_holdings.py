"""The measured storage use of image versions in each region.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "region_holdings",
        sa.Column("version_id", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("gallery_id", sa.String, nullable=False),
        sa.Column("definition_id", sa.String, nullable=False),
        sa.Column("own_bytes", sa.BigInteger, nullable=False),
        sa.Column("chain", sa.String, nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["image_versions.id"],
            name="fk_region_holdings_version_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("version_id", "region", name="pk_region_holdings"),
    )
    columns = ["gallery_id", "definition_id", "region", "own_bytes", "measured_at"]
    op.create_index("ix_region_holdings_gallery", "region_holdings", columns)


def downgrade() -> None:
    op.drop_table("region_holdings")
