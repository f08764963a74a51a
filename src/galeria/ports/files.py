"""Uploaded and fetched disk image files: received in pieces, checked for safety, read as disks."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from galeria.ports.disks import OpenDisk

REFUSED_FILE = "InvalidImageFile"
"""The code of the error for a file that is no disk, or none that is taken: trying it again changes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """What was found in a disk image file; its name and suffix are ignored."""

    format: str  # raw, qcow2, vhd (fixed), vpc (dynamic), vhdx, vmdk
    virtual_size: int  # bytes that a guest will see
    file_size: int  # bytes


@dataclass(frozen=True, slots=True)
class Zeros:
    """So many zero bytes of a file, which nobody had to send."""

    length: int


class UploadFiles(Protocol):
    """The folder where uploaded files are kept until they have become image versions."""

    def append(self, upload_id: str, offset: int, data: Iterable[bytes | Zeros], *, limit: int) -> int:
        """Writes from `offset` on, at most up to `limit` bytes in all, and syncs. Returns the new offset.

        What arrived before `data` broke off is kept. Raises TooLarge, OutOfSpace.
        """
        ...

    def size(self, upload_id: str) -> int:
        """Returns the bytes on disk; 0 when nothing was received."""
        ...

    def inspect(self, upload_id: str) -> FileFacts:
        """Finds out the file's format and sizes.

        Raises Invalid, with the reason, for anything unsafe: backing files, external data, encryption, several extents,
        implausible sizes.
        """
        ...

    def open(self, upload_id: str, facts: FileFacts) -> OpenDisk:
        """Opens the file as a disk, in exactly the format that was found."""
        ...

    def remove(self, upload_id: str) -> None:
        """Deletes the file; a missing one is no error."""
        ...

    def all(self) -> list[str]:
        """Returns the ids of all uploads that have a file."""
        ...


class PageFiles(UploadFiles, Protocol):
    """Uploads that can also be written at any offset, as Azure's page blobs."""

    def prepare(self, file_id: str, size: int) -> None:
        """Makes a file of `size` bytes that can be written to, zeros where nothing was written. Raises OutOfSpace."""
        ...

    def write_pages(self, file_id: str, offset: int, data: bytes) -> None:
        """Writes the bytes at `offset`; they are on disk when this returns.

        Raises NotFound, OutOfSpace, and Conflict where the file is sealed.
        """
        ...

    def clear_pages(self, file_id: str, offset: int, length: int) -> None:
        """Makes the bytes zeros, which no longer count as written."""
        ...

    def read_pages(self, file_id: str, offset: int, length: int) -> bytes:
        """Returns `length` bytes from `offset` on."""
        ...

    def written(self, file_id: str) -> list[tuple[int, int]]:
        """Returns (offset, length) of what was written, in order; a range may be a little larger than what was written."""
        ...

    def changed_at(self, file_id: str) -> int:
        """Returns a number that differs after every change of the file."""
        ...

    def seal(self, file_id: str) -> None:
        """Waits for writes under way and refuses all later ones."""
        ...


class DiskRoom(Protocol):
    """The free room on the disks below the data directory."""

    def require(self, needed: int, *, region: str = "") -> None:
        """Raises OutOfSpace unless the margin of the settings stays free after `needed` more bytes.

        Looks at the disks of the region's images and machines, or else at those of uploaded and fetched files.
        """
        ...

    def share(self, region: str) -> float:
        """Returns what is free for the region's machines, as a multiple of the margin; infinite where there is no margin."""
        ...


class Download(Protocol):
    """A file that is being fetched over the network."""

    @property
    def offset(self) -> int:
        """The byte at which the pieces begin: 0 where the sender could not continue."""
        ...

    @property
    def length(self) -> int | None:
        """The bytes of the whole file, where the sender says it."""
        ...

    @property
    def tag(self) -> str:
        """A name of this state of the file, such as an ETag; empty where the download cannot be continued later."""
        ...

    def pieces(self) -> Iterator[bytes]:
        """Returns the bytes in pieces; they end early where the connection breaks."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether the sender came to the end of the file."""
        ...


class Fetcher(Protocol):
    """A client that fetches files over http and https, from public addresses and hosts that the administrator allowed."""

    def open(self, address: str, *, offset: int, tag: str) -> AbstractContextManager[Download]:
        """Begins a download at `offset` if the file is still the one that `tag` names, else at 0.

        Raises Invalid where the address is not allowed or has no such file, Unavailable where trying again may help.
        """
        ...
