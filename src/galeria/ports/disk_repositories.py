"""The repositories of disks, snapshots and managed images, of the grants to read or write them, and of uploaded files."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from galeria.domain.images.storage import AccessGrant, ManagedImage, ManagedImageDisk
from galeria.domain.operations import Upload
from galeria.ports.repository import Repository, ResourceRepository

T = TypeVar("T")


class StoredDiskRepository(ResourceRepository[T], Protocol[T]):
    """Resources whose content lies in a region's image store: disks, snapshots or managed images."""

    def contents(self, region: str) -> set[str]:
        """Returns the digests of all content that these resources have in the region."""
        ...


class ManagedImageRepository(StoredDiskRepository[ManagedImage], Protocol):
    """The managed images with their disks."""

    def disks(self, image_id: str) -> list[ManagedImageDisk]:
        """Returns the disks of a managed image, the OS disk first, the others as they were sent."""
        ...

    def add_disk(self, disk: ManagedImageDisk) -> None:
        """Adds a disk to a managed image."""
        ...


class AccessGrantRepository(Repository[AccessGrant], Protocol):
    """The grants by which the holder of an address reads or writes a disk."""

    def of_disk(self, disk_id: str) -> list[AccessGrant]:
        """Returns the grants of a disk or snapshot, oldest first."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadTotals:
    """How many files are announced, and how many bytes they have together when they are whole."""

    files: int
    announced: int


class UploadRepository(Repository[Upload], Protocol):
    """The files that are being uploaded or wait to become images."""

    def of_owner(self, owner_id: str) -> list[Upload]:
        """Returns the uploads of a principal, newest first."""
        ...

    def totals(self, *, owner_id: str | None = None) -> UploadTotals:
        """Counts the uploads of a principal or of everybody, and the disks that wait for their bytes page by page."""
        ...

    def created_before(self, moment: datetime) -> list[Upload]:
        """Returns the uploads of all principals that were announced before then, oldest first."""
        ...
