"""Real machines for measuring, with an engine and a cache of their own. Nothing is left on the host afterwards."""

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from bench.regions import capture, fresh
from galeria.adapters.disks.raw_file import open_raw_file
from galeria.adapters.engine.cache import LocalImageCache
from galeria.adapters.engine.layout import Layout
from galeria.adapters.engine.libvirt_engine import LibvirtEngine
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Digest
from galeria.ports.machines import Machine, MachineSpec
from galeria.ports.progress import unheard


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """An installation without a server. Its region is that of the store that images come from."""

    engine: LibvirtEngine
    cache: LocalImageCache
    layout: Layout

    def cached(self, store: RegionStore, disk: Path) -> Digest:
        """Store a raw disk in the region, and restore it from there into the host's cache, as a deployment does."""
        with open_raw_file(disk) as source:
            digest = capture(store, source).digest
        self.cache.ensure_base(store.region, digest, store, progress=unheard)
        return digest


@contextmanager
def open_bench(directory: Path) -> Iterator[Bench]:
    """Open a bench, and remove every machine of it at the end, also after an error."""
    with fresh(directory) as data_dir, open_engine(data_dir) as engine:
        yield Bench(engine=engine, cache=LocalImageCache(data_dir), layout=Layout(data_dir.resolve()))


@contextmanager
def open_engine(data: Path) -> Iterator[LibvirtEngine]:
    """Open the engine of a data directory, and remove every machine of it at the end, also after an error."""
    engine = LibvirtEngine(data, installation=f"bench{uuid.uuid4().hex[:8]}")
    try:
        yield engine
    finally:
        for machine in engine.machines():
            engine.remove_machine(machine)
        engine.close()


def new_spec(region: str, base: Digest) -> MachineSpec:
    """Return the specification of a machine of the Tiny size, which is never started here."""
    return MachineSpec(
        machine=Machine(id=uuid.uuid4().hex, region=region),
        base=base,
        generation="V1",
        vcpus=1,
        memory_mib=512,
        ssh_port=_free_port(),
        title="a measurement",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast(int, probe.getsockname()[1])
