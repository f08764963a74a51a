"""How far the scrub and the collection of each region's store are, and what the last ones did.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "store_upkeep",
        sa.Column("region", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("begun_at", TIME),
        sa.Column("after", sa.String, nullable=False),
        sa.Column("done_bytes", sa.BigInteger, nullable=False),
        sa.Column("left_bytes", sa.BigInteger, nullable=False),
        sa.Column("damaged", sa.Integer, nullable=False),
        sa.Column("finished_at", TIME),
        sa.Column("last_bytes", sa.BigInteger, nullable=False),
        sa.Column("last_damaged", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("region", "kind", name="pk_store_upkeep"),
    )


def downgrade() -> None:
    op.drop_table("store_upkeep")
