"""Disks that can be read: which stretches hold data, and the bytes themselves."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message


class Content(Enum):
    """What a stretch of a disk holds."""

    DATA = "data"
    ZERO = "zero"
    PARENT = "parent"  # unchanged since the parent image; only a disk with a parent has such stretches


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """A stretch of a disk with one kind of content."""

    offset: int  # bytes from the start of the guest's disk
    length: int  # bytes
    content: Content


class DiskReader(Protocol):
    """A connection to a disk for reading, used by one thread at a time."""

    def read(self, offset: int, length: int) -> bytes:
        """Returns `length` bytes of the guest's disk from `offset` on.

        Raises Unavailable when the disk cannot be read.
        """
        ...

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fills `target` with the bytes of the guest's disk from `offset` on.

        Whoever reads a whole disk uses the same memory again and again: fresh memory for each piece costs a quarter of the
        time of an export (measured). Raises Unavailable when the disk cannot be read.
        """
        data = self.read(offset, len(target))
        if len(data) != len(target):
            raise Unavailable(
                Message(
                    "The disk gave {count} of {length} bytes at {start}.",
                    count=len(data),
                    length=len(target),
                    start=offset,
                ),
                hint=Message(
                    "Nothing was sealed. Check that the disk is whole and that nobody resizes it, then try again."
                ),
            )
        target[:] = data

    def close(self) -> None:
        """Closes the connection to the disk."""
        ...


class DiskSource(Protocol):
    """The raw bytes of a guest's disk, whatever file format holds them. It does not change while it is open."""

    @property
    def size(self) -> int:
        """The size in bytes that the guest sees."""
        ...

    def extents(self) -> Iterator[Extent]:
        """Returns extents that cover the disk from 0 to `size`, in order, without gaps or overlap."""
        ...

    def reader(self) -> DiskReader:
        """Opens a connection of the caller's own, so that several threads can read at once."""
        ...


OpenDisk = AbstractContextManager[DiskSource]
