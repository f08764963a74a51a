"""Tables of disks, snapshots and managed images, and of grants to read or write a disk through an address."""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, false

from galeria.adapters.db.tables.columns import MessageText, UtcTime, enum_type, key_type, string_list, string_map
from galeria.adapters.db.tables.metadata import metadata
from galeria.domain.images.galleries import Architecture, Generation, OsState, OsType
from galeria.domain.images.storage import AccessLevel, DiskCreateOption, DiskState
from galeria.domain.states import ProvisioningState


def _texts(*names: str) -> list[Column[str]]:
    return [Column(name, String, nullable=False) for name in names]


def _counts(*names: str) -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in names]


def _resource() -> list[Column[Any]]:
    return [
        Column("id", String, primary_key=True),
        *_texts("resource_id"),
        Column("key", key_type(), nullable=False),
        Column("location", String, nullable=False, index=True),
        Column("tags", string_map(), nullable=False),
        Column("state", enum_type(ProvisioningState), nullable=False),
        Column("created_at", UtcTime, nullable=False),
        *_texts("created_by"),
        Column("modified_at", UtcTime, nullable=False),
        *_texts("modified_by"),
    ]


def _stored() -> list[Column[Any]]:
    return [
        Column("option", enum_type(DiskCreateOption), nullable=False),
        *_texts("source"),
        Column("disk_state", enum_type(DiskState), nullable=False),
        Column("os_type", enum_type(OsType)),
        Column("generation", enum_type(Generation)),
        Column("architecture", enum_type(Architecture), nullable=False),
        *_texts("sku"),
        *_counts("upload_bytes", "size", "data_bytes", "read_bytes", "stored_bytes"),
        *_texts("digest"),
        Column("accounts", string_list(), nullable=False),
        Column("failure", MessageText(), nullable=False),
    ]


disks = Table(
    "disks",
    metadata,
    *_resource(),
    *_stored(),
    *_texts("author_id"),
    Index("ix_disks_key", "key", unique=True),
    Index("ix_disks_disk_state", "disk_state", "upload_bytes"),
)

snapshots = Table(
    "snapshots",
    metadata,
    *_resource(),
    *_stored(),
    Column("incremental", Boolean, nullable=False),
    Column("immutable_days", BigInteger, nullable=False, server_default="0"),
    Column("immutable_since", UtcTime),
    Column("immutability_locked", Boolean, nullable=False, server_default=false()),
    Index("ix_snapshots_key", "key", unique=True),
)

managed_images = Table(
    "managed_images",
    metadata,
    *_resource(),
    Column("os_type", enum_type(OsType), nullable=False),
    Column("os_state", enum_type(OsState), nullable=False),
    Column("generation", enum_type(Generation), nullable=False),
    *_texts("source_machine"),
    Column("accounts", string_list(), nullable=False),
    Column("failure", MessageText(), nullable=False),
    Index("ix_managed_images_key", "key", unique=True),
)

managed_image_disks = Table(
    "managed_image_disks",
    metadata,
    Column(
        "image_id",
        String,
        ForeignKey("managed_images.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("lun", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    *_texts("source"),
    *_counts("size", "data_bytes", "read_bytes", "stored_bytes"),
    *_texts("digest"),
)

access_grants = Table(
    "access_grants",
    metadata,
    Column("id", String, primary_key=True),
    Column("disk_id", String, nullable=False, index=True),
    Column("level", enum_type(AccessLevel), nullable=False),
    *_texts("secret_hash"),
    Column("expires_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)
