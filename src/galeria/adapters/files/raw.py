"""Check that a raw file, which has no header, holds a partition table or a known file system.

Other files are refused: nothing would boot from them, and most are disks in a format that was not recognised.
"""

import struct

from galeria.adapters.files.refusal import AGAIN, refusal
from galeria.domain.messages import Message

SECTOR = 512
NEEDED = 128 * 1024  # bytes from the start of the disk that are checked
_BOOT = b"\x55\xaa"
_GPT_GUARD = 0xEE
# Bare file systems, as on data disks: ext2/3/4, XFS, Btrfs, LVM. FAT and NTFS carry the boot signature.
_FILE_SYSTEMS = ((1080, b"\x53\xef"), (0, b"XFSB"), (65600, b"_BHRfS_M"), (512, b"LABELONE"))


def check_raw(head: bytes, size: int) -> None:
    """Check the first bytes `head` of a disk with `size` bytes. Raises Invalid where it is no disk or only a part of one."""
    if size % SECTOR:
        raise refusal(
            Message(
                "The file's {size} bytes are not a whole number of sectors: it is no raw disk, or it is cut off.",
                size=size,
            ),
            AGAIN,
        )
    if head[510:512] == _BOOT:
        end = max(_partitions_end(head), _gpt_end(head))
        if end > size:
            raise refusal(
                Message(
                    "The disk is cut off: its partitions reach to byte {end}, it ends at {size}.", end=end, size=size
                ),
                AGAIN,
            )
    elif not any(head.startswith(magic, offset) for offset, magic in _FILE_SYSTEMS):
        raise refusal(
            Message("The file does not look like a disk: it has no partition table and no known file system."),
            Message("Upload a VHD, VHDX, VMDK, QCOW2 or raw disk, unpacked and unencrypted."),
        )


def _partitions_end(head: bytes) -> int:
    """Return where the last MBR partition ends, in bytes; 0 where the sector is a file system's boot sector."""
    entries = [struct.unpack_from("<B3xB3xII", head, 446 + 16 * index) for index in range(4)]
    if head.startswith(b"NTFS", 3) or any(boot not in (0x00, 0x80) for boot, *_ in entries):
        return 0
    if head.startswith(b"FAT", 54) or head.startswith(b"FAT", 82):
        return 0
    ends = [first + count for _boot, kind, first, count in entries if kind not in (0, _GPT_GUARD)]
    return max(ends, default=0) * SECTOR


def _gpt_end(head: bytes) -> int:
    """Return the end of the copy of the GPT header, which is its last sector, in bytes; 0 without a GPT."""
    for sector in (512, 4096):
        if head.startswith(b"EFI PART", sector) and len(head) >= sector + 40:
            (copy,) = struct.unpack_from("<Q", head, sector + 32)
            return int(copy + 1) * sector
    return 0
