"""Disks that no file holds: one of zeros, and one that goes on with zeros where another ends."""

from collections.abc import Iterator

from galeria.ports.disks import Content, DiskReader, DiskSource, Extent


class EmptyDisk:
    """A disk of zeros."""

    def __init__(self, size: int) -> None:
        self.size = size

    def extents(self) -> Iterator[Extent]:
        yield Extent(offset=0, length=self.size, content=Content.ZERO)

    def reader(self) -> "EmptyDisk":
        return self

    def read(self, offset: int, length: int) -> bytes:
        return bytes(length)

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> DiskSource:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


class GrownDisk:
    """Another disk as the first part of a larger one. What is sealed with that one as its parent reads nothing of it."""

    def __init__(self, inner: DiskSource, size: int) -> None:
        self._inner = inner
        self.size = size

    def extents(self) -> Iterator[Extent]:
        yield Extent(offset=0, length=self._inner.size, content=Content.PARENT)
        yield Extent(offset=self._inner.size, length=self.size - self._inner.size, content=Content.ZERO)

    def reader(self) -> DiskReader:
        return _GrownReader(self._inner.reader(), self._inner.size)


class _GrownReader:
    def __init__(self, inner: DiskReader, end: int) -> None:
        self._inner = inner
        self._end = end

    def read(self, offset: int, length: int) -> bytes:
        inside = max(0, min(length, self._end - offset))
        data = self._inner.read(offset, inside) if inside else b""
        return data + bytes(length - inside)

    def close(self) -> None:
        self._inner.close()
