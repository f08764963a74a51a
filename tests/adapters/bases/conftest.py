"""A disk in a region's store, and the host's cache that it arrives in by a process of its own."""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from galeria.adapters.bases.files import LOCK, SOCKET, STATE, find_order, find_state, folder_of, partial_of, write_order
from galeria.adapters.bases.files import MANIFEST as MANIFEST_FILE
from galeria.adapters.bases.server_process import ensure_running, stop_serving
from galeria.adapters.db.engine import make_engine
from galeria.adapters.db.tables.boot_trace_tables import boot_traces
from galeria.adapters.engine.cache import LocalImageCache
from galeria.adapters.engine.layout import Layout
from galeria.adapters.lasting_process import is_locked
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore, open_region
from galeria.ports.disks import DiskSource
from galeria.ports.images import Digest
from galeria.ports.progress import unheard
from tests.adapters.nbd_client import READ, Client
from tests.adapters.store.conftest import make_tables
from tests.adapters.store.fixtures import Disk, noise
from tests.waiting import until

REGION = "brazilsouth"
CHUNK = 256 * 1024


def some_disk(seed: int = 1, *, chunks: int = 24) -> bytes:
    """Chunks of noise with one of zeros among them, and a last one that is cut short."""
    pieces = [noise(seed * 1000 + number, CHUNK) for number in range(chunks)]
    pieces[3] = bytes(CHUNK)
    return b"".join(pieces)[:-1000]


@dataclass
class Served:
    """A disk that is being served."""

    data: Path
    store: RegionStore
    engine: sa.Engine
    digest: Digest
    content: bytes
    cache: LocalImageCache
    own: RegionStore | None = None  # the store of the region, where the disk is still being replicated

    @property
    def base(self) -> Path:
        return Layout(self.data).base(REGION, self.digest)

    @property
    def folder(self) -> Path:
        return folder_of(self.base)

    @property
    def bucket(self) -> Path:
        return self.data / "store"

    def ensure(self, *, quiet: float = 0.2, patience: float = 1.0, idle: float = 60.0) -> None:
        """Serve the disk, with other times than the product's, which are longer than a test should take."""
        self.cache.ensure_base(REGION, self.digest, self.store, progress=unheard, own=self.own)
        self.kill()
        for path in (partial_of(self.base), self.folder / STATE):
            path.unlink(missing_ok=True)
        self.ensure_again(quiet=quiet, patience=patience, idle=idle)

    def ensure_again(self, *, quiet: float = 0.2, patience: float = 1.0, idle: float = 60.0) -> None:
        """Serve the disk of a process that was killed."""
        order = find_order(self.folder)
        assert order is not None
        manifest = (self.folder / MANIFEST_FILE).read_bytes()
        write_order(self.folder, replace(order, quiet=quiet, patience=patience, idle=idle), manifest)
        ensure_running(self.folder)

    def process(self) -> int:
        return int((self.folder / LOCK).read_text())

    def kill(self) -> None:
        os.kill(self.process(), signal.SIGKILL)
        until(lambda: not is_locked(self.folder / LOCK), "its process is gone")

    @contextmanager
    def client(self, name: str = "machine") -> Iterator[Client]:
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.folder / SOCKET))
            client = Client(line)
            client.greet(name=name)
            yield client

    def read(self, offset: int, length: int) -> tuple[int, bytes]:
        with self.client() as client:
            return client.ask(READ, offset, length)

    def fetched(self) -> int:
        return find_state(self.folder).fetched_bytes

    def until_whole(self) -> None:
        until(self.base.is_file, lambda: f"the base is whole; it says {find_state(self.folder)}")

    @contextmanager
    def away(self) -> Iterator[None]:
        """The region's store does not answer: a file is where its folder was."""
        (self.bucket / "packs").rename(self.bucket / "elsewhere")
        (self.bucket / "packs").touch()
        yield
        (self.bucket / "packs").unlink()
        (self.bucket / "elsewhere").rename(self.bucket / "packs")


@contextmanager
def open_served(disk: DiskSource, content: bytes) -> Iterator[Served]:
    """Store a disk whose bytes are `content`; nothing of it is on the host yet."""
    data = Path(tempfile.mkdtemp(prefix="galeria-test-", dir="/var/tmp"))
    engine = make_engine(f"sqlite:///{data / 'galeria.db'}")
    make_tables(engine)
    boot_traces.create(engine)
    key = Ed25519PrivateKey.generate()
    url = (data / "store").as_uri()
    store = open_region(REGION, url, work=data / "work", index=DatabaseChunkIndex(engine), key=key)
    digest = store.capture(disk, parent=None, pin=lambda _: None, progress=unheard).digest
    cache = LocalImageCache(data, served_from=0)
    made = Served(data=data, store=store, engine=engine, digest=digest, content=content, cache=cache)
    yield made
    stop_serving(made.base)
    engine.dispose()
    shutil.rmtree(data)


@pytest.fixture
def served() -> Iterator[Served]:
    content = some_disk()
    with open_served(Disk(content), content) as made:
        yield made
