"""The image store of one region: manifests and chunks, named by their content."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from galeria.ports.disks import DiskSource, OpenDisk
from galeria.ports.progress import Progress

Digest = str
"""64 hexadecimal digits: BLAKE3 of a manifest's bytes; names one sealed disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestFacts:
    """What a manifest says of a sealed disk."""

    digest: Digest
    parent: Digest | None
    size: int  # bytes of the guest's disk
    chunk_size: int  # bytes
    chunks: int  # that are not all zero
    data_bytes: int  # bytes in those chunks, uncompressed


@dataclass(frozen=True, kw_only=True, slots=True)
class Captured:
    """What a capture cost."""

    digest: Digest
    size: int  # bytes of the guest's disk
    data_bytes: int  # bytes in chunks that are not all zero, inherited ones included
    read_bytes: int  # bytes read from the disk
    stored_bytes: int  # bytes newly written to the store, compressed
    new_chunks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Replicated:
    """What a replication cost, and that it is verified."""

    digest: Digest
    sent_bytes: int  # compressed bytes that crossed from region to region
    sent_chunks: int
    verified_chunks: int  # every chunk of the manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """One thing that verification found wrong."""

    name: str  # the chunk's or manifest's name
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    manifests: int
    chunks: int
    bytes_read: int
    damaged: tuple[Damage, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """What a garbage collection freed."""

    dead_chunks: int
    freed_bytes: int  # real bytes given back to the store's disk (or bucket)
    removed_packs: int
    repacked_packs: int
    removed_manifests: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageUsage:
    """What one set of manifests occupies."""

    stored_bytes: int  # compressed bytes of the chunks that they name, each counted once
    exclusive_bytes: int  # of these, named by no manifest outside the set
    chunks: int


class ImageStore(Protocol):
    """One region's store. A manifest is published last, so what can be found is whole.

    Every verb may be repeated after a crash at any point and then continues: chunks that are there are not written again.
    Capture and replicate hold a shared lease on the region and collect an exclusive one, so that garbage collection
    never races a writer; `pin` runs inside the lease, before it is given back, to record the digest where `collect`'s
    caller will see it.
    Raises OutOfSpace, StoreUnavailable, Corrupt.
    """

    @property
    def region(self) -> str: ...

    def capture(
        self, disk: DiskSource, *, parent: Digest | None, pin: Callable[[Digest], None], progress: Progress
    ) -> Captured:
        """Seal the disk: read the DATA extents, inherit the PARENT ones from the parent's manifest by name.

        Progress counts bytes to be read. The result is signed and can be found under its digest.
        """
        ...

    def replicate(
        self, digest: Digest, *, source: "ImageStore", pin: Callable[[Digest], None], progress: Progress
    ) -> Replicated:
        """Bring a sealed disk here: send only what is missing, check each hash on arrival, read back what was written.

        Checks the manifest's signature first. Returns only when every chunk of the manifest was verified here.
        """
        ...

    def missing_bytes(self, digest: Digest, *, source: "ImageStore") -> int:
        """Compressed bytes that `replicate` would have to send now."""
        ...

    def restore(self, digest: Digest, target: Path, *, progress: Progress) -> None:
        """Write the raw guest disk as a sparse file; whole or absent (temporary name, sync, rename). Checks every hash."""
        ...

    def open(self, digest: Digest) -> OpenDisk:
        """Read a sealed disk at any place; every chunk that is read is checked. Raises NotFound."""
        ...

    def find_manifest(self, digest: Digest) -> ManifestFacts | None: ...

    def get_manifest(self, digest: Digest) -> ManifestFacts:
        """Raises NotFound."""
        ...

    def holding(self, digests: Iterable[Digest], *, others: Iterable[Digest]) -> StorageUsage:
        """What the manifests `digests` occupy here, and what of it no manifest of `others` names."""
        ...

    def growth(self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest]) -> list[int]:
        """Compressed bytes that each set of manifests adds to `before` and to the sets in front of it.

        For as many of the first sets as there is room for in memory, at least one. What is not here adds nothing.
        """
        ...

    def verify(self, digests: Iterable[Digest] | None, *, progress: Progress) -> Verified:
        """Read and check every chunk of these manifests (of all, when None); damage is reported, not raised."""
        ...

    def collect(self, live: Callable[[], Iterable[Digest]], *, dry_run: bool = False) -> Collected:
        """Remove what no live manifest names. `live` is asked inside the exclusive lease.

        Raises Conflict when a writer holds the lease: try again later.
        """
        ...

    def rebuild_index(self) -> int:
        """Read every pack's footer and make the chunk index anew; returns the number of chunks."""
        ...

    def lease(self, *, exclusive: bool) -> AbstractContextManager[None]: ...


class ChunkIndex(Protocol):
    """Where each chunk of a region lies: chunk → pack, offset, length. Rebuildable from the packs' footers."""

    def known(self, region: str, chunks: Iterable[bytes]) -> set[bytes]: ...

    def locate(self, region: str, chunks: Iterable[bytes]) -> "dict[bytes, ChunkPlace]": ...

    def stored_bytes(self, region: str, chunks: Iterable[bytes]) -> int:
        """Compressed bytes of those that have a place, each counted once."""
        ...

    def add_pack(
        self, region: str, pack: str, size: int, places: "dict[bytes, ChunkPlace]", *, takes_over: bool = False
    ) -> None:
        """May be repeated. A chunk that already has a place keeps it, unless the pack `takes_over`.

        Taking over is how repacking and mending move chunks without a moment in which they have no place.
        """
        ...

    def packs(self, region: str) -> "list[PackFacts]": ...

    def chunks_of(self, region: str, pack: str) -> "dict[bytes, ChunkPlace]": ...

    def remove_pack(self, region: str, pack: str) -> None: ...

    def clear(self, region: str) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkPlace:
    pack: str
    offset: int  # bytes from the pack's start
    length: int  # compressed bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class PackFacts:
    name: str
    size: int  # bytes of the object, footer included
    chunks: int
