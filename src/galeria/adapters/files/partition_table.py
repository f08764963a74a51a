"""The partition table in a disk's first sectors, as far as it says which bytes belong to something.

Sources: UEFI specification 2.10 §5 (MBR and GPT).
"""

import struct
from dataclasses import dataclass

from galeria.adapters.files.refusal import SECTOR

_BOOT = b"\x55\xaa"
_TABLE, _ENTRY = 446, 16
_GPT_GUARD = 0xEE
_SECTORS = (SECTOR, 4096)  # bytes
_MOST_ENTRIES = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class PartitionTable:
    """The partitions as (first byte, end), and how many bytes the disk has to have for them.

    `copy_end` is where the copy of a GPT's header ends, with the disk itself; 0 without a GPT.
    """

    partitions: tuple[tuple[int, int], ...]
    end: int
    copy_end: int

    def covers(self, place: int) -> bool:
        """Return whether a partition holds the byte at `place`."""
        return any(start <= place < end for start, end in self.partitions)


def find_partition_table(head: bytes) -> PartitionTable | None:
    """Return the table in the first bytes `head` of a disk; None where there is none that names a partition.

    What an earlier table left does not count: a GPT counts only where the MBR guards it, and the sector of a file system that
    begins with the disk is no MBR.
    """
    if head[510:512] != _BOOT or _is_file_system(head):
        return None
    entries = [struct.unpack_from("<B3xB3xII", head, _TABLE + _ENTRY * index) for index in range(4)]
    if any(boot not in (0x00, 0x80) for boot, *_ in entries):
        return None
    used = [(kind, first, count) for _boot, kind, first, count in entries if kind and count]
    if not used:
        return None
    in_mbr = [(first * SECTOR, (first + count) * SECTOR) for kind, first, count in used if kind != _GPT_GUARD]
    is_guarded = any(kind == _GPT_GUARD for kind, *_ in used)
    in_gpt, copy_end = _gpt(head) if is_guarded else ([], 0)
    end = max(copy_end, *(end for _, end in in_mbr), 0)
    return PartitionTable(partitions=(*in_mbr, *in_gpt), end=end, copy_end=copy_end)


def _is_file_system(head: bytes) -> bool:
    return head.startswith(b"NTFS", 3) or head.startswith(b"FAT", 54) or head.startswith(b"FAT", 82)


def _gpt(head: bytes) -> tuple[list[tuple[int, int]], int]:
    """Return the partitions, and the end of the copy of the header, which is the disk's last sector; 0 without a GPT."""
    for sector in _SECTORS:
        if not head.startswith(b"EFI PART", sector) or len(head) < sector + 92:
            continue
        (copy,) = struct.unpack_from("<Q", head, sector + 32)
        (place,) = struct.unpack_from("<Q", head, sector + 72)
        count, size = struct.unpack_from("<II", head, sector + 80)
        found = []
        for index in range(min(count, _MOST_ENTRIES) if size >= 128 else 0):
            start = place * sector + index * size
            if start + 48 > len(head):
                break
            first, last = struct.unpack_from("<QQ", head, start + 32)
            if any(head[start : start + 16]) and first <= last:
                found.append((first * sector, (last + 1) * sector))
        return found, int(copy + 1) * sector
    return [], 0
