"""Regions with small chunks and packs over real directories and buckets, and disks made of bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.objects.bucket import Bucket, open_bucket
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.disks import Content, DiskReader, Extent
from galeria.ports.images import Captured, ChunkIndex, Digest
from galeria.ports.progress import Progress, unheard

CHUNK = 4096
PACK = 64 * 1024


class Disk:
    """A disk in memory; `extents` default to one stretch of DATA. Reading notes what was read."""

    def __init__(self, data: bytes, extents: Sequence[Extent] | None = None) -> None:
        self._data = data
        self._extents = [Extent(offset=0, length=len(data), content=Content.DATA)] if extents is None else extents
        self.read: list[tuple[int, int]] = []

    @property
    def size(self) -> int:
        return len(self._data)

    def extents(self) -> Iterator[Extent]:
        return iter(self._extents)

    def reader(self) -> "Reader":
        return Reader(self, self._data)


class Reader(DiskReader):
    def __init__(self, disk: Disk, data: bytes) -> None:
        self._disk, self._data = disk, data

    def read(self, offset: int, length: int) -> bytes:
        self._disk.read.append((offset, length))
        return self._data[offset : offset + length]

    def close(self) -> None:
        pass


class StoreFixture:
    """Makes regions that share an index, a work directory and the installation's key."""

    def __init__(self, directory: Path, index: ChunkIndex) -> None:
        self.directory, self.index = directory, index
        self.key = Ed25519PrivateKey.generate()

    def context(self, region: str, kind: str = "directory", *, scale: int = 1) -> StoreContext:
        """`scale` multiplies the sizes of chunks and packs, for tests with many bytes."""
        work = self.directory / "work" / region
        return StoreContext(
            region=region,
            bucket=self.bucket(region, kind, staging=work / "staging"),
            index=self.index,
            lock=work / "lease",
            key=self.key,
            chunk_size=CHUNK * scale,
            pack_size=PACK * scale,
            threads=2,
        )

    def bucket(self, region: str, kind: str, *, staging: Path) -> Bucket:
        url = (self.directory / region).as_uri() if kind == "directory" else "memory://"
        return open_bucket(url, region=region, staging=staging)

    def store(self, region: str, kind: str = "directory", *, scale: int = 1) -> RegionStore:
        return RegionStore(self.context(region, kind, scale=scale))


class Crash(BaseException):
    """The process dies here; nothing may catch it."""


def noise(seed: int, length: int) -> bytes:
    return Random(seed).randbytes(length)


def seal(
    store: RegionStore, disk: Disk | bytes, parent: Digest | None = None, progress: Progress = unheard
) -> Captured:
    source = disk if isinstance(disk, Disk) else Disk(disk)
    return store.capture(source, parent=parent, pin=lambda digest: None, progress=progress)


def copy(store: RegionStore, digest: Digest, source: RegionStore, progress: Progress = unheard) -> int:
    """Returns the bytes sent."""
    return store.replicate(digest, source=source, pin=lambda digest: None, progress=progress).sent_bytes


def content(store: RegionStore, digest: Digest, directory: Path) -> bytes:
    """The disk's bytes, restored."""
    target = directory / f"{digest}.raw"
    store.restore(digest, target, progress=unheard)
    try:
        return target.read_bytes()
    finally:
        target.unlink()


def dies_after(count: int) -> Progress:
    """A progress during which the process dies at the `count`th call."""
    calls = iter(range(count))

    def progress(*, done: int, total: int) -> None:
        if next(calls, None) is None:
            raise Crash

    return progress


def packs_in(directory: Path) -> list[Path]:
    return sorted(path for path in (directory / "packs").rglob("*") if path.is_file())


def flip(path: Path, at: int) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def with_key(context: StoreContext, key: Ed25519PrivateKey) -> StoreContext:
    return replace(context, key=key)
