"""Measure the image store besides captures: restoring a disk, replication, and bounded memory."""

import os
import re
import sys
import time
from contextlib import closing
from pathlib import Path

from bench import growth, limits, qemu_img
from bench.disks import build_disk
from bench.regions import capture, regions
from bench.rows import MIB, Row, Spent, Task, at_least, at_most, beside, best_of, mebibytes, timed
from galeria.adapters.bases.chunk_source import ChunkSource
from galeria.adapters.bases.filling import Filling
from galeria.adapters.bases.partial_base import PartialBase
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message
from galeria.ports.progress import unheard
from galeria.programs import run

LARGE = 100 * 1000**3  # bytes of the disk for the measurement of memory
MEMORY_LIMIT = 300 * MIB
COPY_SHARE, CACHE_SPEED = 1.3, 2.0  # of the limit's time, and beside qemu-img
EXPORT = "an export"
PEAKS = (EXPORT, "an export, a replication and a restore")


def measure(task: Task) -> list[Row]:
    packed = task.directory / "packed.qcow2"
    qemu_img.compress(task.disk, packed, format="raw")
    with open_raw_file(task.disk) as source, regions(task.directory) as (north, _):
        digest = capture(north, source).digest
        cached = arrival_row(task, north, digest, packed)
    packed.unlink()
    return [*replication_rows(task), cached, *memory_rows(task), *growth.rows(task)]


def replication_rows(task: Task) -> list[Row]:
    """Replicate a whole image from one directory to another, beside copying and hashing the same files."""
    sent: list[int] = []

    def ours() -> Spent:
        with open_raw_file(task.disk) as source, regions(task.directory) as (north, south):
            digest = capture(north, source).digest
            return timed(lambda: sent.append(_copy(south, digest, north)))

    def limit() -> Spent:
        with open_raw_file(task.disk) as source, regions(task.directory) as (north, _):
            capture(north, source)
            folder = next(path for path in task.directory.rglob("north") if (path / "packs").is_dir())
            return limits.copy_and_hash(folder / "packs", task.directory / "copy")

    mine, least = best_of(ours, limit, rounds=task.rounds)
    return [
        Row(
            name=f"replication of {mebibytes(task.data)}, file to file: time of copying and hashing what is new",
            ours=f"{mine}, sent {mebibytes(sent[0])}, every chunk checked and read back",
            limit=str(least),
            ratio=mine.seconds / least.seconds,
            goal=at_most(COPY_SHARE),
        )
    ]


def _copy(target: RegionStore, digest: str, source: RegionStore) -> int:
    return target.replicate(digest, source=source, pin=lambda digest: None, progress=unheard).sent_bytes


def arrival_row(task: Task, store: RegionStore, digest: str, packed: Path) -> Row:
    """Let a base arrive as a host's process brings one of this size: machines may read what is checked, synced or not."""
    back, finished = task.directory / "back.raw", list[float]()
    manifest = signed_manifests.get(store.context, digest)

    def arrived() -> Spent:
        source = ChunkSource({store.region: store.context.bucket}, store.context.index, manifest)
        with closing(PartialBase(task.directory / "arriving", manifest, source.fetch)) as base:
            filling = Filling(base, trace=[], is_start_over=lambda: True, is_read=lambda: False, readers=source.readers)
            spent = timed(filling.run)
            began = time.perf_counter()
            base.finish(back)
            finished.append(time.perf_counter() - began)
        back.unlink()
        return spent

    def converted() -> Spent:
        spent = timed(lambda: qemu_img.expand(packed, back))
        back.unlink()
        return spent

    def limit() -> Spent:
        with open_raw_file(task.disk) as source:
            return limits.restore_all(source, task.directory / "limit", back)

    ours, peer, least = best_of(arrived, converted, limit, rounds=task.rounds)
    return Row(
        name="a base into a region's cache, every chunk checked: speed beside qemu-img",
        ours=f"{ours}, synced {min(finished):.2f} s later",
        peer=f"qemu-img convert, unchecked: {peer}",
        limit=beside(least, peer, what="checked"),
        ratio=peer.seconds / ours.seconds,
        goal=at_least(CACHE_SPEED),
    )


def memory_rows(task: Task) -> list[Row]:
    """Measure the peak of processes of their own that capture a large disk and restore an image."""
    disk = task.directory / "large.raw"
    build_disk(disk, size=LARGE, data=task.data)
    what = f"a {LARGE / 1e9:.0f} GB sparse disk with {mebibytes(task.data)} of data"
    rows = []
    for kind in PEAKS:
        here = Path(__file__).resolve().parents[1]
        words: list[str | Path] = ["env", f"PYTHONPATH={here}{os.pathsep}{here / 'src'}", sys.executable, "-m"]
        peak = int(run([*words, "bench.store", kind, disk, task.directory], timeout=1200))
        rows.append(
            Row(
                name=f"peak memory of a process: {kind} of {what}",
                ours=mebibytes(peak),
                limit=mebibytes(MEMORY_LIMIT),
                ratio=peak / MEMORY_LIMIT,
                goal=at_most(1),
            )
        )
    disk.unlink()
    return rows


def peak_of(kind: str, disk: Path, directory: Path) -> int:
    """Return the peak resident bytes of this process after it has captured a disk, and replicated and restored it if asked.

    They come from the kernel's mark for this address space: getrusage would include the peak of the parent process.
    """
    with regions(directory) as (north, south), open_image(disk, "raw") as source:
        digest = capture(north, source).digest
        if kind != EXPORT:
            _copy(south, digest, north)
            south.restore(digest, directory / "restored.raw", progress=unheard)
            (directory / "restored.raw").unlink()
    mark = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if mark is None:
        raise ToolFailed(
            Message("The kernel does not tell peak memory."), hint=Message("Measure on Linux with /proc mounted.")
        )
    return int(mark.group(1)) * 1024


if __name__ == "__main__":
    sys.stdout.write(str(peak_of(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))) + os.linesep)
