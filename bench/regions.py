"""Regions in temporary directories, with a real index and a real key."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.boot_trace_tables import boot_traces
from galeria.adapters.db.tables.chunk_tables import chunks, packs
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore, open_region
from galeria.ports.disks import DiskSource
from galeria.ports.images import Captured, ImageStore
from galeria.ports.progress import unheard


@contextmanager
def fresh(directory: Path, *, prefix: str = "") -> Iterator[Path]:
    """Create a folder that QEMU's user can pass. Its name is short, because of the paths of sockets in it."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir=directory) as services:
        folder = Path(services)
        folder.chmod(0o711)
        yield folder


@contextmanager
def regions(directory: Path) -> Iterator[tuple[RegionStore, RegionStore]]:
    """Open two empty regions with one index in an SQLite file."""
    with fresh(directory) as services:
        engine = make_engine(f"sqlite:///{services / 'index.sqlite'}")
        packs.create(engine)
        chunks.create(engine)
        boot_traces.create(engine)
        index, key = DatabaseChunkIndex(engine), Ed25519PrivateKey.generate()
        north, south = (
            open_region(name, (services / name).as_uri(), work=services / "work", index=index, key=key)
            for name in ("north", "south")
        )
        try:
            yield north, south
        finally:
            engine.dispose()


def capture(store: ImageStore, disk: DiskSource, parent: str | None = None) -> Captured:
    return store.capture(disk, parent=parent, pin=lambda digest: None, progress=unheard)
