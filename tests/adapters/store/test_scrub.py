"""A scrub reads everything once, in pieces that go on anywhere, and reports damage and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from galeria.adapters.store import scrub
from galeria.adapters.store.objects.stored_object import StoredObject
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Damage
from tests.adapters.store.fixtures import CHUNK, PACK, StoreFixture, flip, noise, packs_in, seal

DISK = noise(1, 4 * PACK)


@pytest.fixture
def store(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


def scrubbed(store: RegionStore, after: str = "", *, restarting: bool = False) -> tuple[int, list[Damage]]:
    """Bytes read and damage of a whole scrub, or of what is left behind `after`."""
    read = 0
    damaged: list[Damage] = []
    pieces = store.scrub(after)
    while piece := next(pieces, None):
        read += piece.read_bytes
        damaged += piece.damaged
        if restarting:
            pieces = RegionStore(store.context).scrub(piece.after)
    return read, damaged


@pytest.mark.parametrize("restarting", [False, True])
def test_all_is_read_once_wherever_it_goes_on(store: RegionStore, tmp_path: Path, restarting: bool) -> None:
    seal(store, DISK)
    seal(store, noise(2, PACK))
    kept = sum(
        path.stat().st_size for name in ("packs", "manifests") for path in (tmp_path / "north" / name).rglob("*/*")
    )
    kept += sum(path.stat().st_size for path in (tmp_path / "north" / "manifests").iterdir())
    assert scrubbed(store, restarting=restarting) == (kept, [])


def test_what_is_left_is_told(store: RegionStore) -> None:
    seal(store, DISK)
    left = [store.scrub_bytes("")] + [store.scrub_bytes(piece.after) for piece in store.scrub("")]
    assert left[0] == left[1] > 0, "manifests are no packs"
    assert left[1:] == sorted(left[1:], reverse=True)
    assert left[-1] == 0


def test_an_empty_store_has_nothing_to_read(store: RegionStore) -> None:
    assert scrubbed(store) == (0, [])


def test_damage_is_named_chunk_by_chunk(store: RegionStore, shop: StoreFixture, tmp_path: Path) -> None:
    seal(store, DISK)
    flipped, cut, *_ = packs_in(tmp_path / "north")
    flip(flipped, 100)
    cut.write_bytes(cut.read_bytes()[: 2 * CHUNK])
    found = {damage.name for damage in scrubbed(store)[1]}
    lost = {name.hex() for name in shop.index.chunks_of("north", cut.name)}
    assert len(found - lost) == 1
    assert found & lost
    assert found == {damage.name for damage in store.verify(None, progress=lambda *, done, total: None).damaged}


def test_damaged_manifests_and_chunks_without_a_place_are_named(
    store: RegionStore, shop: StoreFixture, tmp_path: Path
) -> None:
    digest = seal(store, DISK).digest
    pack = packs_in(tmp_path / "north")[0]
    missing = {name.hex() for name in shop.index.chunks_of("north", pack.name)}
    shop.index.remove_pack("north", pack.name)
    assert {damage.name for damage in scrubbed(store)[1]} == missing
    flip(tmp_path / "north" / "manifests" / digest, -1)
    assert [damage.name for damage in scrubbed(store)[1]] == [digest]


def test_damage_makes_the_next_replication_read_the_pack_again(shop: StoreFixture, tmp_path: Path) -> None:
    north, south = shop.store("north"), shop.store("south")
    digest = seal(north, DISK).digest
    south.replicate(digest, source=north, pin=lambda digest: None, progress=lambda *, done, total: None)
    flip(packs_in(tmp_path / "south")[0], 100)
    assert len(scrubbed(south)[1]) == 1
    south.replicate(digest, source=north, pin=lambda digest: None, progress=lambda *, done, total: None)
    assert scrubbed(south)[1] == []


def test_a_pack_that_a_collection_removes_meanwhile_is_no_damage(
    store: RegionStore, shop: StoreFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(store, DISK)
    real = store.context.bucket.read

    def removed_first(path: str, start: int, length: int) -> memoryview:
        monkeypatch.undo()
        store.collect(list)
        return real(path, start, length)

    monkeypatch.setattr(store.context.bucket, "read", removed_first)
    assert scrubbed(store)[1] == []
    assert shop.index.packs("north") == []


def test_manifests_are_listed_once_however_many_there_are(store: RegionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        seal(store, noise(number, CHUNK))
    real, listed = store.context.bucket.objects, 0

    def objects(prefix: str) -> Iterator[StoredObject]:
        nonlocal listed
        listed += 1
        return real(prefix)

    monkeypatch.setattr(store.context.bucket, "objects", objects)
    monkeypatch.setattr(scrub, "AT_ONCE", 2)
    pieces = [piece.after for piece in store.scrub("") if piece.after.startswith("manifests/")]
    assert (len(pieces), listed) == (3, 1)
    assert pieces == sorted(pieces)
