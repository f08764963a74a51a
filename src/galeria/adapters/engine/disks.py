"""Disk files of machines: qcow2 overlays made by qemu-img with every format forced, and the chains they form."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from galeria.programs import run


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskFile:
    """One file of a chain."""

    path: Path
    format: str  # "qcow2" or "raw"
    size: int  # bytes that a guest sees


def create_overlay(path: Path, *, backing: Path, backing_format: str) -> None:
    """An empty qcow2 file at `path` over `backing`; whole or absent. Replaces what was there.

    The backing file is named relative to the overlay, so that the data folder can be moved as a whole.
    """
    unfinished = path.with_name(path.name + ".new")
    relative = os.path.relpath(backing, path.parent)
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", relative, "-F", backing_format, unfinished], timeout=60)
    unfinished.chmod(0o600)  # a guest's disk is nobody else's business; libvirt hands it to QEMU's user
    unfinished.replace(path)


def chain(top: Path) -> list[DiskFile]:
    """The files under a qcow2 file, itself first and the base image last; also while a machine has them open."""
    text = run(["qemu-img", "info", "-f", "qcow2", "-U", "--backing-chain", "--output=json", top], timeout=60)
    return [
        DiskFile(path=Path(os.path.normpath(row["filename"])), format=row["format"], size=row["virtual-size"])
        for row in json.loads(text)
    ]


def allocated_bytes(paths: Iterable[Path]) -> int:
    """Bytes that these files occupy on the host; a file that is not there occupies none."""
    return sum(path.stat().st_blocks * 512 for path in paths if path.is_file())
