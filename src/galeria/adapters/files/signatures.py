"""Refuse archives, CD images and foreign disk formats by their first bytes, each with a remedy."""

import struct
from dataclasses import dataclass

from galeria.adapters.files.partition_table import find_partition_table
from galeria.adapters.files.raw import has_file_system
from galeria.adapters.files.refusal import CONVERT, refusal
from galeria.domain.messages import Message

HEAD = 128 * 1024  # bytes of the file that are checked
SMALLEST = 512  # bytes
DESCRIPTOR = 32768  # bytes from the start of a CD image to its first descriptor
_CODE = 440  # bytes of a boot sector that hold a program
_PADDING = 1 << 20  # bytes that tools add to a CD image that starts from a disk as well
_UNPACK = Message("Unpack it and upload the disk image that is inside.")
_INSTALL = Message("Install a machine from it first, and upload that machine's disk.")
_DECRYPT = Message("Upload the disk without encryption: Galeria has no place for its key.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    offset: int  # bytes from the start of the file
    magic: bytes
    name: Message
    hint: Message


def _sign(magic: bytes, name: Message, hint: Message, offset: int = 0) -> Signature:
    return Signature(offset=offset, magic=magic, name=name, hint=hint)


# Magic numbers as in the "file" program's database; disk formats as in QEMU's block drivers.
FOREIGN = (
    _sign(b"\x1f\x8b", Message("a gzip archive"), _UNPACK),
    _sign(b"\xfd7zXZ\x00", Message("an xz archive"), _UNPACK),
    _sign(b"BZh", Message("a bzip2 archive"), _UNPACK),
    _sign(b"\x28\xb5\x2f\xfd", Message("a Zstandard archive"), _UNPACK),
    _sign(b"\x04\x22\x4d\x18", Message("an LZ4 archive"), _UNPACK),
    _sign(b"PK\x03\x04", Message("a ZIP archive"), _UNPACK),
    _sign(b"7z\xbc\xaf\x27\x1c", Message("a 7-Zip archive"), _UNPACK),
    _sign(b"Rar!\x1a\x07", Message("a RAR archive"), _UNPACK),
    _sign(b"ustar", Message("a tar archive (an OVA is one too)"), _UNPACK, 257),
    _sign(b"MSWIM\x00\x00\x00", Message("a Windows installation image (WIM)"), _INSTALL),
    _sign(b"CD001", Message("a CD or DVD image (ISO)"), _INSTALL, DESCRIPTOR + 1),
    _sign(b"NSR02", Message("a DVD image (UDF)"), _INSTALL, DESCRIPTOR + 1),
    _sign(b"NSR03", Message("a DVD image (UDF)"), _INSTALL, DESCRIPTOR + 1),
    _sign(b"BEA01", Message("a DVD image (UDF)"), _INSTALL, DESCRIPTOR + 1),
    _sign(b"hsqs", Message("a squashfs file system"), _INSTALL),
    _sign(b"LUKS\xba\xbe", Message("an encrypted disk (LUKS)"), _DECRYPT),
    _sign(b"QED\x00", Message("a QED disk"), CONVERT),
    _sign(b"OOOM", Message("a User Mode Linux disk (COW)"), CONVERT),
    _sign(b"COWD", Message("a VMware ESX sparse disk"), CONVERT),
    _sign(b"\xbe\xba\xfe\xca", Message("a VMware space-efficient sparse disk"), CONVERT),
    _sign(b"\x7f\x10\xda\xbe", Message("a VirtualBox disk (VDI)"), CONVERT, 64),
    _sign(b"WithoutFreeSpace", Message("a Parallels disk"), CONVERT),
    _sign(b"WithouFreSpacExt", Message("a Parallels disk"), CONVERT),
    _sign(b"Bochs Virtual HD Image", Message("a Bochs disk"), CONVERT),
    _sign(b"\x7fELF", Message("a program"), Message("Upload a virtual machine's disk.")),
    _sign(b"MZ", Message("a Windows program"), Message("Upload a virtual machine's disk.")),
)


def check_foreign(head: bytes, tail: bytes, size: int) -> None:
    """Check the first bytes `head` (up to HEAD) and the last 512 bytes `tail` of a file with `size` bytes.

    Raises Invalid for what is certainly no supported disk.
    """
    if not size:
        raise refusal(Message("The file is empty."), Message("Choose the file that holds a virtual machine's disk."))
    if len(head) < SMALLEST:
        raise refusal(Message("The file is too small to be a disk."), Message("Upload a virtual machine's disk."))
    for sign in FOREIGN:
        if head.startswith(sign.magic, sign.offset) and not is_left_over(head, sign.offset, len(sign.magic), size):
            raise refusal(Message("The file is {sign}, not a disk that Galeria reads.", sign=sign.name), sign.hint)
    if tail.startswith(b"koly"):
        raise refusal(Message("The file is an Apple disk image (DMG), not a disk that Galeria reads."), CONVERT)
    if _is_text(head[:SMALLEST]) or _is_description(head):
        raise refusal(
            Message("The file is text. It may be the small description that comes with a VMDK or OVF disk."),
            Message(
                "Upload the disk file itself; if the disk consists of several files, make one with 'qemu-img convert'."
            ),
        )


def is_left_over(head: bytes, offset: int, length: int, size: int) -> bool:
    """Return whether a signature is from an earlier use of the disk, because what is on it now does not speak of that place.

    In a boot sector's code any bytes may stand. Where there is a partition table, only what lies in a partition counts: the
    partitions of a CD image that also starts from a disk cover its own descriptor at 32 KiB.
    """
    if offset >= SMALLEST:
        if offset == DESCRIPTOR + 1 and _fills_the_file(head, size):
            return False
        table = find_partition_table(head)
        return not table.covers(offset) if table else has_file_system(head)
    if head[510:512] != b"\x55\xaa":
        return False
    return length == 2 or (find_partition_table(head) is not None and offset + length <= _CODE)


def _fills_the_file(head: bytes, size: int) -> bool:
    """Return whether a CD's descriptor speaks of just this file (ECMA-119 8.4.8: 2048-byte blocks), and so is no left-over."""
    if len(head) < DESCRIPTOR + 2048 or not head.startswith(b"\1CD001", DESCRIPTOR):
        return False
    (blocks,) = struct.unpack_from("<I", head, DESCRIPTOR + 80)
    return 0 <= size - int(blocks) * 2048 <= _PADDING


def _is_text(block: bytes) -> bool:
    """Return whether the block is text, by the rule of oslo's VMDK inspector, which fails on files that only begin as text."""
    return block.isascii() and all(char.isprintable() or char.isspace() for char in block.decode("ascii"))


def _is_description(head: bytes) -> bool:
    """Return whether this is a VMDK's description by QEMU's rule: comments, empty lines, then the version (block/vmdk.c)."""
    for line in head.partition(b"\0")[0].splitlines():
        if line.strip() and not line.startswith(b"#"):
            return line.strip().lower() in (b"version=1", b"version=2", b"version=3")
    return head.startswith(b"# Disk DescriptorFile")
