"""Packs prove themselves by their name and can be read without the index."""

from pathlib import Path

import pytest

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.packs import packs
from galeria.adapters.store.packs.chunks import ChunkCompressor, ChunkDecompressor, chunk_name
from galeria.adapters.store.packs.packs import PackWriter, SealedPack
from galeria.domain.errors import Corrupt
from tests.adapters.store.fixtures import CHUNK, PACK, Crash, StoreFixture, flip, noise


def written(context: StoreContext, count: int) -> list[SealedPack]:
    sealed: list[SealedPack] = []
    with PackWriter(context, sealed.append) as writer:
        for seed in range(count):
            data = noise(seed, CHUNK)
            writer.add(chunk_name(data), ChunkCompressor().pack(data))
    return sealed


def test_a_pack_is_closed_when_it_is_full(shop: StoreFixture) -> None:
    sealed = written(shop.context("north"), 40)
    assert [len(pack.places) for pack in sealed] == [16, 16, 8]
    assert all(pack.size == pack.staged.stat().st_size <= PACK + 3 * CHUNK for pack in sealed)


def test_a_footer_tells_what_the_writer_told(shop: StoreFixture) -> None:
    context = shop.context("north")
    (pack,) = written(context, 5)
    context.bucket.put_file(packs.path_of(pack.name), pack.staged)
    assert packs.fetch_places(context.bucket, packs.path_of(pack.name), pack.size) == pack.places
    for name, place in pack.places.items():
        blob = context.bucket.read(packs.path_of(pack.name), place.offset, place.length)
        assert chunk_name(ChunkDecompressor().open(name, blob)) == name


def test_a_footer_longer_than_the_first_reading_is_read_whole(shop: StoreFixture) -> None:
    context = shop.context("north")
    sealed: list[SealedPack] = []
    with PackWriter(context, sealed.append) as writer:
        for number in range(3000):
            writer.add(number.to_bytes(32, "big"), b"x")
    (pack,) = sealed
    context.bucket.put_file(packs.path_of(pack.name), pack.staged)
    assert packs.fetch_places(context.bucket, packs.path_of(pack.name), pack.size) == pack.places


def test_no_pack_is_named_as_another_although_it_holds_the_same_chunks(shop: StoreFixture) -> None:
    context = shop.context("north")
    first, second = (pack.name for _ in range(2) for pack in written(context, 5))
    assert first != second
    assert first.partition("-")[0] == second.partition("-")[0]


def test_a_pack_of_before_whose_name_is_its_lists_hash_alone_is_read(shop: StoreFixture) -> None:
    context = shop.context("north")
    (pack,) = written(context, 5)
    old = pack.name.partition("-")[0]
    context.bucket.put_file(packs.path_of(old), pack.staged)
    places = packs.fetch_places(context.bucket, packs.path_of(old), pack.size)
    assert places.keys() == pack.places.keys()
    assert {place.pack for place in places.values()} == {old}


@pytest.mark.parametrize("at", [-1, -20, -60])
def test_a_changed_footer_is_noticed(shop: StoreFixture, tmp_path: Path, at: int) -> None:
    context = shop.context("north")
    (pack,) = written(context, 5)
    context.bucket.put_file(packs.path_of(pack.name), pack.staged)
    flip(tmp_path / "north" / packs.path_of(pack.name), at)
    with pytest.raises(Corrupt):
        packs.fetch_places(context.bucket, packs.path_of(pack.name), pack.size)


def test_a_writer_that_fails_leaves_no_staged_file(shop: StoreFixture) -> None:
    context = shop.context("north")

    def fail() -> None:
        with PackWriter(context, lambda pack: None) as writer:
            writer.add(bytes(32), noise(1, CHUNK))
            raise Crash

    with pytest.raises(Crash):
        fail()
    assert list(context.bucket.staging.iterdir()) == []


def test_a_chunk_that_announces_a_huge_size_is_corrupt() -> None:
    bomb = ChunkCompressor().pack(bytes(32 * 1024 * 1024))
    with pytest.raises(Corrupt, match="impossible size"):
        ChunkDecompressor().open(bytes(32), memoryview(bomb))


@pytest.mark.parametrize("blob", [b"", b"not zstd", ChunkCompressor().pack(b"other bytes")])
def test_a_chunk_that_is_not_what_its_name_says_is_corrupt(blob: bytes) -> None:
    with pytest.raises(Corrupt):
        ChunkDecompressor().open(chunk_name(b"these bytes"), memoryview(blob))
