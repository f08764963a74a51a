"""Measure the start of a machine whose image is not on its host, beside one whose image is: up to its SSH server's greeting."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from bench.hosts import Bench, new_spec, open_bench
from bench.machines import FIRST_BOOT
from bench.regions import regions
from bench.rows import MIB, Row, Task, at_most, mebibytes
from galeria.adapters.bases.files import find_state, folder_of
from galeria.adapters.bases.trace import find_trace
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.boot_trace_tables import boot_traces
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.engine.cache import LocalImageCache
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.labs.ways_in import WayIn
from galeria.guests import build_guest, get_sources
from galeria.ports.images import Digest
from galeria.ports.progress import unheard

GUEST_MIB = 256
SECONDS = 300.0  # that a start may take before it counts as failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """One start: how long it took, what the machine read, and what was fetched for it."""

    seconds: float
    read: int  # bytes that the guest read from its disk
    fetched: int  # compressed bytes that came out of the store; 0 for an image that is on the host

    @property
    def share(self) -> float:
        return self.fetched / self.read

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s"


def measure(task: Task) -> list[Row]:
    with regions(task.directory) as (store, _), open_bench(task.directory) as bench:
        digest = _image(task, store)
        cold = replace(bench, cache=LocalImageCache(bench.layout.data_dir, served_from=0))
        whole = replace(bench, cache=LocalImageCache(bench.layout.data_dir, served_from=None))
        with _traces(store) as traces:

            def first() -> Start:
                with traces.begin() as connection:
                    connection.execute(sa.delete(boot_traces))
                return _start(cold, store, digest, then=lambda: _await_trace(traces, digest))

            kinds: tuple[Callable[[], Start], ...] = (
                lambda: _start(whole, store, digest),
                first,
                lambda: _start(cold, store, digest),
            )
            runs = [[each() for each in kinds] for _ in range(task.rounds)]
    warm, unknown, known = (min(each, key=lambda start: start.seconds) for each in zip(*runs, strict=True))
    name = f"a machine from an image with {mebibytes(task.data)} of data that is not on the host, to SSH"
    return [
        _time(f"{name}: time of one whose image is", known, warm),
        _bytes("the same: bytes fetched of those that the guest read", known),
        _time("the same, when nobody has started the image before: time", unknown, warm),
        _bytes("the same, when nobody has started the image before: bytes fetched", unknown),
    ]


def _time(name: str, cold: Start, warm: Start) -> Row:
    return Row(name=name, ours=str(cold), peer=str(warm), ratio=cold.seconds / warm.seconds, goal=at_most(1.5))


def _bytes(name: str, cold: Start) -> Row:
    return Row(name=name, ours=mebibytes(cold.fetched), limit=mebibytes(cold.read), ratio=cold.share, goal=at_most(1.3))


def _image(task: Task, store: RegionStore) -> Digest:
    """Store a small Linux that starts, with the bench's data behind it, which no start reads."""
    disk = task.directory / "guest.raw"
    build_guest(disk, sources=get_sources(Path.home() / ".cache" / "galeria" / "guests"), disk_mib=GUEST_MIB)
    with disk.open("r+b") as file, task.disk.open("rb") as data:
        file.seek(0, 2)
        shutil.copyfileobj(data, file, 8 * MIB)
    with open_raw_file(disk) as source:
        digest = store.capture(source, parent=None, pin=lambda _: None, progress=unheard).digest
    disk.unlink()
    return digest


def _start(bench: Bench, store: RegionStore, digest: Digest, *, then: Callable[[], None] = lambda: None) -> Start:
    """Make and start a machine, and remove it after `then`. One whose image is to be on the host gets it before that."""
    bench.engine.acceleration()
    is_cold = bench.cache.served_from is not None
    if not is_cold:
        bench.cache.ensure_base(store.region, digest, store, progress=unheard)
    spec = replace(new_spec(store.region, digest), memory_mib=256)
    base = bench.layout.base(store.region, digest)
    began = time.perf_counter()
    bench.cache.ensure_base(store.region, digest, store, progress=unheard)
    bench.engine.ensure_machine(spec, FIRST_BOOT)
    bench.engine.start(spec.machine, ssh=True)
    bench.engine.wait_ready(spec.machine, way=WayIn.SSH, seconds=SECONDS)
    seconds = time.perf_counter() - began
    fetched = find_state(folder_of(base)).fetched_bytes if is_cold else 0
    read = bench.engine.domain(spec.machine).blockStats("vda")[1]
    then()
    bench.engine.remove_machine(spec.machine)
    bench.cache.remove_base(store.region, digest)
    return Start(seconds=seconds, read=read, fetched=fetched)


@contextmanager
def _traces(store: RegionStore) -> Iterator[sa.Engine]:
    """Open the database in which it is kept what a start reads."""
    index = store.context.index
    engine = make_engine(index.url if isinstance(index, DatabaseChunkIndex) else "")
    yield engine
    engine.dispose()


def _await_trace(traces: sa.Engine, digest: Digest) -> None:
    """Return when it is noted what the start read. Raises OSError."""
    deadline = time.monotonic() + SECONDS
    while not find_trace(traces, [digest]):
        if time.monotonic() > deadline:
            raise OSError(f"what the start read is not noted within {SECONDS:.0f} s")
        time.sleep(0.2)
