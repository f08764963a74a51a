"""Whatever a disk and its parent look like, what is restored is what was captured."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galeria.adapters.store.alignment import ChunkRange, aligned
from galeria.domain.errors import Unavailable
from galeria.ports.disks import Content, Extent
from tests.adapters.store.fixtures import CHUNK, Disk, StoreFixture, content, noise, seal

Piece = tuple[int, Content]

pieces = st.lists(st.tuples(st.integers(1, 3 * CHUNK), st.sampled_from(Content)), max_size=8)


def overlay(parent: bytes, shape: list[Piece], seed: int) -> Disk:
    """A disk over `parent` whose stretches are as `shape` says."""
    data, extents = b"", []
    for length, kind in shape:
        start = len(data)
        data += {
            Content.DATA: noise(seed + start, length),
            Content.ZERO: bytes(length),
            Content.PARENT: parent[start : start + length].ljust(length, b"\0"),
        }[kind]
        extents.append(Extent(offset=start, length=length, content=kind))
    return Disk(data, extents)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(base=pieces, top=pieces)
def test_every_disk_comes_back_as_it_was(
    shop: StoreFixture, tmp_path: Path, base: list[Piece], top: list[Piece]
) -> None:
    # One region for all examples: what earlier ones stored is known to later ones, as in a region with many images.
    store = shop.store("north")
    below = overlay(b"", base, 1)
    above = overlay(below.reader().read(0, below.size), top, 2)
    parent = seal(store, below).digest
    child = seal(store, above, parent).digest
    assert content(store, parent, tmp_path) == below.reader().read(0, below.size)
    assert content(store, child, tmp_path) == above.reader().read(0, above.size)
    # The name says what the disk holds, not how its file happened to map it.
    assert seal(store, Disk(above.reader().read(0, above.size)), parent).digest == child


@given(shape=pieces)
def test_alignment_covers_every_slot_once_and_reads_what_is_mixed(shape: list[Piece]) -> None:
    disk = overlay(b"", shape, 1)
    slots = [
        (slot, stretch.content)
        for stretch in aligned(disk.extents(), size=disk.size, chunk_size=CHUNK)
        for slot in range(stretch.first, stretch.first + stretch.count)
    ]
    expected = []
    for slot, start in enumerate(range(0, disk.size, CHUNK)):
        kinds = {
            extent.content
            for extent in disk.extents()
            if extent.offset < start + CHUNK and extent.offset + extent.length > start
        }
        expected.append((slot, kinds.pop() if len(kinds) == 1 else Content.DATA))
    assert slots == expected


def test_a_map_with_a_gap_is_refused() -> None:
    holey = [Extent(offset=0, length=5, content=Content.DATA), Extent(offset=6, length=4, content=Content.DATA)]
    with pytest.raises(Unavailable, match="gap at byte 5"):
        list(aligned(holey, size=10, chunk_size=4))
    with pytest.raises(Unavailable, match="gap at byte 5"):
        list(aligned(holey[:1], size=10, chunk_size=4))


def test_whole_stretches_stay_together() -> None:
    extents = [Extent(offset=0, length=40, content=Content.ZERO)]
    assert list(aligned(extents, size=40, chunk_size=4)) == [ChunkRange(first=0, count=10, content=Content.ZERO)]


def test_an_inherited_chunk_that_the_store_lost_is_read_from_the_disk(shop: StoreFixture, tmp_path: Path) -> None:
    store, data = shop.store("north"), noise(1, 4 * CHUNK)
    parent = seal(store, data).digest
    for pack in shop.index.packs("north"):
        shop.index.remove_pack("north", pack.name)
    disk = Disk(data, [Extent(offset=0, length=len(data), content=Content.PARENT)])
    child = seal(store, disk, parent)
    assert child.new_chunks == 4
    assert content(store, child.digest, tmp_path) == data


def test_a_smaller_disk_does_not_inherit_bytes_beyond_its_end(shop: StoreFixture) -> None:
    store, data = shop.store("north"), noise(1, 2 * CHUNK)
    parent = seal(store, data).digest
    cut = data[: CHUNK + 100]
    inherited = Disk(cut, [Extent(offset=0, length=len(cut), content=Content.PARENT)])
    assert seal(store, inherited, parent).digest == seal(store, cut, parent).digest
    assert inherited.read == [(CHUNK, 100)]


def test_a_parent_stretch_without_a_parent_is_read(shop: StoreFixture, tmp_path: Path) -> None:
    store, data = shop.store("north"), noise(1, 2 * CHUNK)
    disk = Disk(data, [Extent(offset=0, length=len(data), content=Content.PARENT)])
    assert content(store, seal(store, disk).digest, tmp_path) == data


def test_a_disk_that_gives_too_little_is_not_sealed(shop: StoreFixture) -> None:
    class Cut(Disk):
        @property
        def size(self) -> int:
            return super().size + CHUNK

    cut = Cut(noise(1, CHUNK), [Extent(offset=0, length=2 * CHUNK, content=Content.DATA)])
    with pytest.raises(Unavailable, match="4096 of 8192"):
        seal(shop.store("north"), cut)
