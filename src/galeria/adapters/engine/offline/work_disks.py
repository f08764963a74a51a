"""Files of work disks: each is made once, with a file system where its guest is to mount it, and then belongs to a student."""

import logging
import os
from pathlib import Path

from galeria.adapters.engine.disks import sync_path
from galeria.adapters.files.writing import translated_full_disk
from galeria.domain.classes.work_disks import WORK_LABEL
from galeria.programs import run

log = logging.getLogger(__name__)

_GIB = 1 << 30
# Everybody in the machine may write to the folder, and only remove what is their own, as in /tmp: which number the student's
# account has is known in the guest only.
_OPEN = "set_inode_field / mode 041777"


def make_work_disk(path: Path, *, gib: int, formatted: bool) -> None:
    """Create the qcow2 file at `path`, whole or not at all; leaves alone one that is there. Raises OutOfSpace, ToolFailed."""
    if path.exists():
        return
    unfinished = path.with_name(path.name + ".new")
    with translated_full_disk():
        if formatted:
            raw = path.with_name(path.name + ".raw")
            _format(raw, gib)
            run(["qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", raw, unfinished], timeout=300)
            raw.unlink()
        else:
            run(["qemu-img", "create", "-q", "-f", "qcow2", unfinished, f"{gib}G"], timeout=60)
        sync_path(unfinished)
    unfinished.chmod(0o600)  # private; libvirt gives the file to QEMU's user at the start
    unfinished.replace(path)
    sync_path(path.parent)
    log.info("a work disk of %d GiB was made: %s", gib, path.name)


def remove_work_disk(path: Path) -> None:
    """Delete the file, and what a crash left of its making."""
    for each in (path, *(path.with_name(path.name + ending) for ending in (".new", ".raw"))):
        each.unlink(missing_ok=True)


def _format(raw: Path, gib: int) -> None:
    with raw.open("wb") as file:
        os.truncate(file.fileno(), gib * _GIB)
    run(["mkfs.ext4", "-q", "-F", "-m", "0", "-L", WORK_LABEL, raw], timeout=300)
    run(["debugfs", "-w", "-R", _OPEN, raw], timeout=60)
