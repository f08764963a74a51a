"""Labs, labs without a template, and disks know their author by object id, so that each person's can be counted.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("labs", "lab_drafts", "disks")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("author_id", sa.String, nullable=False, server_default=""))
    # Before the rows change: PostgreSQL builds no index on a table with pending deferred checks.
    op.create_index("ix_labs_author_id", "labs", ["author_id"])
    op.create_index("ix_lab_drafts_author_id", "lab_drafts", ["author_id"])
    op.create_index("ix_disks_disk_state", "disks", ["disk_state", "upload_bytes"])
    # Names are unique and never change, so that each still means whoever had it then.
    for table in TABLES:
        op.execute(
            f"UPDATE {table} SET author_id = COALESCE("
            f"(SELECT principals.id FROM principals WHERE principals.name = {table}.created_by), '')"
        )


def downgrade() -> None:
    op.drop_index("ix_disks_disk_state", "disks")
    op.drop_index("ix_lab_drafts_author_id", "lab_drafts")
    op.drop_index("ix_labs_author_id", "labs")
    for table in TABLES:
        op.drop_column(table, "author_id")
