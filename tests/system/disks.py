"""Disk files that the tests make for themselves."""

import os
import shutil
from pathlib import Path

MIB = 1 << 20
RANDOM_MIB = 256  # a store takes them in some 0.4 s
BULK_FIRST_MIB = 160  # behind the last partition of the small Linux
BOOT_MARK = 510  # where 55 AA says that a disk can be booted


def write_bulky(target: Path, linux: Path, *, mib: int = RANDOM_MIB) -> Path:
    """The small Linux with so many random MiB behind its partitions; it boots as before."""
    assert linux.stat().st_size <= BULK_FIRST_MIB * MIB
    shutil.copyfile(linux, target)
    with target.open("r+b") as file:
        file.seek(BULK_FIRST_MIB * MIB)
        for _ in range(mib):
            file.write(os.urandom(MIB))
    return target


def write_dead(target: Path) -> Path:
    """64 MiB that look like a disk to boot from, and hold no system."""
    with target.open("wb") as file:
        file.truncate(64 * MIB)
        file.seek(BOOT_MARK)
        file.write(b"\x55\xaa")
    return target
