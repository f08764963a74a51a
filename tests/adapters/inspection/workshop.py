"""Disks as strangers bring them, made without the host's kernel mounting anything: the appliance's kernel fills them.

File systems come empty from the host's mkfs; one start of a machine puts LVM around two of them and fills all from one archive.
At the end the machine is switched off while they are mounted, so that what was written last stands in their journals only.
"""

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from galeria.adapters.inspection.appliance_command import COMMAND_LINE
from galeria.guests import GuestSources
from galeria.guests.appliance import INITRAMFS, KERNEL, build_appliance
from galeria.guests.image import copy_sparse
from galeria.guests.partitions import Partition, master_boot_record

MIB = 1 << 20
START_SECONDS = 240.0
LINUX, LVM, EFI = 0x83, 0x8E, 0xEF

_INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
export PATH=/bin
for purpose in start disk xfs btrfs vfat lvm; do
    while read -r module; do insmod /modules/$module.ko 2>/dev/null; done </modules/$purpose
done
until [ -b /dev/vdd ]; do sleep 0.05; done
set -e
mkdir /1 /2 /3 /4
lvm_do() { lvm "$@" --config 'activation{udev_sync=0 udev_rules=0}' >/dev/null; }
lvm_do pvcreate /dev/vdb1
lvm_do vgcreate rootvg /dev/vdb1
lvm_do lvcreate -y -W n -Z n -L 320M -n root-lv rootvg
lvm_do lvcreate -y -W n -Z n -L 64M -n usr rootvg
lvm_do vgmknodes
mount -t ext4 /dev/vda2 /1
mount -t xfs /dev/mapper/rootvg-root--lv /2
mount -t btrfs /dev/vdc /3
for root in /1 /2 /3; do tar -x -f /dev/vdd -C $root; done
mount -t ext4 /dev/mapper/rootvg-usr /4
mv /2/usr/* /4/
umount /4
sync
# What follows stands in the journals only.
for root in /1 /2 /3; do
    umount $root
done
mount -t ext4 /dev/vda2 /1
mount -t xfs /dev/mapper/rootvg-root--lv /2
mount -t btrfs /dev/vdc /3
for root in /1 /2 /3; do
    echo 'late:x:1002:1002::/home/late:/bin/bash' >>$root/etc/passwd
    echo 'late:$6$late$x:20000:0:99999:7:::' >>$root/etc/shadow
done
sync
echo workshop-done >/dev/ttyS0
poweroff -f
"""


@dataclass(frozen=True, kw_only=True)
class WorkshopDisks:
    """Raw disks with the same system on each, which were all in use when their machine lost its power."""

    ext4: Path  # a partition table with a FAT volume and the root
    lvm: Path  # XFS root and a /usr of its own on LVM
    btrfs: Path  # without a partition table


def make_disks(folder: Path, sources: GuestSources, tree: bytes) -> WorkshopDisks:
    """Make the disks in `folder`; `tree` is a tar archive of the root."""
    build_appliance(folder / "workshop", sources, init=_INIT.encode())
    disks = WorkshopDisks(ext4=folder / "ext4.raw", lvm=folder / "lvm.raw", btrfs=folder / "btrfs.raw")
    fat, root, usr, xfs = folder / "fat", folder / "root", folder / "usr", folder / "xfs"
    run("mkfs.fat", "-C", fat, "33000")
    run("mmd", "-i", fat, "::EFI", "::EFI/BOOT")
    (folder / "boot.efi").write_bytes(b"MZ")
    run("mcopy", "-i", fat, folder / "boot.efi", "::EFI/BOOT/BOOTX64.EFI")
    run("mke2fs", "-q", "-t", "ext4", "-U", "11111111-2222-3333-4444-555555555555", root, "128M")
    run("mke2fs", "-q", "-t", "ext4", "-L", "usr", usr, "64M")
    _empty(xfs, 320)
    run("mkfs.xfs", "-q", "-f", xfs)
    write_disk(disks.ext4, [(EFI, fat.read_bytes()), (LINUX, root.read_bytes())], boot_code=b"\xfaGRUB")
    write_disk(disks.lvm, [(LVM, b"\0" * (400 * MIB))])
    # Where LVM will begin the first and the second volume: behind the first MiB, one after the other.
    with disks.lvm.open("r+b") as target:
        for volume, mib in ((xfs, 2), (usr, 322)):
            with volume.open("rb") as source:
                copy_sparse(source, target, offset=mib * MIB)
    _empty(disks.btrfs, 128)
    run("mkfs.btrfs", "-q", disks.btrfs)
    (folder / "tree.tar").write_bytes(tree)
    _start(folder / "workshop", [disks.ext4, disks.lvm, disks.btrfs, folder / "tree.tar"])
    return disks


def write_disk(path: Path, contents: list[tuple[int, bytes]], *, boot_code: bytes = b"") -> None:
    """Write a disk with a classic partition table; each content gets a partition of that type."""
    partitions, start = [], 2048
    for kind, content in contents:
        length = -(-len(content) // 512)
        partitions.append(Partition(start=start, length=length, kind=kind))
        start += -(-length // 2048) * 2048
    with path.open("wb") as file:
        file.truncate(start * 512)
        file.write(master_boot_record(boot_code, tuple(partitions), disk_signature=b"TEST"))
        for partition, (_, content) in zip(partitions, contents, strict=True):
            for offset in range(0, len(content), MIB):
                piece = content[offset : offset + MIB]
                if piece.strip(b"\0"):
                    file.seek(partition.start_bytes + offset)
                    file.write(piece)


def tar_of(files: dict[str, bytes], links: dict[str, str], folders: tuple[str, ...] = ()) -> bytes:
    """Return an archive with files, symbolic links and empty folders, owned by root."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return made.getvalue()


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=120)
    return done.stdout.decode(errors="replace")


def _empty(path: Path, mib: int) -> None:
    with path.open("wb") as file:
        file.truncate(mib * MIB)


def _start(workshop: Path, drives: list[Path]) -> None:
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none"]
    command += ["-machine", "pc", "-accel", "tcg", "-m", "384", "-kernel", str(workshop / KERNEL)]
    command += ["-initrd", str(workshop / INITRAMFS), "-append", f"{COMMAND_LINE} console=ttyS0"]
    command += ["-serial", "stdio"]
    for number, drive in enumerate(drives):
        command += ["-blockdev", f"driver=raw,node-name=d{number},file.driver=file,file.filename={drive}"]
        command += ["-device", f"virtio-blk-pci,drive=d{number}"]
    done = subprocess.run(command, capture_output=True, timeout=START_SECONDS, check=True, stdin=subprocess.DEVNULL)
    assert b"workshop-done" in done.stdout, done.stdout[-3000:].decode(errors="replace")
