"""Gallery details: sharing, soft deletion, what definitions say of their images, how versions are published.

Revision ID: 0002
Revises: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WORD = sa.String(40)


def upgrade() -> None:
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_image_versions_hard_deletion_at", "image_versions", ["hard_deletion_at"])


def downgrade() -> None:
    op.drop_index("ix_image_versions_hard_deletion_at", "image_versions")
    for table, columns in _columns().items():
        for column in reversed(columns):
            op.drop_column(table, column.name)


def _columns() -> dict[str, list[sa.Column[Any]]]:
    return {
        "galleries": [
            _with("identity", sa.JSON(), "{}"),
            _with("permissions", WORD, "Private"),
            _with("shared_subscriptions", sa.JSON(), "[]"),
            _with("shared_tenants", sa.JSON(), "[]"),
            _with("community", sa.JSON(), "{}"),
            _with("public_name", sa.String(), ""),
            _flag("community_enabled", on=False),
            _flag("soft_delete", on=False),
            _with("retention_days", sa.Integer(), "7"),
            _with("grace_days", sa.Integer(), "30"),
        ],
        "image_definitions": [
            _with("architecture", WORD, "x64"),
            _with("eula", sa.String(), ""),
            _with("privacy_uri", sa.String(), ""),
            _with("release_note_uri", sa.String(), ""),
            sa.Column("end_of_life", TIME, nullable=True),
            _with("recommended", sa.JSON(), "{}"),
            _with("disallowed_disks", sa.JSON(), "[]"),
            _with("purchase_plan", sa.JSON(), "{}"),
            _with("features", sa.JSON(), "[]"),
            _flag("allow_update", on=False),
        ],
        "image_versions": [
            _with("replica_count", sa.Integer(), "1"),
            _with("storage_type", WORD, "Standard_LRS"),
            _with("replication_mode", WORD, "Full"),
            _flag("allow_region_removal", on=True),
            _flag("block_early_deletion", on=False),
            _with("retention", WORD, "Active"),
            sa.Column("soft_deleted_at", TIME, nullable=True),
            sa.Column("consumption_ends_at", TIME, nullable=True),
            sa.Column("hard_deletion_at", TIME, nullable=True),
        ],
        "replicas": [
            _with("spelling", sa.String(), ""),
            sa.Column("replica_count", sa.Integer(), nullable=True),
            sa.Column("storage_type", WORD, nullable=True),
        ],
    }


def _with(name: str, kind: sa.types.TypeEngine[Any], value: str) -> sa.Column[Any]:
    """Return a column with a default for the rows that exist already."""
    return sa.Column(name, kind, nullable=False, server_default=value)


def _flag(name: str, *, on: bool) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true() if on else sa.false())
