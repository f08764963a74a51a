"""A store stops before its disk's margin is touched, keeps what it has, goes on once there is room, and can make room."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from galeria.adapters.disks.free_room import DataRoom
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.disk_margin import DiskMargin
from galeria.domain.errors import OutOfSpace
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import StoreFixture, content, noise, seal

MIB = 1024 * 1024
SCALE = 8
MARGIN = DiskMargin(size=6 * MIB)
FOLDERS = 64 * 1024  # what a file system takes beside the bytes of files: folders, and blocks that are not full


@pytest.fixture
def store(shop: StoreFixture, small_disk: Path) -> RegionStore:
    (small_disk / "north").mkdir()
    (shop.directory / "north").symlink_to(small_disk / "north")
    made = shop.store("north", scale=SCALE)
    return RegionStore(replace(made._context, margin=MARGIN))


def free(folder: Path) -> int:
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def test_a_capture_stops_before_the_margin_and_goes_on_later(
    store: RegionStore, shop: StoreFixture, small_disk: Path, tmp_path: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(5 * MIB))
    disk = noise(1, 9 * MIB)
    with pytest.raises(OutOfSpace, match="must stay free") as caught:
        seal(store, disk)
    assert "[disks] in galeria.toml" in caught.value.hint
    assert free(small_disk) >= MARGIN.size - FOLDERS
    stored = sum(pack.chunks for pack in shop.index.packs("north"))
    assert stored > 0
    ballast.unlink()
    captured = seal(store, disk)
    assert captured.new_chunks < captured.data_bytes // MIB * MIB
    assert content(store, captured.digest, tmp_path) == disk
    assert free(small_disk) >= MARGIN.size - FOLDERS


def test_a_restored_image_stops_before_the_margin_and_leaves_nothing(shop: StoreFixture, small_disk: Path) -> None:
    source = shop.store("south", scale=SCALE)
    digest = seal(source, noise(2, 12 * MIB)).digest
    careful = RegionStore(replace(source._context, margin=MARGIN))
    with pytest.raises(OutOfSpace, match="must stay free"):
        careful.restore(digest, small_disk / "base.raw", progress=unheard)
    assert list(small_disk.iterdir()) == []


def test_what_collects_may_use_the_margin(store: RegionStore, small_disk: Path) -> None:
    seal(store, noise(1, 8 * MIB))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4 * MIB))
    with pytest.raises(OutOfSpace):
        seal(store, noise(3, 4 * MIB))
    assert store.collect(list).freed_bytes > 8 * MIB


def test_the_room_is_asked_of_each_file_system(small_disk: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "regions").mkdir(parents=True)
    (data / "regions" / "north").symlink_to(small_disk)
    room = DataRoom(data=data, margin=DiskMargin(size=10 * MIB))
    room.require(5 * MIB)
    room.require(5 * MIB, region="north")
    room.require(8 * MIB, region="south")
    with pytest.raises(
        OutOfSpace, match=r"This needs 0.00781 GB of a disk that has 0.0156 GB free, of which 0.00977 GB"
    ):
        room.require(8 * MIB, region="north")
    DataRoom(data=data, margin=DiskMargin(size=0, percent=50)).require(8 * MIB, region="north")
    with pytest.raises(OutOfSpace):
        DataRoom(data=data, margin=DiskMargin(size=0, percent=51)).require(8 * MIB, region="north")
    (small_disk / "ballast").write_bytes(bytes(8 * MIB))
    with pytest.raises(OutOfSpace, match=r"The disk has 0.00781 GB free, and 0.00977 GB must stay free"):
        room.require(0, region="north")
