"""Disk sources: disks, snapshots, managed images, and grants of access to a disk's bytes.

Revision ID: 0003
Revises: 0002
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
WORD = sa.String(40)


def upgrade() -> None:
    _stored_disks("disks")
    _stored_disks("snapshots", sa.Column("incremental", sa.Boolean, nullable=False))
    _managed_images()
    op.create_table(
        "access_grants",
        *_texts("id", "disk_id"),
        sa.Column("level", WORD, nullable=False),
        *_texts("secret_hash"),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_grants"),
    )
    op.create_index("ix_access_grants_disk_id", "access_grants", ["disk_id"])


def downgrade() -> None:
    for table in ("access_grants", "managed_image_disks", "managed_images", "snapshots", "disks"):
        op.drop_table(table)


def _stored_disks(table: str, *more: sa.Column[Any]) -> None:
    op.create_table(
        table,
        *_resource(),
        sa.Column("option", WORD, nullable=False),
        *_texts("source"),
        sa.Column("disk_state", WORD, nullable=False),
        sa.Column("os_type", WORD, nullable=True),
        sa.Column("generation", WORD, nullable=True),
        sa.Column("architecture", WORD, nullable=False),
        *_texts("sku"),
        *_counts("upload_bytes", "size", "data_bytes", "read_bytes", "stored_bytes"),
        *_texts("digest"),
        sa.Column("accounts", sa.JSON, nullable=False),
        *_texts("failure"),
        *more,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )
    _resource_indexes(table)


def _managed_images() -> None:
    op.create_table(
        "managed_images",
        *_resource(),
        sa.Column("os_type", WORD, nullable=False),
        sa.Column("os_state", WORD, nullable=False),
        sa.Column("generation", WORD, nullable=False),
        *_texts("source_machine"),
        sa.Column("accounts", sa.JSON, nullable=False),
        *_texts("failure"),
        sa.PrimaryKeyConstraint("id", name="pk_managed_images"),
    )
    _resource_indexes("managed_images")
    op.create_table(
        "managed_image_disks",
        *_texts("image_id"),
        sa.Column("lun", sa.Integer, nullable=False, autoincrement=False),
        *_texts("source"),
        *_counts("size", "data_bytes", "read_bytes", "stored_bytes"),
        *_texts("digest"),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["managed_images.id"],
            name="fk_managed_image_disks_image_id",
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("image_id", "lun", name="pk_managed_image_disks"),
    )


def _resource() -> list[sa.Column[Any]]:
    return [
        *_texts("id", "resource_id"),
        sa.Column("key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        *_texts("location"),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *_texts("created_by"),
        sa.Column("modified_at", TIME, nullable=False),
        *_texts("modified_by"),
    ]


def _resource_indexes(table: str) -> None:
    op.create_index(f"ix_{table}_key", table, ["key"], unique=True)
    op.create_index(f"ix_{table}_location", table, ["location"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
