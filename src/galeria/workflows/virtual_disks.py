"""Disk sources without a file: a disk of zeros, and a disk enlarged with zeros."""

from collections.abc import Iterator

from galeria.ports.disks import Content, DiskReader, DiskSource, Extent


class EmptyDisk(DiskReader):
    """A disk of `size` bytes that are all zero."""

    def __init__(self, size: int) -> None:
        self.size = size

    def extents(self) -> Iterator[Extent]:
        yield Extent(offset=0, length=self.size, content=Content.ZERO)

    def reader(self) -> "EmptyDisk":
        return self

    def read(self, offset: int, length: int) -> bytes:
        return bytes(length)

    def close(self) -> None:
        """Do nothing: no resource is open."""

    def __enter__(self) -> DiskSource:
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: no resource is open."""


class GrownDisk:
    """Another disk followed by zeros, `size` bytes in sum. Sealed with that disk as its parent, nothing of it is read."""

    def __init__(self, inner: DiskSource, size: int) -> None:
        self._inner = inner
        self.size = size

    def extents(self) -> Iterator[Extent]:
        yield Extent(offset=0, length=self._inner.size, content=Content.PARENT)
        yield Extent(offset=self._inner.size, length=self.size - self._inner.size, content=Content.ZERO)

    def reader(self) -> DiskReader:
        return _GrownReader(self._inner.reader(), self._inner.size)


class _GrownReader(DiskReader):
    def __init__(self, inner: DiskReader, end: int) -> None:
        self._inner = inner
        self._end = end

    def read(self, offset: int, length: int) -> bytes:
        available = max(0, min(length, self._end - offset))
        data = self._inner.read(offset, available) if available else b""
        return data + bytes(length - available)

    def close(self) -> None:
        self._inner.close()
