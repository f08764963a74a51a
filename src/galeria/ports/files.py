"""Files on their way in: received in pieces, looked at with suspicion, read as disks."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
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


class PageFiles(UploadFiles, Protocol):
    """Files that are written at any place, as a page blob is, and files that are fetched."""

    def prepare(self, file_id: str, size: int) -> None:
        """It has `size` bytes, zeros where nothing was written, and may be written to. Raises OutOfSpace."""
        ...

    def write_pages(self, file_id: str, offset: int, data: bytes) -> None:
        """On disk when this returns. Raises NotFound, Conflict where the file is sealed, OutOfSpace."""
        ...

    def clear_pages(self, file_id: str, offset: int, length: int) -> None:
        """They are zeros and no written pages any more."""
        ...

    def read_pages(self, file_id: str, offset: int, length: int) -> bytes: ...

    def written(self, file_id: str) -> list[tuple[int, int]]:
        """(offset, length) of what was written, in order; may reach a little further than what was."""
        ...

    def changed_at(self, file_id: str) -> int:
        """A number that is another one after every change."""
        ...

    def seal(self, file_id: str) -> None:
        """Nobody writes to it any more; those who are writing are waited for."""
        ...


class Download(Protocol):
    """A file on its way from elsewhere."""

    @property
    def offset(self) -> int:
        """Where the pieces begin: 0 where the sender could not continue."""
        ...

    @property
    def length(self) -> int | None:
        """Bytes of the whole file, where the sender says it."""
        ...

    @property
    def tag(self) -> str:
        """Names this state of the file; empty where it could not be continued later."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """End early where the connection breaks."""
        ...

    @property
    def is_whole(self) -> bool:
        """The sender came to the end."""
        ...


class Fetcher(Protocol):
    """Fetches files over http and https, from public addresses and those that the administrator allowed."""

    def open(self, address: str, *, offset: int, tag: str) -> AbstractContextManager[Download]:
        """Begin at `offset` if the file is still the one that `tag` names, else at 0.

        Raises Invalid where the address may not be asked or has no such file, Unavailable where trying again may help.
        """
        ...
