"""Check that a raw file, which has no header, holds a partition table or a known file system.

Other files are refused: nothing would boot from them, and most are disks in a format that was not recognised.
"""

from galeria.adapters.files.partition_table import find_partition_table
from galeria.adapters.files.refusal import AGAIN, SECTOR, refusal
from galeria.domain.messages import Message
from galeria.domain.units import told_apart

NEEDED = 128 * 1024  # bytes from the start of the disk that are checked
_BOOT = b"\x55\xaa"
# Bare file systems, as on data disks: ext2/3/4, XFS, Btrfs, LVM. FAT and NTFS carry the boot signature.
_FILE_SYSTEMS = ((1080, b"\x53\xef"), (0, b"XFSB"), (65600, b"_BHRfS_M"), (512, b"LABELONE"))


def check_raw(head: bytes, size: int, *, is_known: bool = False) -> None:
    """Check the first bytes `head` of a disk with `size` bytes. Raises Invalid where it is no disk or only a part of one.

    `is_known` says that something else proves that the file is a disk, such as a VHD's footer: then it may hold anything.
    """
    if size % SECTOR:
        raise refusal(
            Message(
                "The file's {size} bytes are not a whole number of sectors: it is no raw disk, or it is cut off.",
                size=size,
            ),
            AGAIN,
        )
    table = find_partition_table(head)
    if table is not None and table.end > size:
        end, whole = told_apart(table.end, size)
        raise refusal(
            Message("The disk is cut off: its partitions reach to {end}, it ends at {size}.", end=end, size=whole),
            AGAIN,
        )
    if not is_known and head[510:512] != _BOOT and not has_file_system(head):
        raise refusal(
            Message("The file does not look like a disk: it has no partition table and no known file system."),
            Message(
                "Upload a VHD, VHDX, VMDK, QCOW2 or raw disk, unpacked and unencrypted. An empty disk is taken as a VHD: "
                "'qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on OLD NEW.vhd'."
            ),
        )


def has_file_system(head: bytes) -> bool:
    """Return whether a file system fills the disk from its first byte on."""
    return any(head.startswith(magic, offset) for offset, magic in _FILE_SYSTEMS)
