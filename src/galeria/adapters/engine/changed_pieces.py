"""How much of a machine's disk changed, counted in the pieces that an export reads whole.

qemu-img's map of the chain names every cluster that QEMU has written down. What a running machine wrote in the last moments
is in its upper file already, but not yet in that map: each such cluster counts as a piece of its own, since nobody knows where
it lies.
"""

from collections.abc import Sequence

from galeria.adapters.engine import disks
from galeria.adapters.engine.disks import DiskFile
from galeria.adapters.engine.mapped_chain import ChainMap, NotMapped, read_map
from galeria.ports.disks import Content

CLUSTER = 64 * 1024  # bytes that a layer grows by at a time
_TABLE = 8192 * CLUSTER  # bytes of a disk whose places are in one table, which is a cluster itself
_FIXED = 4  # clusters of a file's header and its first tables


def changed_pieces(files: Sequence[DiskFile], *, own_files: int, piece: int) -> int:
    """Return the most pieces of `piece` bytes that the upper `own_files` of a chain, the top first, have changed.

    The upper file may be in use. Raises ToolFailed.
    """
    pieces = -(-files[0].size // piece)
    try:
        map = read_map(files[0])
    except NotMapped:
        allocated = disks.allocated_bytes(file.path for file in files[:own_files])
        return min(pieces, -(-allocated // CLUSTER))
    hidden = disks.allocated_bytes([files[0].path]) - _noted_bytes(map) if own_files else 0
    return min(pieces, _known(map, own_files, piece) + -(-max(0, hidden) // CLUSTER))


def _known(map: ChainMap, own_files: int, piece: int) -> int:
    """Return the pieces with changed data, and those of which only a part was zeroed: they are read as well."""
    count, last = 0, -1
    for extent in map.extents(own_files):
        start, end = extent.offset, extent.offset + extent.length
        if extent.content is Content.DATA:
            first, final = start // piece, (end - 1) // piece
        elif start % piece:
            first = final = start // piece
        else:
            continue
        count += max(0, final - max(first, last + 1) + 1)
        last = max(last, final)
    return count


def _noted_bytes(map: ChainMap) -> int:
    """Return the bytes of the upper file that the map accounts for: data, and the tables that say where they are."""
    written = 0
    tables: set[int] = set()
    for start, length, file, is_zero in map.stretches():
        if file == 0:
            tables.update(range(start // _TABLE, (start + length - 1) // _TABLE + 1))
            written += 0 if is_zero else length
    return written + (_FIXED + len(tables)) * CLUSTER
