"""Disk files of every odd kind come in by every door, whole: as an upload's OS disk and data disk, and from an address."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.actions.galleries.definitions import put_definition
from galeria.actions.storage.disks import DISK, DiskRequest, put_disk
from galeria.actions.versions.versions import VersionRequest, put_version
from galeria.adapters.fetching import HttpFetcher
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.publishing import ReplicationTarget
from galeria.domain.images.storage import DiskCreateOption
from galeria.domain.images.vhd_footer import geometry
from galeria.domain.states import OperationStatus
from galeria.programs import run
from tests.adapters.files.disk_files import SIZE, converted, raw_disk
from tests.adapters.files.odd_disks import ISO, gpt_disk, patched, renamed, with_footer, with_refcount
from tests.file_server import FileServer, serving_file
from tests.local_installation import GALLERY, GROUP, LocalInstallation, definition, version_id

HOME = "brazilsouth"
Maker = Callable[[Path], tuple[Path, Path]]
"""Makes, in a folder, the file as it is brought, and the disk that it stands for."""


def rounded_vhd(folder: Path) -> tuple[Path, Path]:
    raw = gpt_disk(folder / "disk.raw", size=SIZE + 512)
    file = converted(raw, folder / "disk.vhd", "vpc")
    return with_footer(file, creator=b"vbox", chs=geometry(SIZE // 512 + 1)), raw


def accents(folder: Path) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return renamed(converted(raw, folder / "plain.vmdk", "vmdk"), "Máquina".encode("cp1252"), "windows-1252"), raw


def leaked(folder: Path) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return with_refcount(converted(raw, folder / "disk.qcow2", "qcow2"), None, 1), raw


def extended(folder: Path) -> tuple[Path, Path]:
    raw, file = raw_disk(folder / "disk.raw"), folder / "disk.qcow2"
    run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", "extended_l2=on,cluster_size=128k", raw, file])
    return file, raw


def old_vmdk(folder: Path) -> tuple[Path, Path]:
    raw = raw_disk(folder / "disk.raw")
    return patched(converted(raw, folder / "disk.vmdk", "vmdk streamOptimized"), 4, struct.pack("<I", 3)), raw


def left_over(folder: Path) -> tuple[Path, Path]:
    raw = gpt_disk(folder / "disk.raw")
    for offset, magic in ISO:
        patched(raw, offset, magic)
    return raw, raw


def blank(folder: Path) -> tuple[Path, Path]:
    raw = folder / "disk.raw"
    raw.write_bytes(bytes(SIZE))
    return converted(raw, folder / "disk.vhd", "vhd"), raw


def swap(folder: Path) -> tuple[Path, Path]:
    raw = folder / "disk.raw"
    raw.write_bytes(bytes(SIZE))
    patched(raw, 4086, b"SWAPSPACE2")
    return converted(raw, folder / "disk.vhd", "vhd"), raw


MAKERS = (rounded_vhd, accents, leaked, extended, old_vmdk, left_over, blank, swap)


@pytest.fixture
def files() -> Iterator[FileServer]:
    with serving_file(b"") as server:
        yield server


def stored(installation: LocalInstallation, digest: str, folder: Path) -> bytes:
    target = folder / "restored.raw"
    installation.context.stores[HOME].restore(digest, target, progress=lambda *, done, total: None)
    return target.read_bytes()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("lun", [OS_DISK, 0], ids=["OS disk", "data disk"])
def test_an_upload_of_any_kind_becomes_a_disk(
    installation: LocalInstallation, tmp_path: Path, make: Maker, lun: int
) -> None:
    file, raw = make(tmp_path)
    uploads = {lun: installation.upload(file.read_bytes())}
    if lun != OS_DISK:
        uploads[OS_DISK] = installation.upload(raw_disk(tmp_path / "os.raw", seed=9).read_bytes())
    with installation.request() as request:
        put_definition(request, GALLERY.child("images", "odd"), definition("odd"))
        wanted = VersionRequest(location=HOME, tags={}, targets=(ReplicationTarget(region=HOME),), uploads=uploads)
        version, _, operation = put_version(request, version_id("odd"), wanted)
    ended = installation.run(operation)
    assert ended.status is OperationStatus.SUCCEEDED, ended.error_message
    with installation.context.database(reading=True) as uow:
        (disk,) = (each for each in uow.versions.disks(version.id) if each.lun == lun)
    assert stored(installation, disk.digest, tmp_path) == raw.read_bytes()


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_an_address_of_any_kind_becomes_a_disk(
    installation: LocalInstallation, files: FileServer, tmp_path: Path, make: Maker
) -> None:
    context = replace(installation.context, fetcher=HttpFetcher(allowed=frozenset({"localhost"})), poll_seconds=0.001)
    installation = replace(installation, context=context)
    file, raw = make(tmp_path)
    files.content = file.read_bytes()
    id = GROUP.resource("Microsoft.Compute", "disks", "odd")
    with installation.request() as request:
        uri = files.url("/disk", host="localhost")
        wanted = DiskRequest(location=HOME, tags={}, option=DiskCreateOption.IMPORT, uri=uri)
        _, operation = put_disk(request, DISK, id, wanted)
    ended = installation.run(operation)
    assert ended.status is OperationStatus.SUCCEEDED, ended.error_message
    with installation.context.database(reading=True) as uow:
        disk = uow.disks.get_by_key(id.key)
    assert stored(installation, disk.digest, tmp_path) == raw.read_bytes()
