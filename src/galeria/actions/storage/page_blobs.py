"""A disk as the page blob that clients see: a fixed VHD, being written or being read."""

import uuid
from typing import Protocol

from galeria.domain.images.storage import FOOTER, StoredDisk
from galeria.domain.images.vhd_footer import fixed_footer
from galeria.ports.disks import Content
from galeria.ports.files import PageFiles
from galeria.ports.images import ImageStore

Range = tuple[int, int]
"""(offset, length) in bytes."""


class PageBlob(Protocol):
    @property
    def size(self) -> int:
        """Bytes, the footer included."""
        ...

    def state(self) -> str:
        """Letters and digits that are others after every change."""
        ...

    def read(self, offset: int, length: int) -> bytes: ...

    def ranges(self) -> list[Range]:
        """What is not all zero, in order."""
        ...


class UploadBlob:
    """The file that an upload writes to."""

    def __init__(self, files: PageFiles, disk: StoredDisk) -> None:
        self._files, self._id = files, disk.id
        self.size = disk.upload_bytes

    def state(self) -> str:
        return f"{self._files.changed_at(self._id):X}"

    def read(self, offset: int, length: int) -> bytes:
        return self._files.read_pages(self._id, offset, length)

    def ranges(self) -> list[Range]:
        return [(start, min(length, self.size - start)) for start, length in self._files.written(self._id)]

    def write(self, offset: int, data: bytes) -> None:
        self._files.write_pages(self._id, offset, data)

    def clear(self, offset: int, length: int) -> None:
        self._files.clear_pages(self._id, offset, length)


class ContentBlob:
    """What the region's store holds, with the footer that makes it a VHD."""

    def __init__(self, store: ImageStore, disk: StoredDisk) -> None:
        self._store, self._disk = store, disk
        self.size = disk.size + FOOTER

    def state(self) -> str:
        return self._disk.digest[:16].upper()

    def read(self, offset: int, length: int) -> bytes:
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
        with self._store.open(self._disk.digest) as disk:
            found = [(each.offset, each.length) for each in disk.extents() if each.content is Content.DATA]
        return [*found, (self._disk.size, FOOTER)]
