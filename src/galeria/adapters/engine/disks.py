"""Disk files of machines: chains of qcow2 overlays, made by qemu-img with every format given explicitly."""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from galeria.ports.disks import Content, Extent
from galeria.programs import run


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskFile:
    """One file of a chain of overlays."""

    path: Path
    format: str  # "qcow2" or "raw"
    size: int  # bytes that a guest sees


def joined_extents(pieces: Iterable[tuple[int, Content]]) -> Iterator[Extent]:
    """Yield the extents of a disk out of all its stretches, in order: length in bytes and content. Neighbours are merged."""
    offset, length, content = 0, 0, Content.ZERO
    for piece_length, piece in pieces:
        if length and piece is not content:
            yield Extent(offset=offset, length=length, content=content)
            offset, length = offset + length, 0
        length, content = length + piece_length, piece
    if length:
        yield Extent(offset=offset, length=length, content=content)


def create_overlay(path: Path, *, backing: Path, backing_format: str) -> None:
    """Create an empty qcow2 file at `path` over `backing`, whole or not at all, and replace what was there.

    The backing file is named relative to the overlay, so that the data folder can be moved as a whole.
    """
    unfinished = path.with_name(path.name + ".new")
    relative = os.path.relpath(backing, path.parent)
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", relative, "-F", backing_format, unfinished], timeout=60)
    unfinished.chmod(0o600)  # private; libvirt gives the file to QEMU's user at the start
    unfinished.replace(path)


def chain(top: Path) -> list[DiskFile]:
    """Return the files under a qcow2 file: itself first, the base image last. The files may be in use by a machine."""
    text = run(["qemu-img", "info", "-f", "qcow2", "-U", "--backing-chain", "--output=json", top], timeout=60)
    return [
        DiskFile(path=Path(os.path.normpath(row["filename"])), format=row["format"], size=row["virtual-size"])
        for row in json.loads(text)
    ]


def allocated_bytes(paths: Iterable[Path]) -> int:
    """Return the bytes that these files occupy on the host. Missing files count as 0."""
    return sum(path.stat().st_blocks * 512 for path in paths if path.is_file())


def sync_folder(folder: Path) -> None:
    """Sync the folder, without which a new name does not survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
