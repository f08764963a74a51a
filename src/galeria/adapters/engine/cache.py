"""The image caches of the regions on this host: each base disk is a raw, read-only file, restored once from the store."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.adapters.disks.free_room import require_room
from galeria.adapters.engine.disks import sync_folder
from galeria.adapters.engine.layout import DIGEST, Layout
from galeria.domain.disk_margin import NO_MARGIN, DiskMargin
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress

log = logging.getLogger(__name__)


class LocalImageCache:
    """The base disks of all regions on this host. The `margin` of the host's disk is always left free."""

    def __init__(self, data_dir: Path, *, margin: DiskMargin = NO_MARGIN) -> None:
        self._layout = Layout(data_dir.resolve())
        self._margin = margin

    def has_base(self, region: str, digest: Digest) -> bool:
        return self._layout.base(region, digest).is_file()

    def ensure_base(self, region: str, digest: Digest, store: ImageStore, *, progress: Progress) -> None:
        path = self._layout.base(region, digest)
        if path.is_file():
            return
        folder = self._layout.ensure_cache_folder(region)
        with _locked(folder / f".{digest}.lock"):
            if path.is_file():
                return
            require_room(folder, store.get_manifest(digest).data_bytes, self._margin)
            arriving = folder / f".{digest}.arriving"
            arriving.unlink(missing_ok=True)
            store.restore(digest, arriving, progress=progress)
            # Readable for QEMU's user and writable for nobody, before the file gets its final name.
            arriving.chmod(0o444)
            arriving.replace(path)
            sync_folder(folder)

    def remove_base(self, region: str, digest: Digest) -> None:
        path = self._layout.base(region, digest)
        if not path.parent.is_dir():
            return
        lock = path.parent / f".{digest}.lock"
        with _locked(lock):
            path.unlink(missing_ok=True)
            (path.parent / f".{digest}.arriving").unlink(missing_ok=True)
            lock.unlink()

    def bases(self, region: str) -> list[Digest]:
        files = self._layout.cache(region).glob("*.raw")
        return sorted(file.stem for file in files if DIGEST.fullmatch(file.stem))


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
