"""Measure what a machine costs before it boots, from a small and from a large image in the region's cache."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.disks import EXTENT, build_disk
from bench.hosts import Bench, new_spec, open_bench
from bench.regions import regions
from bench.rows import MIB, Row, Spent, Task, at_most, best_of, mebibytes, timed
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Digest
from galeria.ports.machines import FirstBoot
from galeria.ports.progress import Progress, unheard

SMALL, LARGE = 1000**3, 100 * 1000**3  # bytes that the guest sees
SECONDS, BYTES = 1.0, MIB  # limits of what a machine may cost
CLASS, CLASS_SECONDS, CLASS_BYTES = 50, 3.0, 15 * MIB
# A hash in a valid form; nobody logs in.
FIRST_BOOT = FirstBoot(
    instance_id="bench", host_name="bench", user_name="bench", password_hash=f"$6$rounds=5000$bench${'x' * 86}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    spent: Spent
    size: int  # bytes on the host's disk

    def rows(self, name: str, *, seconds: float, size: int) -> list[Row]:
        return [
            Row(
                name=f"{name}: time",
                ours=str(self.spent),
                limit=f"{seconds:.0f} s",
                ratio=self.spent.seconds / seconds,
                goal=at_most(1),
            ),
            Row(
                name=f"{name}: bytes on the host",
                ours=mebibytes(self.size),
                limit=mebibytes(size),
                ratio=self.size / size,
                goal=at_most(1),
            ),
        ]


def measure(task: Task) -> list[Row]:
    with regions(task.directory) as (store, _), open_bench(task.directory) as bench:
        small_base, large_base = (_base(task, bench, store, size) for size in (SMALL, LARGE))
        sizes: dict[Digest, int] = {}

        def made(base: Digest) -> Spent:
            spec = new_spec(store.region, base)
            spent = timed(lambda: bench.engine.ensure_machine(spec, FIRST_BOOT))
            sizes[base] = bench.engine.disk_bytes(spec.machine)
            bench.engine.remove_machine(spec.machine)
            return spent

        small, large = best_of(lambda: made(small_base), lambda: made(large_base), rounds=task.rounds)
        class_cost, fetches = _class(bench, store, large_base), _fetches(bench, store, small_base)
    return [
        *Cost(spent=small, size=sizes[small_base]).rows(
            "a machine from a cached 1 GB image, until it could be started", seconds=SECONDS, size=BYTES
        ),
        Row(
            name="a machine from a cached 100 GB image: time of that from 1 GB",
            ours=str(large),
            peer=str(small),
            ratio=large.seconds / small.seconds,
        ),
        *class_cost.rows(f"{CLASS} machines' disks from one cached base", seconds=CLASS_SECONDS, size=CLASS_BYTES),
        Row(
            name=f"{CLASS} machines at once from a base that is not cached: times that it is fetched",
            ours=str(fetches),
            ratio=fetches,
            goal=at_most(1),
        ),
    ]


def _class(bench: Bench, store: RegionStore, base: Digest) -> Cost:
    """Return what the machines of one class cost, made one after the other."""
    specs = [new_spec(store.region, base) for _ in range(CLASS)]

    def make() -> None:
        for spec in specs:
            bench.engine.ensure_machine(spec, FIRST_BOOT)

    spent = timed(make)
    size = sum(bench.engine.disk_bytes(spec.machine) for spec in specs)
    for spec in specs:
        bench.engine.remove_machine(spec.machine)
    return Cost(spent=spent, size=size)


class _CountedStore(RegionStore):
    """A region's store that counts how often an image is taken out of it."""

    def __init__(self, store: RegionStore) -> None:
        super().__init__(store.context)
        self.restored = 0

    def restore(self, digest: Digest, target: Path, *, progress: Progress) -> None:
        self.restored += 1
        super().restore(digest, target, progress=progress)


def _fetches(bench: Bench, store: RegionStore, base: Digest) -> int:
    """Return how often the base is fetched when all machines of a class want it at the same moment."""
    counted = _CountedStore(store)
    bench.cache.remove_base(store.region, base)
    with ThreadPoolExecutor(CLASS) as pool:
        wanted = [
            pool.submit(bench.cache.ensure_base, store.region, base, counted, progress=unheard) for _ in range(CLASS)
        ]
        for each in wanted:
            each.result()
    return counted.restored


def _base(task: Task, bench: Bench, store: RegionStore, size: int) -> Digest:
    """Return an image. Its data does not matter: a machine's disk uses it as a backing file without reading it."""
    disk = task.directory / "base.raw"
    build_disk(disk, size=size, data=8 * EXTENT)
    digest = bench.cached(store, disk)
    disk.unlink()
    return digest
