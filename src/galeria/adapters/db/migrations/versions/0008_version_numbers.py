"""A sortable key of version numbers and an index of uploads by owner, for lists that are read page by page.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("image_versions", sa.Column("number_key", KEY, nullable=False, server_default=""))
    _fill()
    op.create_index("ix_image_versions_number", "image_versions", ["definition_id", "number_key"])
    op.create_index("ix_image_versions_source_id", "image_versions", ["source_id"])
    op.create_index("ix_uploads_owner_id", "uploads", ["owner_id"])


def downgrade() -> None:
    op.drop_index("ix_uploads_owner_id", "uploads")
    op.drop_index("ix_image_versions_source_id", "image_versions")
    op.drop_index("ix_image_versions_number", "image_versions")
    op.drop_column("image_versions", "number_key")


def _fill() -> None:
    """Fill the new column of existing rows with what the program computes at every write."""
    versions = sa.table("image_versions", *(sa.column(name) for name in ("id", "resource_id", "number_key")))
    connection = op.get_bind()
    for id, resource_id in connection.execute(sa.select(versions.c.id, versions.c.resource_id)).all():
        numbers = resource_id.rsplit("/", 1)[-1].split(".")
        key = ".".join(part.zfill(10) for part in numbers)
        connection.execute(sa.update(versions).where(versions.c.id == id).values(number_key=key))
