"""Small disks of every format, made by qemu-img, and the bytes of a disk as a reader sees them."""

import random
import struct
from pathlib import Path

from galeria.ports.disks import Content, DiskSource
from galeria.programs import run

SIZE = 8 << 20
FORMATS = {
    "raw": ("raw", ()),
    "qcow2": ("qcow2", ()),
    "qcow2 v2": ("qcow2", ("-o", "compat=0.10")),
    "qcow2 compressed": ("qcow2", ("-c",)),
    "qcow2 zstd": ("qcow2", ("-c", "-o", "compression_type=zstd")),
    "vhd": ("vpc", ("-o", "subformat=fixed,force_size=on")),
    "vhd with CHS size": ("vpc", ("-o", "subformat=fixed")),
    "vpc": ("vpc", ("-o", "subformat=dynamic,force_size=on")),
    "vpc with CHS size": ("vpc", ("-o", "subformat=dynamic")),
    "vhdx": ("vhdx", ()),
    "vhdx fixed": ("vhdx", ("-o", "subformat=fixed")),
    "vmdk": ("vmdk", ("-o", "subformat=monolithicSparse")),
    "vmdk streamOptimized": ("vmdk", ("-o", "subformat=streamOptimized")),
}


def raw_disk(path: Path, *, size: int = SIZE, seed: int = 1) -> Path:
    """An MBR with one partition to the disk's end, some data in it, holes between."""
    boot = bytearray(512)
    struct.pack_into("<B3xB3xII", boot, 446, 0x80, 0x83, 2048, size // 512 - 2048)
    boot[510:512] = b"\x55\xaa"
    with path.open("wb") as file:
        file.truncate(size)
        file.write(boot)
        for position in (1 << 20, 3 << 20, size - 8192):
            file.seek(position)
            file.write(random.Random(seed + position).randbytes(8192))
    return path


def converted(raw: Path, target: Path, name: str) -> Path:
    """`name`: a key of FORMATS."""
    format, options = FORMATS[name]
    run(["qemu-img", "convert", "-f", "raw", "-O", format, *options, raw, target])
    return target


def content(disk: DiskSource) -> bytes:
    """What its extents and its reader give."""
    reader = disk.reader()
    try:
        pieces = [
            bytes(extent.length) if extent.content is Content.ZERO else reader.read(extent.offset, extent.length)
            for extent in disk.extents()
        ]
    finally:
        reader.close()
    return b"".join(pieces)
