"""Files left by writers that crashed."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    path: Path
    size: int  # bytes

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def files_in(directory: Path) -> Iterator[Leftover]:
    """Return every file directly in the directory; nothing where there is no directory."""
    if directory.is_dir():
        for path in directory.iterdir():
            if path.is_file():
                yield Leftover(path=path, size=path.stat().st_size)
