"""Disk files as they come from other programs, hosts and years are taken, byte for byte, or refused with the right reason."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from galeria.adapters.engine.nbd_source import open_image
from galeria.adapters.files.inspection import inspect_file
from galeria.adapters.files.upload_files import DirectoryUploads
from galeria.domain.errors import Invalid
from galeria.domain.images.vhd_footer import fixed_footer, geometry
from galeria.ports.files import FileFacts
from galeria.programs import run
from tests.adapters.files.disk_files import SIZE, content, converted, raw_disk
from tests.adapters.files.odd_disks import ISO, SECTOR, gpt_disk, patched, renamed, with_footer, with_log, with_refcount

MOST = 1 << 40
ID = "0123456789abcdef0123456789abcdef"


def judged(file: Path) -> FileFacts:
    return inspect_file(file, max_virtual_size=MOST)


def refusal_of(file: Path) -> str:
    with pytest.raises(Invalid) as caught:
        judged(file)
    assert caught.value.hint
    assert "qemu-img:" not in str(caught.value)
    return str(caught.value)


def disk_in(folder: Path, file: Path) -> bytes:
    """The disk that the file is taken as."""
    uploads = DirectoryUploads(folder / "uploads", open_image)
    data = file.read_bytes()
    uploads.append(ID, 0, [data], limit=len(data))
    with uploads.open(ID, uploads.inspect(ID)) as disk:
        return content(disk)


@pytest.mark.parametrize("creator", [b"vbox", b"wa\0\0", b"vs  ", b"conv", b"win ", b"vpc ", b"qemu", b"\xff\0\xff\0"])
@pytest.mark.parametrize("make", [raw_disk, gpt_disk], ids=["mbr", "gpt"])
def test_a_vhd_has_the_bytes_that_it_tells_and_not_those_of_its_rounded_geometry(
    tmp_path: Path, creator: bytes, make: Callable[..., Path]
) -> None:
    size = SIZE + 3 * SECTOR  # of no geometry
    raw = make(tmp_path / "disk.raw", size=size)
    file = converted(raw, tmp_path / "disk.vhd", "vpc")
    with_footer(file, creator=creator, chs=geometry(size // SECTOR))
    assert judged(file).virtual_size == size
    assert disk_in(tmp_path, file) == raw.read_bytes()


def test_a_vhd_of_the_largest_geometry_has_the_bytes_that_it_tells(tmp_path: Path) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "disk.vhd", "vpc")
    with_footer(file, creator=b"othr", chs=(65535, 16, 255))
    assert judged(file).virtual_size == SIZE


def test_a_vhd_of_two_sizes_is_refused_where_nothing_tells_which_is_right(tmp_path: Path) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "disk.vhd", "vpc")
    with_footer(file, creator=b"vbox", chs=(100, 4, 17))
    said = refusal_of(file)
    assert "two ways" in said
    assert "8 MiB" in said
    assert "3.3 MiB" in said


@pytest.mark.parametrize("is_by_bytes", [True, False])
def test_the_copy_of_a_gpt_tells_which_of_a_vhds_two_sizes_is_right(tmp_path: Path, is_by_bytes: bool) -> None:
    """Where it lies at the end of the geometry the disk would be taken too long, so that it is refused."""
    chs = (123, 8, 16)
    end = None if is_by_bytes else 123 * 8 * 16 * SECTOR
    raw = gpt_disk(tmp_path / "disk.raw", end=end)
    file = with_footer(converted(raw, tmp_path / "disk.vhd", "vpc"), creator=b"othr", chs=chs)
    if is_by_bytes:
        assert disk_in(tmp_path, file) == raw.read_bytes()
    else:
        assert "two ways" in refusal_of(file)


@pytest.mark.parametrize("name", ["vhdx", "vmdk", "vmdk streamOptimized"])
def test_other_containers_that_tell_two_sizes_are_refused(tmp_path: Path, name: str) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "disk", name)
    data = file.read_bytes()
    if name == "vhdx":
        place = data.index(struct.pack("<Q", SIZE), data.index(b"metadata"))  # MS-VHDX 2.6.2.2, the only one
        refused = patched(file, place, struct.pack("<Q", SIZE + 1))
    else:
        refused = patched(file, 12, struct.pack("<Q", SIZE // SECTOR * 2))
    assert refusal_of(refused)


NAMES = {
    "utf-8": "Máquina da álgebra",
    "windows-1252": "Máquina",
    "windows-1251": "Машина",
    "shift_jis": "ソフト表",  # whose second bytes are those of a backslash
    "gbk": "机器",
    "iso-8859-1": "çãé",
}


@pytest.mark.parametrize("code_page", NAMES)
@pytest.mark.parametrize("form", ["vmdk", "vmdk streamOptimized"])
def test_a_vmdk_may_have_any_name_in_any_code_page(tmp_path: Path, code_page: str, form: str) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = converted(raw, tmp_path / "plain.vmdk", form)
    renamed(file, NAMES[code_page].encode(code_page), code_page)
    assert disk_in(tmp_path, file) == raw.read_bytes()


def test_a_name_in_an_unnamed_code_page_is_no_hindrance(tmp_path: Path) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = converted(raw, tmp_path / "plain.vmdk", "vmdk")
    assert disk_in(tmp_path, renamed(file, "Máquina".encode("cp1252"), "")) == raw.read_bytes()


@pytest.mark.parametrize("name", ["/etc/senhas é", "C:\\Máquina", "..\\é", 'é"\nRW 16384 SPARSE "é', "../é"], ids=ascii)
@pytest.mark.parametrize("code_page", ["utf-8", "windows-1252", "shift_jis", "utf-7"])
def test_accents_hide_no_other_file(tmp_path: Path, name: str, code_page: str) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "plain.vmdk", "vmdk")
    encoded = name.encode("utf-8" if code_page == "utf-7" else code_page, errors="replace")
    assert "several files" in refusal_of(renamed(file, encoded, code_page))


def test_a_vhdx_with_a_log_is_refused_for_that_and_its_cure_works(tmp_path: Path) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = with_log(converted(raw, tmp_path / "disk.vhdx", "vhdx"))
    said = refusal_of(file)
    assert "still in its log" in said
    assert "qemu-img check -r all" in said
    run(["qemu-img", "check", "-q", "-r", "all", "-f", "vhdx", file])
    assert disk_in(tmp_path, file) == raw.read_bytes()[:-4096] + bytes(4096)  # what the log had in store


def test_a_qcow2_that_lost_a_cluster_is_taken(tmp_path: Path) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = converted(raw, tmp_path / "disk.qcow2", "qcow2")
    assert disk_in(tmp_path, with_refcount(file, None, 1)) == raw.read_bytes()


def test_a_qcow2_that_was_not_closed_is_taken(tmp_path: Path) -> None:
    raw, file = raw_disk(tmp_path / "disk.raw"), tmp_path / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", "lazy_refcounts=on", raw, file])
    assert disk_in(tmp_path, patched(file, 72, struct.pack(">Q", 1))) == raw.read_bytes()


def test_a_qcow2_whose_data_may_be_overwritten_stays_refused(tmp_path: Path) -> None:
    file = converted(raw_disk(tmp_path / "disk.raw"), tmp_path / "disk", "qcow2")
    said = refusal_of(with_refcount(file, 5, 0))
    assert said.startswith("The file is damaged")
    assert "qemu-img check -r all" in said


@pytest.mark.parametrize(
    ("name", "options"),
    {
        "extended_l2": ("-o", "extended_l2=on,cluster_size=128k"),
        "zstd": ("-c", "-o", "compression_type=zstd"),
        "both": ("-c", "-o", "extended_l2=on,compression_type=zstd,cluster_size=32k"),
        "old": ("-o", "compat=0.10"),
        "small clusters": ("-o", "cluster_size=512"),
        "narrow refcounts": ("-o", "refcount_bits=1"),
    }.items(),
)
def test_the_features_of_qcow2_that_qemu_reads_are_taken(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = tmp_path / name
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", *options, raw, file])
    assert disk_in(tmp_path, file) == raw.read_bytes()


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_vmdk_of_every_version_is_taken(tmp_path: Path, version: int) -> None:
    raw = raw_disk(tmp_path / "disk.raw")
    file = converted(raw, tmp_path / "disk", "vmdk streamOptimized")
    assert disk_in(tmp_path, patched(file, 4, struct.pack("<I", version))) == raw.read_bytes()


LEFT_OVERS = {
    "ISO": ISO,
    "UDF": [(32768, b"\0BEA01\x01"), (34816, b"\0NSR02\x01")],
    "btrfs": [(65600, b"_BHRfS_M")],
    "XFS": [(0, b"XFSB")],
    "squashfs": [(0, b"hsqs")],
    "LUKS": [(0, b"LUKS\xba\xbe\0\x01")],
    "tar": [(257, b"ustar")],
}


@pytest.mark.parametrize("make", [raw_disk, gpt_disk], ids=["mbr", "gpt"])
@pytest.mark.parametrize("left", LEFT_OVERS)
def test_what_an_earlier_use_left_does_not_decide(tmp_path: Path, left: str, make: Callable[..., Path]) -> None:
    file = make(tmp_path / "disk.raw")
    for offset, magic in LEFT_OVERS[left]:
        patched(file, offset, magic)
    assert judged(file).format == "raw"


def test_a_gpt_that_an_mbr_has_replaced_does_not_decide(tmp_path: Path) -> None:
    """It may be of a larger disk."""
    file = gpt_disk(tmp_path / "disk.raw", size=2 * SIZE)
    boot = raw_disk(tmp_path / "other.raw").read_bytes()[:512]
    patched(file, 0, boot)
    with file.open("r+b") as opened:
        opened.truncate(SIZE)
    assert judged(file).virtual_size == SIZE


@pytest.mark.parametrize("offset", [1080, 0, 65600])
def test_a_cds_descriptor_under_a_file_system_does_not_decide(tmp_path: Path, offset: int) -> None:
    magic = {1080: b"\x53\xef", 0: b"XFSB", 65600: b"_BHRfS_M"}[offset]
    file = tmp_path / "disk.raw"
    file.write_bytes(bytes(SIZE))
    patched(patched(file, offset, magic), 32768, b"\x01CD001\x01\0")
    assert judged(file).format == "raw"


def test_a_cds_descriptor_alone_decides(tmp_path: Path) -> None:
    file = tmp_path / "cd.iso"
    file.write_bytes(bytes(SIZE))
    assert "ISO" in refusal_of(patched(file, 32768, b"\x01CD001\x01\0"))


CONTENTS = {
    "nothing": [],
    "swap": [(4086, b"SWAPSPACE2")],
    "LVM": [(512, b"LABELONE")],
    "LUKS": [(0, b"LUKS\xba\xbe\0\x02")],
    "LUKS1": [(0, b"LUKS\xba\xbe\0\x01")],
    "ZFS": [(0x20000 + 4096, struct.pack("<Q", 0x00BAB10C))],
    "random bytes": [(0, bytes(byte * 37 % 251 for byte in range(1, 65536)))],
    "an ISO": [(32768, b"\x01CD001\x01\0")],
    "text": [(0, b"hello world\n" * 50)],
}


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("form", ["vhd", "vpc", "vhdx", "qcow2", "vmdk"])
def test_a_container_proves_that_it_is_a_disk_whatever_is_on_it(tmp_path: Path, kind: str, form: str) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(SIZE))
    for offset, data in CONTENTS[kind]:
        patched(raw, offset, data)
    assert disk_in(tmp_path, converted(raw, tmp_path / "disk", form)) == raw.read_bytes()


def test_a_footer_that_does_not_fit_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "disk.vhd"
    file.write_bytes(bytes(SIZE) + fixed_footer(SIZE + SECTOR, bytes(16)))
    assert "footer speaks of a disk of" in refusal_of(file)


def test_an_empty_file_is_called_empty(tmp_path: Path) -> None:
    file = tmp_path / "disk.qcow2"
    file.touch()
    assert refusal_of(file).startswith("The file is empty.")


def test_a_disk_of_sixty_tebibytes_is_said_to_have_sixty(tmp_path: Path) -> None:
    file = tmp_path / "disk.qcow2"
    run(["qemu-img", "create", "-q", "-f", "qcow2", file, "60T"])
    assert refusal_of(file).startswith("The disk claims 60 TiB; at most 1 TiB are taken.")
