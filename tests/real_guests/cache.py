"""Files that take long to make, kept under the repository's `.cache/` by a digest of what they are made of."""

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
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
        with self._locked("removal"):
            files = sorted(self._files())
            occupied = sum(size for _, size, _ in files)
            for changed, size, path in files:
                is_too_much = occupied > MOST_BYTES or changed < time.time() - KEEP_SECONDS
                if is_too_much and _name(path) not in {*needed, "removal"}:
                    occupied -= size
                    _remove(path)

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was changed, and the bytes that it occupies. What another process finishes meanwhile is left out."""
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                facts = path.lstat()
                yield facts.st_mtime, facts.st_blocks * 512, path

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self.folder / f".lock-{name}").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _name(path: Path) -> str:
    """The name of the file that a path belongs to: `.lock-NAME` and what is unfinished go with it."""
    return path.name.partition("-")[2] if path.name.startswith(".") else path.name


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
