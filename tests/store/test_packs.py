"""Packs prove themselves by their name and can be read without the index."""

from pathlib import Path

import pytest

from galeria.adapters.store.context import Depot
from galeria.adapters.store.packs import packs
from galeria.adapters.store.packs.chunks import Opener, Packer, name_of
from galeria.adapters.store.packs.packs import PackWriter, Sealed
from galeria.domain.errors import Corrupt
from tests.store.kit import CHUNK, PACK, Crash, Shop, flip, noise


def written(depot: Depot, count: int) -> list[Sealed]:
    sealed: list[Sealed] = []
    with PackWriter(depot, sealed.append) as writer:
        for seed in range(count):
            data = noise(seed, CHUNK)
            writer.add(name_of(data), Packer().pack(data))
    return sealed


def test_a_pack_is_closed_when_it_is_full(shop: Shop) -> None:
    sealed = written(shop.depot("north"), 40)
    assert [len(pack.places) for pack in sealed] == [16, 16, 8]
    assert all(pack.size == pack.staged.stat().st_size <= PACK + 3 * CHUNK for pack in sealed)


def test_a_footer_tells_what_the_writer_told(shop: Shop) -> None:
    depot = shop.depot("north")
    (pack,) = written(depot, 5)
    depot.bucket.put_file(packs.path_of(pack.name), pack.staged)
    assert packs.fetch_places(depot.bucket, packs.path_of(pack.name), pack.size) == pack.places
    for name, place in pack.places.items():
        blob = depot.bucket.read(packs.path_of(pack.name), place.offset, place.length)
        assert name_of(Opener().open(name, blob)) == name


def test_a_footer_longer_than_the_first_reading_is_read_whole(shop: Shop) -> None:
    depot = shop.depot("north")
    sealed: list[Sealed] = []
    with PackWriter(depot, sealed.append) as writer:
        for number in range(3000):
            writer.add(number.to_bytes(32, "big"), b"x")
    (pack,) = sealed
    depot.bucket.put_file(packs.path_of(pack.name), pack.staged)
    assert packs.fetch_places(depot.bucket, packs.path_of(pack.name), pack.size) == pack.places


def test_the_same_chunks_make_the_same_name(shop: Shop) -> None:
    depot = shop.depot("north")
    assert [pack.name for pack in written(depot, 5)] == [pack.name for pack in written(depot, 5)]


@pytest.mark.parametrize("at", [-1, -20, -60])
def test_a_changed_footer_is_noticed(shop: Shop, tmp_path: Path, at: int) -> None:
    depot = shop.depot("north")
    (pack,) = written(depot, 5)
    depot.bucket.put_file(packs.path_of(pack.name), pack.staged)
    flip(tmp_path / "north" / packs.path_of(pack.name), at)
    with pytest.raises(Corrupt):
        packs.fetch_places(depot.bucket, packs.path_of(pack.name), pack.size)


def test_a_writer_that_fails_leaves_no_staged_file(shop: Shop) -> None:
    depot = shop.depot("north")

    def fail() -> None:
        with PackWriter(depot, lambda pack: None) as writer:
            writer.add(bytes(32), noise(1, CHUNK))
            raise Crash

    with pytest.raises(Crash):
        fail()
    assert list(depot.bucket.staging.iterdir()) == []


def test_a_chunk_that_announces_a_huge_size_is_corrupt() -> None:
    bomb = Packer().pack(bytes(32 * 1024 * 1024))
    with pytest.raises(Corrupt, match="impossible size"):
        Opener().open(bytes(32), memoryview(bomb))


@pytest.mark.parametrize("blob", [b"", b"not zstd", Packer().pack(b"other bytes")])
def test_a_chunk_that_is_not_what_its_name_says_is_corrupt(blob: bytes) -> None:
    with pytest.raises(Corrupt):
        Opener().open(name_of(b"these bytes"), memoryview(blob))
