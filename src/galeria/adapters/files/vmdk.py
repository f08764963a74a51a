"""Check that a VMDK is one sparse file whose description names no other file.

The description is free text, which two programs may read differently, and QEMU follows it to other files where the header
gives no capacity (block/vmdk.c). Therefore only a description with one meaning is accepted: one type, and one extent, which
is the file itself (VMware, Virtual Disk Format 5.0).
"""

import re
import struct
from pathlib import Path

from galeria.adapters.files.refusal import AGAIN, refusal
from galeria.domain.messages import Message

SECTOR = 512
_TYPES = ("monolithicsparse", "streamoptimized")
_MAX_DESCRIPTOR = 2048  # sectors; QEMU reads at most 1 MiB
_HINT = Message("Make one file of it with 'qemu-img convert -O qcow2 OLD.vmdk NEW.qcow2' and upload the new file.")
_EXTENT = re.compile(r"(?:rw|rdonly|noaccess)\s+(\d{1,18})\s+(\w+)\s+\"([^\"/\\]*)\"(?:\s+\d+)?")


def check_vmdk(path: Path) -> None:
    """Check the file. Raises Invalid."""
    with path.open("rb") as file:
        header = file.read(64)
        if len(header) < 64:
            raise refusal(Message("The VMDK is cut off within its header."), AGAIN)
        capacity, _grain, start, length = struct.unpack_from("<4Q", header, 12)
        if capacity == 0 or start != 1 or not 0 < length <= _MAX_DESCRIPTOR:
            raise refusal(Message("The VMDK's header is not that of a single sparse file."), _HINT)
        file.seek(start * SECTOR)
        _check_descriptor(file.read(length * SECTOR), capacity)


def _check_descriptor(block: bytes, capacity: int) -> None:
    """Check the description against `capacity`, in sectors. Raises Invalid."""
    try:
        text = block.partition(b"\0")[0].decode("ascii").lower()
    except UnicodeDecodeError as error:
        raise refusal(Message("The VMDK's description of itself is not text."), _HINT) from error
    types = re.findall(r"createtype\s*=\s*\"([^\"]*)\"", text)
    if len(types) != 1 or text.count("createtype") != 1 or types[0] not in _TYPES:
        raise refusal(
            Message("The VMDK is not a single self-contained file (monolithicSparse or streamOptimized)."), _HINT
        )
    parents = re.findall(r"parentcid\s*=\s*([0-9a-f]+)", text)
    if "parentfilenamehint" in text or any(parent != "ffffffff" for parent in parents):
        raise refusal(Message("The VMDK holds only the changes to another file, its parent."), _HINT)
    _check_extents(text, capacity)


def _check_extents(text: str, capacity: int) -> None:
    lines = [line.strip() for line in text.splitlines()]
    extents = [line for line in lines if line.startswith(("rw", "rdonly", "noaccess"))]
    found = _EXTENT.fullmatch(extents[0]) if len(extents) == 1 else None
    if found is None:
        raise refusal(Message("The VMDK consists of several files, or of files elsewhere."), _HINT)
    if found[2] != "sparse" or int(found[1]) != capacity:
        raise refusal(Message("The VMDK's only extent is not the sparse file itself."), _HINT)
