"""A replication that is cut off goes on where it stopped."""

from pathlib import Path

import pytest

from galeria.adapters.store.region_store import RegionStore
from tests.adapters.store.fixtures import (
    CHUNK,
    PACK,
    Crash,
    content,
    copy,
    dies_after,
    noise,
    seal,
)

DISK = noise(1, 10 * PACK)
LARGE = noise(2, 50 * PACK)  # more packs than are under way at once


def test_a_cut_replication_sends_only_the_rest(north: RegionStore, south: RegionStore, tmp_path: Path) -> None:
    digest = seal(north, LARGE).digest
    whole = south.missing_bytes(digest, source=north)
    with pytest.raises(Crash):
        copy(south, digest, north, dies_after(100))
    assert south.find_manifest(digest) is None
    rest = south.missing_bytes(digest, source=north)
    # How many of the packs under way are whole at that moment is up to the threads that write them.
    assert 0 < rest < whole
    # Beside the chunks the list at the end of each pack is sent, and the manifest.
    assert rest <= copy(south, digest, north) < rest * 1.05
    assert content(south, digest, tmp_path) == LARGE


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


def test_packs_whose_sum_nobody_knows_are_replicated_chunk_by_chunk(
    north: RegionStore, south: RegionStore, tmp_path: Path
) -> None:
    digest = seal(north, DISK).digest
    north.rebuild_index()
    whole = south.missing_bytes(digest, source=north)
    with pytest.raises(Crash):
        copy(south, digest, north, dies_after(100))
    rest = south.missing_bytes(digest, source=north)
    assert 0 < rest < whole
    assert rest <= copy(south, digest, north) < rest + 8 * CHUNK
    assert content(south, digest, tmp_path) == DISK


def test_a_region_can_be_copied_onto_itself(north: RegionStore) -> None:
    digest = seal(north, DISK).digest
    assert copy(north, digest, north) < CHUNK * 4
