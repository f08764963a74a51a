"""The partition table of a guest disk: a classic MBR that both a BIOS and UEFI firmware start from.

Layout: boot code and table | 1 MiB of alignment | FAT (active, type EFI System) | ext4 | whatever is left.
"""

import struct
from dataclasses import dataclass

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

SECTOR = 512
SECTORS_PER_MIB = 2048
FIRST_SECTOR = SECTORS_PER_MIB
TYPE_EFI_SYSTEM = 0xEF
TYPE_LINUX = 0x83
_BOOT_CODE_LIMIT = 440
_SIGNATURE_OFFSET = 440
_TABLE_OFFSET = 446
# Firmware of this century reads the 32-bit sector numbers; this value says that the old geometry does not apply.
_NO_GEOMETRY = b"\xfe\xff\xff"


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition; `start` and `length` are in sectors of 512 bytes."""

    start: int
    length: int
    kind: int
    is_active: bool = False

    @property
    def start_bytes(self) -> int:
        return self.start * SECTOR

    @property
    def end_bytes(self) -> int:
        return (self.start + self.length) * SECTOR


def lay_out(*, fat_mib: int, root_mib: int) -> tuple[Partition, Partition]:
    """Return the boot partition and the root partition after it. Raises Invalid for sizes below 1 MiB."""
    if fat_mib < 1 or root_mib < 1:
        raise Invalid(Message("A partition needs at least 1 MiB."), hint=Message("Give larger sizes."))
    boot = Partition(start=FIRST_SECTOR, length=fat_mib * SECTORS_PER_MIB, kind=TYPE_EFI_SYSTEM, is_active=True)
    root = Partition(start=boot.start + boot.length, length=root_mib * SECTORS_PER_MIB, kind=TYPE_LINUX)
    return boot, root


def master_boot_record(boot_code: bytes, partitions: tuple[Partition, ...], *, disk_signature: bytes) -> bytes:
    """Return the first sector of the disk. Raises Invalid where the code or the table does not fit."""
    if len(boot_code) > _BOOT_CODE_LIMIT or len(partitions) > 4 or len(disk_signature) != 4:
        raise Invalid(
            Message("A master boot record holds 440 bytes of code and four partitions."),
            hint=Message("Use syslinux' mbr.bin."),
        )
    record = bytearray(SECTOR)
    record[: len(boot_code)] = boot_code
    record[_SIGNATURE_OFFSET : _SIGNATURE_OFFSET + 4] = disk_signature
    for index, partition in enumerate(partitions):
        entry = struct.pack(
            "<B3sB3sII",
            0x80 if partition.is_active else 0,
            _NO_GEOMETRY,
            partition.kind,
            _NO_GEOMETRY,
            partition.start,
            partition.length,
        )
        record[_TABLE_OFFSET + 16 * index : _TABLE_OFFSET + 16 * (index + 1)] = entry
    record[510:] = b"\x55\xaa"
    return bytes(record)
