"""The settings and ports that the functions of one region's store share."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.store.manifests.manifest import CHUNK_SIZE
from galeria.adapters.store.objects import lease
from galeria.adapters.store.objects.bucket import Bucket
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.domain.regions import BY_ENVIRONMENT, BucketAccess
from galeria.ports.images import ChunkIndex

PACK_SIZE = 16 * 1024 * 1024
"""Bytes after which a pack is closed; 8 to 32 MiB cost the same (measured), and less is lost by a crash."""

MOST_THREADS = 8
"""Each needs some 19 MiB during a capture (measured): with 8 a process needs less than 240 MiB, with 12 more than 300."""


def workers(processors: int) -> int:
    """Return the number of worker threads: one more than processors, as one waits for its disk, but at most `MOST_THREADS`."""
    return min(processors + 1, MOST_THREADS)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreContext:
    """The bucket, chunk index, key and sizes of one region's store."""

    region: str
    bucket: Bucket
    index: ChunkIndex
    url: str = ""  # of the bucket; empty where another process could not open it
    access: BucketAccess = BY_ENVIRONMENT  # how it is reached there
    lock: Path  # the file that the lease locks
    key: Ed25519PrivateKey = field(repr=False)  # the key of the installation, which signs manifests
    leases: lease.SharedLeases | None = None  # among several computers; None: the file is enough
    margin: DiskMargin = NO_MARGIN  # stays free on the disks of the store and of restored images
    chunk_size: int = CHUNK_SIZE  # bytes
    pack_size: int = PACK_SIZE  # bytes
    threads: int = field(
        default_factory=lambda: workers(os.cpu_count() or 1)
    )  # worker threads, which hash and compress

    @contextmanager
    def lease(self, *, exclusive: bool) -> Iterator[None]:
        """Hold the lease of the region. Raises Conflict where it is not available."""
        if self.leases is None:
            held = lease.hold_lease(self.lock, region=self.region, exclusive=exclusive)
        else:
            held = lease.hold_shared_lease(self.leases, region=self.region, exclusive=exclusive)
        with held:
            yield
