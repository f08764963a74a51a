"""Repositories of disks, snapshots, managed images with their disks, and access grants."""

from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from galeria.adapters.db.repositories.base import SqlRepository, SqlResourceRepository
from galeria.adapters.db.tables import storage_tables as tables
from galeria.domain.images.storage import AccessGrant, Disk, ManagedImage, ManagedImageDisk, Snapshot, StoredDisk
from galeria.domain.messages import Message

D = TypeVar("D", bound=StoredDisk)


class SqlStoredDiskRepository(SqlResourceRepository[D]):
    def contents(self, region: str) -> set[str]:
        """Return the digests of disks or snapshots in the region."""
        columns = self._table.c
        question = sa.select(columns.digest).where(columns.location == region, columns.digest != "")
        return set(self._session.scalars(question))


class SqlDiskRepository(SqlStoredDiskRepository[Disk]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Disk, tables.disks, Message("disk"))


class SqlSnapshotRepository(SqlStoredDiskRepository[Snapshot]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, Snapshot, tables.snapshots, Message("snapshot"))


class SqlManagedImageRepository(SqlResourceRepository[ManagedImage]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, ManagedImage, tables.managed_images, Message("image"))

    def disks(self, image_id: str) -> list[ManagedImageDisk]:
        """Return the image's disks, the OS disk first, the others as they were sent."""
        columns = tables.managed_image_disks.c
        question = (
            sa.select(ManagedImageDisk).where(columns.image_id == image_id).order_by(columns.position, columns.lun)
        )
        return list(self._session.scalars(question))

    def add_disk(self, disk: ManagedImageDisk) -> None:
        self._session.add(disk)

    def contents(self, region: str) -> set[str]:
        """Return the digests of disks of managed images in the region."""
        disks, images = tables.managed_image_disks.c, tables.managed_images.c
        question = (
            sa.select(disks.digest)
            .join(tables.managed_images, images.id == disks.image_id)
            .where(images.location == region, disks.digest != "")
        )
        return set(self._session.scalars(question))


class SqlAccessGrantRepository(SqlRepository[AccessGrant]):
    def __init__(self, session: Session) -> None:
        super().__init__(session, AccessGrant, tables.access_grants, Message("grant"))

    def of_disk(self, disk_id: str) -> list[AccessGrant]:
        """Return the disk's access grants, oldest first."""
        columns = tables.access_grants.c
        return self._where(columns.disk_id == disk_id, order=(columns.created_at, columns.id))
