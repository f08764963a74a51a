"""Measures the image store against qemu-img on the same disk in the same run: first capture, later ones, copies, memory.

`python bench/store.py [directory]` needs some 12 GB there (default: the temporary directory) and a few minutes.
"""

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from rich.table import Table

from galeria.adapters.db.chunk_tables import chunks, packs
from galeria.adapters.disks.raw_file import RawFile, RawFileReader, open_raw_file
from galeria.adapters.store.index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore, open_region
from galeria.adapters.tools import run
from galeria.domain.errors import ToolFailed
from galeria.ports.disks import Content, DiskSource, Extent
from galeria.ports.images import Captured
from galeria.ports.progress import unheard

MIB = 1024 * 1024
GIB = 1024 * MIB
DATA = 2 * GIB
ROUNDS = 3
CLUSTER = 64 * 1024
MEMORY_LIMIT = 300 * MIB


@dataclass(frozen=True, kw_only=True)
class Row:
    what: str
    ours: str
    theirs: str
    verdict: str


class Overlay:
    """A disk like a qcow2 overlay: `changes` stand in it, everything else in its parent."""

    def __init__(self, path: Path, size: int, changes: list[tuple[int, int]]) -> None:
        self._disk, self._changes = RawFile(path, offset=0, size=size), changes

    @property
    def size(self) -> int:
        return self._disk.size

    def extents(self) -> Iterator[Extent]:
        position = 0
        for offset, length in self._changes:
            yield Extent(offset=position, length=offset - position, content=Content.PARENT)
            yield Extent(offset=offset, length=length, content=Content.DATA)
            position = offset + length
        yield Extent(offset=position, length=self.size - position, content=Content.PARENT)

    def reader(self) -> RawFileReader:
        return self._disk.reader()


def build_disk(path: Path, *, size: int, data: int) -> None:
    """A sparse disk with `data` bytes as on a real system: files of /usr on 4 KiB borders in extents spread over the
    disk, and one part in sixteen of random bytes for what is compressed already."""
    random = Random(20261123)
    files = _contents(Path("/usr"), random)
    extent = 8 * MIB
    gap = (size // (data // extent)) // 4096 * 4096
    with path.open("wb") as disk:
        disk.truncate(size)
        for number in range(data // extent):
            disk.seek(number * gap)
            disk.write(_take(files, extent))
    os.sync()


def _contents(root: Path, random: Random) -> Iterator[bytes]:
    while True:
        for directory, below, names in os.walk(root):
            below.sort()
            for name in sorted(names):
                path = Path(directory, name)
                if path.is_symlink() or not path.is_file():
                    continue
                content = path.read_bytes()[: 32 * MIB]
                yield content.ljust(-(-len(content) // 4096) * 4096, b"\0")
                if random.random() < 1 / 16:
                    yield random.randbytes(-(-len(content) // 4096) * 4096)


def _take(files: Iterator[bytes], length: int) -> bytes:
    taken = bytearray()
    while len(taken) < length:
        taken += next(files)
    return bytes(taken[:length])


def change(path: Path, *, share: float, data: int) -> list[tuple[int, int]]:
    """Overwrite `share` of the data in clusters, in runs as a file system writes them; returns sorted (offset, length)."""
    random = Random(7)
    size = path.stat().st_size
    written, taken = 0, set[int]()
    with path.open("r+b") as disk:
        while written < share * data:
            first = random.randrange(size // CLUSTER - 64)
            run_of = range(first, first + random.choice((1, 2, 4, 16, 32)))
            for cluster in run_of:
                taken.add(cluster)
                disk.seek(cluster * CLUSTER)
                disk.write(random.randbytes(CLUSTER // 2) + b"galeria " * (CLUSTER // 16))
            written += len(run_of) * CLUSTER
    return [(cluster * CLUSTER, CLUSTER) for cluster in sorted(taken)]


@contextmanager
def regions(directory: Path) -> Iterator[tuple[RegionStore, RegionStore]]:
    """Two empty regions in directories, indexed in one SQLite file."""
    engine = sa.create_engine(f"sqlite:///{directory / 'index.sqlite'}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    packs.create(engine)
    chunks.create(engine)
    index, key = DatabaseChunkIndex(engine), Ed25519PrivateKey.generate()
    names = ("north", "south")
    north, south = (
        open_region(name, (directory / name).as_uri(), work=directory / "work", index=index, key=key) for name in names
    )
    try:
        yield north, south
    finally:
        engine.dispose()


def capture(store: RegionStore, disk: DiskSource, parent: str | None = None) -> Captured:
    return store.capture(disk, parent=parent, pin=lambda digest: None, progress=unheard)


def timed(action: Callable[[], object]) -> float:
    """Seconds of wall clock."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def first_capture(directory: Path, disk: Path) -> Row:
    """Alternates the two programs and takes the best of each, since the machine has other users."""
    ours, theirs, stored, packed = [], [], 0, directory / "theirs.qcow2"
    for number in range(ROUNDS):
        with fresh(directory) as inside, regions(inside) as (store, _), open_raw_file(disk) as source:
            ours.append(timed(lambda store=store, source=source: capture(store, source)))  # type: ignore[misc]
            stored = sum(path.stat().st_size for path in (inside / "north").rglob("*") if path.is_file())
        theirs.append(timed(lambda: compress(disk, packed)))
        size = packed.stat().st_size
        if number < ROUNDS - 1:
            packed.unlink()
    return Row(
        what=f"first capture of {DATA // GIB} GiB of data, against qemu-img -c zstd -m 16 -W",
        ours=f"{min(ours):.2f} s, {stored / MIB:.0f} MiB",
        theirs=f"{min(theirs):.2f} s, {size / MIB:.0f} MiB",
        verdict=f"{min(theirs) / min(ours):.1f} x as fast",
    )


def compress(disk: Path, packed: Path) -> None:
    options = ["-f", "raw", "-O", "qcow2", "-c", "-o", "compression_type=zstd", "-m", "16", "-W"]
    run(["qemu-img", "convert", *options, disk, packed])


@contextmanager
def fresh(directory: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=directory) as inside:
        yield Path(inside)


def later_versions(directory: Path, disk: Path) -> list[Row]:
    """A second version with 1 % changed, the copy of both to another region, and the way back to a disk."""
    with fresh(directory) as inside, regions(inside) as (north, south), open_raw_file(disk) as source:
        first: list[Captured] = []
        first_time = timed(lambda: first.append(capture(north, source)))
        changes = change(disk, share=0.01, data=DATA)
        overlay = Overlay(disk, source.size, changes)
        second_time = timed(lambda: first.append(capture(north, overlay, first[0].digest)))
        rows = [second_row(first[0], first[1], first_time, second_time, len(changes) * CLUSTER)]
        rows += [copy_row(north, south, captured, name) for captured, name in zip(first, ("1st", "2nd"), strict=True)]
        rows.append(restore_row(directory, inside, north, first[0]))
    return rows


def second_row(first: Captured, second: Captured, first_time: float, second_time: float, changed: int) -> Row:
    return Row(
        what=f"second capture, {changed / MIB:.0f} MiB changed",
        ours=f"{second_time:.2f} s, read {second.read_bytes / MIB:.0f} MiB, stored {second.stored_bytes / MIB:.1f} MiB",
        theirs=f"1st: {first_time:.2f} s, {first.stored_bytes / MIB:.0f} MiB",
        verdict=f"{second_time / first_time:.1%} of the time, {second.stored_bytes / first.stored_bytes:.1%} of the bytes",
    )


def copy_row(north: RegionStore, south: RegionStore, captured: Captured, name: str) -> Row:
    sent: list[int] = []

    def copy() -> None:
        done = south.replicate(captured.digest, source=north, pin=lambda digest: None, progress=unheard)
        sent.append(done.sent_bytes)

    seconds = timed(copy)
    again = timed(copy)
    return Row(
        what=f"replication of the {name} version, all of it checked",
        ours=f"{seconds:.2f} s, sent {sent[0] / MIB:.1f} MiB",
        theirs=f"stored by its capture: {captured.stored_bytes / MIB:.1f} MiB",
        verdict=f"again: {again:.2f} s, sent {sent[1] / MIB:.2f} MiB",
    )


def restore_row(directory: Path, inside: Path, store: RegionStore, captured: Captured) -> Row:
    ours, theirs, back = [], [], inside / "back.raw"
    for _ in range(ROUNDS):
        ours.append(timed(lambda: store.restore(captured.digest, back, progress=unheard)))
        back.unlink()
        theirs.append(
            timed(lambda: run(["qemu-img", "convert", "-m", "16", "-W", "-O", "raw", directory / "theirs.qcow2", back]))
        )
        back.unlink()
    return Row(
        what="back to a sparse raw disk, against qemu-img convert",
        ours=f"{min(ours):.2f} s, checked and synced",
        theirs=f"{min(theirs):.2f} s, neither",
        verdict=f"{min(theirs) / min(ours):.1f} x as fast",
    )


def peak_memory(directory: Path) -> Row:
    """Capture a 100 GB disk in a child and read the child's peak."""
    disk = directory / "large.raw"
    build_disk(disk, size=100 * 1000**3, data=DATA)
    peak = int(run([sys.executable, __file__, "--peak", disk, directory], timeout=1200))
    disk.unlink()
    return Row(
        what="peak memory of capturing a 100 GB disk with 2 GiB of data",
        ours=f"{peak / MIB:.0f} MiB",
        theirs=f"limit {MEMORY_LIMIT / MIB:.0f} MiB",
        verdict="kept" if peak < MEMORY_LIMIT else "BROKEN",
    )


def capture_alone(disk: Path, directory: Path) -> int:
    """Peak resident bytes of this process after a capture.

    From the kernel's mark for this address space: getrusage would add the peak of the parent that started this process.
    """
    with fresh(directory) as inside, regions(inside) as (store, _), open_raw_file(disk) as source:
        capture(store, source)
    mark = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if mark is None:
        raise ToolFailed("The kernel does not tell peak memory.", hint="Measure on Linux with /proc mounted.")
    return int(mark.group(1)) * 1024


def measure(directory: Path) -> list[Row]:
    """Every figure, as rows of a table."""
    with fresh(directory) as inside:
        disk = inside / "disk.raw"
        build_disk(disk, size=8 * GIB, data=DATA)
        return [first_capture(inside, disk), *later_versions(inside, disk), peak_memory(inside)]


def main(arguments: list[str]) -> None:
    console = Console()
    if arguments[:1] == ["--peak"]:
        sys.stdout.write(str(capture_alone(Path(arguments[1]), Path(arguments[2]))))
        return
    table = Table("what", "Galeria", "against", "verdict", title="The image store")
    for row in measure(Path(arguments[0] if arguments else tempfile.gettempdir())):
        table.add_row(row.what, row.ours, row.theirs, row.verdict)
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
