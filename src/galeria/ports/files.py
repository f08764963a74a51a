"""Files on their way in: received in pieces, looked at with suspicion, read as disks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from galeria.ports.disks import OpenDisk


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """What was found in a disk image file, its name and suffix ignored."""

    format: str  # raw, qcow2, vhd (fixed), vpc (dynamic), vhdx, vmdk
    virtual_size: int  # bytes that a guest will see
    file_size: int  # bytes


class UploadFiles(Protocol):
    """Where uploads are kept until they have become image versions."""

    def append(self, upload_id: str, offset: int, data: Iterable[bytes], *, limit: int) -> int:
        """Write from `offset` on, at most up to `limit` bytes in all, and sync. Returns the new offset, all of it on disk.

        What arrived before `data` broke off is kept. Raises TooLarge, OutOfSpace.
        """
        ...

    def size(self, upload_id: str) -> int:
        """Bytes on disk; 0 when nothing was received."""
        ...

    def inspect(self, upload_id: str) -> FileFacts:
        """Raises Invalid, saying why, for anything unsafe: backing files, external data, encryption, several extents,
        sizes that are not believable."""
        ...

    def open(self, upload_id: str, facts: FileFacts) -> OpenDisk:
        """Read it in exactly the format that was found."""
        ...

    def remove(self, upload_id: str) -> None: ...

    def all(self) -> list[str]: ...
