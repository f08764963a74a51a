"""The image caches of the regions on this host: each base disk is a raw, read-only file, restored once from the store."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from galeria.adapters.engine.layout import DIGEST, Layout
from galeria.domain.errors import OutOfSpace
from galeria.domain.messages import Message
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress

log = logging.getLogger(__name__)

MARGIN_BYTES = 1 << 30  # left free on the host's disk, for what running machines write


class LocalImageCache:
    """The base disks of all regions on this host. `margin` bytes of the host's disk are always left free."""

    def __init__(self, data_dir: Path, *, margin: int = MARGIN_BYTES) -> None:
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
            self._require_room(folder, store.get_manifest(digest).data_bytes)
            arriving = folder / f".{digest}.arriving"
            arriving.unlink(missing_ok=True)
            store.restore(digest, arriving, progress=progress)
            # Readable for QEMU's user and writable for nobody, before the file gets its final name.
            arriving.chmod(0o444)
            arriving.replace(path)
            _sync_folder(folder)

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

    def _require_room(self, folder: Path, data_bytes: int) -> None:
        facts = os.statvfs(folder)
        free = facts.f_bavail * facts.f_frsize
        if free < data_bytes + self._margin:
            needed = gigabytes(data_bytes + self._margin)
            raise OutOfSpace(
                Message(
                    "The image needs {needed} GB of this host's disk, {gigabytes} GB are free.",
                    needed=needed,
                    gigabytes=gigabytes(free),
                ),
                hint=Message(
                    "Free room under {data_dir}, or move it to a larger disk, then try again.",
                    data_dir=str(self._layout.data_dir),
                ),
            )


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


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
