"""The kinds of disk files that people bring, and what is right for each: taken, byte for byte, or refused for a reason."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from galeria.domain.images.vhd_footer import geometry
from galeria.programs import run
from tests.adapters.files.disk_files import SIZE, converted, raw_disk
from tests.adapters.files.odd_disks import (
    ISO,
    SECTOR,
    gpt_disk,
    patched,
    renamed,
    with_footer,
    with_log,
    with_refcount,
    without_fallback,
)

Maker = Callable[[Path], tuple[Path, Path]]
"""Makes, in a folder, the file as it is brought, and the disk that it stands for."""


@dataclass(frozen=True, kw_only=True)
class DiskCase:
    """`refused` is a part of the sentence that people read; empty where the file is taken."""

    name: str
    make: Maker
    refused: str = ""


def rounded_vhd(folder: Path, *, creator: bytes) -> tuple[Path, Path]:
    raw = gpt_disk(folder / "disk.raw", size=SIZE + SECTOR)
    file = converted(raw, folder / "disk.vhd", "vpc")
    return with_footer(file, creator=creator, chs=geometry(SIZE // SECTOR + 1)), raw


def vhd_of_two_sizes(folder: Path) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return with_footer(converted(raw, folder / "disk.vhd", "vpc"), creator=b"vbox", chs=(100, 4, 17)), raw


def named_vmdk(folder: Path, *, form: str, name: str, code_page: str) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return renamed(converted(raw, folder / "plain.vmdk", form), name.encode(code_page), code_page), raw


def vhdx_with_log(folder: Path) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return with_log(converted(raw, folder / "disk.vhdx", "vhdx")), raw


def qcow2_of_counts(folder: Path, *, cluster: int | None, count: int) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return with_refcount(converted(raw, folder / "disk.qcow2", "qcow2"), cluster, count), raw


def dirty_qcow2(folder: Path) -> tuple[Path, Path]:
    file, raw = qcow2_of(folder, options=("-o", "lazy_refcounts=on"))
    return patched(file, 72, struct.pack(">Q", 1)), raw


def qcow2_of(folder: Path, *, options: tuple[str, ...]) -> tuple[Path, Path]:
    raw, file = raw_disk(folder / "disk.raw"), folder / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, raw, file])
    return file, raw


def qcow2_with_data_elsewhere(folder: Path) -> tuple[Path, Path]:
    return qcow2_of(folder, options=("-o", f"data_file={folder / 'elsewhere.raw'}"))


def old_vmdk(folder: Path) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return patched(converted(raw, folder / "disk.vmdk", "vmdk streamOptimized"), 4, struct.pack("<I", 3)), raw


def left_over(folder: Path) -> tuple[Path, Path]:
    raw = gpt_disk(folder / "disk.raw")
    for offset, magic in ISO:
        patched(raw, offset, magic)
    return raw, raw


def hybrid_iso(folder: Path) -> tuple[Path, Path]:
    """A CD that starts from a disk as well: the descriptor speaks of just this file, and a partition covers it."""
    raw = folder / "disk.iso"
    raw.write_bytes(bytes(SIZE))
    boot = bytearray(SECTOR)
    struct.pack_into("<B3xB3xII", boot, 446, 0x80, 0x17, 0, SIZE // SECTOR)
    boot[510:] = b"\x55\xaa"
    for offset, data in ((0, bytes(boot)), *ISO, (32768 + 80, struct.pack("<I", SIZE // 2048))):
        patched(raw, offset, data)
    return raw, raw


def holding(folder: Path, *, form: str, offset: int = 0, data: bytes = b"") -> tuple[Path, Path]:
    """Nothing but `data`."""
    raw = folder / "disk.raw"
    raw.write_bytes(bytes(SIZE))
    patched(raw, offset, data)
    return converted(raw, folder / "disk", form), raw


def uefi_disk(folder: Path) -> tuple[Path, Path]:
    raw = without_fallback(folder / "disk.raw")
    return converted(raw, folder / "disk.vhd", "vhd"), raw


_SEVERAL = "several files"
CASES = (
    DiskCase(name="VHD of VirtualBox", make=partial(rounded_vhd, creator=b"vbox")),
    DiskCase(name="VHD of Azure", make=partial(rounded_vhd, creator=b"wa\0\0")),
    DiskCase(name="VHD of two sizes", make=vhd_of_two_sizes, refused="two ways"),
    DiskCase(
        name="VMDK with accents",
        make=partial(named_vmdk, form="vmdk streamOptimized", name="Máquina da álgebra", code_page="utf-8"),
    ),
    DiskCase(
        name="VMDK in a code page",
        make=partial(named_vmdk, form="vmdk", name="Máquina", code_page="windows-1252"),
    ),
    DiskCase(
        name="VMDK of an absolute path",
        make=partial(named_vmdk, form="vmdk", name="/etc/senhas é", code_page="windows-1252"),
        refused=_SEVERAL,
    ),
    DiskCase(
        name="VMDK of two extents",
        make=partial(named_vmdk, form="vmdk", name='é"\nRW 16384 SPARSE "é', code_page="utf-8"),
        refused=_SEVERAL,
    ),
    DiskCase(name="VHDX with a log", make=vhdx_with_log, refused="still in its log"),
    DiskCase(name="qcow2 with a leak", make=partial(qcow2_of_counts, cluster=None, count=1)),
    DiskCase(name="qcow2 with the dirty bit", make=dirty_qcow2),
    DiskCase(
        name="qcow2 with damage", make=partial(qcow2_of_counts, cluster=5, count=0), refused="The file is damaged"
    ),
    DiskCase(name="left-over ISO", make=left_over),
    DiskCase(name="hybrid ISO", make=hybrid_iso, refused="a CD or DVD image (ISO)"),
    DiskCase(name="blank fixed VHD", make=partial(holding, form="vhd")),
    DiskCase(name="blank dynamic VHD", make=partial(holding, form="vpc")),
    DiskCase(name="swap", make=partial(holding, form="vhd", offset=4086, data=b"SWAPSPACE2")),
    DiskCase(name="LVM", make=partial(holding, form="qcow2", offset=512, data=b"LABELONE")),
    DiskCase(name="LUKS", make=partial(holding, form="vhdx", data=b"LUKS\xba\xbe\0\x02")),
    DiskCase(
        name="random bytes", make=partial(holding, form="vmdk", data=bytes(each * 37 % 251 for each in range(1, 65536)))
    ),
    DiskCase(name="VMDK of version 3", make=old_vmdk),
    DiskCase(name="qcow2 with extended L2", make=partial(qcow2_of, options=("-o", "extended_l2=on,cluster_size=128k"))),
    DiskCase(name="qcow2 with zstd", make=partial(qcow2_of, options=("-c", "-o", "compression_type=zstd"))),
    DiskCase(name="qcow2 of the old kind", make=partial(qcow2_of, options=("-o", "compat=0.10"))),
    DiskCase(name="qcow2 with data elsewhere", make=qcow2_with_data_elsewhere, refused="an external data file"),
    DiskCase(name="UEFI without the usual loader", make=uefi_disk),
)
