"""A disk that can be read: where its bytes are, and the bytes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Content(Enum):
    """What stands in a stretch of a disk."""

    DATA = "data"
    ZERO = "zero"
    PARENT = "parent"  # unchanged since the parent image; only a disk with a parent has such stretches


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    offset: int  # bytes from the start of the guest's disk
    length: int  # bytes
    content: Content


class DiskReader(Protocol):
    """One connection to the disk; used by one thread at a time."""

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes of the guest's disk. Raises Unavailable when the disk cannot be read."""
        ...

    def close(self) -> None: ...


class DiskSource(Protocol):
    """The raw bytes that a guest sees, whatever file format carries them. Does not change while it is open."""

    @property
    def size(self) -> int:
        """Bytes that the guest sees."""
        ...

    def extents(self) -> Iterator[Extent]:
        """Cover the disk from 0 to `size`, in order, without gaps or overlap."""
        ...

    def reader(self) -> DiskReader:
        """A connection of the caller's own, so that several threads read at once."""
        ...


OpenDisk = AbstractContextManager[DiskSource]
