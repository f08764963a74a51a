"""File systems with the contents of a tree, made as plain files."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from galeria.programs import run

LABEL = "cloudimg-rootfs"
XFS_LABEL = LABEL[:12]


def make_file_system(target: Path, tree: Path, *, kind: str, identifier: str, size: int) -> None:
    """Write a file system of `size` bytes; owners and modes are those of the tree."""
    with target.open("wb") as file:
        file.truncate(size)
    if kind == "ext4":
        run(["mke2fs", "-q", "-t", "ext4", "-L", LABEL, "-U", identifier, "-d", tree, target])
    elif kind == "btrfs":
        run(["mkfs.btrfs", "-q", "-L", LABEL, "-U", identifier, "--rootdir", tree, target])
    else:
        prototype = target.with_name("prototype")
        prototype.write_text("\n".join(["-", "0 0", f"d--755 {_owner(tree)}", *_entries(tree), "$", ""]))
        run(["mkfs.xfs", "-q", "-f", "-L", XFS_LABEL, "-m", f"uuid={identifier}", "-p", prototype, target])


def _entries(folder: Path) -> Iterator[str]:
    """The lines of mkfs.xfs's prototype for what is in a folder. Its format has no spaces in names and no sticky bit."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        assert " " not in entry.path, entry.path
        facts = entry.stat(follow_symlinks=False)
        mode, path = facts.st_mode, Path(entry.path)
        start = f"{entry.name} {{}}{_mode(mode)} {_owner(path)}"
        if stat.S_ISDIR(mode):
            yield start.format("d")
            yield from _entries(path)
            yield "$"
        elif stat.S_ISLNK(mode):
            yield f"{start.format('l')} {path.readlink()}"
        elif stat.S_ISREG(mode):
            yield f"{start.format('-')} {path}"
        elif stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            kind = "c" if stat.S_ISCHR(mode) else "b"
            yield f"{start.format(kind)} {os.major(facts.st_rdev)} {os.minor(facts.st_rdev)}"


def _mode(mode: int) -> str:
    user = "u" if mode & stat.S_ISUID else "-"
    group = "g" if mode & stat.S_ISGID else "-"
    return f"{user}{group}{mode & 0o777:03o}"


def _owner(path: Path) -> str:
    facts = path.lstat()
    return f"{facts.st_uid} {facts.st_gid}"
