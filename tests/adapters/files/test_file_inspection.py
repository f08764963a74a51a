"""Disks of every format are recognised by their content and read alike, whatever they are called."""

import struct
from pathlib import Path

import pytest

from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.files.inspection import inspect_file
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.adapters.files.vhd import fixed_size, footer_checksum
from galeria.domain.errors import Invalid
from galeria.programs import run
from tests.adapters.files.disk_files import FORMATS, SIZE, content, converted, raw_disk

MOST = 1 << 40
ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def uploads(tmp_path: Path) -> DirectoryUploads:
    return DirectoryUploads(tmp_path / "uploads", open_image)


def received(uploads: DirectoryUploads, file: Path) -> None:
    data = file.read_bytes()
    assert uploads.append(ID, 0, [data], limit=len(data)) == len(data)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_recognised_and_gives_the_same_disk(
    tmp_path: Path, uploads: DirectoryUploads, name: str
) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = converted(raw, tmp_path / "wrong.name", name)
    received(uploads, file)

    facts = uploads.inspect(ID)

    assert facts.format == name.split()[0]
    assert facts.file_size == file.stat().st_size
    assert facts.virtual_size == SIZE or ("CHS" in name and facts.virtual_size > SIZE)
    with uploads.open(ID, facts) as disk:
        assert disk.size == facts.virtual_size
        assert content(disk) == raw.read_bytes().ljust(facts.virtual_size, b"\0")


@pytest.mark.parametrize("kind", ["ext4", "xfs", "ntfs", "fat", "gpt"])
def test_raw_disks_with_a_file_system_or_a_gpt_are_taken(tmp_path: Path, kind: str) -> None:
    head = bytearray(128 << 10)
    if kind == "ext4":
        head[1080:1082] = b"\x53\xef"
    elif kind == "xfs":
        head[:4] = b"XFSB"
    elif kind == "ntfs":
        head[:11], head[440:510] = b"\xeb\x52\x90NTFS    ", b"\x6e" * 70
    elif kind == "fat":
        head[:3], head[16], head[21], head[82:90] = b"\xeb\x58\x90", 2, 0xF8, b"FAT32   "
    else:
        struct.pack_into("<B3sB3xII", head, 446, 0, b"\x00\x02\x00", 0xEE, 1, 0xFFFFFFFF)
        head[512:520] = b"EFI PART"
        struct.pack_into("<Q", head, 544, SIZE // 512 - 1)
    if kind in ("ntfs", "fat", "gpt"):
        head[510:512] = b"\x55\xaa"
    file = tmp_path / "disk"
    file.write_bytes(bytes(head).ljust(SIZE, b"\0"))
    assert inspect_file(file, max_virtual_size=MOST).format == "raw"


def test_internal_snapshots_are_let_pass(tmp_path: Path) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "disk", "qcow2")
    run(["qemu-img", "snapshot", "-c", "before", file])
    assert inspect_file(file, max_virtual_size=MOST).format == "qcow2"


def test_the_footer_of_a_fixed_vhd_is_read_as_the_specification_says(tmp_path: Path) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "disk", "vhd")
    tail = file.read_bytes()[-512:]
    assert fixed_size(tail, SIZE + 512) == SIZE
    assert footer_checksum(tail) == struct.unpack_from(">I", tail, 64)[0]
    assert fixed_size(bytes(512), SIZE) is None


def test_the_size_limit_is_the_disks_not_the_files(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    run(["qemu-img", "create", "-q", "-f", "qcow2", file, "2T"])
    assert inspect_file(file, max_virtual_size=2 << 40).virtual_size == 2 << 40
    with pytest.raises(Invalid, match="at most"):
        inspect_file(file, max_virtual_size=(2 << 40) - 512)
