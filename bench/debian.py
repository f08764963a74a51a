"""A real Debian disk before and after `apt-get install` of a development environment, as the kernel's ext4 writes it.

Made once and kept, because packages have to be fetched. Nothing that it mounts is seen by other processes or stays.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.disks import CLUSTER
from bench.rows import GIB
from galeria.domain.errors import GaleriaError
from galeria.guests.packages import NETWORK
from galeria.programs import run

SIZE = 8 * GIB
SYSTEM = (
    *("systemd", "systemd-sysv", "udev", "dbus", "openssh-server", "sudo", "iproute2", "iputils-ping", "procps"),
    *("less", "ca-certificates", "curl", "python3", "vim-tiny"),
)
ENVIRONMENT = ("build-essential", "git", "gdb", "cmake", "python3-dev", "python3-venv")

_MAKE = r"""
set -e
mount -o loop "$1" "$2"
mmdebstrap --quiet --mode=root --variant=minbase --include="$3" bookworm "$2"
cp /etc/resolv.conf "$2/etc/resolv.conf"
printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
chmod 755 "$2/usr/sbin/policy-rc.d"
umount "$2"
"""
_INSTALL = r"""
set -e
mount -o loop "$1" "$2"
mount -t proc proc "$2/proc"
mount --bind /dev "$2/dev"
ls "$2"/var/lib/apt/lists/*_Packages >/dev/null 2>&1 || chroot "$2" apt-get -q update
chroot "$2" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Options::=--force-unsafe-io install $3
umount "$2/dev" "$2/proc" "$2"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """Two raw disks of one size, and the clusters that differ, as a machine's layer would hold them."""

    before: Path
    after: Path
    clusters: list[tuple[int, int]]  # sorted offsets and lengths, in bytes

    @property
    def changed_bytes(self) -> int:
        return sum(length for _, length in self.clusters)


def find_upgrade(folder: Path) -> Upgrade | None:
    """Return the disks, made in `folder` where they are not there yet; None where packages cannot be had here."""
    before, after = folder / "before.raw", folder / "after.raw"
    if not after.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _make(before, after)
        except GaleriaError:
            return None
    return Upgrade(before=before, after=after, clusters=differing(before, after))


def _make(before: Path, after: Path) -> None:
    draft = after.with_suffix(".draft")
    with before.open("wb") as file:
        file.truncate(SIZE)
    run(["mke2fs", "-q", "-F", "-t", "ext4", before])
    _mounted(_MAKE, before, ",".join(SYSTEM))
    run(["cp", "--sparse=always", before, draft])
    install(draft, " ".join(ENVIRONMENT))
    draft.replace(after)


def install(disk: Path, packages: str) -> None:
    """Install Debian packages on the disk, with what they recommend. Raises GaleriaError.

    With no packages it only fetches the lists of what there is, where the disk has none.
    """
    _mounted(_INSTALL, disk, packages)


def shrink(disk: Path, size: int) -> None:
    """Make the disk's file system, and with it the disk, so many bytes large. Raises GaleriaError."""
    run(["e2fsck", "-f", "-p", disk])
    run(["resize2fs", disk, f"{size // 1024}K"], timeout=600)
    os.truncate(disk, size)


def _mounted(script: str, disk: Path, argument: str) -> None:
    with tempfile.TemporaryDirectory(dir=disk.parent) as place:
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        run([*alone, "sh", "-c", script, "sh", disk, place, argument], timeout=1800, passing=NETWORK)


def differing(before: Path, after: Path) -> list[tuple[int, int]]:
    """Return the clusters of 64 KiB of the second disk that are no holes and differ, as offsets and lengths in bytes."""
    found = []
    with before.open("rb") as old, after.open("rb") as new:
        for offset in _data(new.fileno()):
            if os.pread(old.fileno(), CLUSTER, offset) != os.pread(new.fileno(), CLUSTER, offset):
                found.append((offset, CLUSTER))
    return found


def _data(handle: int) -> list[int]:
    """Return where each cluster begins that is no hole."""
    size, found, position = os.fstat(handle).st_size, dict[int, None](), 0
    while position < size:
        try:
            begin = os.lseek(handle, position, os.SEEK_DATA)
        except OSError:  # there is none behind
            break
        position = os.lseek(handle, begin, os.SEEK_HOLE)
        found |= dict.fromkeys(range(begin // CLUSTER * CLUSTER, position, CLUSTER))
    return list(found)
