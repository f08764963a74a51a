"""Finds out from a disk's first bytes which firmware can start it: a BIOS (V1), UEFI (V2), or either.

Sources: UEFI specification 2.10 §5 (GPT, protective MBR, EFI system partition); GRUB's BIOS boot partition.
"""

import struct
from collections.abc import Iterator
from uuid import UUID

from galeria.domain.images.galleries import Generation

HEAD = 64 * 1024  # bytes from the disk's start that are read: they hold the partition table and its entries
_SECTORS = (512, 4096)  # bytes
_CODE = 440  # bytes of boot code before the table of an MBR
_TABLE, _ENTRY = 446, 16
_EFI_SYSTEM_MBR, _PROTECTIVE = 0xEF, 0xEE
_EFI_SYSTEM = UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
_BIOS_BOOT = UUID("21686148-6449-6e6f-744e-656564454649")
_MOST_ENTRIES = 256


def startable(head: bytes) -> frozenset[Generation]:
    """Returns the generations that can start a disk with these first `HEAD` bytes; none where it cannot be told."""
    if head[510:512] != b"\x55\xaa":
        return frozenset()
    kinds = {head[_TABLE + _ENTRY * index + 4] for index in range(4)}
    if _PROTECTIVE in kinds:
        return _by_gpt(set(_gpt_types(head)))
    found = {Generation.V2} if _EFI_SYSTEM_MBR in kinds else set()
    if any(head[:_CODE]):
        found.add(Generation.V1)
    return frozenset(found)


def _by_gpt(types: set[UUID]) -> frozenset[Generation]:
    pairs = ((_EFI_SYSTEM, Generation.V2), (_BIOS_BOOT, Generation.V1))
    return frozenset(generation for kind, generation in pairs if kind in types)


def _gpt_types(head: bytes) -> Iterator[UUID]:
    for sector in _SECTORS:
        if not head.startswith(b"EFI PART", sector) or len(head) < sector + 92:
            continue
        first, count, size = (
            struct.unpack_from("<Q", head, sector + 72)[0],
            *struct.unpack_from("<II", head, sector + 80),
        )
        if size < 128:
            return
        for index in range(min(count, _MOST_ENTRIES)):
            start = first * sector + index * size
            if start + 16 > len(head):
                return
            yield UUID(bytes_le=head[start : start + 16])
