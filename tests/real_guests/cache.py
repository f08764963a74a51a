"""Files that take long to make, kept under the repository's `.cache/` by a digest of what they are made of."""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

KEEP_SECONDS = 7 * 24 * 3600
"""How long a file that nothing needs any more is kept: somebody may go back to another commit."""
MOST_BYTES = 12 << 30
"""What the files that nothing needs may occupy together with the others; the oldest go first."""

Make = Callable[[Path], None]


def digest(*made_of: bytes | str) -> str:
    """A name for what is made of these parts."""
    parts = [each.encode() if isinstance(each, str) else each for each in made_of]
    lengths = ",".join(str(len(part)) for part in parts)
    return hashlib.sha256(lengths.encode() + b"\0" + b"".join(parts)).hexdigest()[:16]


class FileCache:
    """Several processes may ask for the same file: one makes it while the others wait."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, make: Make) -> Path:
        """The file `name`; `make` writes it to the path that it is given. What is unfinished never has that name."""
        path = self.folder / name
        with self._locked(name):
            if not path.is_file():
                unfinished = self.folder / f".unfinished-{name}"
                unfinished.unlink(missing_ok=True)
                try:
                    make(unfinished)
                    unfinished.replace(path)
                finally:
                    unfinished.unlink(missing_ok=True)
        return path

    def remove_others(self, needed: Collection[str]) -> None:
        """Remove what is not needed: what is old, and the oldest until all together are small enough."""
        files = sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime)
        others = [path for path in files if _name(path) not in needed]
        occupied = sum(_occupied(path) for path in files)
        for path in others:
            if occupied > MOST_BYTES or path.stat().st_mtime < time.time() - KEEP_SECONDS:
                occupied -= _occupied(path)
                _remove(path)

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self.folder / f".lock-{name}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _name(path: Path) -> str:
    """The name of the file that a path belongs to: `.lock-NAME` and what is unfinished go with it."""
    return path.name.partition("-")[2] if path.name.startswith(".") else path.name


def _occupied(path: Path) -> int:
    return path.lstat().st_blocks * 512


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
