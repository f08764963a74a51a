"""Builds the guest's whole disk: one raw file that starts under a BIOS and under UEFI."""

import errno
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from galeria.domain.errors import Invalid, OutOfSpace, ToolFailed
from galeria.domain.messages import Message
from galeria.guests.bootdisk import build_boot_partition
from galeria.guests.hosttools import BIOS_BOOT_CODE
from galeria.guests.initramfs import EARLY_MODULES, build_initramfs
from galeria.guests.modules import KernelModules
from galeria.guests.partitions import Partition, lay_out, master_boot_record
from galeria.guests.rootfs import LATE_MODULES, build_root_tree, get_in_sysroot, make_root_filesystem
from galeria.guests.sources import GuestSources

MIB = 1024 * 1024
_DISK_SIGNATURE = b"GAL1"
_BLOCK = 64 * 1024


def build_guest(
    out: Path,
    *,
    sources: GuestSources,
    root_mib: int = 96,
    fat_mib: int = 48,
    disk_mib: int | None = None,
    drivers: Sequence[str] = EARLY_MODULES,
) -> None:
    """Write a raw, sparse disk to `out`, replacing what is there only when it is complete.

    Sizes are in MiB. `disk_mib` makes the disk larger than its partitions; the rest is a hole and costs nothing.
    `drivers` are the kernel modules that are loaded before the root is there, to reach the disk that it is on.
    The image is generalized: its first boot makes its identity and reads a NoCloud seed. Needs no privileges.
    Raises Invalid for sizes that do not fit, OutOfSpace, and ToolFailed where a host tool is missing or fails.
    """
    partitions = lay_out(fat_mib=fat_mib, root_mib=root_mib)
    size = disk_size(partitions, disk_mib=disk_mib)
    with _work_folder(out) as work:
        boot, root = _build_file_systems(work, sources, root_mib=root_mib, fat_mib=fat_mib, drivers=drivers)
        record = master_boot_record(BIOS_BOOT_CODE.read_bytes(), partitions, disk_signature=_DISK_SIGNATURE)
        disk = work / "disk"
        _assemble(disk, record, [(partitions[0], boot), (partitions[1], root)], size=size)
        os.replace(disk, out)


@contextmanager
def _work_folder(out: Path) -> Iterator[Path]:
    """Create a folder beside `out` and remove it at the end. Errors of the file system are translated."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise OutOfSpace(
                Message("The disk is full: {out} was not written.", out=str(out)),
                hint=Message("Free disk space, then retry."),
            ) from error
        raise ToolFailed(
            Message("{out} was not written: {error}.", out=str(out), error=str(error)),
            hint=Message("Check the path and its permissions."),
        ) from error


def disk_size(partitions: Sequence[Partition], *, disk_mib: int | None) -> int:
    """Return the bytes of the disk: as requested, or as few as possible. Raises Invalid where the partitions do not fit."""
    least = partitions[-1].end_bytes
    if disk_mib is None:
        return least
    if disk_mib * MIB < least:
        raise Invalid(
            Message("A disk of {disk_mib} MiB is too small for its partitions.", disk_mib=disk_mib),
            hint=Message("Ask for at least {value} MiB, or for smaller partitions.", value=-(-least // MIB)),
            target="disk_mib",
        )
    return disk_mib * MIB


def _build_file_systems(
    work: Path, sources: GuestSources, *, root_mib: int, fat_mib: int, drivers: Sequence[str]
) -> tuple[Path, Path]:
    boot, root, tree = work / "boot.fat", work / "root.ext4", work / "tree"
    modules = KernelModules(sources.modules)
    early = modules.load_order(drivers)
    late = [name for name in modules.load_order((*EARLY_MODULES, *LATE_MODULES)) if name not in early]
    busybox = get_in_sysroot(sources.sysroot, "bin/busybox").read_bytes()
    build_boot_partition(
        boot,
        work=work,
        kernel=sources.kernel,
        initramfs=build_initramfs(busybox, modules, early),
        stub=sources.stub,
        size_mib=fat_mib,
    )
    tree.mkdir()
    build_root_tree(tree, sysroot=sources.sysroot, modules=modules, order=late)
    make_root_filesystem(root, tree, size_mib=root_mib)
    return boot, root


def _assemble(disk: Path, record: bytes, contents: Sequence[tuple[Partition, Path]], *, size: int) -> None:
    with disk.open("wb") as target:
        target.truncate(size)
        target.write(record)
        for partition, content in contents:
            with content.open("rb") as source:
                copy_sparse(source, target, offset=partition.start_bytes)


def copy_sparse(source: BinaryIO, target: BinaryIO, *, offset: int) -> None:
    """Copy all of `source` to `target` from `offset` (bytes) on, leaving holes where whole blocks are zero."""
    while block := source.read(_BLOCK):
        if block.count(0) != len(block):
            target.seek(offset)
            target.write(block)
        offset += len(block)
