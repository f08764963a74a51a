"""Measure what a region's store asks of its bucket, of a processor and of memory, for each GiB and for each chunk."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench.disks import build_disk
from bench.distance import FarBucket, far_store
from bench.growth import NumberedDisk, pool_of
from bench.regions import capture, fresh, regions
from bench.rows import GIB, MIB, Spent, timed
from bench.scale.figures import Figure, resident_bytes
from galeria.adapters.store.garbage_collection import Collection
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import CHUNK_SIZE, HASH, Manifest
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.progress import unheard

DATA = GIB  # bytes of a system's disk
MANIFESTS, NAMES = 100, 20_000  # of 5 GiB of data each


def measure(folder: Path, *, data: int = DATA) -> list[Figure]:
    """Store a disk with so many bytes of a real system's data in buckets under `folder`."""
    return [*_costs(folder, data), *_marking(folder)]


def _costs(folder: Path, data: int) -> list[Figure]:
    with fresh(folder) as own, regions(own) as (north, south):
        (store, bucket), (other, far) = far_store(north, own, 0), far_store(south, own, 0)
        disk = own / "disk.raw"
        build_disk(disk, size=2 * data, data=data)
        chunks = data // CHUNK_SIZE
        numbered = NumberedDisk(pool_of(disk), chunks=chunks, changed=list(range(chunks)), salt=0)
        digests: list[str] = []
        figures = []

        def noted(what: str, action: Callable[[], object], counted: FarBucket = bucket) -> None:
            counted.asked.clear()
            spent = timed(action)
            figures.append(Figure(what, _told(spent, counted.asked, data)))

        noted("export of a GiB", lambda: digests.append(capture(store, numbered).digest))
        stored = store.holding(digests, others=()).stored_bytes
        figures.append(Figure("stored bytes of a byte of data", f"{stored / data:.2f}"))
        figures.append(Figure("stored bytes of a chunk", f"{stored / chunks / 1024:.0f} KiB"))
        noted("replication of a GiB, at the target", lambda: _replicate(other, store, digests[0]), far)
        noted("scrub of a GiB", lambda: _scrub(store))
        noted("collection that finds nothing, for a GiB", lambda: store.collect(lambda: digests))
        return figures


def _told(spent: Spent, asked: Counter[str], data: int) -> str:
    requests = ", ".join(f"{count * GIB / data:.0f} {kind}" for kind, count in sorted(asked.items())) or "none"
    cpu, clock = spent.cpu_seconds * GIB / data, spent.seconds * GIB / data
    return f"{cpu:.2f} s of a processor, {clock:.2f} s by the clock; requests: {requests}"


def _replicate(target: RegionStore, source: RegionStore, digest: str) -> None:
    target.replicate(digest, source=source, pin=lambda _: None, progress=unheard)


def _scrub(store: RegionStore) -> None:
    for _ in store.scrub(""):
        pass


def _marking(folder: Path) -> list[Figure]:
    """A collection reads every manifest of its region, and remembers the name of each chunk."""
    with regions(folder) as (store, _):
        context = store.context
        whole = Manifest(size=NAMES * CHUNK_SIZE, chunk_size=CHUNK_SIZE, parent=None, bitmap=b"", hashes=b"")
        bitmap = b"\xff" * (NAMES // 8)
        digests, sizes = [], 0
        for _ in range(MANIFESTS):
            hashes = os.urandom(NAMES * HASH)
            made = Manifest(size=whole.size, chunk_size=CHUNK_SIZE, parent=None, bitmap=bitmap, hashes=hashes)
            digest, size = signed_manifests.publish(context, made)
            digests.append(digest)
            sizes += size
        collection = Collection(context, dry_run=True)
        before = resident_bytes()
        spent = timed(lambda: collection.mark(digests))
        names = MANIFESTS * NAMES
        grown = resident_bytes() - before
        return [
            Figure("bytes of a manifest for each of its chunks", f"{sizes / names:.1f}"),
            Figure("memory of a collection for each chunk that lives in its region", f"{grown / names:.0f} bytes"),
            Figure("manifests read by a collection", f"{spent.cpu_seconds / names * 1e6:.2f} s for a million chunks"),
            Figure(
                "the same, of disks with a TiB of data", f"{grown / names * (MIB * MIB / CHUNK_SIZE) / MIB:.0f} MiB"
            ),
        ]
