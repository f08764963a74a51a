"""A replication that is cut off goes on where it stopped, and damage never travels."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Corrupt, StoreUnavailable
from galeria.ports.images import ChunkIndex
from galeria.ports.progress import unheard
from tests.adapters.store.fixtures import (
    CHUNK,
    PACK,
    StoreFixture,
    content,
    copy,
    flip,
    noise,
    packs_in,
    seal,
)
from tests.adapters.store.promises import promised_by, replication
from tests.adapters.store.promises.replication import DISK

globals().update(promised_by(replication))


@pytest.fixture
def north(shop: StoreFixture) -> RegionStore:
    return shop.store("north")


@pytest.fixture
def south(shop: StoreFixture) -> RegionStore:
    return shop.store("south")


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


def reads_of(context: StoreContext) -> list[str]:
    """Fills with the names of the packs that the store reads from now on."""
    read, names = context.bucket.read, list[str]()

    def noted(path: str, start: int, length: int) -> memoryview:
        names.append(path.rpartition("/")[2])
        return read(path, start, length)

    context.bucket.read = noted  # type: ignore[method-assign]
    return names


NEXT = DISK + noise(2, PACK)


def test_what_was_verified_on_its_arrival_is_not_read_for_the_next_version(
    shop: StoreFixture, north: RegionStore, tmp_path: Path
) -> None:
    context = shop.context("south")
    south, first = RegionStore(context), seal(north, DISK).digest
    copy(south, first, north)
    old = {path.name for path in packs_in(tmp_path / "south")}
    read = reads_of(context)
    second = seal(north, NEXT, first).digest
    copy(south, second, north)
    assert read
    assert not old.intersection(read)
    assert content(south, second, tmp_path) == NEXT


def test_each_chunk_is_looked_up_once_in_the_target(shop: StoreFixture, north: RegionStore) -> None:
    context = shop.context("south")
    first = seal(north, DISK).digest
    copy(RegionStore(context), first, north)
    second = seal(north, NEXT, first).digest
    asked = asked_of(shop.index, "south")
    copy(RegionStore(context), second, north)
    assert len(asked) == len(set(asked)) == len(NEXT) // CHUNK


def asked_of(index: ChunkIndex, region: str) -> list[bytes]:
    """Fills with the names of the chunks that the index is asked for, by whichever question, from now on."""
    names: list[bytes] = []

    def noted(question: Callable[..., Any], asked: str, hashes: Iterable[bytes]) -> Any:
        some = list(hashes)
        names.extend(some if asked == region else ())
        return question(asked, some)

    for each in ("known", "locate", "stored_bytes"):
        setattr(index, each, partial(noted, getattr(index, each)))
    return names


def test_what_was_written_here_and_never_read_is_read_once(
    shop: StoreFixture, north: RegionStore, tmp_path: Path
) -> None:
    context = shop.context("south")
    south = RegionStore(context)
    seal(south, DISK)
    written = {path.name for path in packs_in(tmp_path / "south")}
    versions = [seal(north, bytes([number]) * CHUNK + DISK).digest for number in range(3)]
    read = reads_of(context)
    copy(south, versions[0], north)
    assert written <= set(read)
    read.clear()
    copy(south, versions[1], north)
    assert not written.intersection(read)
    assert content(south, versions[1], tmp_path)[CHUNK:] == DISK


@pytest.mark.parametrize("finder", ["a verification", "a restore", "a read", "a copy from here"])
def test_where_damage_was_found_everything_is_read_again_and_mended_with_the_next_version(
    shop: StoreFixture, north: RegionStore, south: RegionStore, tmp_path: Path, finder: str
) -> None:
    first = seal(north, DISK).digest
    copy(south, first, north)
    flip(packs_in(tmp_path / "south")[0], 100)
    if finder == "a verification":
        assert len(south.verify([first], progress=unheard).damaged) == 1
    elif finder == "a restore":
        with pytest.raises(Corrupt):
            content(south, first, tmp_path)
    elif finder == "a read":
        with south.open(first) as disk, pytest.raises(Corrupt):
            disk.reader().read(0, disk.size)
    else:
        with pytest.raises(Corrupt):
            copy(shop.store("east"), first, south)
    second = seal(north, NEXT, first).digest
    copy(south, second, north)
    assert content(south, second, tmp_path) == NEXT
    assert south.verify(None, progress=unheard).damaged == ()


def test_a_pack_that_is_gone_is_missed_though_it_was_verified(
    north: RegionStore, south: RegionStore, tmp_path: Path
) -> None:
    first = seal(north, DISK).digest
    copy(south, first, north)
    packs_in(tmp_path / "south")[1].unlink()
    second = seal(north, NEXT, first).digest
    copy(south, second, north)
    assert content(south, second, tmp_path) == NEXT


def unpacked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Fills with the names of the chunks that are unpacked from now on."""
    unpack, names = ChunkDecompressor.open, list[bytes]()

    def noted(opener: ChunkDecompressor, name: bytes, blob: memoryview) -> bytes:
        names.append(name)
        return unpack(opener, name, blob)

    monkeypatch.setattr(ChunkDecompressor, "open", noted)
    return names


def test_a_pack_that_is_needed_whole_is_copied_as_it_is(
    north: RegionStore, south: RegionStore, shop: StoreFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = seal(north, DISK).digest
    chunks = unpacked(monkeypatch)
    done = south.replicate(digest, source=north, pin=lambda digest: None, progress=unheard)
    assert chunks == []
    assert done.sent_chunks == len(DISK) // CHUNK
    there, here = packs_in(tmp_path / "north"), packs_in(tmp_path / "south")
    assert sorted(pack.read_bytes() for pack in there) == sorted(pack.read_bytes() for pack in here)
    # A name is never used again, so that a late deletion hits nothing else.
    assert not {pack.name for pack in there} & {pack.name for pack in here}
    assert list((tmp_path / "south" / "staging").iterdir()) == []
    assert copy(shop.store("east"), digest, south) > 0
    assert chunks == []
    assert content(shop.store("east"), digest, tmp_path) == DISK
    assert south.rebuild_index() == len(DISK) // CHUNK
    assert south.verify(None, progress=unheard).damaged == ()


def test_of_a_pack_that_is_needed_in_part_only_that_part_is_sent(
    north: RegionStore, south: RegionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    had, needed = DISK[: 4 * CHUNK], DISK[:PACK]
    copy(south, seal(south, had).digest, south)
    digest = seal(north, needed).digest
    chunks = unpacked(monkeypatch)
    done = south.replicate(digest, source=north, pin=lambda digest: None, progress=unheard)
    assert done.sent_chunks == len(set(chunks)) == (len(needed) - len(had)) // CHUNK
    assert content(south, digest, tmp_path) == needed


@pytest.mark.parametrize("harm", ["a chunk", "its list", "its end"])
def test_a_pack_that_is_not_as_it_was_written_goes_chunk_by_chunk(
    north: RegionStore, south: RegionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    digest = seal(north, DISK).digest
    pack = packs_in(tmp_path / "north")[0]
    if harm == "its end":
        pack.write_bytes(pack.read_bytes()[:-1])
    else:
        flip(pack, 100 if harm == "a chunk" else -50)
    chunks = unpacked(monkeypatch)
    if harm == "a chunk":
        with pytest.raises(Corrupt, match="north sent a damaged chunk"):
            copy(south, digest, north)
    else:
        copy(south, digest, north)
        assert len(set(chunks)) == PACK // CHUNK
        assert content(south, digest, tmp_path) == DISK
        assert south.rebuild_index() == len(DISK) // CHUNK


@pytest.mark.parametrize("place", [50, -50])
def test_a_target_that_stores_wrong_bytes_is_found_out(
    shop: StoreFixture, north: RegionStore, tmp_path: Path, place: int
) -> None:
    """In a chunk, or in the list at the end of the pack, out of which an index is rebuilt."""
    digest = seal(north, DISK).digest
    context = shop.context("south")
    publish = context.bucket.put_file

    def lie(path: str, staged: Path) -> None:
        publish(path, staged)
        flip(tmp_path / "south" / path, place % (tmp_path / "south" / path).stat().st_size)

    context.bucket.put_file = lie  # type: ignore[method-assign]
    with pytest.raises(Corrupt, match="Region south stored other bytes"):
        copy(RegionStore(context), digest, north)
    assert shop.index.packs("south") == []


def test_a_source_that_is_gone_is_unavailable_or_lost(north: RegionStore, south: RegionStore, tmp_path: Path) -> None:
    digest = seal(north, DISK).digest
    pack = packs_in(tmp_path / "north")[0]
    pack.unlink()
    pack.mkdir()
    with pytest.raises(StoreUnavailable, match="region north failed while reading"):
        copy(south, digest, north)
