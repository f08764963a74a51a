"""A replication that is cut off goes on where it stopped, and damage never travels."""

from pathlib import Path

import pytest

from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Corrupt, StoreUnavailable
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import (
    CHUNK,
    PACK,
    Crash,
    StoreFixture,
    content,
    copy,
    dies_after,
    flip,
    noise,
    packs_in,
    seal,
)

DISK = noise(1, 10 * PACK)


@pytest.fixture
def north(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


@pytest.fixture
def south(shop: StoreFixture) -> RegionStore:
    return shop.store("south")


def test_a_cut_replication_sends_only_the_rest(north: RegionStore, south: RegionStore, tmp_path: Path) -> None:
    digest = seal(north, DISK).digest
    whole = south.missing_bytes(digest, source=north)
    with pytest.raises(Crash):
        copy(south, digest, north, dies_after(100))
    assert south.find_manifest(digest) is None
    rest = south.missing_bytes(digest, source=north)
    # How many of the packs under way are whole at that moment is up to the threads that write them.
    assert 0 < rest < whole
    assert rest <= copy(south, digest, north) < rest + 8 * CHUNK
    assert content(south, digest, tmp_path) == DISK


def test_a_replication_cut_again_and_again_comes_to_its_end(
    north: RegionStore, south: RegionStore, tmp_path: Path
) -> None:
    digest = seal(north, DISK).digest
    for _ in range(100):
        try:
            copy(south, digest, north, dies_after(60))
        except Crash:
            continue
        break
    # Progress is also reported for what is there and checked again, so the last part needs room.
    copy(south, digest, north)
    assert content(south, digest, tmp_path) == DISK


def test_a_damaged_source_is_named_and_nothing_is_published(
    north: RegionStore, south: RegionStore, tmp_path: Path
) -> None:
    digest = seal(north, DISK).digest
    flip(packs_in(tmp_path / "north")[0], 100)
    with pytest.raises(Corrupt, match="north sent a damaged chunk"):
        copy(south, digest, north)
    assert south.find_manifest(digest) is None


def test_replicating_again_mends_a_damaged_target(north: RegionStore, south: RegionStore, tmp_path: Path) -> None:
    digest = seal(north, DISK).digest
    copy(south, digest, north)
    flip(packs_in(tmp_path / "south")[0], 100)
    packs_in(tmp_path / "south")[1].unlink()
    assert len(south.verify(None, progress=unheard).damaged) == 1 + 16
    done = south.replicate(digest, source=north, pin=lambda digest: None, progress=unheard)
    assert done.sent_chunks == 1 + 16
    assert south.verify(None, progress=unheard).damaged == ()
    assert content(south, digest, tmp_path) == DISK


def test_a_target_that_stores_wrong_bytes_is_found_out(shop: StoreFixture, north: RegionStore, tmp_path: Path) -> None:
    digest = seal(north, DISK).digest
    context = shop.context("south")
    publish = context.bucket.put_file

    def lie(path: str, staged: Path) -> None:
        publish(path, staged)
        flip(tmp_path / "south" / path, 50)

    context.bucket.put_file = lie  # type: ignore[method-assign]
    with pytest.raises(Corrupt):
        copy(RegionStore(context), digest, north)
    assert shop.index.packs("south") == []


def test_a_source_that_is_gone_is_unavailable_or_lost(north: RegionStore, south: RegionStore, tmp_path: Path) -> None:
    digest = seal(north, DISK).digest
    pack = packs_in(tmp_path / "north")[0]
    pack.unlink()
    pack.mkdir()
    with pytest.raises(StoreUnavailable, match="region north failed while reading"):
        copy(south, digest, north)


def test_a_region_can_be_copied_onto_itself(north: RegionStore) -> None:
    digest = seal(north, DISK).digest
    assert copy(north, digest, north) < CHUNK * 4
