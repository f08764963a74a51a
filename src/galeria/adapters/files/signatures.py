"""Refuse archives, CD images and foreign disk formats by their first bytes, each with a remedy."""

from dataclasses import dataclass

from galeria.adapters.files.refusal import CONVERT, refusal

HEAD = 128 * 1024  # bytes of the file that are checked
SMALLEST = 512  # bytes
_UNPACK = "Unpack it and upload the disk image that is inside."
_INSTALL = "Install a machine from it first, and upload that machine's disk."
_DECRYPT = "Upload the disk without encryption: Galeria has no place for its key."


@dataclass(frozen=True, kw_only=True, slots=True)
class Signature:
    offset: int  # bytes from the start of the file
    magic: bytes
    name: str
    hint: str


def _sign(magic: bytes, name: str, hint: str, offset: int = 0) -> Signature:
    return Signature(offset=offset, magic=magic, name=name, hint=hint)


# Magic numbers as in the "file" program's database; disk formats as in QEMU's block drivers.
FOREIGN = (
    _sign(b"\x1f\x8b", "a gzip archive", _UNPACK),
    _sign(b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    _sign(b"BZh", "a bzip2 archive", _UNPACK),
    _sign(b"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    _sign(b"\x04\x22\x4d\x18", "an LZ4 archive", _UNPACK),
    _sign(b"PK\x03\x04", "a ZIP archive", _UNPACK),
    _sign(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    _sign(b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    _sign(b"ustar", "a tar archive (an OVA is one too)", _UNPACK, 257),
    _sign(b"MSWIM\x00\x00\x00", "a Windows installation image (WIM)", _INSTALL),
    _sign(b"CD001", "a CD or DVD image (ISO)", _INSTALL, 32769),
    _sign(b"NSR02", "a DVD image (UDF)", _INSTALL, 32769),
    _sign(b"NSR03", "a DVD image (UDF)", _INSTALL, 32769),
    _sign(b"BEA01", "a DVD image (UDF)", _INSTALL, 32769),
    _sign(b"hsqs", "a squashfs file system", _INSTALL),
    _sign(b"LUKS\xba\xbe", "an encrypted disk (LUKS)", _DECRYPT),
    _sign(b"QED\x00", "a QED disk", CONVERT),
    _sign(b"OOOM", "a User Mode Linux disk (COW)", CONVERT),
    _sign(b"COWD", "a VMware ESX sparse disk", CONVERT),
    _sign(b"\xbe\xba\xfe\xca", "a VMware space-efficient sparse disk", CONVERT),
    _sign(b"\x7f\x10\xda\xbe", "a VirtualBox disk (VDI)", CONVERT, 64),
    _sign(b"WithoutFreeSpace", "a Parallels disk", CONVERT),
    _sign(b"WithouFreSpacExt", "a Parallels disk", CONVERT),
    _sign(b"Bochs Virtual HD Image", "a Bochs disk", CONVERT),
    _sign(b"\x7fELF", "a program", "Upload a virtual machine's disk."),
    _sign(b"MZ", "a Windows program", "Upload a virtual machine's disk."),
)


def check_foreign(head: bytes, tail: bytes) -> None:
    """Check the first bytes `head` (up to HEAD) and the last 512 bytes `tail`.

    Raises Invalid for what is certainly no supported disk.
    """
    if len(head) < SMALLEST:
        raise refusal("The file is too small to be a disk.", "Upload a virtual machine's disk.")
    for sign in FOREIGN:
        if head.startswith(sign.magic, sign.offset) and not _is_boot_sector(sign, head):
            raise refusal(f"The file is {sign.name}, not a disk that Galeria reads.", sign.hint)
    if tail.startswith(b"koly"):
        raise refusal("The file is an Apple disk image (DMG), not a disk that Galeria reads.", CONVERT)
    if _is_text(head[:SMALLEST]) or _is_description(head):
        raise refusal(
            "The file is text. It may be the small description that comes with a VMDK or OVF disk.",
            "Upload the disk file itself; if the disk consists of several files, make one with 'qemu-img convert'.",
        )


def _is_boot_sector(sign: Signature, head: bytes) -> bool:
    """Return whether a two-letter magic may be a boot sector's code by chance."""
    return len(sign.magic) == 2 and head[510:512] == b"\x55\xaa"


def _is_text(block: bytes) -> bool:
    """Return whether the block is text, by the rule of oslo's VMDK inspector, which fails on files that only begin as text."""
    return block.isascii() and all(char.isprintable() or char.isspace() for char in block.decode("ascii"))


def _is_description(head: bytes) -> bool:
    """Return whether this is a VMDK's description by QEMU's rule: comments, empty lines, then the version (block/vmdk.c)."""
    for line in head.partition(b"\0")[0].splitlines():
        if line.strip() and not line.startswith(b"#"):
            return line.strip().lower() in (b"version=1", b"version=2", b"version=3")
    return head.startswith(b"# Disk DescriptorFile")
