"""Disks to measure with: the data of a real system with holes between, and changes as a file system makes them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from bench.rows import MIB
from galeria.adapters.disks.raw_file import RawFile, RawFileReader
from galeria.ports.disks import Content, Extent

CLUSTER = 64 * 1024  # bytes, of qcow2
EXTENT = 8 * MIB

Change = tuple[int, bytes]
"""Offset in bytes, and what is written there."""


class Overlay:
    """A raw disk that counts as a qcow2 overlay: `changes` (sorted offsets, lengths) are its own, all else is its parent."""

    def __init__(self, path: Path, size: int, changes: list[tuple[int, int]]) -> None:
        self._disk, self._changes = RawFile(path, offset=0, size=size), changes

    @property
    def size(self) -> int:
        return self._disk.size

    def extents(self) -> Iterator[Extent]:
        position = 0
        for offset, length in self._changes:
            yield Extent(offset=position, length=offset - position, content=Content.PARENT)
            yield Extent(offset=offset, length=length, content=Content.DATA)
            position = offset + length
        yield Extent(offset=position, length=self.size - position, content=Content.PARENT)

    def reader(self) -> RawFileReader:
        return self._disk.reader()


def build_disk(path: Path, *, size: int, data: int) -> None:
    """Create a sparse disk of `size` bytes with `data` bytes as on a real system.

    These are files of /usr on 4 KiB borders in extents spread over the disk, and one part in sixteen of random bytes for
    compressed files. Where /usr is smaller than `data` it is repeated, which favours deduplication.
    """
    random = Random(20261123)
    files = _contents(Path("/usr"), random)
    gap = (size // (data // EXTENT)) // 4096 * 4096
    with path.open("wb") as disk:
        disk.truncate(size)
        for number in range(data // EXTENT):
            disk.seek(number * gap)
            disk.write(_take(files, EXTENT))


def changes(*, size: int, share: float, data: int) -> Iterator[Change]:
    """Yield writes of whole clusters that make up `share` of the data, in runs as a file system makes them.

    They may overlap.
    """
    random = Random(7)
    written = 0
    while written < share * data:
        count = random.choice((1, 2, 4, 16, 32))
        first = random.randrange(size // CLUSTER - count)
        content = b"".join(random.randbytes(CLUSTER // 2) + b"galeria " * (CLUSTER // 16) for _ in range(count))
        yield first * CLUSTER, content
        written += len(content)


@contextmanager
def changed(path: Path, *, share: float, data: int) -> Iterator[list[tuple[int, int]]]:
    """Apply `changes` to a raw disk and undo them at the end. Yields the changed clusters as sorted (offset, length)."""
    taken = set[int]()
    before: list[Change] = []
    with path.open("r+b", buffering=0) as disk:
        for offset, content in changes(size=path.stat().st_size, share=share, data=data):
            before.append((offset, os.pread(disk.fileno(), len(content), offset)))
            os.pwrite(disk.fileno(), content, offset)
            taken.update(range(offset, offset + len(content), CLUSTER))
        try:
            yield [(offset, CLUSTER) for offset in sorted(taken)]
        finally:
            for offset, content in reversed(before):
                os.pwrite(disk.fileno(), content, offset)


def _contents(root: Path, random: Random) -> Iterator[bytes]:
    while True:
        for directory, below, names in os.walk(root):
            below.sort()
            for name in sorted(names):
                path = Path(directory, name)
                if path.is_symlink() or not path.is_file():
                    continue
                with path.open("rb") as file:
                    content = file.read(32 * MIB)
                length = -(-len(content) // 4096) * 4096
                yield content.ljust(length, b"\0")
                if random.random() < 1 / 16:
                    yield random.randbytes(length)


def _take(files: Iterator[bytes], length: int) -> bytes:
    taken = bytearray()
    while len(taken) < length:
        taken += next(files)
    return bytes(taken[:length])
