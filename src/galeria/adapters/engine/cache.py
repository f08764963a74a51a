"""The image caches of the regions on this host: each base disk is a raw, read-only file, fetched once from the store.

A small one is restored before anything is made from it. A large one is served by a process of its own while it arrives
(the package `bases`), so that machines start at once, and is a file like any other as soon as it is whole.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from galeria.adapters.bases.files import ChunkStore, Order, folder_of
from galeria.adapters.bases.server_process import (
    ensure_running,
    ensure_served,
    find_progress,
    find_served,
    keep_running,
    served,
    stop_serving,
)
from galeria.adapters.disks.free_room import require_room
from galeria.adapters.engine.disks import sync_path
from galeria.adapters.engine.layout import DIGEST, Layout
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import to_bytes
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.ports.images import Digest, ImageStore
from galeria.ports.machines import Arrival
from galeria.ports.progress import Progress

log = logging.getLogger(__name__)


SERVED_FROM = 256 << 20
"""Bytes of data from which on a base is served while it arrives: less is restored in a second or two."""


class LocalImageCache:
    """The base disks of all regions on this host. The `margin` of the host's disk is always left free.

    Bases with at least `served_from` bytes of data are served while they arrive; None: none is.
    """

    def __init__(
        self, data_dir: Path, *, margin: DiskMargin = NO_MARGIN, served_from: int | None = SERVED_FROM
    ) -> None:
        self._layout = Layout(data_dir.resolve())
        self._margin = margin
        self.served_from = served_from

    def has_base(self, region: str, digest: Digest) -> bool:
        path = self._layout.base(region, digest)
        return path.is_file() or find_served(path) is not None

    def find_arrival(self, region: str, digest: Digest) -> Arrival | None:
        state = find_progress(self._layout.base(region, digest))
        if state is None:
            return None
        return Arrival(present=state.present, total=state.total, problem=state.problem)

    def arrivals(self) -> Mapping[tuple[str, Digest], Arrival]:
        found = {}
        for order in served(self._layout.data_dir):
            arrival = self.find_arrival(order.region, order.digest)
            if arrival is not None:
                found[order.region, order.digest] = arrival
        return found

    def keep_serving(self) -> None:
        keep_running(self._layout.data_dir)

    def ensure_base(
        self, region: str, digest: Digest, store: ImageStore, *, progress: Progress, own: ImageStore | None = None
    ) -> None:
        path = self._layout.base(region, digest)
        if path.is_file():
            return
        folder = self._layout.ensure_cache_folder(region)
        with _locked(folder / f".{digest}.lock"):
            if path.is_file():
                return
            if find_served(path) is not None:
                ensure_running(folder_of(path))
                return
            facts = store.get_manifest(digest)
            require_room(folder, facts.data_bytes, self._margin)
            source = None if self.served_from is None or facts.data_bytes < self.served_from else source_of(store)
            if source is not None:
                self._serve(region, digest, source, source_of(own) if own else None)
                return
            arriving = folder / f".{digest}.arriving"
            arriving.unlink(missing_ok=True)
            store.restore(digest, arriving, progress=progress)
            # Readable for QEMU's user and writable for nobody, before the file gets its final name.
            arriving.chmod(0o444)
            arriving.replace(path)
            sync_path(folder)

    def remove_base(self, region: str, digest: Digest) -> None:
        path = self._layout.base(region, digest)
        if not path.parent.is_dir():
            return
        lock = path.parent / f".{digest}.lock"
        with _locked(lock):
            stop_serving(path)
            path.unlink(missing_ok=True)
            (path.parent / f".{digest}.arriving").unlink(missing_ok=True)
            lock.unlink()

    def bases(self, region: str) -> list[Digest]:
        cache = self._layout.cache(region)
        arriving = (Path(order.base) for order in served(self._layout.data_dir) if order.region == region)
        files = {*cache.glob("*.raw"), *arriving}
        return sorted(file.stem for file in files if DIGEST.fullmatch(file.stem))

    def _serve(self, region: str, digest: Digest, context: StoreContext, own: StoreContext | None) -> None:
        manifest = signed_manifests.get(context, digest)
        stores = [each for each in (own, context) if each is not None]
        order = Order(
            region=region,
            digest=digest,
            size=manifest.size,
            base=str(self._layout.base(region, digest)),
            stores=tuple(_chunk_store(each) for each in {each.region: each for each in stores}.values()),
            database=_database(context),
            margin=self._margin,
        )
        ensure_served(self._layout.base(region, digest), order, to_bytes(manifest))


def source_of(store: ImageStore) -> StoreContext | None:
    """Return the store's context where another process can open the store by it; None for a store in this one's memory."""
    if not isinstance(store, RegionStore) or not isinstance(store.context.index, DatabaseChunkIndex):
        return None
    return store.context if store.context.url and not store.context.url.startswith("memory:") else None


def _chunk_store(context: StoreContext) -> ChunkStore:
    return ChunkStore(region=context.region, url=context.url, work=str(context.lock.parent), access=context.access)


def _database(context: StoreContext) -> str:
    return context.index.url if isinstance(context.index, DatabaseChunkIndex) else ""


def gigabytes(count: int) -> str:
    """Format bytes as decimal gigabytes, the unit of disk makers."""
    return f"{count / 1e9:.1f}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one thread of one process work at a time. A waiter whose lock file was removed meanwhile takes the new one."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(path, descriptor):
                yield
                return
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
