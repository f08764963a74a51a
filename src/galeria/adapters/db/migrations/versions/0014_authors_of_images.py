"""Image definitions know their author by object id: names are chosen by people, and decide nothing.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image_definitions", sa.Column("author_id", sa.String, nullable=False, server_default=""))
    # Until now names were unique and never changed, so that each still means whoever had it then.
    op.execute(
        "UPDATE image_definitions SET author_id = COALESCE("
        "(SELECT principals.id FROM principals WHERE principals.name = image_definitions.created_by), '')"
    )


def downgrade() -> None:
    op.drop_column("image_definitions", "author_id")
