"""Measure the image store besides captures: restoring a disk, replication, and bounded memory."""

import os
import re
import sys
from pathlib import Path

from bench import qemu_img
from bench.disks import build_disk
from bench.regions import capture, regions
from bench.rows import MIB, Row, Spent, Task, best_of_pairs, mebibytes, speed, timed
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message
from galeria.ports.progress import unheard
from galeria.programs import run

LARGE = 100 * 1000**3  # bytes of the disk for the measurement of memory
MEMORY_LIMIT = 300 * MIB


def measure(task: Task) -> list[Row]:
    packed = task.directory / "packed.qcow2"
    qemu_img.compress(task.disk, packed, format="raw")
    with regions(task.directory) as (north, south):
        with open_raw_file(task.disk) as source:
            digest = capture(north, source).digest
        return [*copy_rows(north, south, digest), restore_row(task, north, digest, packed), memory_row(task)]


def copy_rows(north: RegionStore, south: RegionStore, digest: str) -> list[Row]:
    sent: list[int] = []

    def copy() -> None:
        sent.append(south.replicate(digest, source=north, pin=lambda digest: None, progress=unheard).sent_bytes)

    first, again = timed(copy), timed(copy)
    return [
        Row(
            what="replication of a whole image, every chunk checked there; and again",
            ours=f"{first}, sent {mebibytes(sent[0])}",
            peer=f"again: {again}, sent {mebibytes(sent[1])}",
            ratio=f"{sent[1] / sent[0]:.2%} of the bytes",
        )
    ]


def restore_row(task: Task, store: RegionStore, digest: str, packed: Path) -> Row:
    back = task.directory / "back.raw"

    def restored() -> Spent:
        spent = timed(lambda: store.restore(digest, back, progress=unheard))
        back.unlink()
        return spent

    def converted() -> Spent:
        spent = timed(lambda: qemu_img.expand(packed, back))
        back.unlink()
        return spent

    ours, peer = best_of_pairs(restored, converted, rounds=task.rounds)
    return Row(
        what="an image brought into a region's cache, as a raw disk",
        ours=f"{ours}, checked and synced",
        peer=f"qemu-img convert: {peer}, neither",
        ratio=speed(ours, peer),
    )


def memory_row(task: Task) -> Row:
    """Capture a large disk in a process of its own, and measure that process's peak."""
    disk = task.directory / "large.raw"
    build_disk(disk, size=LARGE, data=task.data)
    here = Path(__file__).resolve().parents[1]
    command: list[str | Path] = ["env", f"PYTHONPATH={here}", sys.executable, "-m", "bench.store", disk, task.directory]
    peak = int(run(command, timeout=1200))
    disk.unlink()
    return Row(
        what=f"peak memory while a {LARGE / 1e9:.0f} GB sparse disk with {mebibytes(task.data)} of data is exported",
        ours=mebibytes(peak),
        peer=f"limit {mebibytes(MEMORY_LIMIT)}",
        ratio=f"{peak / MEMORY_LIMIT:.0%} of the limit",
        kept=peak <= MEMORY_LIMIT,
    )


def peak_of_export(disk: Path, directory: Path) -> int:
    """Return the peak resident bytes of this process after it has captured a disk that qemu-nbd serves.

    They come from the kernel's mark for this address space: getrusage would include the peak of the parent process.
    """
    with regions(directory) as (store, _), open_image(disk, "raw") as source:
        capture(store, source)
    mark = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    if mark is None:
        raise ToolFailed(
            Message("The kernel does not tell peak memory."), hint=Message("Measure on Linux with /proc mounted.")
        )
    return int(mark.group(1)) * 1024


if __name__ == "__main__":
    sys.stdout.write(str(peak_of_export(Path(sys.argv[1]), Path(sys.argv[2]))) + os.linesep)
