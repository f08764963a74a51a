"""Files that want something else than to be a disk are refused, and the refusal names the remedy.

The cases are those of the advisories on image handling: CVE-2015-5163 and -1850 (backing files), CVE-2022-47951 (VMDK
extents), CVE-2024-32498 and -40767 (data files; one format inside another), CVE-2014-9623 (sizes), and cut-off files.
"""

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galeria.adapters.files.inspection import inspect_file
from galeria.adapters.files.vhd import footer_checksum
from galeria.domain.errors import Invalid
from galeria.ports.files import FileFacts
from galeria.programs import run
from tests.adapters.files.disk_files import SIZE, converted, raw_disk

MOST = 1 << 40


def refused(file: Path, *words: str) -> None:
    with pytest.raises(Invalid) as caught:
        inspect_file(file, max_virtual_size=MOST)
    assert caught.value.code == "InvalidImageFile"
    assert caught.value.hint
    assert str(file.parent) not in str(caught.value)
    for word in words:
        assert word.lower() in str(caught.value).lower()


def patched(file: Path, offset: int, data: bytes) -> Path:
    with file.open("r+b") as opened:
        opened.seek(offset)
        opened.write(data)
    return file


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_disk(tmp_path / "disk.raw")


@pytest.fixture
def make(tmp_path: Path, raw: Path) -> Callable[[str], Path]:
    def make_one(name: str) -> Path:
        return converted(raw, tmp_path / "file", name)

    return make_one


def test_a_qcow2_with_a_backing_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", file, "8M"])
    refused(file, "backing file")


def test_a_qcow2_with_a_data_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    run(["qemu-img", "create", "-q", "-f", "qcow2", "-o", f"data_file={tmp_path}/other,data_file_raw=on", file, "8M"])
    refused(file, "data file")


@pytest.mark.parametrize("method", [1, 2])
def test_an_encrypted_qcow2_is_refused(make: Callable[[str], Path], method: int) -> None:
    refused(patched(make("qcow2"), 32, struct.pack(">I", method)), "encrypted")


@pytest.mark.parametrize("bit", [2, 4, 5, 17, 63])
def test_a_qcow2_with_features_that_change_its_meaning_is_refused(make: Callable[[str], Path], bit: int) -> None:
    refused(patched(make("qcow2"), 72, struct.pack(">Q", 1 << bit)))


@pytest.mark.parametrize("version", [0, 1, 4, 0xFFFFFFFF])
def test_a_qcow2_of_another_version_is_refused(make: Callable[[str], Path], version: int) -> None:
    refused(patched(make("qcow2"), 4, struct.pack(">I", version)))


@pytest.mark.parametrize("size", [0, 511, SIZE + 1, 2 << 40, 1 << 62, (1 << 64) - 512])
def test_unbelievable_virtual_sizes_are_refused(make: Callable[[str], Path], size: int) -> None:
    refused(patched(make("qcow2"), 24, struct.pack(">Q", size)))


def test_a_huge_l1_table_is_refused(make: Callable[[str], Path]) -> None:
    refused(patched(make("qcow2"), 36, struct.pack(">I", 0xFFFFFFF0)), "L1")


def test_a_qcow2_whose_tables_point_elsewhere_is_refused(make: Callable[[str], Path]) -> None:
    refused(patched(make("qcow2"), 40, struct.pack(">Q", 1 << 40)))


@pytest.mark.parametrize("name", ["qcow2", "vmdk", "vhdx", "vpc"])
def test_a_format_hidden_in_a_fixed_vhd_is_refused(make: Callable[[str], Path], name: str) -> None:
    inner = make(name).read_bytes()
    inner = inner.ljust(-(-len(inner) // 512) * 512, b"\0")
    footer = bytearray(512)
    footer[:8] = b"conectix"
    struct.pack_into(">QQII", footer, 40, len(inner), len(inner), 0, 2)
    struct.pack_into(">I", footer, 64, footer_checksum(bytes(footer)))
    file = make(name)
    file.write_bytes(inner + footer)
    facts = judged(file)
    assert facts is None or facts.format == name  # as what it is inside


def test_a_qcow2_that_poses_as_raw_is_seen_as_what_it_is(tmp_path: Path, raw: Path) -> None:
    file = converted(raw, tmp_path / "innocent.raw", "qcow2")
    assert inspect_file(file, max_virtual_size=MOST).format == "qcow2"
    run(["qemu-img", "rebase", "-u", "-f", "qcow2", "-b", "/etc/shadow", "-F", "raw", file])
    refused(file, "backing file")


def test_a_file_of_two_formats_at_once_is_refused(make: Callable[[str], Path]) -> None:
    refused(patched(make("qcow2"), 510, b"\x55\xaa"), "several formats")


def vmdk_descriptor(kind: str, *extents: str, more: str = "") -> bytes:
    lines = [
        "# Disk DescriptorFile",
        "version=1",
        "CID=1",
        "parentCID=ffffffff",
        f'createType="{kind}"',
        more,
        *extents,
    ]
    return "\n".join(lines).encode()


@pytest.mark.parametrize("kind", ["monolithicFlat", "vmfs", "twoGbMaxExtentFlat", "monolithicSparse", "fullDevice"])
def test_a_vmdk_description_that_names_files_of_the_host_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(vmdk_descriptor(kind, 'RW 4 FLAT "/etc/passwd" 0').ljust(1024, b"\n"))
    refused(file)
    file.write_bytes(vmdk_descriptor(kind, 'RW 4 FLAT "/etc/passwd" 0').ljust(1 << 20, b"\0"))
    refused(file)


@pytest.mark.parametrize(
    "descriptor",
    [
        vmdk_descriptor("monolithicFlat", 'RW 16384 FLAT "/etc/passwd" 0'),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "/etc/passwd"'),
        vmdk_descriptor("monolithicSparse", 'RW 16384 FLAT "file" 0'),
        vmdk_descriptor("monolithicSparse", 'RW 8192 SPARSE "a"', 'RW 8192 SPARSE "b"'),
        vmdk_descriptor("monolithicSparse", 'RW 9 SPARSE "file"'),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "file"', more='createType="monolithicFlat"'),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "file"', more='createtype="monolithicSparse"'),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "file"', more='parentFileNameHint="/etc/passwd"'),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "file"').replace(b"ffffffff", b"12345678"),
        vmdk_descriptor("monolithicSparse"),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "file"', more="RW neighbour"),
        vmdk_descriptor("monolithicSparse", 'RW 16384 SPARSE "file"', more='change "neighbour"'),
        b"",
    ],
)
def test_a_sparse_vmdk_that_leads_elsewhere_is_refused(make: Callable[[str], Path], descriptor: bytes) -> None:
    refused(patched(make("vmdk"), 512, descriptor.ljust(20 * 512, b"\0")))


@pytest.mark.parametrize("extent", [None, 'RW 16 FLAT "neighbour" 0', 'RW 16 SPARSE "neighbour"'])
def test_a_vmdk_without_capacity_is_refused_because_qemu_would_follow_its_extents(
    make: Callable[[str], Path], extent: str | None
) -> None:
    file = patched(make("vmdk"), 12, bytes(8))
    if extent:
        patched(file, 512, vmdk_descriptor("monolithicSparse", extent).ljust(20 * 512, b"\0"))
    refused(file, "VMDK", "single")


def test_a_vmdk_of_two_files_is_refused(tmp_path: Path, raw: Path) -> None:
    file = tmp_path / "flat.vmdk"
    run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=monolithicFlat", raw, file])
    refused(file, "text", "VMDK")


def test_a_fixed_vhd_with_a_wrong_checksum_is_refused(make: Callable[[str], Path]) -> None:
    refused(patched(make("vhd"), SIZE + 64, bytes(4)), "checksum")


@pytest.mark.parametrize(("kind", "words"), [(4, "differencing"), (3, "dynamic"), (0, "VHD")])
def test_a_vhd_that_is_not_what_its_footer_says_is_refused(make: Callable[[str], Path], kind: int, words: str) -> None:
    refused(with_footer_field(make("vhd"), SIZE, ">I", 60, kind), words)


def test_a_fixed_vhd_of_another_size_than_its_footer_says_is_refused(make: Callable[[str], Path]) -> None:
    refused(with_footer_field(make("vhd"), SIZE, ">Q", 48, SIZE * 2), "16 MiB", "8 MiB")


def test_a_differencing_vhd_is_refused(make: Callable[[str], Path]) -> None:
    file = make("vpc")
    with_footer_field(file, 0, ">I", 60, 4)
    refused(file, "differencing", "Merge-VHD")


def with_footer_field(file: Path, footer: int, form: str, offset: int, value: int) -> Path:
    """Change one field of a VHD footer and make its checksum fit again."""
    block = bytearray(file.read_bytes()[footer : footer + 512])
    struct.pack_into(form, block, offset, value)
    struct.pack_into(">I", block, 64, footer_checksum(bytes(block)))
    return patched(file, footer, bytes(block))


def test_a_vhdx_with_a_parent_is_refused(make: Callable[[str], Path]) -> None:
    file = make("vhdx")
    parameters = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")  # MS-VHDX 2.6.2.1, File Parameters
    data = file.read_bytes()
    table = data.index(b"metadata")
    entry = data.index(parameters, table)
    (item,) = struct.unpack_from("<I", data, entry + 16)
    (flags,) = struct.unpack_from("<I", data, table + item + 4)
    refused(patched(file, table + item + 4, struct.pack("<I", flags | 2)))


@pytest.mark.parametrize("form", ["vdi", "qed", "parallels"])
def test_foreign_disk_formats_are_refused_by_name(tmp_path: Path, form: str) -> None:
    file = tmp_path / "file"
    run(["qemu-img", "create", "-q", "-f", form, file, "8M"])
    refused(file, form, "qemu-img convert")


@pytest.mark.parametrize("version", [1, 2])
def test_an_encrypted_disk_is_refused(tmp_path: Path, version: int) -> None:
    file = tmp_path / "file"
    file.write_bytes((b"LUKS\xba\xbe" + struct.pack(">H", version)).ljust(SIZE, b"\0"))
    refused(file, "encrypted", "without encryption")


def test_archives_are_refused_with_the_advice_to_unpack_them(tmp_path: Path, raw: Path) -> None:
    data, file = raw.read_bytes(), tmp_path / "file"
    bundle, archive = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=bundle, mode="w") as tar:
        tar.add(raw, "disk.vmdk")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("disk.vhd", data)
    for packed_bytes in (gzip.compress(data), lzma.compress(data), bundle.getvalue(), archive.getvalue()):
        file.write_bytes(packed_bytes)
        refused(file, "archive", "unpack")


@pytest.mark.parametrize("first", [0, 64], ids=["from the first sector", "from the descriptor"])
def test_a_cd_image_is_refused_even_when_it_boots_like_a_disk(raw: Path, first: int) -> None:
    """Tools that make such an image let a partition cover it: isohybrid from its start, xorriso from its descriptor on."""
    patched(raw, 446, struct.pack("<B3xB3xII", 0x80, 0x17, first, SIZE // 512 - first))
    refused(patched(raw, 32768, b"\x01CD001\x01"), "ISO", "install")


def test_a_cd_image_is_refused_by_its_size_whatever_its_partitions_cover(raw: Path) -> None:
    descriptor = bytearray(2048)
    descriptor[:7] = b"\x01CD001\x01"
    struct.pack_into("<I", descriptor, 80, SIZE // 2048)
    refused(patched(raw, 32768, bytes(descriptor)), "ISO", "install")


@pytest.mark.parametrize("data", [b"", b"x", bytes(511), bytes(SIZE), b"hello\n" * 5000, bytes(range(256)) * 4096])
def test_what_is_no_disk_is_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    refused(file)


def test_a_cut_off_raw_disk_is_refused(raw: Path) -> None:
    for size in (SIZE - 1, SIZE - 512, SIZE // 2, 1 << 20):
        with raw.open("r+b") as file:
            file.truncate(size)
        refused(raw, "cut off")


@pytest.mark.parametrize("name", ["qcow2", "qcow2 compressed", "vhd", "vpc", "vhdx", "vmdk", "vmdk streamOptimized"])
def test_a_file_that_is_cut_off_is_refused(make: Callable[[str], Path], name: str) -> None:
    """Such a file would read as zeros where its bytes are missing. Only within its last 64 KiB may a file end early."""
    file = make(name)
    whole = file.stat().st_size
    for size in range(whole - (64 << 10), 0, -max(37 << 10, whole // 20)):
        with file.open("r+b") as opened:
            opened.truncate(size // 512 * 512)
        refused(file)


def judged(file: Path) -> FileFacts | None:
    """Facts or Invalid; any other exception fails the test."""
    try:
        return inspect_file(file, max_virtual_size=MOST)
    except Invalid:
        return None


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(
        [b"", b"QFI\xfb", b"KDMV", b"conectix", b"vhdxfile", b"# Disk DescriptorFile\n", b"LUKS\xba\xbe", b"a" * 600]
    ),
    rest=st.binary(max_size=3000),
    padding=st.sampled_from([0, 512, 300_000]),
    end=st.sampled_from([b"", b"\x55\xaa", b"conectix".ljust(512, b"\1")]),
)
def test_any_bytes_are_judged(tmp_path: Path, start: bytes, rest: bytes, padding: int, end: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(start + rest + bytes(padding) + end)
    judged(file)


@pytest.mark.parametrize("name", ["qcow2", "vpc", "vhdx", "vmdk", "vmdk streamOptimized", "vhd", "raw"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 13), st.binary(min_size=1, max_size=16)), min_size=1, max_size=4))
def test_changed_headers_are_judged(make: Callable[[str], Path], name: str, changes: list[tuple[int, bytes]]) -> None:
    file = make(name)
    for offset, data in changes:
        patched(file, offset, data)
    facts = judged(file)
    assert facts is None or 0 < facts.virtual_size <= MOST
