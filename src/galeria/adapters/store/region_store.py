"""One region's image store. Every method holds the lease that keeps garbage collection away."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.store.capture import capture
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.garbage_collection import collect, collect_in_pieces
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.objects.bucket import open_bucket
from galeria.adapters.store.objects.lease import SharedLeases
from galeria.adapters.store.packs.rebuild_index import rebuild
from galeria.adapters.store.replication import compare, replicate
from galeria.adapters.store.restore import restore
from galeria.adapters.store.scrub import left_bytes, scrub
from galeria.adapters.store.storage_use import growth, holding, whole_sizes
from galeria.adapters.store.stored_disk import StoredDiskSource
from galeria.adapters.store.verify import verify
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.regions import BY_ENVIRONMENT, BucketAccess
from galeria.ports.disks import DiskSource
from galeria.ports.images import (
    Captured,
    ChunkIndex,
    Collected,
    Digest,
    ImageStore,
    ManifestFacts,
    Replicated,
    Scrubbed,
    StorageUsage,
    Verified,
)
from galeria.ports.progress import Progress
from galeria.ports.work import Traffic


class RegionStore:
    """Implements `ImageStore` over a bucket and a chunk index. Safe for several threads and processes of one host."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    @property
    def context(self) -> StoreContext:
        return self._context

    @property
    def region(self) -> str:
        return self._context.region

    def capture(
        self, disk: DiskSource, *, parent: Digest | None, pin: Callable[[Digest], None], progress: Progress
    ) -> Captured:
        with self.lease(exclusive=False):
            captured = capture(self._context, disk, parent=parent, progress=progress)
            pin(captured.digest)
        return captured

    def replicate(
        self, digest: Digest, *, source: ImageStore, pin: Callable[[Digest], None], progress: Progress
    ) -> Replicated:
        origin = _context_of(source)
        with self.lease(exclusive=False), source.lease(exclusive=False):
            replicated = replicate(self._context, digest, source=origin, progress=progress)
            pin(digest)
        return replicated

    def missing_bytes(self, digest: Digest, *, source: ImageStore) -> int:
        origin = _context_of(source)
        absent = compare(self._context, signed_manifests.get(origin, digest)).absent
        return origin.index.stored_bytes(origin.region, absent)

    def restore(self, digest: Digest, target: Path, *, progress: Progress) -> None:
        with self.lease(exclusive=False):
            restore(self._context, signed_manifests.get(self._context, digest), target, progress=progress)

    @contextmanager
    def open(self, digest: Digest) -> Iterator[DiskSource]:
        with self.lease(exclusive=False):
            yield StoredDiskSource(self._context, signed_manifests.get(self._context, digest))

    def find_manifest(self, digest: Digest) -> ManifestFacts | None:
        manifest = signed_manifests.find(self._context, digest)
        return None if manifest is None else manifest.facts(digest)

    def get_manifest(self, digest: Digest) -> ManifestFacts:
        return signed_manifests.get(self._context, digest).facts(digest)

    def holding(
        self, digests: Iterable[Digest], *, others: Iterable[Digest], traffic: Traffic | None = None
    ) -> StorageUsage:
        return holding(self._context, digests, others=others, traffic=traffic)

    def growth(
        self, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], traffic: Traffic | None = None
    ) -> list[int]:
        return growth(self._context, sets, before=before, traffic=traffic)

    def whole_sizes(self, sets: Iterable[Collection[Digest]], *, traffic: Traffic | None = None) -> list[int]:
        return whole_sizes(self._context, sets, traffic=traffic)

    def verify(self, digests: Iterable[Digest] | None, *, progress: Progress) -> Verified:
        with self.lease(exclusive=False):
            return verify(self._context, digests, progress=progress)

    def collect(self, live: Callable[[], Iterable[Digest]], *, dry_run: bool = False) -> Collected:
        with self.lease(exclusive=True):
            return collect(self._context, live(), dry_run=dry_run)

    def collect_in_pieces(self, live: Callable[[], Iterable[Digest]], *, seconds: float) -> Iterator[Collected]:
        def is_over() -> Callable[[], bool]:
            until = time.monotonic() + seconds
            return lambda: time.monotonic() >= until

        return collect_in_pieces(self._context, live, is_over=is_over)

    def scrub(self, after: str) -> Iterator[Scrubbed]:
        return scrub(self._context, after)

    def scrub_bytes(self, after: str) -> int:
        return left_bytes(self._context, after)

    def rebuild_index(self) -> int:
        """Rebuild the index from the packs, and return the number of chunks. Raises Conflict while the region is in use."""
        with self.lease(exclusive=True):
            return rebuild(self._context)

    def lease(self, *, exclusive: bool) -> AbstractContextManager[None]:
        return self._context.lease(exclusive=exclusive)


def open_region(
    region: str,
    url: str,
    *,
    work: Path,
    index: ChunkIndex,
    key: Ed25519PrivateKey,
    leases: SharedLeases | None = None,
    margin: DiskMargin = NO_MARGIN,
    access: BucketAccess = BY_ENVIRONMENT,
) -> RegionStore:
    """Open the store of a region whose objects are at `url` (see `open_bucket`).

    `work` is a local directory for the lease of the region and, with a cloud bucket, for unfinished packs: every process
    that works on the region must use the same one, unless they share `leases`. `margin` stays free on disks that are written
    to.

    Raises Invalid, StoreUnavailable.
    """
    context = open_store_context(region, url, work=work, index=index, key=key, access=access)
    return RegionStore(replace(context, margin=margin, leases=leases))


def open_store_context(
    region: str,
    url: str,
    *,
    work: Path,
    index: ChunkIndex,
    key: Ed25519PrivateKey,
    access: BucketAccess = BY_ENVIRONMENT,
) -> StoreContext:
    """Open the context of a region's store, for programs that call its functions directly."""
    directory = work / region
    bucket = open_bucket(url, region=region, staging=directory / "staging", access=access)
    lock = directory / "lease"
    return StoreContext(region=region, url=url, access=access, bucket=bucket, index=index, lock=lock, key=key)


def _context_of(source: ImageStore) -> StoreContext:
    if not isinstance(source, RegionStore):
        raise Invalid(
            Message("Region {region} is of a kind that cannot be copied from.", region=source.region),
            hint=Message("Use stores of the same kind for all regions of an installation."),
            target=source.region,
        )
    return source.context
