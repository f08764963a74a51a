"""What the verbs of one region's store work with."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.store.manifests.manifest import CHUNK_SIZE
from galeria.adapters.store.objects import lease
from galeria.adapters.store.objects.bucket import Bucket
from galeria.ports.images import ChunkIndex

PACK_SIZE = 16 * 1024 * 1024
"""Bytes after which a pack is closed; 8 to 32 MiB cost the same (measured), and less is lost by a crash."""

MOST_THREADS = 8
"""Each holds some 19 MiB while it captures (measured): with 8 a process stays under 240 MiB, with 12 it passes 300."""


def workers(processors: int) -> int:
    """One more than processors, up to `MOST_THREADS`: one waits for its disk at any time."""
    return min(processors + 1, MOST_THREADS)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreContext:
    region: str
    bucket: Bucket
    index: ChunkIndex
    lock: Path  # the lease's file
    key: Ed25519PrivateKey = field(repr=False)  # the installation's: signs manifests and checks them
    chunk_size: int = CHUNK_SIZE  # bytes
    pack_size: int = PACK_SIZE  # bytes
    threads: int = field(default_factory=lambda: workers(os.cpu_count() or 1))  # that hash and compress

    @contextmanager
    def lease(self, *, exclusive: bool) -> Iterator[None]:
        """Raises Conflict."""
        with lease.hold(self.lock, region=self.region, exclusive=exclusive):
            yield
