"""A pack is an object of 8 to 32 MiB that holds compressed chunks and, at its end, the list of what it holds.

Layout: the chunks; per chunk (hash, offset, length); their number and a magic number. The pack's name is the hash of
that list, so that a footer can be checked, and a random number: no name is used a second time, so that a deletion that reaches
an object store late never hits a pack that was written since.
"""

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from blake3 import blake3

from galeria.adapters.disks.free_room import keep_margin
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.objects.bucket import Bucket
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import ChunkPlace

PREFIX = "packs"
_ENTRY = struct.Struct("<32sQI")
_TRAILER = struct.Struct("<I8s")
_MAGIC = b"GALPACK1"
_DASH = "-"
_RANDOM = 16  # hexadecimal digits
_GATHER = 1024 * 1024
"""Bytes gathered before one writev."""
_PIECE = 2 * 1024 * 1024
"""Bytes that are read at a time of a pack that is read whole."""
_SUMMED = 256 * 1024
"""Bytes of a staged pack that are summed at a time: they stay in the processor's cache."""
_TAIL = 64 * 1024
"""Bytes read at first for a footer: enough for 1400 chunks, more than nearly any pack has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedPack:
    """A complete pack that is still a staged file."""

    staged: Path
    name: str
    size: int  # bytes
    places: dict[bytes, ChunkPlace]
    sum: bytes  # BLAKE3 of all its bytes


class PackWriter:
    """Gathers one worker's chunks into packs and passes each full one to `publish`.

    Used by one thread, as a context: a normal end publishes the last pack too, an error drops it.
    """

    def __init__(self, context: StoreContext, publish: Callable[[SealedPack], None]) -> None:
        self._context, self._publish = context, publish
        self._draft: _PackBuilder | None = None

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.flush()
        elif self._draft is not None:
            self._draft.drop()

    def add(self, name: bytes, blob: bytes | memoryview) -> None:
        if self._draft is None:
            self._draft = _PackBuilder(self._context)
        self._draft.add(name, blob)
        if self._draft.size >= self._context.pack_size:
            self.flush()

    def flush(self) -> None:
        """Seal the unfinished pack, if there is one, and pass it on."""
        draft, self._draft = self._draft, None
        if draft is not None:
            self._publish(draft.seal())


class _PackBuilder:
    def __init__(self, context: StoreContext) -> None:
        self._region, self._margin = context.region, context.margin
        self._handle, self._path = begin_pack(context)
        self.size = 0
        self._gathered: list[bytes | memoryview] = []
        self._waiting = 0
        self._footer = bytearray()

    def add(self, name: bytes, blob: bytes | memoryview) -> None:
        self._footer += _ENTRY.pack(name, self.size, len(blob))
        self._write(blob)

    def seal(self) -> SealedPack:
        name = _new_name(_hash_of(bytes(self._footer)))
        places = _places_in(bytes(self._footer), name)
        self._write(bytes(self._footer))
        self._write(_TRAILER.pack(len(self._footer) // _ENTRY.size, _MAGIC))
        self._flush()
        # From the kernel's memory: adding each blob as it came took a multiple of this (measured).
        with translated_errors(self._region, Message("writing a pack")):
            sum = _sum_of(self._handle)
        self._close()
        return SealedPack(staged=self._path, name=name, size=self.size, places=places, sum=sum)

    def drop(self) -> None:
        """Remove the unfinished pack. May be repeated."""
        self._close()
        self._path.unlink(missing_ok=True)

    def _close(self) -> None:
        # Never closed twice: the descriptor may belong to another thread's file by then.
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _write(self, blob: bytes | memoryview) -> None:
        self._gathered.append(blob)
        self._waiting += len(blob)
        self.size += len(blob)
        if self._waiting >= _GATHER:
            self._flush()

    def _flush(self) -> None:
        gathered, needed, self._gathered = self._gathered, self._waiting, []
        self._waiting = 0
        try:
            with translated_errors(self._region, Message("writing a pack")):
                keep_margin(self._handle, needed, self._margin)
                write_all(self._handle, gathered)
        except BaseException:
            self.drop()
            raise


def begin_pack(context: StoreContext) -> tuple[int, Path]:
    """Create a staged file for a pack, and return its descriptor and path. The caller closes the one and removes the other."""
    path = context.bucket.staging / f"{uuid4().hex}.pack"
    with translated_errors(context.region, Message("beginning a pack")):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), path


def path_of(name: str) -> str:
    return f"{PREFIX}/{name[:2]}/{name}"


def fetch_places(bucket: Bucket, path: str, size: int) -> dict[bytes, ChunkPlace]:
    """Read the footer of the pack at `path`, an object of `size` bytes. Raises Corrupt."""
    tail = bucket.read(path, max(size - _TAIL, 0), min(size, _TAIL)) if size else memoryview(b"")
    if len(tail) < _TRAILER.size:
        raise _unreadable(path)
    count, magic = _TRAILER.unpack_from(tail, len(tail) - _TRAILER.size)
    length = count * _ENTRY.size
    start = size - _TRAILER.size - length
    if magic != _MAGIC or start < 0:
        raise _unreadable(path)
    inside = len(tail) - _TRAILER.size - length
    footer = tail[inside : inside + length] if inside >= 0 else bucket.read(path, start, length)
    name = path.rpartition("/")[2]
    if _hash_of(bytes(footer)) != name.partition(_DASH)[0]:  # packs of before have no random number
        raise _unreadable(path)
    return _places_in(bytes(footer), name)


def pieces_of(bucket: Bucket, pack: str, size: int) -> Iterator[memoryview]:
    """Yield all bytes of the pack in order, a few MiB at a time. Raises Corrupt where it is gone or too short."""
    path = path_of(pack)
    for start in range(0, size, _PIECE):
        yield bucket.read(path, start, min(_PIECE, size - start))


def has_sum(bucket: Bucket, pack: str, size: int, sum: bytes) -> bool:
    """Read all of the pack, and return whether its bytes have this sum. Raises Corrupt where it is gone or too short."""
    found = blake3()
    for piece in pieces_of(bucket, pack, size):
        found.update(piece)
    return bool(found.digest() == sum)


def read_back(context: StoreContext, pack: SealedPack) -> None:
    """Check that the bucket holds the bytes that were written into the pack. Raises Corrupt, StoreUnavailable.

    Where each chunk was checked before it was written, that is as good as unpacking it again, at a tenth of the cost.
    """
    if not has_sum(context.bucket, pack.name, pack.size, pack.sum):
        raise Corrupt(
            Message("Region {region} stored other bytes than it was given.", region=context.region),
            hint=Message(
                "Check the disk or the object store of region {region} for errors, then retry.", region=context.region
            ),
            target=context.region,
        )


def name_of_copy(pack: str) -> str:
    """Return a name for another pack of the same list, which nobody has used."""
    return _new_name(pack.partition(_DASH)[0])


def footer_size(chunks: int) -> int:
    """Return the bytes that a pack of so many chunks needs besides the chunks."""
    return chunks * _ENTRY.size + _TRAILER.size


def _new_name(listed: str) -> str:
    return f"{listed}{_DASH}{uuid4().hex[:_RANDOM]}"


def _hash_of(footer: bytes) -> str:
    return blake3(footer).hexdigest()[:32]


def _sum_of(handle: int) -> bytes:
    found, buffer = blake3(), memoryview(bytearray(_SUMMED))
    at = 0
    while count := os.preadv(handle, [buffer], at):
        found.update(buffer[:count])
        at += count
    return found.digest()


def _places_in(footer: bytes, name: str) -> dict[bytes, ChunkPlace]:
    entries = _ENTRY.iter_unpack(footer)
    return {chunk: ChunkPlace(pack=name, offset=offset, length=length) for chunk, offset, length in entries}


def write_all(handle: int, blobs: list[bytes | memoryview]) -> None:
    """Write the blobs one behind the other. Raises OSError."""
    # A full disk takes a part of the bytes first and refuses the rest afterwards.
    views = [memoryview(blob) for blob in blobs if len(blob)]
    while views:
        written = os.writev(handle, views[:256])
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if written:
            views[0] = views[0][written:]


def _unreadable(path: str) -> Corrupt:
    return Corrupt(
        Message("The list at the end of {path} cannot be read.", path=path),
        hint=Message("Verify the region to learn which image versions are hit, and replicate them again from another."),
        target=path,
    )
