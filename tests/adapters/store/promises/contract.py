"""What every image store promises, on a directory and on a bucket behind obstore."""

from pathlib import Path

import pytest

from galeria.adapters.store.region_store import RegionStore
from galeria.adapters.store.storage_use import growth
from galeria.domain.errors import Conflict, NotFound
from galeria.ports.disks import Content, Extent
from galeria.ports.images import Digest
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import CHUNK, Disk, StoreFixture, content, copy, noise, seal

DISK = noise(1, 10 * CHUNK) + bytes(5 * CHUNK) + noise(2, 3 * CHUNK + 17)


def test_a_restored_disk_is_the_captured_one(store: RegionStore, tmp_path: Path) -> None:
    captured = seal(store, DISK)
    assert content(store, captured.digest, tmp_path) == DISK


def test_a_disk_that_is_located_in_several_pieces_is_whole(store: RegionStore, tmp_path: Path) -> None:
    large = noise(3, 900 * CHUNK) + noise(4, 2 * CHUNK) * 2  # two pieces and the beginning of a third
    assert content(store, seal(store, large).digest, tmp_path) == large


def test_a_capture_tells_what_it_cost(store: RegionStore) -> None:
    captured = seal(store, DISK)
    assert captured.size == captured.read_bytes == len(DISK)
    assert captured.data_bytes == len(DISK) - 5 * CHUNK
    assert captured.new_chunks == 14
    assert captured.stored_bytes > 14 * CHUNK - 4096


def test_a_manifest_can_be_found_by_its_digest(store: RegionStore) -> None:
    facts = store.get_manifest(seal(store, DISK).digest)
    assert (facts.size, facts.chunk_size, facts.chunks, facts.parent) == (len(DISK), CHUNK, 14, None)
    assert facts.data_bytes == len(DISK) - 5 * CHUNK


@pytest.mark.parametrize("digest", ["0" * 64, "../../etc/passwd", "", "A" * 64])
def test_an_unknown_digest_is_not_found(store: RegionStore, digest: Digest) -> None:
    assert store.find_manifest(digest) is None
    with pytest.raises(NotFound):
        store.get_manifest(digest)


def test_a_repeated_capture_has_the_same_digest_and_stores_no_chunk(store: RegionStore) -> None:
    first, again = seal(store, DISK), seal(store, DISK)
    assert again.digest == first.digest
    assert again.new_chunks == 0


def test_a_capture_with_a_parent_reads_only_what_changed(store: RegionStore, tmp_path: Path) -> None:
    parent = seal(store, DISK).digest
    changed = DISK[:CHUNK] + noise(3, CHUNK) + DISK[2 * CHUNK :]
    overlay = Disk(
        changed,
        [
            Extent(offset=0, length=CHUNK, content=Content.PARENT),
            Extent(offset=CHUNK, length=CHUNK, content=Content.DATA),
            Extent(offset=2 * CHUNK, length=len(DISK) - 2 * CHUNK, content=Content.PARENT),
        ],
    )
    captured = seal(store, overlay, parent)
    assert overlay.read == [(CHUNK, CHUNK)]
    assert (captured.read_bytes, captured.new_chunks) == (CHUNK, 1)
    assert store.get_manifest(captured.digest).parent == parent
    assert content(store, captured.digest, tmp_path) == changed


def test_an_unknown_parent_is_refused(store: RegionStore) -> None:
    with pytest.raises(NotFound):
        seal(store, DISK, "0" * 64)


def test_the_digest_is_pinned_inside_the_lease_when_it_can_be_found(store: RegionStore) -> None:
    pinned: list[Digest] = []

    def pin(digest: Digest) -> None:
        assert store.find_manifest(digest) is not None
        with pytest.raises(Conflict):
            store.collect(list)
        pinned.append(digest)

    captured = store.capture(Disk(DISK), parent=None, pin=pin, progress=unheard)
    assert pinned == [captured.digest]


def test_a_replica_is_sent_once_and_restores(store: RegionStore, other: RegionStore, tmp_path: Path) -> None:
    digest = seal(store, DISK).digest
    assert other.missing_bytes(digest, source=store) == store.holding([digest], others=[]).stored_bytes
    done = other.replicate(digest, source=store, pin=lambda digest: None, progress=unheard)
    assert (done.sent_chunks, done.verified_chunks) == (14, 14)
    assert other.missing_bytes(digest, source=store) == 0
    assert content(other, digest, tmp_path) == DISK


def test_a_second_version_sends_only_its_own_chunks(store: RegionStore, other: RegionStore) -> None:
    copy(other, seal(store, DISK).digest, store)
    second = seal(store, DISK + noise(4, CHUNK)).digest
    done = other.replicate(second, source=store, pin=lambda digest: None, progress=unheard)
    # The old last chunk was padded and now has other bytes, and one chunk is new.
    assert (done.sent_chunks, done.verified_chunks) == (2, 15)


def test_what_the_source_does_not_hold_cannot_be_replicated(store: RegionStore, other: RegionStore) -> None:
    with pytest.raises(NotFound):
        copy(other, "0" * 64, store)


def test_holding_tells_shared_from_exclusive_bytes(store: RegionStore) -> None:
    first = seal(store, noise(1, 4 * CHUNK)).digest
    second = seal(store, noise(1, 4 * CHUNK)[: 3 * CHUNK] + noise(2, CHUNK)).digest
    alone = store.holding([first], others=[])
    assert alone.exclusive_bytes == alone.stored_bytes
    shared = store.holding([first], others=[second, "0" * 64])
    assert shared.stored_bytes == alone.stored_bytes
    assert shared.exclusive_bytes == alone.stored_bytes // 4
    assert store.holding([first, second], others=[]).chunks == 5


def test_growth_counts_each_chunk_for_the_first_that_names_it(store: RegionStore) -> None:
    old, first = seal(store, noise(1, CHUNK)).digest, seal(store, noise(1, 4 * CHUNK)).digest
    second = seal(store, noise(1, 3 * CHUNK) + noise(2, 2 * CHUNK)).digest
    chunk = store.holding([old], others=[]).stored_bytes
    sets = [(first,), ("0" * 64,), (first, second), (second,)]
    assert store.growth(sets, before=[old, "1" * 64]) == [3 * chunk, 0, 2 * chunk, 0]
    assert store.growth([], before=[old]) == []


def test_a_whole_size_counts_all_that_a_set_names(store: RegionStore) -> None:
    first = seal(store, noise(1, 4 * CHUNK)).digest
    second = seal(store, noise(1, 3 * CHUNK) + noise(2, 2 * CHUNK)).digest
    sets = [(first,), (second,), (), (first, second), ("0" * 64,), (first, "1" * 64)]
    assert store.whole_sizes(sets) == [
        store.holding([*set(each) & {first, second}], others=[]).stored_bytes for each in sets
    ]
    assert store.whole_sizes(sets)[2] == 0


def test_growth_answers_for_what_there_is_room_for(shop: StoreFixture) -> None:
    context = shop.context("north")
    store = RegionStore(context)
    digests = [seal(store, noise(number, 4 * CHUNK)).digest for number in (1, 2, 3)]
    whole = store.growth([(each,) for each in digests], before=[])
    assert growth(context, [(each,) for each in digests], before=[], room=8) == whole[:2]
    assert growth(context, [(each,) for each in digests], before=[], room=1) == whole[:1]


def test_a_sound_region_verifies_without_damage(store: RegionStore) -> None:
    digests = [seal(store, DISK).digest, seal(store, noise(9, CHUNK)).digest]
    everything = store.verify(None, progress=unheard)
    assert (everything.manifests, everything.chunks, everything.damaged) == (2, 15, ())
    assert store.verify(digests[:1], progress=unheard).chunks == 14


def test_collecting_removes_what_nothing_names(store: RegionStore) -> None:
    digest = seal(store, DISK).digest
    expected = store.collect(list, dry_run=True)
    assert store.find_manifest(digest) is not None
    assert store.collect(list) == expected
    assert expected.removed_manifests == 1
    assert expected.dead_chunks == 14
    assert store.find_manifest(digest) is None
    assert store.collect(list).freed_bytes == 0


def test_a_rebuilt_index_finds_every_chunk(store: RegionStore, shop: StoreFixture, tmp_path: Path) -> None:
    digest = seal(store, DISK).digest
    shop.index.clear("north")
    assert store.rebuild_index() == 14
    assert store.verify(None, progress=unheard).damaged == ()
    assert content(store, digest, tmp_path) == DISK


def test_progress_ends_at_its_total(store: RegionStore, other: RegionStore, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []

    def progress(*, done: int, total: int) -> None:
        heard.append((done, total))

    digest = seal(store, DISK, progress=progress).digest
    assert heard[-1] == (len(DISK), len(DISK))
    copy(other, digest, store, progress)
    assert heard[-1][0] == heard[-1][1] == store.holding([digest], others=[]).stored_bytes
    store.restore(digest, tmp_path / "disk", progress=progress)
    assert heard[-1][0] == heard[-1][1]
    store.verify(None, progress=progress)
    assert heard[-1][0] == heard[-1][1]


def test_an_empty_disk_is_an_image_too(store: RegionStore, tmp_path: Path) -> None:
    assert content(store, seal(store, b"").digest, tmp_path) == b""
    assert content(store, seal(store, bytes(3 * CHUNK)).digest, tmp_path) == bytes(3 * CHUNK)
