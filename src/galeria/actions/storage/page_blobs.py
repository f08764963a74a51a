"""A disk as the page blob that Azure's storage clients see: a fixed VHD that is written or read."""

import uuid
from typing import Protocol

from galeria.domain.images.storage import FOOTER, StoredDisk
from galeria.domain.images.vhd_footer import fixed_footer
from galeria.ports.disks import Content
from galeria.ports.files import PageFiles
from galeria.ports.images import ImageStore

Range = tuple[int, int]
"""A stretch of a blob as (offset, length), in bytes."""


class PageBlob(Protocol):
    """A disk's bytes as a fixed VHD, its footer included."""

    @property
    def size(self) -> int:
        """The size in bytes, the footer included."""
        ...

    def state(self) -> str:
        """Returns letters and digits that differ after every change."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Returns `length` bytes from `offset` on."""
        ...

    def ranges(self) -> list[Range]:
        """Returns the ranges that are not all zero, in order."""
        ...


class UploadBlob:
    """The page blob of a disk that is being uploaded, in a file."""

    def __init__(self, files: PageFiles, disk: StoredDisk) -> None:
        self._files, self._id = files, disk.id
        self.size = disk.upload_bytes

    def state(self) -> str:
        """Returns the hexadecimal digits of a number that differs after every change."""
        return f"{self._files.changed_at(self._id):X}"

    def read(self, offset: int, length: int) -> bytes:
        """Returns `length` bytes from `offset` on."""
        return self._files.read_pages(self._id, offset, length)

    def ranges(self) -> list[Range]:
        """Returns the ranges that were written, in order."""
        return [(start, min(length, self.size - start)) for start, length in self._files.written(self._id)]

    def write(self, offset: int, data: bytes) -> None:
        """Writes the bytes at `offset`. Raises NotFound, Conflict once the upload has ended, OutOfSpace."""
        self._files.write_pages(self._id, offset, data)

    def clear(self, offset: int, length: int) -> None:
        """Makes `length` bytes from `offset` on zeros."""
        self._files.clear_pages(self._id, offset, length)


class ContentBlob:
    """The page blob of sealed content in the region's store, with the footer that makes it a VHD."""

    def __init__(self, store: ImageStore, disk: StoredDisk) -> None:
        self._store, self._disk = store, disk
        self.size = disk.size + FOOTER

    def state(self) -> str:
        """Returns the beginning of the content's digest: sealed content never changes."""
        return self._disk.digest[:16].upper()

    def read(self, offset: int, length: int) -> bytes:
        """Returns `length` bytes from `offset` on, of the content and the footer behind it."""
        end, size = offset + length, self._disk.size
        content = b""
        if offset < size:
            with self._store.open(self._disk.digest) as disk:
                reader = disk.reader()
                try:
                    content = reader.read(offset, min(end, size) - offset)
                finally:
                    reader.close()
        if end > size:
            footer = fixed_footer(size, uuid.uuid5(uuid.NAMESPACE_OID, self._disk.id).bytes)
            content += footer[max(0, offset - size) : end - size]
        return content

    def ranges(self) -> list[Range]:
        """Returns the ranges that hold data, in order, the footer last."""
        with self._store.open(self._disk.digest) as disk:
            found = [(each.offset, each.length) for each in disk.extents() if each.content is Content.DATA]
        return [*found, (self._disk.size, FOOTER)]
