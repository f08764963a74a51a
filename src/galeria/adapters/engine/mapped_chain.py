"""Sealed layers read straight from their files, at the places that qemu-img's map of the chain names.

Nobody writes to such files any more, so that their map stays true while they are open. It is as fast as reading a file, while
qemu-nbd and its socket take a third to a half of the processor time of an export (docs/benchmarks.md).
"""

import json
import os
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from galeria.adapters.engine.disks import DiskFile, find_served_base, joined_extents
from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.ports.disks import Content, DiskReader, Extent
from galeria.programs import run

STRIDE = 4 << 30
"""Bytes of a disk that one map is asked about: at worst, with every cluster of 64 KiB elsewhere, 8 MB of text."""
MAP_SECONDS = 600.0
_HOLE = -1


class NotMapped(Exception):  # no failure: the disk has to be read in another way
    """A stretch has no place in a file, as where it is compressed."""


class ChainMap:
    """Where the bytes of a disk are, stretch by stretch: in which file, counted from the top, and at which offset in it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._starts, self._places, self._files = array("Q"), array("Q"), array("h")
        self._zeros = bytearray()

    def __len__(self) -> int:
        return len(self._starts)

    def add(self, row: dict[str, Any]) -> None:
        """Add the next stretch as qemu-img describes it. Raises NotMapped for data without a place."""
        is_zero = row["zero"] or not row["present"]
        if not is_zero and not (row["data"] and "offset" in row):
            raise NotMapped
        self._starts.append(row["start"])
        self._places.append(0 if is_zero else row["offset"])
        self._files.append(row["depth"] if row["present"] else _HOLE)
        self._zeros.append(is_zero)

    def stretches(self) -> Iterator[tuple[int, int, int, bool]]:
        """Yield offset and length in bytes, the number of the file (-1: no file has it), and whether it reads as zeros."""
        for index, start in enumerate(self._starts):
            yield start, self._end(index) - start, self._files[index], bool(self._zeros[index])

    def pieces(self, offset: int, length: int) -> Iterator[tuple[int, int, int | None]]:
        """Yield length, place and number of the file for each piece of a stretch of the disk; None where it is zeros."""
        index = bisect_right(self._starts, offset) - 1
        while length > 0:
            start = self._starts[index]
            count = min(self._end(index) - offset, length)
            is_zero = self._zeros[index]
            yield count, 0 if is_zero else self._places[index] + offset - start, None if is_zero else self._files[index]
            offset, length, index = offset + count, length - count, index + 1

    def extents(self, own_files: int) -> Iterator[Extent]:
        """Return the extents of the disk, of which the upper files hold the changes; neighbours of one kind are merged."""
        return joined_extents(
            (length, _content(file, own_files, is_zero=is_zero)) for _, length, file, is_zero in self.stretches()
        )

    def _end(self, index: int) -> int:
        return self._starts[index + 1] if index + 1 < len(self._starts) else self.size


class MappedChain:
    """The disk of a chain of sealed files, the top first. The `own_files` upper files count as changes."""

    def __init__(self, map: ChainMap, handles: Sequence[int], own_files: int) -> None:
        self._map, self._handles, self._own_files = map, handles, own_files

    @property
    def size(self) -> int:
        return self._map.size

    def extents(self) -> Iterator[Extent]:
        return self._map.extents(self._own_files)

    def reader(self) -> DiskReader:
        return _ChainReader(self._map, self._handles)


def _content(file: int, own_files: int, *, is_zero: bool) -> Content:
    if file >= own_files:
        return Content.PARENT
    return Content.ZERO if is_zero or file == _HOLE else Content.DATA


class _ChainReader(DiskReader):
    """Reads with preadv(2), which many threads may do with one handle."""

    def __init__(self, map: ChainMap, handles: Sequence[int]) -> None:
        self._map, self._handles = map, handles

    def read(self, offset: int, length: int) -> bytes:
        content = bytearray(length)
        self.read_into(offset, memoryview(content))
        return bytes(content)

    def read_into(self, offset: int, target: memoryview) -> None:
        end = offset + len(target)
        if not 0 <= offset <= end <= self._map.size:
            raise Unavailable(
                Message("Byte {end} is behind the end of the disk.", end=end),
                hint=Message("It may have been made smaller while it was read: try again."),
            )
        for count, place, file in self._map.pieces(offset, len(target)):
            if file is None:
                target[:count] = bytes(count)
            else:
                self._read(file, place, target[:count])
            target = target[count:]

    def close(self) -> None:
        """The files belong to the chain."""

    def _read(self, file: int, place: int, target: memoryview) -> None:
        """Read from the file. Behind its end there are zeros, as QEMU reads it: the last cluster may be cut short."""
        while target:
            try:
                count = os.preadv(self._handles[file], [target], place)
            except OSError as error:
                raise Unavailable(
                    Message("The machine's disk cannot be read: {reason}.", reason=str(error.strerror)),
                    hint=Message("Check the host's log for disk errors, then try again."),
                ) from error
            if not count:
                target[:] = bytes(len(target))
            place, target = place + count, target[count or len(target) :]


@contextmanager
def open_mapped(files: Sequence[DiskFile], *, own_files: int) -> Iterator[MappedChain]:
    """Open a chain of files that nobody writes to, the top first. Raises NotMapped, ToolFailed, Unavailable."""
    handles: list[int] = []
    try:
        if find_served_base(files[0].path) is not None:
            raise NotMapped
        # Opened before they are mapped: whoever replaces a file afterwards leaves these bytes as they are.
        handles += [_open(file.path) for file in files]
        yield MappedChain(read_map(files[0]), handles, own_files)
    finally:
        for handle in handles:
            with suppress(OSError):
                os.close(handle)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Unavailable(
            Message("The machine's disk cannot be opened: {reason}.", reason=str(error.strerror)),
            hint=Message("Check the host's log for disk errors and the file's permissions, then try again."),
        ) from error


def read_map(top: DiskFile) -> ChainMap:
    """Return the map of the chain under `top`, a file that may be in use. Raises NotMapped, ToolFailed."""
    if find_served_base(top.path) is not None:
        raise NotMapped
    map = ChainMap(top.size)
    for start in range(0, top.size, STRIDE):
        window = ["--start-offset", str(start), "--max-length", str(min(STRIDE, top.size - start))]
        # The machine may write to a file above these: nobody else's lock is to be waited for.
        text = run(["qemu-img", "map", "-U", "-f", top.format, "--output=json", *window, top.path], timeout=MAP_SECONDS)
        for row in json.loads(text):
            map.add(row)
    return map
