"""Lists the kernel modules in an initramfs: a program of its own, because its input was made by a stranger.

Standard input is the initramfs, standard output one module's name a line. It runs confined (confinement.py) and imports
nothing of Galeria. The formats are those that a kernel unpacks: archives of the "newc" kind behind one another (the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst), plain or compressed by gzip, bzip2, xz, lzma or zstd.
"""

import bz2
import gzip
import io
import lzma
import sys
from typing import Any, Protocol

import zstandard

LARGEST = 1 << 30  # bytes, unpacked
MOST_NAMES = 20_000
SUFFIXES = (".ko", ".ko.xz", ".ko.zst", ".ko.gz")
_TRAILER = b"TRAILER!!!"
_HEADER = 110  # bytes: a magic number and thirteen fields of eight hexadecimal digits
_LONGEST_NAME = 4096


class Readable(Protocol):
    """What can be read piece by piece."""

    def read(self, length: int, /) -> bytes: ...


def list_modules(source: Readable) -> list[str]:
    """Return the kernel's names of all modules. Raises ValueError and OSError for anything that is no initramfs."""
    names: dict[str, None] = {}
    _read_archives(source, names, depth=0)
    return list(names)


def _read_archives(content: Readable, names: dict[str, None], *, depth: int) -> None:
    """Read archives up to the end, or up to compressed ones, which only the outermost file holds."""
    place = 0
    while True:
        start = content.read(6)
        while start[:1] == b"\0":  # archives are padded with zeros
            start = start.lstrip(b"\0")
            start += content.read(6 - len(start))
        if not start and place == 0:
            raise ValueError("there is no archive in it")
        if not start:
            return
        if start in (b"070701", b"070702"):
            place = _read_archive(content, names, place)
        elif depth == 0:
            _read_archives(_unpacked(start, content), names, depth=1)
            return
        else:
            raise ValueError("this is no archive")


def _read_archive(content: Readable, names: dict[str, None], total: int) -> int:
    """Read one archive whose first six bytes are read already. Returns the bytes read so far."""
    place = 6
    while True:
        fields = _exactly(content, _HEADER - 6)
        size, name_size = int(fields[48:56], 16), int(fields[88:96], 16)
        if not 0 < name_size <= _LONGEST_NAME:
            raise ValueError("a name is too long")
        place += _HEADER - 6 + name_size
        name = _exactly(content, name_size).rstrip(b"\0")
        place += _skip(content, -place % 4)
        if name == _TRAILER:
            return total + place
        if name.endswith(tuple(suffix.encode() for suffix in SUFFIXES)) and len(names) < MOST_NAMES:
            names[name.rsplit(b"/", 1)[-1].split(b".ko")[0].decode("ascii", "replace").replace("-", "_")] = None
        place += _skip(content, size)
        place += _skip(content, -place % 4)
        if total + place > LARGEST:
            raise ValueError("it is too large")
        if _exactly(content, 6) not in (b"070701", b"070702"):
            raise ValueError("an archive breaks off")
        place += 6


def _unpacked(start: bytes, content: Readable) -> Readable:
    """Return the rest of the file unpacked; `start` are the bytes that were read of it."""
    whole = io.BufferedReader(_Joined(start, content), 1 << 18)
    if start[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=whole, mode="rb")
    if start[:3] == b"BZh":
        return bz2.BZ2File(whole)
    if start[:6] == b"\xfd7zXZ\0" or start[:3] == b"\x5d\0\0":
        return lzma.LZMAFile(whole)
    if start[:4] == b"\x28\xb5\x2f\xfd":
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(whole, read_across_frames=True)
        return io.BufferedReader(reader, 1 << 20)
    raise ValueError("an unknown kind of compression")


class _Joined(io.RawIOBase):
    """Bytes that were read already, in front of the file that they were read from."""

    def __init__(self, start: bytes, rest: Readable) -> None:
        self._start, self._rest = start, rest

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        piece = self._start[: len(target)] or self._rest.read(len(target))
        self._start = self._start[len(piece) :]
        target[: len(piece)] = piece
        return len(piece)


def _exactly(content: Readable, length: int) -> bytes:
    piece = content.read(length)
    if len(piece) < length:
        raise ValueError("it breaks off")
    return piece


def _skip(content: Readable, length: int) -> int:
    left = length
    while left:
        piece = content.read(min(left, 1 << 20))
        if not piece:
            raise ValueError("it breaks off")
        left -= len(piece)
    return length


class _Limited(io.RawIOBase):
    """The next `length` bytes of standard input, whose place in its file was set by whoever started this program."""

    def __init__(self, source: Readable, length: int) -> None:
        self._source, self._left = source, length

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        piece = self._source.read(min(len(target), self._left))
        self._left -= len(piece)
        target[: len(piece)] = piece
        return len(piece)


if __name__ == "__main__":
    with open(0, "rb", buffering=0) as standard_input:
        found = list_modules(io.BufferedReader(_Limited(standard_input, int(sys.argv[1])), 1 << 20))
    sys.stdout.write("".join(f"{name}\n" for name in found))
