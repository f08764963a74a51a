"""The bytes that firmware, kernel and boot loader read are laid out as their formats say."""

import io
import stat
import struct
from pathlib import Path

import pytest

from galeria.domain.errors import Invalid
from galeria.guests.cpio import CpioArchive
from galeria.guests.image import MIB, copy_sparse, disk_size
from galeria.guests.partitions import lay_out, master_boot_record
from galeria.guests.uki import end_of_image, place_sections

BASE = 0x140000000


def read_cpio(archive: bytes) -> dict[str, tuple[int, bytes, tuple[int, int]]]:
    """Name to mode, content and device numbers, read as the kernel's initramfs documentation describes the format."""
    entries: dict[str, tuple[int, bytes, tuple[int, int]]] = {}
    position = 0
    while position < len(archive):
        assert archive[position : position + 6] == b"070701"
        fields = [int(archive[position + 6 + 8 * n : position + 14 + 8 * n], 16) for n in range(13)]
        name_end = position + 110 + fields[11]
        content_start = -(-name_end // 4) * 4
        content = archive[content_start : content_start + fields[6]]
        name = archive[position + 110 : name_end - 1].decode()
        entries[name] = (fields[1], content, (fields[9], fields[10]))
        position = -(-(content_start + fields[6]) // 4) * 4
    return entries


def test_a_cpio_archive_holds_folders_files_and_devices() -> None:
    archive = CpioArchive()
    archive.add_folder("dev")
    archive.add_character_device("dev/console", major=5, minor=1)
    archive.add_file("init", b"#!/bin/sh\n", mode=0o755)
    archive.add_file("odd", b"12345")
    entries = read_cpio(archive.finish())
    assert list(entries) == ["dev", "dev/console", "init", "odd", "TRAILER!!!"]
    assert stat.S_ISDIR(entries["dev"][0])
    assert stat.S_ISCHR(entries["dev/console"][0])
    assert entries["dev/console"][2] == (5, 1)
    assert entries["init"][:2] == (stat.S_IFREG | 0o755, b"#!/bin/sh\n")
    assert entries["odd"][:2] == (stat.S_IFREG | 0o644, b"12345")


def test_partitions_follow_each_other_from_the_first_mebibyte() -> None:
    boot, root = lay_out(fat_mib=48, root_mib=96)
    assert (boot.start_bytes, boot.end_bytes) == (MIB, 49 * MIB)
    assert (root.start_bytes, root.end_bytes) == (49 * MIB, 145 * MIB)


def test_the_boot_record_has_code_signature_and_one_active_efi_partition() -> None:
    record = master_boot_record(b"\xfa" * 440, lay_out(fat_mib=48, root_mib=96), disk_signature=b"GAL1")
    assert len(record) == 512
    assert record[:440] == b"\xfa" * 440
    assert record[440:444] == b"GAL1"
    assert record[510:] == b"\x55\xaa"
    first, second, third = (struct.unpack_from("<B3xB3xII", record, 446 + 16 * index) for index in range(3))
    assert first == (0x80, 0xEF, 2048, 48 * 2048)
    assert second == (0, 0x83, 49 * 2048, 96 * 2048)
    assert third == (0, 0, 0, 0)


def test_boot_code_that_would_run_into_the_table_is_refused() -> None:
    with pytest.raises(Invalid):
        master_boot_record(bytes(441), lay_out(fat_mib=1, root_mib=1), disk_signature=b"GAL1")


@pytest.mark.parametrize(("asked", "size"), [(None, 145 * MIB), (145, 145 * MIB), (130 * 1024, 130 * 1024 * MIB)])
def test_a_disk_is_as_large_as_asked_or_as_needed(asked: int | None, size: int) -> None:
    assert disk_size(lay_out(fat_mib=48, root_mib=96), disk_mib=asked) == size


def test_a_disk_smaller_than_its_partitions_is_refused_with_the_least_size() -> None:
    with pytest.raises(Invalid, match="at least 145 MiB"):
        disk_size(lay_out(fat_mib=48, root_mib=96), disk_mib=144)


def test_a_sparse_copy_has_the_same_bytes_and_keeps_holes(tmp_path: Path) -> None:
    content = bytes(MIB) + b"data" + bytes(2 * MIB)
    disk = tmp_path / "disk"
    with disk.open("wb") as target:
        target.truncate(8 * MIB)
        copy_sparse(io.BytesIO(content), target, offset=MIB)
    assert disk.read_bytes() == bytes(MIB) + content + bytes(8 * MIB - MIB - len(content))
    assert disk.stat().st_blocks * 512 <= 128 * 1024


def efi_program(sections: list[tuple[int, int]]) -> bytes:
    """The headers of a 64-bit EFI program with `sections` (address, size in memory)."""
    optional = struct.pack("<H22xQ", 0x20B, BASE) + bytes(208)
    head = b"MZ" + bytes(0x3A) + struct.pack("<I", 0x80) + bytes(0x40)
    coff = b"PE\0\0" + struct.pack("<HH12xHH", 0x8664, len(sections), len(optional), 0)
    table = b"".join(struct.pack("<8sII24x", b".s", size, address) for address, size in sections)
    return head + coff + optional + table


def test_the_end_of_an_efi_program_is_that_of_its_last_section_in_memory() -> None:
    assert end_of_image(efi_program([(0x5000, 0x1234), (0x1000, 0x2000)])) == (BASE, 0x6234)


def test_added_sections_lie_behind_the_stub_on_pages_without_overlap(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(0x1001))
    (tmp_path / "b").write_bytes(bytes(10))
    placed = place_sections(efi_program([(0x1000, 0x234)]), [(".a", tmp_path / "a"), (".b", tmp_path / "b")])
    assert [(section.name, section.address - BASE) for section in placed] == [(".a", 0x2000), (".b", 0x4000)]


def test_a_stub_that_is_no_efi_program_is_refused() -> None:
    with pytest.raises(Invalid):
        end_of_image(b"#!/bin/sh\n" * 100)
