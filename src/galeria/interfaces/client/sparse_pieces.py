"""The pieces in which a file is sent: plain ones, or such that leave out its holes and zeros (docs/uploads.md)."""

import errno
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

EXTENSION = "sparse"
PLAIN, SPARSE = "application/offset+octet-stream", "application/vnd.galeria.sparse"
BLOCK = 64 << 10  # bytes: shorter rows of zeros are sent
MOST_READ = 1 << 30  # bytes that are looked through for one piece, so that the progress of a file of zeros is seen
_RECORD = struct.Struct(">QQ")


@dataclass(frozen=True, slots=True)
class Record:
    """So many zeros, and so many bytes of the file behind them."""

    zeros: int
    start: int  # where the bytes begin in the file
    length: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """The body of one request. `is_sparse` says how it is written."""

    records: tuple[Record, ...]
    is_sparse: bool

    @property
    def kind(self) -> str:
        """The body's media type."""
        return SPARSE if self.is_sparse else PLAIN

    @property
    def length(self) -> int:
        """The bytes of the body."""
        heads = len(self.records) * _RECORD.size if self.is_sparse else 0
        return heads + sum(record.length for record in self.records)

    def body(self, file: Path, changed: Callable[[], Exception], heard: Callable[[int], None]) -> Iterator[bytes]:
        """Yield the body in blocks, and call `heard` with the place in the file that each reaches.

        Raises what `changed` makes where the file is shorter than it was.
        """
        with file.open("rb") as source:
            for record in self.records:
                if self.is_sparse:
                    yield _RECORD.pack(record.zeros, record.length)
                source.seek(record.start)
                left = record.length
                while left:
                    block = source.read(min(4 * BLOCK, left))
                    if not block:
                        raise changed()
                    yield block
                    left -= len(block)
                    heard(record.start + record.length - left)


def plain_piece(offset: int, size: int, *, most: int) -> Piece:
    """Return the piece of at most `most` bytes at `offset` of a file of `size` bytes, with everything that is in it."""
    return Piece(records=(Record(0, offset, min(most, size - offset)),), is_sparse=False)


def sparse_piece(file: Path, offset: int, size: int, *, most: int) -> Piece:
    """Return the piece at `offset` with a body of at most `most` bytes, which are more than 48; zeros cost next to nothing."""
    records: list[Record] = []
    zeros, sent, read, place = 0, 0, 0, offset
    with file.open("rb", buffering=0) as source:
        # Beside the bytes there has to be room for the heads of this record, and of one for zeros at the end.
        while place < size and (room := most - sent - _RECORD.size * (len(records) + 2)) > 0 and read < MOST_READ:
            data = _seek(source.fileno(), place, size)
            zeros, place = zeros + data - place, data
            if place >= size:
                break
            length = min(BLOCK - place % BLOCK, size - place, room)
            block = os.pread(source.fileno(), length, place)
            read += length
            if block.count(0) == len(block):  # a file that became shorter is noticed where it is sent
                zeros += length
            else:
                _add(records, zeros, place, length)
                zeros, sent = 0, sent + length
            place += length
    if zeros:
        records.append(Record(zeros, place, 0))
    return Piece(records=tuple(records), is_sparse=True)


def _add(records: list[Record], zeros: int, place: int, length: int) -> None:
    """Add bytes behind zeros; bytes right behind the ones before belong to the same record."""
    if records and not zeros:
        last = records.pop()
        records.append(Record(last.zeros, last.start, last.length + length))
    else:
        records.append(Record(zeros, place, length))


def _seek(handle: int, place: int, size: int) -> int:
    """Return where the next bytes are that are no hole; `place` itself where the system does not know holes."""
    if not hasattr(os, "SEEK_DATA"):
        return place
    try:
        return min(os.lseek(handle, place, os.SEEK_DATA), size)
    except OSError as error:
        return size if error.errno == errno.ENXIO else place
