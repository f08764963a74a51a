"""A manifest lists the chunks of one sealed disk; the same disk always gives the same bytes, and their hash is its name.

Bytes: magic, size, chunk size, number of chunks, parent's digest (zeros: none), a bitmap with one bit per slot of the
disk (1: the slot holds data), then the BLAKE3 of each such slot's bytes in disk order. A last slot that the disk only
half fills is padded with zeros.
"""

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from blake3 import blake3

from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import Digest, ManifestFacts

CHUNK_SIZE = 256 * 1024
"""Bytes; the smallest total of stored bytes for two versions of a Debian disk, at zstd levels 1 and 3 (measured)."""

HASH = 32
_HEADER = struct.Struct("<8sQIQ32s")
_MAGIC = b"GALMAN01"
_NO_PARENT = bytes(HASH)
_BLOCK = 64
"""Bytes of bitmap that one entry of the rank directory stands for."""
_FEW = 32
"""To search all hashes for one name costs as much as to make objects of a part of them: of 1 in 24 to 54 (measured)."""
_LARGEST_CHUNK = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The chunks of one sealed disk.

    Their hashes are one bytes object: 100 GB of data cost 13 MB of memory, not 400 000 objects.
    """

    size: int  # bytes of the guest's disk
    chunk_size: int  # bytes
    parent: Digest | None
    bitmap: bytes
    hashes: bytes

    @property
    def count(self) -> int:
        """The number of chunks that are not all zero."""
        return len(self.hashes) // HASH

    @property
    def slots(self) -> int:
        """The number of chunks of the whole disk, zero ones included."""
        return slots_of(self.size, self.chunk_size)

    def entries(self) -> Iterator[tuple[int, bytes]]:
        """Yield the slot and hash of every chunk that is not all zero, in disk order."""
        hashes = self.hashes
        for position, slot in enumerate(_ones(self.bitmap)):
            yield slot, hashes[position * HASH : position * HASH + HASH]

    def names(self) -> Iterator[bytes]:
        """Yield the hash of every chunk that is not all zero; a chunk that the disk holds twice comes twice."""
        hashes = self.hashes
        return (hashes[at : at + HASH] for at in range(0, len(hashes), HASH))

    def shared(self, names: set[bytes]) -> set[bytes]:
        """Return those of `names` that this manifest contains."""
        if len(names) * _FEW > self.count:
            return names.intersection(self.names())
        return {name for name in names if self._has(name)}

    def _has(self, name: bytes) -> bool:
        at = self.hashes.find(name)
        while at % HASH and at > 0:  # matched across the border of two hashes
            at = self.hashes.find(name, at + 1)
        return at >= 0

    def facts(self, digest: Digest) -> ManifestFacts:
        last = self.slots - 1
        beyond = self.slots * self.chunk_size - self.size
        is_last_data = last >= 0 and bool(self.bitmap[last >> 3] >> (last & 7) & 1)
        return ManifestFacts(
            digest=digest,
            parent=self.parent,
            size=self.size,
            chunk_size=self.chunk_size,
            chunks=self.count,
            data_bytes=self.count * self.chunk_size - (beyond if is_last_data else 0),
        )


class ManifestSlots:
    """Random access to a manifest's slots, through a table of the number of set bits before each block of the bitmap."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._before = [0]
        for at in range(0, len(manifest.bitmap), _BLOCK):
            ones = int.from_bytes(manifest.bitmap[at : at + _BLOCK], "little").bit_count()
            self._before.append(self._before[-1] + ones)

    def stretch(self, first: int, count: int) -> Iterator[tuple[int, bytes]]:
        """Yield the slot and hash of the chunks with data among `count` slots from `first`. Slots beyond the disk are zero."""
        last = min(first + count, self._manifest.slots)
        if first >= last:
            return
        position, hashes = self._rank(first), self._manifest.hashes
        start, end = first >> 3, (last + 7) >> 3
        for slot in _ones(self._manifest.bitmap[start:end], start * 8):
            if first <= slot < last:
                yield slot, hashes[position * HASH : position * HASH + HASH]
                position += 1

    def _rank(self, slot: int) -> int:
        block, bit = divmod(slot, _BLOCK * 8)
        piece = int.from_bytes(self._manifest.bitmap[block * _BLOCK : (block + 1) * _BLOCK], "little")
        return self._before[block] + (piece & ((1 << bit) - 1)).bit_count()


class ManifestBuilder:
    """Builds a manifest whose slots are filled in any order by several threads."""

    def __init__(self, *, size: int, chunk_size: int, parent: Digest | None) -> None:
        self._size, self._chunk_size, self._parent = size, chunk_size, parent
        slots = slots_of(size, chunk_size)
        self._bitmap = bytearray((slots + 7) // 8)
        # Anonymous pages use memory only once they are written, so that a huge sparse disk needs little.
        self._hashes = mmap.mmap(-1, max(slots * HASH, 1))
        self._lock = Lock()

    def put(self, slot: int, name: bytes) -> None:
        """Put the chunk `name` into `slot`."""
        with self._lock:
            self._bitmap[slot >> 3] |= 1 << (slot & 7)
            self._hashes[slot * HASH : slot * HASH + HASH] = name

    def finish(self) -> Manifest:
        """Return the manifest. The builder must not be used afterwards."""
        hashes = bytearray()
        for slot in _ones(self._bitmap):
            hashes += self._hashes[slot * HASH : slot * HASH + HASH]
        self._hashes.close()
        return Manifest(
            size=self._size,
            chunk_size=self._chunk_size,
            parent=self._parent,
            bitmap=bytes(self._bitmap),
            hashes=bytes(hashes),
        )


def slots_of(size: int, chunk_size: int) -> int:
    """Return the number of chunks of a disk of `size` bytes."""
    return -(-size // chunk_size)


def to_bytes(manifest: Manifest) -> bytes:
    parent = bytes.fromhex(manifest.parent) if manifest.parent else _NO_PARENT
    header = _HEADER.pack(_MAGIC, manifest.size, manifest.chunk_size, manifest.count, parent)
    return b"".join((header, manifest.bitmap, manifest.hashes))


def digest_of(data: bytes) -> Digest:
    """Return the digest of a manifest with these bytes, which is its name."""
    return blake3(data).hexdigest()


def from_bytes(data: bytes) -> Manifest:
    """Parse a manifest. Raises Corrupt where the bytes contradict each other."""
    if len(data) < _HEADER.size:
        raise _malformed(Message("it is too short"))
    magic, size, chunk_size, count, parent = _HEADER.unpack_from(data)
    if magic != _MAGIC:
        raise _malformed(Message("it does not begin with the mark of a manifest"))
    if not 0 < chunk_size <= _LARGEST_CHUNK:
        raise _malformed(Message("its chunk size is {chunk_size}", chunk_size=chunk_size))
    slots = slots_of(size, chunk_size)
    middle = _HEADER.size + (slots + 7) // 8
    bitmap, hashes = data[_HEADER.size : middle], data[middle:]
    ones = int.from_bytes(bitmap, "little")
    if len(data) != middle + count * HASH or ones.bit_count() != count or ones.bit_length() > slots:
        raise _malformed(Message("its map and its list of chunks do not agree"))
    name = None if parent == _NO_PARENT else parent.hex()
    return Manifest(size=size, chunk_size=chunk_size, parent=name, bitmap=bitmap, hashes=hashes)


def _ones(bitmap: bytes | bytearray, first: int = 0) -> Iterator[int]:
    """Yield the positions of set bits, ascending; zero bytes are skipped eight at a time."""
    for at in range(0, len(bitmap), 8):
        word = int.from_bytes(bitmap[at : at + 8], "little")
        start = first + at * 8
        while word:
            lowest = word & -word
            yield start + lowest.bit_length() - 1
            word ^= lowest


def _malformed(why: Message) -> Corrupt:
    return Corrupt(
        Message("A manifest cannot be read: {why}.", why=why),
        hint=Message("Replicate the image version from a region that still has it whole."),
    )
