"""Garbage collection frees what nobody names, keeps what anybody names, and may die at any point."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.packs import packs
from galeria.adapters.store.packs.chunks import ChunkCompressor, chunk_name
from galeria.adapters.store.packs.packs import PackWriter, SealedPack
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Corrupt
from galeria.ports.images import Digest
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import CHUNK, PACK, Crash, StoreFixture, content, flip, noise, packs_in, seal

OLD = noise(1, 4 * PACK)


@pytest.fixture
def store(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


def mostly_new(share: int) -> bytes:
    """A disk that keeps one chunk in `share` of OLD and is zero elsewhere."""
    kept = (OLD[at : at + CHUNK] + bytes((share - 1) * CHUNK) for at in range(0, len(OLD), share * CHUNK))
    return b"".join(kept)


def bytes_on_disk(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def test_shared_chunks_stay(store: RegionStore, tmp_path: Path) -> None:
    kept = seal(store, OLD[: 3 * PACK]).digest
    gone = seal(store, OLD).digest
    freed = store.collect(lambda: [kept])
    assert freed.removed_manifests == 1
    assert freed.dead_chunks == PACK // CHUNK
    assert store.find_manifest(gone) is None
    assert content(store, kept, tmp_path) == OLD[: 3 * PACK]


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


def test_thin_packs_are_repacked_once_and_their_chunks_live_on(store: RegionStore, tmp_path: Path) -> None:
    seal(store, OLD)
    thin = seal(store, mostly_new(4)).digest
    store.collect(lambda: [thin])
    assert content(store, thin, tmp_path) == mostly_new(4)
    assert store.verify(None, progress=unheard).damaged == ()
    assert store.collect(lambda: [thin]).freed_bytes == 0


def versions_of(store: RegionStore, count: int) -> list[Digest]:
    """Versions of one disk, each with one more changed chunk, as exports of few changes leave them."""
    made, disk = [seal(store, OLD).digest], bytearray(OLD)
    for number in range(1, count):
        disk[number * CHUNK : (number + 1) * CHUNK] = noise(100 + number, CHUNK)
        made.append(seal(store, bytes(disk), made[-1]).digest)
    return made


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


def test_what_was_verified_is_verified_after_it_was_gathered(shop: StoreFixture, tmp_path: Path) -> None:
    north, south = shop.store("north"), shop.store("south")
    live = versions_of(north, 1 + 10)
    for digest in live:
        south.replicate(digest, source=north, pin=lambda digest: None, progress=unheard)
    assert south.collect(lambda: live).repacked_packs == 10
    names = [pack.name for pack in shop.index.packs("south")]
    assert shop.index.verified("south", names) == set(names)


def test_packs_that_are_half_live_stay(store: RegionStore) -> None:
    seal(store, OLD)
    half = seal(store, mostly_new(2)).digest
    assert store.collect(lambda: [half]).repacked_packs <= 2


def test_a_pack_of_tiny_live_chunks_is_left_in_peace(store: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, b"".join(bytes([number]) * CHUNK for number in range(1, 9))).digest
    assert store.collect(lambda: [digest]).repacked_packs == 0
    assert content(store, digest, tmp_path)


def test_dead_bytes_known_to_the_index_are_stored_again_after_collection(store: RegionStore, tmp_path: Path) -> None:
    seal(store, OLD)
    store.collect(list)
    again = seal(store, OLD)
    assert again.new_chunks == len(OLD) // CHUNK
    assert content(store, again.digest, tmp_path) == OLD


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


def test_a_lost_index_does_not_make_live_packs_garbage(store: RegionStore, shop: StoreFixture, tmp_path: Path) -> None:
    digest = seal(store, OLD).digest
    shop.index.clear("north")
    assert store.collect(lambda: [digest]).removed_packs == 0
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


def pack_of(context: StoreContext, seeds: Sequence[int]) -> SealedPack:
    """A pack published in the bucket, not in the index."""
    sealed: list[SealedPack] = []
    with PackWriter(context, sealed.append) as writer:
        for seed in seeds:
            writer.add(chunk_name(noise(seed, CHUNK)), ChunkCompressor().pack(noise(seed, CHUNK)))
    (pack,) = sealed
    context.bucket.put_file(packs.path_of(pack.name), pack.staged)
    return pack


def test_a_new_pack_that_equals_an_old_one_is_kept(shop: StoreFixture, tmp_path: Path) -> None:
    """Two writers stored the chunks 1 and 2 at once; gathering the live ones makes the first one's pack again."""
    context = shop.context("north")
    store = RegionStore(context)
    thick = pack_of(context, [1, 2, 3, 4, 5])
    # Packs are gathered by name, so the smaller pack needs a smaller name.
    first = next(seed for seed in range(6, 100) if pack_of(context, [seed, 1, 2]).name < thick.name)
    thin = pack_of(context, [first, 1, 2])
    for pack in (thick, thin):
        shop.index.add_pack("north", pack.name, pack.size, pack.places)
    disk = b"".join(noise(seed, CHUNK) for seed in (first, 1, 2))
    live = seal(store, disk)
    assert live.new_chunks == 0
    assert store.collect(lambda: [live.digest]).removed_manifests == 0
    assert content(store, live.digest, tmp_path) == disk
    assert [pack.name for pack in shop.index.packs("north")] == [thin.name]


STEPS = ("bucket.delete", "bucket.put_file", "index.add_pack", "index.remove_pack")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("is_done", [True, False])
def test_a_collection_that_dies_loses_nothing(
    shop: StoreFixture, tmp_path: Path, step: str, count: int, is_done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = shop.context("north")
    store = RegionStore(context)
    seal(store, OLD)
    live = [seal(store, mostly_new(4)).digest, seal(store, noise(7, PACK)).digest]
    seal(store, noise(8, 2 * PACK))
    part, verb = step.split(".")
    real = getattr(getattr(context, part), verb)
    calls = iter(range(count))

    def dying(*args: object, **named: object) -> object:
        if next(calls, None) is not None:
            return real(*args, **named)
        if is_done:
            real(*args, **named)
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(getattr(context, part), verb, dying)
        _try_to_collect(store, live)
    assert content(store, live[0], tmp_path) == mostly_new(4)
    # What was dead may come back before the collection is repeated: nothing that is gone may still count as known.
    live.append(seal(store, noise(8, 2 * PACK)).digest)
    assert content(store, live[2], tmp_path) == noise(8, 2 * PACK)
    store.collect(lambda: live)
    assert content(store, live[0], tmp_path) == mostly_new(4)
    assert content(store, live[1], tmp_path) == noise(7, PACK)
    assert store.collect(lambda: live).freed_bytes == 0
    assert {path.name for path in packs_in(tmp_path / "north")} == {pack.name for pack in shop.index.packs("north")}


def _try_to_collect(store: RegionStore, live: Iterable[Digest]) -> None:
    try:
        store.collect(lambda: live)
    except Crash:
        return


def _names(data: bytes) -> Iterable[bytes]:
    from_chunks = (data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
    return [chunk_name(chunk) for chunk in from_chunks]
