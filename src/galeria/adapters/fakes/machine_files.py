"""The disks of fake machines: one folder per layer, with one file per block that a guest wrote."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.ports.disks import Content, DiskReader, Extent

BLOCK = 64 * 1024  # bytes; the cluster of a qcow2 file


class LayeredDisk:
    """A base file with layers of blocks over it. `layers` are folders, the lowest first; the upper `own` count as changes."""

    def __init__(self, base: Path, layers: list[Path], *, own: int) -> None:
        self._base = base
        self._layers = layers
        self._own = own
        self._is_open = True

    @property
    def size(self) -> int:
        return self._base.stat().st_size

    def extents(self) -> Iterator[Extent]:
        """Yield the extents of the disk; neighbours of one kind are merged."""
        changed = {block for layer in self._layers[len(self._layers) - self._own :] for block in blocks(layer)}
        begin, kind = 0, self._content(0, changed)
        for offset in range(BLOCK, self.size, BLOCK):
            content = self._content(offset, changed)
            if content is not kind:
                yield Extent(offset=begin, length=offset - begin, content=kind)
                begin, kind = offset, content
        if self.size:
            yield Extent(offset=begin, length=self.size - begin, content=kind)

    def reader(self) -> "LayeredReader":
        return LayeredReader(self)

    def close(self) -> None:
        self._is_open = False

    def read(self, offset: int, length: int) -> bytes:
        if not self._is_open:
            raise Unavailable(Message("The disk is closed."), hint=Message("Open it again."))
        if offset < 0 or offset + length > self.size:
            raise Unavailable(Message("The disk ends before that."), hint=Message("Read within its size."))
        first = offset - offset % BLOCK
        content = b"".join(self.block(place) for place in range(first, offset + length, BLOCK))
        return content[offset - first : offset - first + length]

    def block(self, offset: int) -> bytes:
        """Return the block at `offset`, which is shorter at the disk's end."""
        for layer in reversed(self._layers):
            written = layer / f"{offset:016x}"
            if written.is_file():
                return written.read_bytes()
        with self._base.open("rb") as file:
            file.seek(offset)
            return file.read(BLOCK)

    def write(self, offset: int, data: bytes) -> None:
        """Write to the uppermost layer."""
        end = offset + len(data)
        if offset < 0 or end > self.size:
            raise Unavailable(Message("The disk ends before that."), hint=Message("Write within its size."))
        for place in range(offset - offset % BLOCK, end, BLOCK):
            block = bytearray(self.block(place))
            low, high = max(offset, place), min(end, place + BLOCK)
            block[low - place : high - place] = data[low - offset : high - offset]
            unfinished = self._layers[-1] / f".{place:016x}"
            unfinished.write_bytes(block)
            unfinished.replace(self._layers[-1] / f"{place:016x}")

    def _content(self, offset: int, changed: set[int]) -> Content:
        if offset not in changed:
            return Content.PARENT
        return Content.DATA if any(self.block(offset)) else Content.ZERO


class LayeredReader(DiskReader):
    def __init__(self, disk: LayeredDisk) -> None:
        self._disk = disk

    def read(self, offset: int, length: int) -> bytes:
        return self._disk.read(offset, length)

    def close(self) -> None:
        """Do nothing: no resource is open."""


def join(target: Path, layers: Sequence[Path]) -> None:
    """Make one folder of these, the lowest first; `target` is the lowest of them, or was joined into one below before."""
    lowest, *above = layers
    if lowest != target:
        lowest.rename(target)
    for layer in above:
        for written in layer.iterdir():
            written.replace(target / written.name)
        layer.rmdir()


def blocks(layer: Path) -> set[int]:
    """Return the offsets of the blocks in a layer."""
    return {int(file.name, 16) for file in layer.iterdir() if not file.name.startswith(".")}
