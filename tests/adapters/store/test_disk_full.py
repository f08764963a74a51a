"""A capture that meets a full disk goes on, once there is room, with what it had stored."""

from pathlib import Path

import pytest

from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import OutOfSpace
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import CHUNK, StoreFixture, content, noise, seal

MIB = 1024 * 1024
SCALE = 8


@pytest.fixture
def store(shop: StoreFixture, small_disk: Path) -> RegionStore:
    (small_disk / "north").mkdir()
    (shop.directory / "north").symlink_to(small_disk / "north")
    return shop.store("north", scale=SCALE)


def test_a_capture_continues_after_space_is_freed(
    store: RegionStore, shop: StoreFixture, small_disk: Path, tmp_path: Path
) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(8 * MIB))
    disk = noise(1, 12 * MIB)
    with pytest.raises(OutOfSpace, match="region north is full") as caught:
        seal(store, disk)
    assert "retry" in caught.value.hint
    stored = sum(pack.chunks for pack in shop.index.packs("north"))
    assert stored > 0
    assert list((small_disk / "north" / "staging").iterdir()) == []
    ballast.unlink()
    captured = seal(store, disk)
    assert captured.new_chunks == 12 * MIB // (SCALE * CHUNK) - stored
    assert content(store, captured.digest, tmp_path) == disk


def test_a_full_target_keeps_what_arrived(
    store: RegionStore, shop: StoreFixture, small_disk: Path, tmp_path: Path
) -> None:
    source = shop.store("south", scale=SCALE)
    disk = noise(2, 12 * MIB)
    digest = seal(source, disk).digest
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(8 * MIB))
    whole = store.missing_bytes(digest, source=source)
    with pytest.raises(OutOfSpace):
        store.replicate(digest, source=source, pin=lambda digest: None, progress=unheard)
    rest = store.missing_bytes(digest, source=source)
    assert rest < whole
    ballast.unlink()
    store.replicate(digest, source=source, pin=lambda digest: None, progress=unheard)
    assert content(store, digest, tmp_path) == disk


def test_collecting_frees_a_full_disk(store: RegionStore, small_disk: Path) -> None:
    seal(store, noise(1, 12 * MIB))
    with pytest.raises(OutOfSpace):
        seal(store, noise(2, 12 * MIB))
    freed = store.collect(list)
    assert freed.freed_bytes > 12 * MIB
    seal(store, noise(2, 12 * MIB))
