"""The footer of a VHD file. A fixed VHD is a raw disk followed by these 512 bytes, and by nothing else.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format".
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from galeria.adapters.files.refusal import AGAIN, refusal
from galeria.domain.messages import Message

FOOTER = 512  # bytes
COOKIE = b"conectix"
_CHECKSUM = slice(64, 68)


class VhdKind(IntEnum):
    FIXED = 2
    DYNAMIC = 3
    DIFFERENCING = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class VhdFooter:
    kind: int  # a value of VhdKind, unless the file is damaged
    current_size: int  # bytes that a guest sees
    intact: bool  # whether the checksum is right


def find_footer(block: bytes) -> VhdFooter | None:
    """Read the footer from the last 512 bytes of a file, or the first of a dynamic VHD. None without the cookie."""
    if len(block) != FOOTER or not block.startswith(COOKIE):
        return None
    (size,) = struct.unpack_from(">Q", block, 48)
    kind, checksum = struct.unpack_from(">II", block, 60)
    return VhdFooter(kind=kind, current_size=size, intact=checksum == footer_checksum(block))


def footer_checksum(block: bytes) -> int:
    """Return the one's complement of the sum of all bytes except those of the checksum itself."""
    return ~(sum(block) - sum(block[_CHECKSUM])) & 0xFFFFFFFF


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
        raise refusal(
            Message(
                "The VHD's footer speaks of a disk of {current_size} bytes, but the file holds {file_size}.",
                current_size=footer.current_size,
                file_size=file_size - FOOTER,
            ),
            AGAIN,
        )
    return footer.current_size


def check_dynamic(head: bytes, tail: bytes) -> None:
    """Check that a file that begins with the cookie is a whole dynamic VHD without a parent. Raises Invalid.

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
