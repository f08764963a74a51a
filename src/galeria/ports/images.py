"""The image store of one region: manifests and chunks, named by the hash of their content."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from galeria.ports.disks import DiskSource, OpenDisk
from galeria.ports.progress import Progress
from galeria.ports.work import Traffic

Digest = str
"""The name of a sealed disk: 64 hexadecimal digits, the BLAKE3 hash of its manifest's bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestFacts:
    """What a manifest says about a sealed disk."""

    digest: Digest
    parent: Digest | None
    size: int  # bytes of the guest's disk
    chunk_size: int  # bytes
    chunks: int  # that are not all zero
    data_bytes: int  # bytes in those chunks, uncompressed


@dataclass(frozen=True, kw_only=True, slots=True)
class Captured:
    """The result of a capture: the digest, and the bytes read and written."""

    digest: Digest
    size: int  # bytes of the guest's disk
    data_bytes: int  # bytes in chunks that are not all zero, inherited ones included
    read_bytes: int  # bytes read from the disk
    stored_bytes: int  # bytes newly written to the store, compressed
    new_chunks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Replicated:
    """The result of a replication: every chunk was verified, and so many bytes were sent."""

    digest: Digest
    sent_bytes: int  # compressed bytes that crossed from region to region
    sent_chunks: int
    verified_chunks: int  # every chunk of the manifest


@dataclass(frozen=True, kw_only=True, slots=True)
class Damage:
    """One damaged chunk or manifest that a verification found."""

    name: str  # the chunk's or manifest's name
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """The result of a verification: what was read, and what is damaged."""

    manifests: int
    chunks: int
    bytes_read: int
    damaged: tuple[Damage, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """The result of a garbage collection: what was removed, and the bytes freed."""

    dead_chunks: int
    freed_bytes: int  # real bytes given back to the store's disk (or bucket)
    removed_packs: int
    repacked_packs: int
    removed_manifests: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrubbed:
    """The result of one piece of a scrub."""

    after: str  # where the next piece begins
    read_bytes: int
    damaged: tuple[Damage, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageUsage:
    """The storage that a set of manifests occupies in one region."""

    stored_bytes: int  # compressed bytes of the chunks that they name, each counted once
    exclusive_bytes: int  # of these, named by no manifest outside the set
    chunks: int


class ImageStore(Protocol):
    """The image store of one region. A manifest is published last, so that what can be found is complete.

    Every method may be repeated after a crash at any point and then continues: chunks that are there are not written
    again. Capture and replicate hold a shared lease on the region and collect an exclusive one, so that garbage
    collection never races a writer; `pin` runs inside the lease, before it is given back, to record the digest where
    `collect`'s caller will see it. All methods may raise OutOfSpace, StoreUnavailable, Corrupt.
    """

    @property
    def region(self) -> str:
        """The short name of the store's region."""
        ...

    def capture(
        self, disk: DiskSource, *, parent: Digest | None, pin: Callable[[Digest], None], progress: Progress
    ) -> Captured:
        """Seals a disk: reads the DATA extents and takes over the chunks of PARENT ones from the parent's manifest by name.

        Progress counts bytes to be read. The result is signed and can be found under its digest.
        """
        ...

    def replicate(
        self, digest: Digest, *, source: "ImageStore", pin: Callable[[Digest], None], progress: Progress
    ) -> Replicated:
        """Copies a sealed disk here: sends only missing chunks, checks each hash on arrival, reads back what was written.

        Checks the manifest's signature first. Returns only when every chunk of the manifest is present here and was verified
        here once: what was read after its arrival is not read again, unless damage was found in it or the disk is here
        already, so that copying it again mends it.
        """
        ...

    def missing_bytes(self, digest: Digest, *, source: "ImageStore") -> int:
        """Returns the compressed bytes that `replicate` would have to send now."""
        ...

    def restore(self, digest: Digest, target: Path, *, progress: Progress) -> None:
        """Writes the raw guest disk as a sparse file and checks every hash.

        The file is complete or absent (temporary name, sync, rename).
        """
        ...

    def open(self, digest: Digest) -> OpenDisk:
        """Opens a sealed disk for reading at any offset; every chunk that is read is checked. Raises NotFound."""
        ...

    def find_manifest(self, digest: Digest) -> ManifestFacts | None:
        """Returns what the manifest says, or None where the store has no such digest."""
        ...

    def get_manifest(self, digest: Digest) -> ManifestFacts:
        """Returns what the manifest says. Raises NotFound."""
        ...

    def holding(
        self, digests: Iterable[Digest], *, others: Iterable[Digest], traffic: Traffic | None = None
    ) -> StorageUsage:
        """Returns the storage of the manifests `digests` here, and the part of it that no manifest of `others` names.

        Where there are thousands, it gives way to the answers of `traffic`: not for a request, which would wait for itself.
        """
        ...

    def growth(
        self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], traffic: Traffic | None = None
    ) -> list[int]:
        """Returns the compressed bytes that each set of manifests adds to `before` and to the sets in front of it.

        The list covers as many of the first sets as fit in memory, at least one. Manifests that are not here add
        nothing. It gives way to the answers of `traffic` as `holding` does.
        """
        ...

    def whole_sizes(self, sets: Iterable[Collection[Digest]], *, traffic: Traffic | None = None) -> list[int]:
        """Returns the compressed bytes that each set of manifests occupies by itself.

        Manifests that are not here occupy nothing. Sets that share much with the one in front of them cost little. It gives
        way to the answers of `traffic` as `holding` does.
        """
        ...

    def verify(self, digests: Iterable[Digest] | None, *, progress: Progress) -> Verified:
        """Reads and checks every chunk of these manifests (of all, when None); damage is reported, not raised."""
        ...

    def collect(self, live: Callable[[], Iterable[Digest]], *, dry_run: bool = False) -> Collected:
        """Removes what no live manifest names. `live` is called inside the exclusive lease.

        Raises Conflict when a writer holds the lease; try again later.
        """
        ...

    def collect_in_pieces(self, live: Callable[[], Iterable[Digest]], *, seconds: float) -> Iterator[Collected]:
        """Does the same in pieces of about so many seconds and yields what was done so far after each; writers go on between
        them.

        Raises Conflict when a writer holds the lease; what was done by then is done.
        """
        ...

    def scrub(self, after: str) -> Iterator[Scrubbed]:
        """Reads and checks all that the store keeps in pieces, from where `after` says on; empty for the beginning.

        No lease is held, so that it hinders nobody; damage is checked again with one before it is reported.
        """
        ...

    def scrub_bytes(self, after: str) -> int:
        """Returns the bytes that a scrub has still to read from there on."""
        ...

    def rebuild_index(self) -> int:
        """Reads every pack's footer and builds the chunk index anew; returns the number of chunks."""
        ...

    def lease(self, *, exclusive: bool) -> AbstractContextManager[None]:
        """Holds a lease on the region: exclusive for removing chunks, shared for everything that needs them."""
        ...


class ChunkIndex(Protocol):
    """The index of a region's chunks: chunk → pack, offset, length. It can be rebuilt from the packs' footers."""

    def known(self, region: str, chunks: Iterable[bytes]) -> set[bytes]:
        """Returns those of the chunks that have a place in the region."""
        ...

    def locate(self, region: str, chunks: Iterable[bytes]) -> "dict[bytes, ChunkPlace]":
        """Returns chunk → its place, for those of the chunks that have one in the region."""
        ...

    def stored_bytes(self, region: str, chunks: Iterable[bytes]) -> int:
        """Returns the compressed bytes of those chunks that have a place, each counted once."""
        ...

    def verified(self, region: str, packs: Iterable[str]) -> set[str]:
        """Returns those of the packs whose chunks were all read in the region, and in which nobody found damage since."""
        ...

    def note_verified(self, region: str, packs: Iterable[str], *, verified: bool) -> None:
        """Records that the packs were read whole, or that they are to be read again; unknown packs are passed over."""
        ...

    def add_pack(
        self,
        region: str,
        pack: str,
        size: int,
        places: "dict[bytes, ChunkPlace]",
        *,
        sum: bytes | None = None,
        takes_over: bool = False,
        verified: bool = False,
    ) -> None:
        """Adds a pack and the places of its chunks; may be repeated. `verified`: they were read after they were written.

        `sum` is the BLAKE3 of all bytes of the pack, as its writer computed it; None where nobody did.

        A chunk that already has a place keeps it, unless the pack `takes_over`. Taking over is how repacking and repair
        move chunks without a moment in which they have no place.
        """
        ...

    def packs(self, region: str, *, after: str = "", most: int | None = None) -> "list[PackFacts]":
        """Returns the packs of the region by name: those behind the name `after`, and at most so many."""
        ...

    def facts_of(self, region: str, packs: Iterable[str]) -> "dict[str, PackFacts]":
        """Returns pack → what is known of it, for those of the packs that the index has."""
        ...

    def pack_bytes(self, region: str, *, after: str = "") -> int:
        """Returns the bytes of the region's packs behind the name `after`."""
        ...

    def chunks_of(self, region: str, pack: str) -> "dict[bytes, ChunkPlace]":
        """Returns chunk → its place, for the chunks whose place is in the pack."""
        ...

    def remove_pack(self, region: str, pack: str) -> None:
        """Removes a pack and the places of chunks in it."""
        ...

    def clear(self, region: str) -> None:
        """Removes all packs and places of the region."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkPlace:
    """The place of a chunk in a pack."""

    pack: str
    offset: int  # bytes from the pack's start
    length: int  # compressed bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class PackFacts:
    """A pack's name, size, number of chunks, and the sum of its bytes."""

    name: str
    size: int  # bytes of the object, footer included
    chunks: int
    sum: bytes | None = None  # BLAKE3 of the object; None where its writer did not tell
