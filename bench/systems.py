"""Disks of 4 GiB that hold what a look asks for, and nothing more of a system: one of each layout."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import zstandard

from bench.rows import GIB, MIB
from galeria.adapters.inspection.appliance_command import COMMAND_LINE
from galeria.domain.errors import ToolFailed
from galeria.domain.messages import Message
from galeria.guests.appliance import INITRAMFS, KERNEL, build_appliance
from galeria.guests.partitions import SECTOR, SECTORS_PER_MIB, TYPE_LINUX, Partition, master_boot_record
from galeria.guests.sources import GuestSources

SIZE = 4 * GIB
VERSION = "6.1.0-0-cloud-amd64"
LAYOUTS = {"ext4": "ext4", "XFS": "xfs", "btrfs": "btrfs", "ext4 on LVM": "lvm"}

_START = MIB  # of the only partition
_VOLUME = MIB  # of the first logical volume, within the partition
_LVM_INIT = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s /bin
export PATH=/bin
for purpose in start disk lvm; do
    while read -r module; do insmod /modules/$module.ko 2>/dev/null; done </modules/$purpose
done
lvm_do() { lvm "$@" --config 'activation{udev_sync=0 udev_rules=0}'; }
lvm_do pvcreate /dev/vda1 && lvm_do vgcreate rootvg /dev/vda1 &&
    lvm_do lvcreate -y -W n -Z n -l 100%FREE -n root rootvg && sync && echo volume-made
poweroff -f
"""


def make_tree(tree: Path, initramfs: bytes) -> None:
    """Write the files of the system, a Debian that somebody worked on; `initramfs` is compressed as Debian's is."""
    for folder in ("etc", "proc", "boot", "usr/sbin"):
        (tree / folder).mkdir(parents=True)
    (tree / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\nprof:x:1000:1000::/home/prof:/bin/bash\n")
    (tree / "etc/shadow").write_text("root:*:1:::::::\nprof:$6$a$b:1:::::::\n")
    (tree / "etc/group").write_text("root:x:0:\nsudo:x:27:prof\n")
    (tree / "etc/os-release").write_text("ID=debian\nVERSION_ID=12\n")
    (tree / "usr/sbin/qemu-ga").write_bytes(b"")
    (tree / "boot" / f"initrd.img-{VERSION}").write_bytes(zstandard.compress(initramfs))


def write_system(disk: Path, tree: Path, layout: str, sources: GuestSources) -> None:
    """Write a disk with the files of `tree` in one partition; `layout` is a value of LAYOUTS."""
    partition = Partition(start=SECTORS_PER_MIB, length=SIZE // SECTOR - SECTORS_PER_MIB, kind=TYPE_LINUX)
    with disk.open("wb") as file:
        file.truncate(SIZE)
        file.write(master_boot_record(b"", (partition,), disk_signature=b"BNCH"))
    if layout in ("ext4", "lvm"):
        start = _START + (_VOLUME if layout == "lvm" else 0)
        options = f"offset={start},lazy_itable_init=1,lazy_journal_init=1"
        blocks = f"{(SIZE - start - 4 * MIB) // 1024}k"
        _run("mke2fs", "-q", "-F", "-t", "ext4", "-E", options, "-d", tree, disk, blocks)
        if layout == "lvm":
            _make_volume(disk, disk.parent / "lvm", sources)
        return
    volume = disk.with_suffix(".volume")
    with volume.open("wb") as file:
        file.truncate(SIZE - _START)
    if layout == "btrfs":
        _run("mkfs.btrfs", "-q", "--rootdir", tree, volume)
    else:
        prototype = disk.with_suffix(".prototype")
        prototype.write_text("\n".join(["-", "0 0", "d--755 0 0", *_entries(tree), "$", ""]))
        _run("mkfs.xfs", "-q", "-f", "-p", prototype, volume)
    _run("dd", f"if={volume}", f"of={disk}", "bs=1M", f"seek={_START // MIB}", "conv=sparse,notrunc", "status=none")
    volume.unlink()


def _entries(folder: Path) -> Iterator[str]:
    """The lines of mkfs.xfs's prototype for what is in a folder."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield f"{path.name} d--755 0 0"
            yield from _entries(path)
            yield "$"
        else:
            yield f"{path.name} ---644 0 0 {path}"


def _make_volume(disk: Path, small: Path, sources: GuestSources) -> None:
    """Put LVM around the partition with the kernel of a small machine; what stands in the volume stays."""
    build_appliance(small, sources, init=_LVM_INIT.encode())
    command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-nic", "none"]
    command += ["-machine", "pc", "-accel", "tcg", "-m", "384", "-kernel", str(small / KERNEL)]
    command += ["-initrd", str(small / INITRAMFS), "-append", f"{COMMAND_LINE} console=ttyS0", "-serial", "stdio"]
    command += ["-blockdev", f"driver=raw,node-name=disk,file.driver=file,file.filename={disk}"]
    command += ["-device", "virtio-blk-pci,drive=disk"]
    done = subprocess.run(command, capture_output=True, timeout=300, check=True, stdin=subprocess.DEVNULL)
    if b"volume-made" not in done.stdout:
        raise ToolFailed(
            Message("The benchmark's logical volume could not be made."), hint=Message("Run 'galeria doctor'.")
        )


def _run(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=300)
