"""The free room of file systems, asked before and while bytes are written."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from galeria.domain.disk_margin import NO_MARGIN, DiskMargin

# Where the data directory keeps large files; each may be a file system of its own.
_EVERYWHERE = ("uploads", "disks", "work")
MACHINES = "machines"
_OF_A_REGION = ("store", "cache", MACHINES, "work")


def require_room(place: Path | int, needed: int, margin: DiskMargin) -> None:
    """Raise OutOfSpace unless the file system keeps the margin after `needed` more bytes at the place, a path or descriptor.

    What its administrator reserved for root does not count as free.
    """
    free, total = _room(place)
    margin.require(needed=needed, free=free, total=total)


def keep_margin(descriptor: int, needed: int, margin: DiskMargin) -> None:
    """Do the same before bytes are written; without a margin the file system itself says when it is full."""
    if margin != NO_MARGIN:
        require_room(descriptor, needed, margin)


@dataclass(frozen=True, kw_only=True)
class DataRoom:
    """Implements `DiskRoom` for the file systems under one data directory, that need not exist yet."""

    data: Path
    margin: DiskMargin

    def require(self, needed: int, *, region: str = "") -> None:
        names = _OF_A_REGION if region else _EVERYWHERE
        folder = self.data / "regions" / region if region else self.data
        for place in {_existing(folder / name) for name in names}:
            require_room(place, needed, self.margin)

    def share(self, region: str) -> float:
        free, total = _room(_existing(self.data / "regions" / region / MACHINES))
        return self.margin.share(free=free, total=total)


def room_of(data: Path, regions: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the free bytes and all bytes of the data directory, and of each region's store and machines."""
    places = {"data": data}
    for region in regions:
        for name in ("store", MACHINES):
            places[f"{region} {name}"] = data / "regions" / region / name
    return {name: _room(_existing(path)) for name, path in places.items()}


def _room(place: Path | int) -> tuple[int, int]:
    """Return the bytes that are free for everybody, and those of the whole file system."""
    facts = os.statvfs(place)
    return facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
