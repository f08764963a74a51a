"""The 512-byte footer that makes a raw disk a fixed VHD.

Source: Microsoft, Virtual Hard Disk Image Format Specification 1.0, "Hard Disk Footer Format".
"""

import struct

_LAYOUT = struct.Struct(">8sIIQI4sI4sQQHBBII16sB427x")
_FEATURES = 2  # the one bit that is always set
_FORMAT = 0x00010000
_NO_OFFSET = 0xFFFFFFFFFFFFFFFF
_FIXED = 2
_SECTOR = 512


def fixed_footer(size: int, id: bytes) -> bytes:
    """Returns the 512-byte VHD footer of a disk of `size` bytes, named by 16 bytes; equal disks get equal footers."""
    bare = _packed(size, id, 0)
    return _packed(size, id, ~sum(bare) & 0xFFFFFFFF)


def _packed(size: int, id: bytes, checksum: int) -> bytes:
    cylinders, heads, sectors = geometry(size // _SECTOR)
    return _LAYOUT.pack(
        b"conectix",
        _FEATURES,
        _FORMAT,
        _NO_OFFSET,
        0,  # no time, so that the footer does not change
        b"glra",
        _FORMAT,
        b"Wi2k",
        size,
        size,
        cylinders,
        heads,
        sectors,
        _FIXED,
        checksum,
        id,
        0,
    )


def geometry(total: int) -> tuple[int, int, int]:
    """Returns cylinders, heads and sectors per track, by the algorithm in the appendix of the specification."""
    total = min(total, 65535 * 16 * 255)
    if total >= 65535 * 16 * 63:
        return total // 255 // 16, 16, 255
    tracks = total // 17
    heads = max(4, (tracks + 1023) // 1024)
    sectors = 17
    if tracks >= heads * 1024 or heads > 16:
        sectors, heads, tracks = 31, 16, total // 31
    if tracks >= heads * 1024:
        sectors, heads, tracks = 63, 16, total // 63
    return tracks // heads, heads, sectors
