"""Check that a VMDK is one sparse file whose description names no other file.

The description is free text, which two programs may read differently, and QEMU follows it to other files where the header
gives no capacity (block/vmdk.c). Therefore only a description with one meaning is accepted: one type, and one extent, which
is the file itself (VMware, Virtual Disk Format 5.0). The extent's name may be in any code page: nobody follows it. All else is
compared as bytes, in which the letters of no code page pass for others.
"""

import re
import struct
from pathlib import Path

from galeria.adapters.files.refusal import AGAIN, SECTOR, refusal
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.domain.units import told_apart

_TYPES = (b"monolithicsparse", b"streamoptimized")
_MAX_DESCRIPTOR = 2048  # sectors; QEMU reads at most 1 MiB
_HINT = Message("Make one file of it with 'qemu-img convert -O qcow2 OLD.vmdk NEW.qcow2' and upload the new file.")
_ACCESS = (b"rw", b"rdonly", b"noaccess")
_EXTENT = re.compile(rb"(?:rw|rdonly|noaccess)\s+(\d{1,18})\s+(\w+)\s+\"([^\"/]*)\"(?:\s+\d+)?")
_FIELD = re.compile(rb"[^\s=\"]+\s*=.*")
_ENCODING = re.compile(rb"encoding\s*=\s*\"([\x20-\x7e]{1,40})\"")
# Code pages in which the second byte of a letter may be that of a backslash.
_TWO_BYTES = {
    b"shift_jis": "cp932",
    b"windows-31j": "cp932",
    b"ms932": "cp932",
    b"gbk": "gbk",
    b"gb18030": "gb18030",
    b"windows-936": "gbk",
    b"big5": "cp950",
    b"windows-950": "cp950",
}


def check_vmdk(path: Path) -> int:
    """Check the file, and return the disk's bytes by its header. Raises Invalid."""
    with path.open("rb") as file:
        header = file.read(64)
        if len(header) < 64:
            raise refusal(Message("The VMDK is cut off within its header."), AGAIN)
        capacity, _grain, start, length = struct.unpack_from("<4Q", header, 12)
        if capacity == 0 or start != 1 or not 0 < length <= _MAX_DESCRIPTOR:
            raise refusal(Message("The VMDK's header is not that of a single sparse file."), _HINT)
        file.seek(start * SECTOR)
        _check_descriptor(file.read(length * SECTOR), capacity)
    return int(capacity) * SECTOR


def _check_descriptor(block: bytes, capacity: int) -> None:
    """Check the description against `capacity`, in sectors. Raises Invalid."""
    text = block.partition(b"\0")[0].lower()
    types = re.findall(rb"createtype\s*=\s*\"([^\"]*)\"", text)
    if len(types) != 1 or text.count(b"createtype") != 1 or types[0] not in _TYPES:
        raise refusal(
            Message("The VMDK is not a single self-contained file (monolithicSparse or streamOptimized)."), _HINT
        )
    parents = re.findall(rb"parentcid\s*=\s*([0-9a-f]+)", text)
    if b"parentfilenamehint" in text or any(parent != b"ffffffff" for parent in parents):
        raise refusal(Message("The VMDK holds only the changes to another file, its parent."), _HINT)
    _check_extents(text, capacity)


def _check_extents(text: bytes, capacity: int) -> None:
    """Check that the lines are comments, fields, and one extent of the whole disk. Raises Invalid."""
    lines = [line.strip() for line in re.split(rb"[\r\n]+", text)]
    extents = [line for line in lines if line.startswith(_ACCESS)]
    found = _EXTENT.fullmatch(extents[0]) if len(extents) == 1 else None
    if found is None or _leads_elsewhere(found[3], text):
        raise refusal(Message("The VMDK consists of several files, or of files elsewhere."), _HINT)
    others = [line for line in lines if line and not line.startswith(b"#") and line != extents[0]]
    if any(_FIELD.fullmatch(line) is None for line in others):
        raise refusal(Message("The VMDK's description of itself has lines that nobody knows."), _HINT)
    if found[2] != b"sparse":
        raise refusal(Message("The VMDK's only extent is not the sparse file itself."), _HINT)
    if int(found[1]) != capacity:
        raise two_sizes(capacity * SECTOR, int(found[1]) * SECTOR)


def two_sizes(size: int, other: int) -> Invalid:
    """Return the error for a disk whose size, in bytes, two readers find differently: neither is trusted."""
    told = told_apart(size, other)
    return refusal(Message("The disk's size is told in two ways: {size} and {other}.", size=told[0], other=told[1]))


def _leads_elsewhere(name: bytes, text: bytes) -> bool:
    """Return whether the extent's name has a backslash; a letter of two bytes that ends as one is none."""
    if b"\\" not in name:
        return False
    encodings = _ENCODING.findall(text)
    code_page = _TWO_BYTES.get(encodings[0]) if len(encodings) == 1 else None
    try:
        return code_page is None or "\\" in name.decode(code_page)
    except UnicodeDecodeError:
        return True
