"""Garbage collection keeps what anybody names, and may die at any point."""

import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from galeria.adapters.store.packs import packs
from galeria.adapters.store.region_store import RegionStore
from galeria.ports.images import Digest
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import CHUNK, PACK, Crash, StoreFixture, content, noise, seal

OLD = noise(1, 4 * PACK)


def mostly_new(share: int) -> bytes:
    """A disk that keeps one chunk in `share` of OLD and is zero elsewhere."""
    kept = (OLD[at : at + CHUNK] + bytes((share - 1) * CHUNK) for at in range(0, len(OLD), share * CHUNK))
    return b"".join(kept)


def let_a_day_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packs that nobody names are kept in a cloud as long."""
    later = time.time() + 25 * 3600
    monkeypatch.setattr(time, "time", lambda: later)


def test_shared_chunks_stay(store: RegionStore, tmp_path: Path) -> None:
    kept = seal(store, OLD[: 3 * PACK]).digest
    gone = seal(store, OLD).digest
    freed = store.collect(lambda: [kept])
    assert freed.removed_manifests == 1
    assert freed.dead_chunks == PACK // CHUNK
    assert store.find_manifest(gone) is None
    assert content(store, kept, tmp_path) == OLD[: 3 * PACK]


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


def test_what_was_verified_is_verified_after_it_was_gathered(shop: StoreFixture, tmp_path: Path) -> None:
    north, south = shop.store("north"), shop.store("south")
    live = versions_of(north, 1 + 10)
    for digest in live:
        south.replicate(digest, source=north, pin=lambda digest: None, progress=unheard)
    assert south.collect(lambda: live).repacked_packs == 10
    names = [pack.name for pack in shop.index.packs("south")]
    assert shop.index.verified("south", names) == set(names)


def test_dead_bytes_known_to_the_index_are_stored_again_after_collection(store: RegionStore, tmp_path: Path) -> None:
    seal(store, OLD)
    store.collect(list)
    again = seal(store, OLD)
    assert again.new_chunks == len(OLD) // CHUNK
    assert content(store, again.digest, tmp_path) == OLD


def test_a_lost_index_does_not_make_live_packs_garbage(store: RegionStore, shop: StoreFixture, tmp_path: Path) -> None:
    digest = seal(store, OLD).digest
    shop.index.clear("north")
    assert store.collect(lambda: [digest]).removed_packs == 0
    assert content(store, digest, tmp_path) == OLD


def test_a_live_image_that_a_list_leaves_out_is_kept(
    shop: StoreFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some clouds list a new object only after a while."""
    context = shop.context("north", "memory")
    store = RegionStore(context)
    digest = seal(store, OLD).digest
    real = context.bucket.objects
    with monkeypatch.context() as patch:
        patch.setattr(context.bucket, "objects", lambda prefix: iter(()) if prefix == "manifests" else real(prefix))
        assert store.collect(lambda: [digest]).removed_packs == 0
    assert content(store, digest, tmp_path) == OLD


def test_a_pack_that_nobody_names_is_kept_in_a_cloud_for_a_day(
    shop: StoreFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer may have been cut off, and a deletion cannot be held back then."""
    store = shop.store("north", "memory")
    seal(store, OLD)
    shop.index.clear("north")
    assert store.collect(list).removed_packs == 0
    let_a_day_pass(monkeypatch)
    assert store.collect(list).removed_packs == len(OLD) // PACK


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
    let_a_day_pass(monkeypatch)
    store.collect(lambda: live)
    assert content(store, live[0], tmp_path) == mostly_new(4)
    assert content(store, live[1], tmp_path) == noise(7, PACK)
    assert store.collect(lambda: live).freed_bytes == 0
    stored = {each.path.rpartition("/")[2] for each in context.bucket.objects(packs.PREFIX)}
    assert stored == {pack.name for pack in shop.index.packs("north")}


def _try_to_collect(store: RegionStore, live: Iterable[Digest]) -> None:
    try:
        store.collect(lambda: live)
    except Crash:
        return
