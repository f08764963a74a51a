"""Disk files as other programs, hosts and years leave them: each maker changes a good one into such."""

import struct
import uuid
import zlib
from pathlib import Path

from galeria.adapters.files.vhd import footer_checksum
from galeria.programs import run
from tests.adapters.files.disk_files import SIZE

SECTOR = 512
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
SYSTEM_PARTITION = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
ISO = [(32768, b"\x01CD001\x01\0"), (34816, b"\xffCD001\x01")]


def patched(file: Path, offset: int, data: bytes) -> Path:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(data)
    return file


def gpt_disk(
    path: Path, *, size: int = SIZE, end: int | None = None, kind: uuid.UUID = LINUX, first: int = 2048
) -> Path:
    """A disk with a GPT, whose copy is at its end, or at `end`, and with bytes in its last sector but one."""
    last = (end or size) // SECTOR - 1
    table = bytearray(128 * 128)
    struct.pack_into("<16s16sQQQ72s", table, 0, kind.bytes_le, uuid.uuid4().bytes_le, first, last - 34, 0, b"")

    def header(own: int, other: int, entries: int) -> bytes:
        head = bytearray(92)
        checksum = zlib.crc32(bytes(table))
        numbers = (b"EFI PART", 0x10000, 92, 0, 0, own, other, 34, last - 33, bytes(16), entries, 128, 128, checksum)
        struct.pack_into("<8sIIIIQQQQ16sQIII", head, 0, *numbers)
        struct.pack_into("<I", head, 16, zlib.crc32(bytes(head)))
        return bytes(head).ljust(SECTOR, b"\0")

    boot = bytearray(SECTOR)
    struct.pack_into("<B3xB3xII", boot, 446, 0, 0xEE, 1, last)
    boot[510:] = b"\x55\xaa"
    with path.open("wb") as file:
        file.truncate(size)
        file.write(boot + header(1, last, 2) + table)
        file.seek((last - 32) * SECTOR)
        file.write(table + header(last, 1, last - 32))
    return path


def without_fallback(path: Path) -> Path:
    """A disk for UEFI whose system partition has a loader, but not under the name that firmware looks for by itself."""
    first, sectors = 2048, 2048
    gpt_disk(path, kind=SYSTEM_PARTITION, first=first)
    place = f"{path}@@{first * SECTOR}"
    loader = path.with_suffix(".efi")
    loader.write_bytes(b"MZ" + bytes(62))
    run(["mformat", "-i", place, "-T", str(sectors), "::"])
    run(["mmd", "-i", place, "::/EFI", "::/EFI/debian"])
    run(["mcopy", "-i", place, loader, "::/EFI/debian/grubx64.efi"])
    loader.unlink()
    return path


def with_footer(file: Path, *, creator: bytes, chs: tuple[int, int, int]) -> Path:
    """Change maker and geometry in both footers of a dynamic VHD."""
    data = bytearray(file.read_bytes())
    for place in (0, len(data) - 512):
        block = data[place : place + 512]
        block[28:32] = creator
        struct.pack_into(">HBB", block, 56, *chs)
        struct.pack_into(">I", block, 64, footer_checksum(bytes(block)))
        data[place : place + 512] = block
    file.write_bytes(data)
    return file


def renamed(file: Path, name: bytes, code_page: str) -> Path:
    text = file.read_bytes()[512 : 512 * 21].partition(b"\0")[0]
    text = text.replace(b"plain", name)
    if code_page:
        text = text.replace(b"version=1\n", b'version=1\nencoding="' + code_page.encode() + b'"\n')
    return patched(file, 512, text.ljust(20 * 512, b"\0"))


def crc32c(data: bytes) -> int:
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0x82F63B78 if value & 1 else value >> 1
    return value ^ 0xFFFFFFFF


def with_log(file: Path) -> Path:
    """Put one entry into the VHDX's log, which clears 4 KiB at the file's end (MS-VHDX 2.3)."""
    size, log_id = file.stat().st_size, uuid.uuid4().bytes_le
    with file.open("r+b") as opened:
        heads = []
        for place in (64 << 10, 128 << 10):
            opened.seek(place)
            heads.append((place, bytearray(opened.read(4096))))
        place, head = max(heads, key=lambda each: struct.unpack_from("<Q", each[1], 8))
        head[48:64] = log_id
        struct.pack_into("<I", head, 4, 0)
        struct.pack_into("<I", head, 4, crc32c(bytes(head)))
        length, offset = struct.unpack_from("<IQ", head, 68)
        entry = bytearray(4096)
        struct.pack_into("<4sIIIQII16sQQ", entry, 0, b"loge", 0, 4096, 0, 1, 1, 0, log_id, size, size)
        struct.pack_into("<4sIQQQ", entry, 64, b"zero", 0, 4096, size - 4096, 1)
        struct.pack_into("<I", entry, 4, crc32c(bytes(entry)))
        for where, data in ((place, bytes(head)), (offset, bytes(length)), (offset, bytes(entry))):
            opened.seek(where)
            opened.write(data)
    return file


def with_refcount(file: Path, cluster: int | None, count: int) -> Path:
    """Change the refcount of a cluster; None: of one more than the file has, which is added."""
    with file.open("r+b") as opened:
        header = opened.read(104)
        bits = struct.unpack_from(">I", header, 20)[0]
        opened.seek(struct.unpack_from(">Q", header, 48)[0])
        block = struct.unpack(">Q", opened.read(8))[0]
        if cluster is None:
            cluster = -(-file.stat().st_size // (1 << bits))
            opened.truncate((cluster + 1) << bits)
        opened.seek(block + 2 * cluster)
        opened.write(struct.pack(">H", count))
    return file
