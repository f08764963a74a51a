"""The footer of a VHD file. A fixed VHD is a raw disk followed by these 512 bytes, and by nothing else.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format".
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from galeria.adapters.files.partition_table import find_partition_table
from galeria.adapters.files.refusal import AGAIN, SECTOR, refusal
from galeria.domain.images.vhd_footer import geometry
from galeria.domain.messages import Message
from galeria.domain.units import told_apart

FOOTER = 512  # bytes
COOKIE = b"conectix"
_CHECKSUM = slice(64, 68)
_MOST_GEOMETRY = (65535, 16, 255)  # what stands for every larger disk
_HEAD = 64 << 10  # bytes of the disk that are looked at for its partition table
_NO_BLOCK = 0xFFFFFFFF


class VhdKind(IntEnum):
    FIXED = 2
    DYNAMIC = 3
    DIFFERENCING = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class VhdFooter:
    kind: int  # a value of VhdKind, unless the file is damaged
    current_size: int  # bytes that a guest sees
    geometry: tuple[int, int, int]  # cylinders, heads, sectors per track
    intact: bool  # whether the checksum is right

    @property
    def geometry_size(self) -> int:
        """The bytes that the geometry has place for."""
        cylinders, heads, sectors = self.geometry
        return cylinders * heads * sectors * SECTOR


def find_footer(block: bytes) -> VhdFooter | None:
    """Read the footer from the last 512 bytes of a file, or the first of a dynamic VHD. None without the cookie."""
    if len(block) != FOOTER or not block.startswith(COOKIE):
        return None
    (size,) = struct.unpack_from(">Q", block, 48)
    kind, checksum = struct.unpack_from(">II", block, 60)
    return VhdFooter(
        kind=kind,
        current_size=size,
        geometry=struct.unpack_from(">HBB", block, 56),
        intact=checksum == footer_checksum(block),
    )


def footer_checksum(block: bytes) -> int:
    """Return the one's complement of the sum of all bytes except those of the checksum itself."""
    return ~(sum(block) - sum(block[_CHECKSUM])) & 0xFFFFFFFF


def is_whole_fixed(tail: bytes, file_size: int) -> bool:
    """Return whether the footer proves the file to be a fixed VHD: no other program writes one that fits by chance."""
    footer = find_footer(tail)
    if footer is None or footer.kind != VhdKind.FIXED:
        return False
    return footer.intact and footer.current_size + FOOTER == file_size


def fixed_size(tail: bytes, file_size: int) -> int | None:
    """Return the bytes of the disk in a fixed VHD; None for a file without a VHD's footer.

    Raises Invalid for a false footer.
    """
    footer = find_footer(tail)
    if footer is None:
        return None
    if not footer.intact:
        raise refusal(Message("The file ends with the footer of a VHD, whose checksum is wrong."), AGAIN)
    if footer.kind != VhdKind.FIXED:
        raise refusal(Message("The file ends as a dynamic or differencing VHD, but does not begin as one."), AGAIN)
    if footer.current_size + FOOTER != file_size:
        told, held = told_apart(footer.current_size, file_size - FOOTER)
        raise refusal(
            Message(
                "The VHD's footer speaks of a disk of {current_size}, but the file holds {file_size}.",
                current_size=told,
                file_size=held,
            ),
            AGAIN,
        )
    return footer.current_size


def check_dynamic(path: Path, head: bytes, tail: bytes) -> None:
    """Check that a file that begins with the cookie is a whole dynamic VHD without a parent, of one size. Raises Invalid.

    QEMU reads any such file as a dynamic VHD, whatever kind its header names, and never reads its end.
    """
    first, last = find_footer(head), find_footer(tail)
    if first is None or last is None:
        raise refusal(Message("The VHD is cut off: its footer is missing."), AGAIN)
    if first.kind == VhdKind.DIFFERENCING or last.kind == VhdKind.DIFFERENCING:
        raise refusal(
            Message("The VHD is a differencing disk: it holds only the changes to another file."),
            Message("Merge it with its parent (Hyper-V: Merge-VHD or Convert-VHD) and upload the result."),
        )
    if not (first.intact and last.intact) or first != last or first.kind != VhdKind.DYNAMIC:
        raise refusal(Message("The VHD's header and footer are damaged or contradict each other."), AGAIN)
    if not _is_size_certain(path, first):
        told, other = told_apart(first.current_size, first.geometry_size)
        raise refusal(
            Message("The VHD tells its size in two ways: {size}, and {other} by its geometry.", size=told, other=other),
            Message(
                "Convert it with the program that made it, or with 'qemu-img convert -f vpc -O qcow2 OLD.vhd NEW.qcow2', look "
                "whether the new disk is whole, and upload that."
            ),
        )


def _is_size_certain(path: Path, footer: VhdFooter) -> bool:
    """Return whether the size in bytes is what the file's maker meant.

    Makers that follow the specification round the geometry down from the size: then the geometry is only the nearest one. Some
    readers believe it nevertheless, and cut off the disk's end. Where it comes from something else, the copy of a GPT's header
    at the disk's end tells which of both is right.
    """
    if footer.geometry_size == footer.current_size or footer.geometry == _MOST_GEOMETRY:
        return True
    table = find_partition_table(_first_bytes(path))
    end = table.copy_end if table else 0
    if end in (footer.current_size, footer.geometry_size):
        return end == footer.current_size
    return footer.geometry == geometry(footer.current_size // SECTOR)


def _first_bytes(path: Path) -> bytes:
    """Return the disk's first bytes out of its first block; zeros where it has none, nothing where the tables lead nowhere.

    Source: the specification, "Dynamic Disk Header Format" and "Block Allocation Table and Data Blocks".
    """
    with path.open("rb") as file:
        file.seek(16)
        (place,) = struct.unpack(">Q", file.read(8))
        file.seek(min(place, 1 << 62))
        header = file.read(1024)
        if len(header) < 1024 or not header.startswith(b"cxsparse"):
            return b""
        (table,) = struct.unpack_from(">Q", header, 16)
        (block_size,) = struct.unpack_from(">I", header, 32)
        file.seek(min(table, 1 << 62))
        entry = file.read(4)
        if len(entry) < 4:
            return b""
        (sector,) = struct.unpack(">I", entry)
        if sector == _NO_BLOCK:
            return bytes(_HEAD)
        bitmap = -(-block_size // SECTOR // 8 // SECTOR) * SECTOR
        file.seek(sector * SECTOR + bitmap)
        return file.read(min(_HEAD, block_size))
