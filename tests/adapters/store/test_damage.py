"""Damage is found, named and never handed out."""

import errno
import os
from pathlib import Path

import pytest

from galeria.adapters.store import restore
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Conflict, Corrupt, OutOfSpace, StoreUnavailable
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import CHUNK, Crash, StoreFixture, dies_after, flip, noise, packs_in, seal

DISK = noise(1, 40 * CHUNK)


@pytest.fixture
def store(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


def test_verify_names_the_one_chunk_with_a_flipped_byte(store: RegionStore, tmp_path: Path) -> None:
    seal(store, DISK)
    flip(packs_in(tmp_path / "north")[0], 100)
    (damage,) = store.verify(None, progress=unheard).damaged
    assert len(damage.name) == 64
    assert damage.reason


def test_verify_names_every_chunk_of_a_lost_pack(store: RegionStore, shop: StoreFixture, tmp_path: Path) -> None:
    seal(store, DISK)
    lost = packs_in(tmp_path / "north")[0]
    lost.unlink()
    damaged = {damage.name for damage in store.verify(None, progress=unheard).damaged}
    assert damaged == {name.hex() for name in shop.index.chunks_of("north", lost.name)}


def test_verify_names_chunks_without_a_place_and_manifests_that_are_gone(
    store: RegionStore, shop: StoreFixture
) -> None:
    digest = seal(store, DISK).digest
    shop.index.clear("north")
    damaged = store.verify([digest, "0" * 64], progress=unheard).damaged
    assert len(damaged) == 41
    assert damaged[0].name == "0" * 64


def test_verify_names_a_damaged_manifest(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, DISK).digest
    flip(tmp_path / "north" / "manifests" / digest, -1)
    assert [damage.name for damage in store.verify(None, progress=unheard).damaged] == [digest]


@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_image_is_not_restored(store: RegionStore, tmp_path: Path, cut: bool) -> None:
    digest = seal(store, DISK).digest
    pack = packs_in(tmp_path / "north")[0]
    if cut:
        pack.write_bytes(pack.read_bytes()[:500])
    else:
        flip(pack, 100)
    with pytest.raises(Corrupt):
        store.restore(digest, tmp_path / "disk", progress=unheard)
    assert not (tmp_path / "disk").exists()
    assert not list(tmp_path.glob(".disk*"))


def test_a_restore_that_is_cut_leaves_the_old_file(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, DISK).digest
    target = tmp_path / "disk"
    target.write_bytes(b"old")
    with pytest.raises(Crash):
        store.restore(digest, target, progress=dies_after(3))
    assert target.read_bytes() == b"old"
    (tmp_path / ".disk.partial").write_bytes(noise(5, 99 * CHUNK))
    store.restore(digest, target, progress=unheard)
    assert target.read_bytes() == DISK


def test_two_restores_do_not_write_one_file(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, DISK).digest
    refused: list[Conflict] = []

    def again(*, done: int, total: int) -> None:
        if done == CHUNK:
            with pytest.raises(Conflict) as caught:
                store.restore(digest, tmp_path / "disk", progress=unheard)
            refused.append(caught.value)

    store.restore(digest, tmp_path / "disk", progress=again)
    assert len(refused) == 1
    assert (tmp_path / "disk").read_bytes() == DISK


def test_a_restore_whose_bytes_do_not_reach_the_disk_fails(
    store: RegionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = seal(store, DISK).digest

    def sync(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(restore, "_AT_A_TIME", CHUNK)
    monkeypatch.setattr(os, "fdatasync", sync)
    with pytest.raises(StoreUnavailable, match=r"syncing disk\.raw: .*Input/output error"):
        store.restore(digest, tmp_path / "disk.raw", progress=unheard)
    assert not [path for path in tmp_path.iterdir() if "disk.raw" in path.name]


def test_a_restored_disk_is_sparse(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, noise(1, CHUNK) + bytes(8000 * CHUNK)).digest
    store.restore(digest, tmp_path / "disk", progress=unheard)
    found = (tmp_path / "disk").stat()
    assert found.st_size == 8001 * CHUNK
    assert found.st_blocks * 512 <= 16 * CHUNK


def test_a_full_disk_under_a_restore_is_reported(shop: StoreFixture, small_disk: Path) -> None:
    store = shop.store("south", scale=16)
    digest = seal(store, noise(1, 24 * 1024 * 1024)).digest
    with pytest.raises(OutOfSpace):
        store.restore(digest, small_disk / "disk", progress=unheard)
    assert list(small_disk.iterdir()) == []
