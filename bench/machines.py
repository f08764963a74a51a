"""Measure what a machine costs before it boots, from a small and from a large image in the region's cache."""

from dataclasses import dataclass

from bench.disks import EXTENT, build_disk
from bench.hosts import Bench, new_spec, open_bench
from bench.regions import regions
from bench.rows import MIB, Row, Spent, Task, best_of_pairs, mebibytes, timed
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Digest
from galeria.ports.machines import FirstBoot

SMALL, LARGE = 1000**3, 100 * 1000**3  # bytes that the guest sees
SECONDS, BYTES = 1.0, MIB  # limits of what a machine may cost
# A hash in a valid form; nobody logs in.
FIRST_BOOT = FirstBoot(
    instance_id="bench", host_name="bench", user_name="bench", password_hash=f"$6$rounds=5000$bench${'x' * 86}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    spent: Spent
    size: int  # bytes on the host's disk

    def row(self, what: str, ratio: str) -> Row:
        return Row(
            what=what,
            ours=f"{self.spent}, {self.size / 1024:.0f} KiB",
            peer=f"limit {SECONDS:.0f} s, {mebibytes(BYTES)}",
            ratio=ratio,
            kept=self.spent.seconds < SECONDS and self.size < BYTES,
        )


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

        small, large = best_of_pairs(lambda: made(small_base), lambda: made(large_base), rounds=task.rounds)
    ratio = f"{large.seconds / small.seconds:.2f} x the time for 100 x the size"
    return [
        Cost(spent=small, size=sizes[small_base]).row(
            "a machine from a cached 1 GB image, until it could be started", ""
        ),
        Cost(spent=large, size=sizes[large_base]).row("a machine from a cached 100 GB image", ratio),
    ]


def _base(task: Task, bench: Bench, store: RegionStore, size: int) -> Digest:
    """Return an image. Its data does not matter: a machine's disk uses it as a backing file without reading it."""
    disk = task.directory / "base.raw"
    build_disk(disk, size=size, data=8 * EXTENT)
    digest = bench.cached(store, disk)
    disk.unlink()
    return digest
