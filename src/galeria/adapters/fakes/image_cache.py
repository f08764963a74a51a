"""An image cache that copies files, for tests and demonstrations without virtual machines."""

import threading
from pathlib import Path

from galeria.adapters.bases.whole_bases import WholeBases
from galeria.ports.images import Digest, ImageStore
from galeria.ports.progress import Progress


class FakeImageCache(WholeBases):
    """The base disks of a fake engine's machines, in the engine's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def has_base(self, region: str, digest: Digest) -> bool:
        return self._path(region, digest).is_file()

    def ensure_base(
        self, region: str, digest: Digest, store: ImageStore, *, progress: Progress, own: ImageStore | None = None
    ) -> None:
        path = self._path(region, digest)
        with self._lock:
            if not path.is_file():
                path.parent.mkdir(parents=True, exist_ok=True)
                store.restore(digest, path, progress=progress)

    def remove_base(self, region: str, digest: Digest) -> None:
        self._path(region, digest).unlink(missing_ok=True)

    def bases(self, region: str) -> list[Digest]:
        return sorted(path.stem for path in (self._folder / region / "cache").glob("*.raw"))

    def _path(self, region: str, digest: Digest) -> Path:
        return self._folder / region / "cache" / f"{digest}.raw"
