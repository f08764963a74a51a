"""What a computer can do at best: only the work that cannot be left out, in as many threads as it has processors.

Nothing is looked up, nothing is named, nothing is found again: no store could be made of what this leaves behind.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from threading import Lock

import zstandard
from blake3 import blake3

from bench.rows import Spent, timed
from galeria.adapters.store.manifests.manifest import CHUNK_SIZE
from galeria.adapters.store.packs.chunks import LEVEL
from galeria.adapters.store.parallel import run_workers
from galeria.ports.disks import Content, DiskSource

READ_BYTES = 4 * 1024 * 1024  # of a plain copy at a time

STORING = "read, hash, compress, write, sync"


def store_all(disk: DiskSource, target: Path) -> Spent:
    """Read the disk's data, hash and compress it in chunks, and write and sync what remains as one file, which is removed."""
    with target.open("wb", buffering=0) as file:

        def run() -> None:
            _pack(disk, file)
            os.fsync(file.fileno())

        spent = timed(run)
    target.unlink()
    return spent


def restore_all(disk: DiskSource, packed: Path, target: Path) -> Spent:
    """Read compressed chunks of the disk, unpack and hash them, and write them to their places. Nothing is synced.

    The file that holds the chunks is written before; it and the target are removed.
    """
    with packed.open("w+b", buffering=0) as source, target.open("wb", buffering=0) as file:
        blobs = _pack(disk, source)
        file.truncate(disk.size)

        def work(some: Iterator[_Blob]) -> None:
            opener = zstandard.ZstdDecompressor()
            for blob in some:
                chunk = opener.decompress(os.pread(source.fileno(), blob.length, blob.offset))
                blake3(chunk).digest()
                os.pwrite(file.fileno(), chunk, blob.place)

        spent = timed(lambda: run_workers(blobs, work, threads=os.cpu_count() or 1))
    packed.unlink()
    target.unlink()
    return spent


@dataclass(frozen=True, kw_only=True, slots=True)
class _Blob:
    """A compressed chunk in a file, and where its bytes begin on the disk."""

    place: int
    offset: int
    length: int


def _pack(disk: DiskSource, file: FileIO) -> list[_Blob]:
    """Write the compressed chunks one behind the other, and return where they are, in the order of the file."""
    lock, found, end = Lock(), list[_Blob](), 0

    def work(places: Iterator[int]) -> None:
        nonlocal end
        packer, buffer = zstandard.ZstdCompressor(level=LEVEL), memoryview(bytearray(CHUNK_SIZE))
        with closing(disk.reader()) as reader:
            for place in places:
                chunk = buffer[: min(CHUNK_SIZE, disk.size - place)]
                reader.read_into(place, chunk)
                blake3(chunk).digest()
                blob = packer.compress(chunk)
                with lock:
                    file.write(blob)
                    found.append(_Blob(place=place, offset=end, length=len(blob)))
                    end += len(blob)

    run_workers(_chunks_with_data(disk), work, threads=os.cpu_count() or 1)
    return found


def copy_and_hash(source: Path, target: Path) -> Spent:
    """Copy all files of a folder into one file, hash them, and sync that file, which is removed."""
    with target.open("wb", buffering=0) as file:

        def work(paths: Iterator[Path]) -> None:
            for path in paths:
                with path.open("rb", buffering=0) as piece:
                    while data := piece.read(READ_BYTES):
                        blake3(data).digest()
                        file.write(data)

        def run() -> None:
            run_workers((path for path in source.rglob("*") if path.is_file()), work, threads=os.cpu_count() or 1)
            os.fsync(file.fileno())

        spent = timed(run)
    target.unlink()
    return spent


def _chunks_with_data(disk: DiskSource) -> Iterator[int]:
    """Yield where each chunk begins that holds some data, once."""
    begun = -1
    for extent in disk.extents():
        if extent.content is Content.DATA:
            first = max(begun + 1, extent.offset // CHUNK_SIZE)
            begun = (extent.offset + extent.length - 1) // CHUNK_SIZE
            yield from (slot * CHUNK_SIZE for slot in range(first, begun + 1))
