"""Check what oslo and qemu-img do not check in a qcow2 file: its features, encryption, and tables that are cut off.

qemu lets a file end up to one cluster early and reads zeros there (qcow2_inc_refcounts_imrt in block/qcow2-refcount.c,
measured with 7.2). Where that cluster holds a table, the disk silently becomes empty. A last cluster of *data* may
rightly be short, so that a cut within it cannot be detected.
"""

import struct
import sys
from array import array
from pathlib import Path

from galeria.adapters.files.refusal import AGAIN, REPAIR, refusal
from galeria.domain.errors import Invalid
from galeria.domain.messages import Message

_OFFSET = 0x00FFFFFFFFFFFE00  # the bits of an L1 entry that are an offset (docs/interop/qcow2.txt)
_MOST_L1 = 32 << 20  # bytes; qemu takes no larger table
_CORRUPT, _DATA_FILE = 1 << 1, 1 << 2
# Incompatible features that QEMU reads: dirty, corrupt, external data, compression type, extended L2 entries. oslo knows all
# but the last one. Whoever writes a file with others says by that bit that no other program may read it.
_KNOWN = 0b11111


def check_qcow2(path: Path) -> None:
    """Check the file. Raises Invalid. oslo has found the magic before, so that the header is there."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(104)
        cluster_bits, _disk, method, entries, start = struct.unpack_from(">IQIIQ", header, 20)
        if method:
            raise refusal(
                Message("The file is encrypted."),
                Message("Upload the disk without encryption: Galeria has no place for its key."),
            )
        _check_features(header)
        if not 9 <= cluster_bits <= 21 or entries * 8 > _MOST_L1:
            raise refusal(Message("The qcow2 file's L1 table or cluster size is too big."))
        if start + entries * 8 > size:
            raise _cut_off()
        file.seek(start)
        table = array("Q", file.read(entries * 8))
    if sys.byteorder == "little":
        table.byteswap()
    last = max((entry & _OFFSET for entry in table), default=0)
    if last + (1 << cluster_bits if last else 0) > size:
        raise _cut_off()


def _check_features(header: bytes) -> None:
    """Check the version and its incompatible features. Raises Invalid."""
    (version,) = struct.unpack_from(">I", header, 4)
    if version not in (2, 3):
        raise refusal(Message("The qcow2 file is of version {version}, which nobody reads here.", version=version))
    features = struct.unpack_from(">Q", header, 72)[0] if version == 3 else 0
    if features & _DATA_FILE:
        raise refusal(Message("The file has {suspicious}.", suspicious=Message("an external data file")))
    if features & _CORRUPT:
        raise refusal(Message("The file has {suspicious}.", suspicious=Message("damage that QEMU noted")), REPAIR)
    if features & ~_KNOWN:
        raise refusal(Message("The qcow2 file needs features that are not known here."))


def _cut_off() -> Invalid:
    return refusal(Message("The qcow2 file is cut off: its tables reach beyond its end."), AGAIN)
