"""Disk files of machines: chains of qcow2 overlays, made by qemu-img with every format given explicitly.

The lowest overlay always names the base as a file of the cache. While that file is not there yet, the base is served by a
process (the package `bases`), and whoever opens the chain is told so: no file ever names a socket.
"""

import json
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from galeria.adapters.bases.server_process import find_served
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message
from galeria.ports.disks import Content, Extent
from galeria.programs import run

_HEADER = struct.Struct(
    ">4sIQIIQ"
)  # of a qcow2 file: magic, version, place and length of the backing file's name, _, size


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


def create_overlay(path: Path, *, backing: Path, backing_format: str, size: int | None = None) -> None:
    """Create an empty qcow2 file at `path` over `backing`, whole or not at all, and replace what was there.

    The backing file is named relative to the overlay, so that the data folder can be moved as a whole. It is not opened where
    its `size` in bytes is given, because it may not be there yet.
    """
    unfinished = path.with_name(path.name + ".new")
    relative = os.path.relpath(backing, path.parent)
    command: list[str | Path] = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", relative, "-F", backing_format]
    known = [] if size is None else ["-u"]
    run([*command, *known, unfinished, *([] if size is None else [str(size)])], timeout=60)
    unfinished.chmod(0o600)  # private; libvirt gives the file to QEMU's user at the start
    unfinished.replace(path)


def chain(top: Path) -> list[DiskFile]:
    """Return the files under a qcow2 file: itself first, the base image last. The files may be in use by a machine.

    A base that is being served has the size of the file above it.
    """
    *own, base = _headers(top)
    if find_served(base[0]) is not None:
        own_files = [DiskFile(path=path, format="qcow2", size=size) for path, size in own]
        return [*own_files, DiskFile(path=base[0], format="raw", size=base[1])]
    text = run(["qemu-img", "info", "-f", "qcow2", "-U", "--backing-chain", "--output=json", top], timeout=60)
    return [
        DiskFile(path=Path(os.path.normpath(row["filename"])), format=row["format"], size=row["virtual-size"])
        for row in json.loads(text)
    ]


def find_served_base(top: Path) -> Path | None:
    """Return the base under a qcow2 file where it is being served; None where it is a file, or where it is lost."""
    base = _headers(top)[-1][0]
    return base if find_served(base) is not None else None


def require_base(base: Path, region: str) -> None:
    """Raise MachineFailed where a base neither is a file of the cache nor arrives there."""
    if not base.is_file() and find_served(base) is None:
        raise MachineFailed(
            Message("The image is not in the cache of region {region}.", region=region),
            hint=Message("Bring it there first, then retry."),
        )


def create_first_disk(path: Path, base: Path) -> None:
    """Create a machine's disk over its base, a file of the cache that may still be arriving there."""
    order = find_served(base)
    create_overlay(path, backing=base, backing_format="raw", size=order.size if order else None)


def _headers(top: Path) -> list[tuple[Path, int]]:
    """Return the files of a chain as their headers name them (docs/interop/qcow2.txt), and the bytes that a guest sees."""
    files: list[tuple[Path, int]] = []
    path, size = top, 0
    while path.suffix == ".qcow2":  # every overlay, and nothing else, has such a name
        with path.open("rb") as file:
            _, _, place, length, _, size = _HEADER.unpack(file.read(_HEADER.size))
            file.seek(place)
            name = file.read(length).decode()
        files.append((path, size))
        path = Path(os.path.normpath(path.parent / name))
    return [*files, (path, size)]


def allocated_bytes(paths: Iterable[Path]) -> int:
    """Return the bytes that these files occupy on the host. Missing files count as 0."""
    return sum(path.stat().st_blocks * 512 for path in paths if path.is_file())


def write_whole(path: Path, text: str) -> None:
    """Replace the file by one with this text. After a power cut there is the old one or the new one."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_text(text, encoding="utf-8")
    sync_path(unfinished)
    unfinished.replace(path)
    sync_path(path.parent)


def sync_path(path: Path) -> None:
    """Bring what was written to the file, or the names in the folder, onto its disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
