"""Measure the store through 20 ms for each request, as buckets of S3 and Azure Blob Storage answer: time and requests.

The bucket is the product's own for clouds, over a folder; each of its requests waits first. Collection and the joining of
small packs are priced in: they are what the shape of packs costs later.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import obstore.store

from bench.disks import Overlay, changed
from bench.regions import capture, fresh, regions
from bench.rows import MIB, Row, Spent, Task, mebibytes, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.store.leftovers import Leftover
from galeria.adapters.store.objects.object_bucket import ObjectBucket
from galeria.adapters.store.objects.stored_object import StoredObject
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Digest
from galeria.ports.progress import unheard

DELAY = 0.02  # seconds for each request
PART = 8 * MIB  # of an upload, which S3 takes in parts
LISTED = 1000  # objects that one answer lists
SHARE, EXPORTS = 0.01, 10  # of the data changed, and how often, so that there are small packs to join
FAR = "through 20 ms for each request"


class FarBucket:
    """A bucket whose every request takes so many seconds longer. Counts the requests by their kind."""

    def __init__(self, near: ObjectBucket, delay: float) -> None:
        self._near, self._delay = near, delay
        self._lock = threading.Lock()
        self.asked: Counter[str] = Counter()

    @property
    def staging(self) -> Path:
        return self._near.staging

    @property
    def readers(self) -> int:
        return self._near.readers

    @property
    def orphan_seconds(self) -> float:
        return self._near.orphan_seconds

    def read(self, path: str, start: int, length: int) -> memoryview:
        self._wait("GET")
        return self._near.read(path, start, length)

    def find(self, path: str) -> bytes | None:
        self._wait("GET")
        return self._near.find(path)

    def has(self, path: str) -> bool:
        self._wait("GET")
        return self._near.has(path)

    def put(self, path: str, data: bytes) -> None:
        self._wait("PUT")
        self._near.put(path, data)

    def put_file(self, path: str, staged: Path) -> None:
        """In parts: one request begins, the parts go at once, and one ends it."""
        parts = -(-staged.stat().st_size // PART)
        self._wait("PUT", requests=1 if parts < 2 else parts + 2, delays=1 if parts < 2 else 3)
        self._near.put_file(path, staged)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        for number, found in enumerate(self._near.objects(prefix)):
            if number % LISTED == 0:
                self._wait("LIST")
            yield found

    def delete(self, path: str) -> None:
        self._wait("DELETE")
        self._near.delete(path)

    def leftovers(self) -> list[Leftover]:
        return self._near.leftovers()

    def _wait(self, kind: str, *, requests: int = 1, delays: int = 1) -> None:
        with self._lock:
            self.asked[kind] += requests
        time.sleep(delays * self._delay)


@contextmanager
def far_region(directory: Path, delay: float) -> Iterator[tuple[RegionStore, FarBucket]]:
    with fresh(directory) as folder, regions(folder) as (north, _):
        yield far_store(north, folder, delay)


def far_store(store: RegionStore, folder: Path, delay: float) -> tuple[RegionStore, FarBucket]:
    """Return the store with an empty bucket like those of clouds, in `folder`, and this bucket."""
    near, staging = folder / f"objects-{store.region}", folder / f"staging-{store.region}"
    near.mkdir()
    staging.mkdir()
    objects = ObjectBucket(obstore.store.LocalStore(near), region=store.region, url=near.as_uri(), staging=staging)
    bucket = FarBucket(objects, delay)
    return RegionStore(replace(store.context, bucket=bucket)), bucket


def measure(task: Task) -> list[Row]:
    near, far = _costs(task, 0), _costs(task, DELAY)
    rows = []
    for what, (spent, asked) in far.items():
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(asked.items()))
        here = near[what][0]
        rows.append(
            Row(
                name=f"{what}, {FAR}: time of the same without",
                ours=f"{spent}; {told}",
                peer=f"without: {here}",
                ratio=spent.seconds / here.seconds,
            )
        )
    return rows


def _costs(task: Task, delay: float) -> dict[str, tuple[Spent, Counter[str]]]:
    """What each verb costs in a region of its own: a first export, small ones, a base for the cache, and a collection."""
    costs: dict[str, tuple[Spent, Counter[str]]] = {}
    live: list[Digest] = []
    with open_raw_file(task.disk) as source, far_region(task.directory, delay) as (store, bucket):

        def noted(what: str, action: Callable[[], object]) -> None:
            bucket.asked.clear()
            costs[what] = timed(action), Counter(bucket.asked)

        noted(f"first export of {mebibytes(task.data)}", lambda: live.append(capture(store, source).digest))
        with changed(task.disk, share=SHARE, data=task.data) as clusters:
            some = [clusters[at::EXPORTS] for at in range(EXPORTS)]

            def small() -> None:
                for each in some:
                    live.append(capture(store, Overlay(task.disk, source.size, each), live[-1]).digest)

            noted(f"{EXPORTS} exports of {SHARE / EXPORTS:.1%} each", small)
        target = task.directory / "far.raw"
        noted("a base into a region's cache", lambda: store.restore(live[-1], target, progress=unheard))
        target.unlink()
        noted(f"a collection that joins {EXPORTS} small packs", lambda: store.collect(lambda: live))
        noted("a collection that finds nothing", lambda: store.collect(lambda: live))
    return costs
