"""Measure whether an export's cost for each GB stays flat as the data grows, and as the versions do.

Processor time is what counts here: it tells of growth, and other users of the computer hardly change it. The disks are not
files: each chunk has its number in it, so that none is stored twice. Where the amount grows, one chunk of eight is a real
system's, and seven repeat one page of such a chunk: all are hashed, compressed and indexed, and 100 GiB take 8 GB of the disk.
What an index or a manifest costs more as it grows shows better there than behind the compressing of real data.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

from bench.regions import capture, regions
from bench.rows import GIB, MIB, Row, Spent, Task, at_most, not_measured, timed
from galeria.adapters.store.manifests.manifest import CHUNK_SIZE
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.disks import Content, DiskReader, Extent
from galeria.ports.progress import Progress, unheard

BY_DATA = "time for each GB of changed data, whatever the amount: most beside least"
BY_VERSIONS = "time for each GB of changed data, from the first versions to the 1,000th: most beside least"
FLAT = at_most(1.15)

POOL = 256  # chunks of a real system
SIZES = (1, 10, 100)  # GiB
OFTEN = 10  # GiB below which a disk is stored once in each round of a pause
PAUSES = 2  # of the largest, in which the smaller ones are stored
SPARSE = 8  # one chunk of so many is a real system's
PAGE = 4096
VERSIONS, MEASURED = 1000, 50  # in all, and at the beginning and the end of them
TURN = 5  # versions that are stored in turn
CHANGED = 16  # chunks that each version changes: 4 MiB


class NumberedDisk:
    """A disk of `chunks` chunks out of a pool in turn, of which those in `changed` are read.

    `salt` makes the chunks of each version its own.
    """

    def __init__(self, pool: list[bytes], *, chunks: int, changed: list[int], salt: int) -> None:
        self.size = chunks * CHUNK_SIZE
        self._pool, self._changed, self._salt = pool, changed, salt

    def extents(self) -> Iterator[Extent]:
        position = 0
        for number in self._changed:
            offset = number * CHUNK_SIZE
            if offset > position:
                yield Extent(offset=position, length=offset - position, content=Content.PARENT)
            yield Extent(offset=offset, length=CHUNK_SIZE, content=Content.DATA)
            position = offset + CHUNK_SIZE
        if position < self.size:
            yield Extent(offset=position, length=self.size - position, content=Content.PARENT)

    def reader(self) -> DiskReader:
        return _NumberedReader(self._pool, self._salt)


class _NumberedReader(DiskReader):
    def __init__(self, pool: list[bytes], salt: int) -> None:
        self._pool, self._salt = pool, salt

    def read(self, offset: int, length: int) -> bytes:
        content = bytearray(length)
        self.read_into(offset, memoryview(content))
        return bytes(content)

    def read_into(self, offset: int, target: memoryview) -> None:
        """Fill whole chunks, as a capture asks for them."""
        for at in range(0, len(target), CHUNK_SIZE):
            number = (offset + at) // CHUNK_SIZE
            target[at : at + CHUNK_SIZE] = self._pool[number % len(self._pool)]
            target[at : at + 16] = number.to_bytes(8, "big") + self._salt.to_bytes(8, "big")

    def close(self) -> None:
        """Nothing is open."""


def rows(task: Task) -> list[Row]:
    if task.is_quick:
        return [not_measured(name, FLAT, "not measured in a quick run") for name in (BY_DATA, BY_VERSIONS)]
    pool = pool_of(task.disk)
    return [by_data(task, thinned(pool), SIZES), by_versions(task, pool, VERSIONS, MEASURED)]


def by_data(task: Task, pool: list[bytes], sizes: tuple[float, ...]) -> Row:
    """Store disks of so many GiB, each in a new region: the largest with pauses, in which the smaller ones are stored.

    Processors slow down within minutes of work, and other users come and go: what is stored before or after the largest is
    stored by another computer. All runs of a size count.
    """
    *smaller, largest = sizes
    runs: dict[float, list[Spent]] = {gib: [] for gib in sizes}

    def store_smaller() -> None:
        for gib in smaller:
            runs[gib] += [_stored(task, pool, gib, unheard) for _ in range(task.rounds if gib < OFTEN else 1)]

    pauses = _Pauses(store_smaller, every=int(largest * GIB) // (PAUSES + 1))
    runs[largest].append(_stored(task, pool, largest, pauses).without(pauses.spent))
    return _row(BY_DATA, {f"{gib:g} GiB": (_sum(spent), len(spent) * gib * GIB) for gib, spent in runs.items()})


def _sum(runs: list[Spent]) -> Spent:
    return Spent(seconds=sum(run.seconds for run in runs), cpu_seconds=sum(run.cpu_seconds for run in runs))


class _Pauses:
    """A progress that halts a capture after every so many bytes, while something else is done."""

    def __init__(self, act: Callable[[], None], *, every: int) -> None:
        self._act, self._every = act, every
        self._count = 0
        self.spent = Spent(seconds=0.0, cpu_seconds=0.0)  # in all pauses

    def __call__(self, *, done: int, total: int) -> None:
        # The capture's other threads wait as well, as soon as they have something to report.
        if min(done, total - 1) // self._every > self._count:
            self._count += 1
            self.spent = _sum([self.spent, timed(self._act)])


def _stored(task: Task, pool: list[bytes], gib: float, progress: Progress) -> Spent:
    chunks = int(gib * GIB) // CHUNK_SIZE
    disk = NumberedDisk(pool, chunks=chunks, changed=list(range(chunks)), salt=0)
    with regions(task.directory) as (store, _):
        return timed(lambda: store.capture(disk, parent=None, pin=lambda digest: None, progress=progress))


def by_versions(task: Task, pool: list[bytes], versions: int, measured: int) -> Row:
    """Store so many versions of one disk, each with some chunks of its own, and compare the first with the last.

    The last ones and the first of another region take turns: a computer with other users is slower in some minutes than in
    others by more than what is asked for.
    """
    chunks = max(task.data // CHUNK_SIZE, 2 * CHANGED)
    first: list[Spent] = []
    last: list[Spent] = []
    with regions(task.directory) as (old, _), regions(task.directory) as (new, _):
        grown, fresh = _Versions(old, pool, chunks), _Versions(new, pool, chunks)
        grown.add(versions - measured)
        for done in range(0, measured, TURN):
            count = min(TURN, measured - done)
            first.append(timed(partial(fresh.add, count)))
            last.append(timed(partial(grown.add, count)))
    size = float(measured * CHANGED * CHUNK_SIZE)
    costs = {f"versions 1 to {measured}": (_sum(first), size)}
    costs[f"{versions - measured + 1} to {versions}"] = (_sum(last), size)
    return _row(BY_VERSIONS, costs)


class _Versions:
    """A disk that is stored whole, and then again and again with some chunks of its own each time."""

    def __init__(self, store: RegionStore, pool: list[bytes], chunks: int) -> None:
        self._store, self._pool, self._chunks, self._random = store, pool, chunks, Random(20261201)
        self._count = 0
        self._newest = capture(store, self._disk(list(range(chunks)))).digest

    def add(self, count: int) -> None:
        for _ in range(count):
            self._count += 1
            changed = sorted(self._random.sample(range(self._chunks), CHANGED))
            self._newest = capture(self._store, self._disk(changed), self._newest).digest

    def _disk(self, changed: list[int]) -> NumberedDisk:
        return NumberedDisk(self._pool, chunks=self._chunks, changed=changed, salt=self._count)


def _row(name: str, costs: dict[str, tuple[Spent, float]]) -> Row:
    rates = {what: spent.cpu_seconds / size * GIB for what, (spent, size) in costs.items()}
    told = ", ".join(f"{what}: {rate:.2f} s of processor a GiB" for what, rate in rates.items())
    return Row(name=name, ours=told, ratio=max(rates.values()) / min(rates.values()), goal=FLAT)


def thinned(pool: list[bytes]) -> list[bytes]:
    """Return a longer pool, in which only one chunk of `SPARSE` takes much room once it is compressed."""
    few = [chunk[:PAGE] * (CHUNK_SIZE // PAGE) for chunk in pool[: SPARSE - 1]]
    return [each for chunk in pool for each in (chunk, *few)]


def pool_of(disk: Path) -> list[bytes]:
    """Return chunks with data from all over the disk."""
    found: list[bytes] = []
    with disk.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        for offset in range(0, size - CHUNK_SIZE, max(MIB, size // (8 * POOL) // MIB * MIB)):
            chunk = os.pread(file.fileno(), CHUNK_SIZE, offset)
            if chunk.strip(b"\0") and len(found) < POOL:
                found.append(chunk)
    return found
