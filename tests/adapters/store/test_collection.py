"""Garbage collection frees what nobody names, keeps what anybody names, and may die at any point."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from galeria.adapters.store import garbage_collection
from galeria.adapters.store.packs.chunks import chunk_name
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Conflict, Corrupt
from galeria.ports.images import Collected, Digest
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import CHUNK, PACK, StoreFixture, content, flip, noise, packs_in, seal
from tests.adapters.store.promises import collection, promised_by
from tests.adapters.store.promises.collection import OLD, mostly_new, versions_of

globals().update(promised_by(collection))


@pytest.fixture
def store(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


def bytes_on_disk(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def test_what_is_reported_to_be_freed_is_freed(store: RegionStore, tmp_path: Path) -> None:
    seal(store, OLD)
    thin = seal(store, mostly_new(4)).digest
    before = bytes_on_disk(tmp_path / "north")
    expected = store.collect(lambda: [thin], dry_run=True)
    assert bytes_on_disk(tmp_path / "north") == before
    done = store.collect(lambda: [thin])
    assert done == expected
    assert done.repacked_packs > 0
    assert before - bytes_on_disk(tmp_path / "north") == done.freed_bytes


def test_small_packs_are_gathered_once_there_are_many(shop: StoreFixture, tmp_path: Path) -> None:
    store = shop.store("north")
    live = versions_of(store, 1 + 20)
    before = {digest: content(store, digest, tmp_path) for digest in live}
    many = len(packs_in(tmp_path / "north"))
    planned = store.collect(lambda: live, dry_run=True)
    done = store.collect(lambda: live)
    assert (done, done.repacked_packs) == (planned, 20)
    left = packs_in(tmp_path / "north")
    assert len(left) <= many - 20 + 2
    assert {digest: content(store, digest, tmp_path) for digest in live} == before
    assert store.verify(None, progress=unheard).damaged == ()
    assert store.collect(lambda: live).repacked_packs == 0
    assert packs_in(tmp_path / "north") == left


def test_few_small_packs_are_left_in_peace(store: RegionStore) -> None:
    live = versions_of(store, 1 + 6)
    assert store.collect(lambda: live).repacked_packs == 0


def test_packs_that_are_half_live_stay(store: RegionStore) -> None:
    seal(store, OLD)
    half = seal(store, mostly_new(2)).digest
    assert store.collect(lambda: [half]).repacked_packs <= 2


def test_a_pack_of_tiny_live_chunks_is_left_in_peace(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, b"".join(bytes([number]) * CHUNK for number in range(1, 9))).digest
    assert store.collect(lambda: [digest]).repacked_packs == 0
    assert content(store, digest, tmp_path)


def test_an_unknown_live_digest_is_of_another_region(store: RegionStore) -> None:
    seal(store, OLD)
    assert store.collect(lambda: ["0" * 64]).removed_manifests == 1


def test_nothing_is_removed_when_a_live_manifest_cannot_be_read(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, OLD).digest
    seal(store, noise(2, PACK))
    flip(tmp_path / "north" / "manifests" / digest, -1)
    before = bytes_on_disk(tmp_path / "north")
    with pytest.raises(Corrupt):
        store.collect(lambda: [digest])
    assert bytes_on_disk(tmp_path / "north") == before


def test_leftovers_of_a_crash_are_swept(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, OLD).digest
    root = tmp_path / "north"
    for name in ("staging/dead.pack", "manifests/aa#1", "packs/orphan#12"):
        (root / name).write_bytes(b"x" * 10)
    orphan = root / "packs" / "ab" / ("ab" * 16)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"torn")
    freed = store.collect(lambda: [digest])
    assert (freed.freed_bytes, freed.removed_packs) == (34, 1)
    assert not orphan.exists()
    assert not list(root.rglob("*#*"))
    assert not list((root / "staging").iterdir())
    assert content(store, digest, tmp_path) == OLD


def test_a_pack_that_crashed_before_it_was_indexed_is_removed(
    store: RegionStore, shop: StoreFixture, tmp_path: Path
) -> None:
    digest = seal(store, OLD).digest
    orphan = seal(store, noise(3, PACK)).digest
    for pack in shop.index.packs("north"):
        if not shop.index.chunks_of("north", pack.name).keys() & set(_names(OLD)):
            shop.index.remove_pack("north", pack.name)
    count = len(packs_in(tmp_path / "north"))
    assert store.collect(lambda: [digest]).removed_packs == count - len(shop.index.packs("north"))
    assert store.find_manifest(orphan) is None
    assert content(store, digest, tmp_path) == OLD


def test_a_damaged_chunk_is_not_carried_into_a_new_pack(
    store: RegionStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seal(store, OLD)
    thin = seal(store, mostly_new(4)).digest
    for pack in packs_in(tmp_path / "north"):
        data = pack.read_bytes()
        pack.write_bytes(bytes(byte ^ 0xFF for byte in data[:-2000]) + data[-2000:])
    with caplog.at_level(logging.WARNING):
        assert store.collect(lambda: [thin]).repacked_packs == 0
    assert "is not repacked" in caplog.text
    assert len(store.verify(None, progress=unheard).damaged) == len(OLD) // CHUNK // 4


def _names(data: bytes) -> Iterable[bytes]:
    from_chunks = (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
    return [chunk_name(chunk) for chunk in from_chunks]


def pieces(store: RegionStore, live: Sequence[Digest]) -> list[Collected]:
    """All pieces of a collection, each as short as can be."""
    return list(store.collect_in_pieces(lambda: live, seconds=0))


def test_a_collection_in_pieces_frees_the_same(shop: StoreFixture, tmp_path: Path) -> None:
    north, south = shop.store("north"), shop.store("south")
    for store in (north, south):
        live = versions_of(store, 1 + 20)
        seal(store, noise(7, 4 * PACK))
    whole = north.collect(lambda: live)
    done = pieces(south, live)
    assert done[-1] == whole
    assert whole.freed_bytes > 0
    assert {digest: content(south, digest, tmp_path) for digest in live[-2:]}
    assert south.verify(None, progress=unheard).damaged == ()


def test_a_writer_comes_between_the_pieces_and_keeps_what_it_takes_over(store: RegionStore, tmp_path: Path) -> None:
    """It finds chunks that nobody named when the collection began."""
    seal(store, OLD)
    thin = seal(store, mostly_new(4)).digest
    live = [thin]
    running = store.collect_in_pieces(lambda: live, seconds=0)
    next(running)
    again = seal(store, mostly_new(2)).digest
    live.append(again)
    for _ in running:
        with store.lease(exclusive=False):
            """Nobody holds it between the pieces."""
    assert content(store, again, tmp_path) == mostly_new(2)
    assert content(store, thin, tmp_path) == mostly_new(4)
    assert store.verify(None, progress=unheard).damaged == ()


def test_a_collection_in_pieces_that_ends_early_has_lost_nothing(store: RegionStore, tmp_path: Path) -> None:
    seal(store, OLD)
    thin = seal(store, mostly_new(4)).digest
    for stop in range(6):
        running = store.collect_in_pieces(lambda: [thin], seconds=0)
        for _ in range(stop):
            next(running, None)
        del running
        assert content(store, thin, tmp_path) == mostly_new(4)
    pieces(store, [thin])
    assert store.collect(lambda: [thin]).freed_bytes == 0


def test_a_collection_in_pieces_gives_way_to_a_writer(store: RegionStore) -> None:
    running = store.collect_in_pieces(list, seconds=0)
    with store.lease(exclusive=False), pytest.raises(Conflict):
        next(running)


def test_manifests_are_read_in_pieces_without_the_lease(store: RegionStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(garbage_collection, "MARKED_AT_ONCE", 1)
    count = 3 * store.context.bucket.readers
    live = [seal(store, noise(number, CHUNK)).digest for number in range(count)]
    running = store.collect_in_pieces(lambda: live, seconds=0)
    with store.lease(exclusive=False):
        assert [next(running).freed_bytes for _ in range(3)] == [0, 0, 0]
        with pytest.raises(Conflict):
            next(running)
