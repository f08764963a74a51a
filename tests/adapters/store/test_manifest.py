"""Manifests: bytes that always come out the same, and that cannot be forged, cut or blown up."""

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import (
    Manifest,
    ManifestBuilder,
    ManifestSlots,
    digest_of,
    from_bytes,
    to_bytes,
)
from galeria.adapters.store.region_store import RegionStore
from galeria.domain.errors import Corrupt
from tests.adapters.store.fixtures import CHUNK, StoreFixture, copy, noise, seal, with_key

slots = st.dictionaries(st.integers(0, 1499), st.binary(min_size=32, max_size=32), max_size=40)


def made(content: dict[int, bytes], *, parent: str | None = None, count: int = 1500) -> Manifest:
    draft = ManifestBuilder(size=count * CHUNK - 5, chunk_size=CHUNK, parent=parent)
    for slot, name in content.items():
        draft.put(slot, name)
    return draft.finish()


@given(content=slots, parent=st.none() | st.binary(min_size=32, max_size=32).filter(any).map(bytes.hex))
def test_a_manifest_survives_its_bytes(content: dict[int, bytes], parent: str | None) -> None:
    manifest = made(content, parent=parent)
    assert from_bytes(to_bytes(manifest)) == manifest
    assert dict(manifest.entries()) == content
    assert list(manifest.names()) == [content[slot] for slot in sorted(content)]


@given(content=slots, first=st.integers(0, 1600), count=st.integers(0, 1600))
def test_a_stretch_is_found_without_walking(content: dict[int, bytes], first: int, count: int) -> None:
    found = list(ManifestSlots(made(content)).stretch(first, count))
    assert found == [(slot, content[slot]) for slot in sorted(content) if first <= slot < first + count]


few = st.lists(st.sampled_from([bytes(32), b"\1" * 32, bytes(16) + b"\1" * 16, bytes(31) + b"\1"]), max_size=6)


@given(own=few, asked=st.sets(st.sampled_from([bytes(32), b"\1" * 32, b"\1" * 16 + bytes(16), bytes(31) + b"\1"])))
def test_shared_names_are_found_in_a_long_list_as_in_a_short_one(own: list[bytes], asked: set[bytes]) -> None:
    """Names of few different bytes, so that the end of one and the beginning of the next make a third."""
    filling = [noise(number, 32) for number in range(200)]
    for names in (own, filling + own + filling):
        assert made(dict(enumerate(names))).shared(asked) == asked & set(names)


def test_the_order_of_filling_does_not_show() -> None:
    one, two = bytes(31) + b"1", bytes(31) + b"2"
    assert to_bytes(made({3: one, 900: two})) == to_bytes(made({900: two, 3: one}))


@given(cut=st.integers(0, 200))
def test_a_cut_manifest_is_corrupt(cut: int) -> None:
    data = to_bytes(made({1: bytes(32), 7: bytes(32)}))
    with pytest.raises(Corrupt):
        from_bytes(data[:cut])


def test_a_bit_beyond_the_disk_is_corrupt() -> None:
    manifest = made({1: bytes(32)}, count=4)
    forged = bytearray(to_bytes(manifest))
    forged[-33] = 0b10000000
    with pytest.raises(Corrupt):
        from_bytes(bytes(forged))


def test_a_manifest_of_another_installation_is_refused(shop: StoreFixture) -> None:
    north, south = shop.store("north"), RegionStore(with_key(shop.context("south"), Ed25519PrivateKey.generate()))
    digest = seal(north, noise(1, CHUNK)).digest
    with pytest.raises(Corrupt, match="did not sign"):
        copy(south, digest, north)
    assert shop.index.packs("south") == []


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_changed_envelope_is_corrupt(shop: StoreFixture, at: int) -> None:
    context = shop.context("north")
    store = RegionStore(context)
    digest = seal(store, noise(1, 5 * CHUNK)).digest
    envelope = bytearray(signed_manifests.find_envelope(context, digest) or b"")
    envelope[at] ^= 1
    context.bucket.put(signed_manifests.path_of(digest), bytes(envelope))
    with pytest.raises(Corrupt):
        store.get_manifest(digest)


def test_an_envelope_cannot_be_exchanged_for_another(shop: StoreFixture) -> None:
    context = shop.context("north")
    store = RegionStore(context)
    first, second = (seal(store, noise(seed, CHUNK)).digest for seed in (1, 2))
    context.bucket.put(signed_manifests.path_of(first), signed_manifests.find_envelope(context, second) or b"")
    with pytest.raises(Corrupt):
        store.get_manifest(first)
    with pytest.raises(Corrupt, match="do not match its name"):
        signed_manifests.find_ignoring_signature(context, first)


def test_a_signature_does_not_cover_another_payload(shop: StoreFixture) -> None:
    context = shop.context("north")
    store = RegionStore(context)
    first, second = (
        signed_manifests.find_envelope(context, seal(store, noise(seed, CHUNK)).digest) or b"" for seed in (1, 2)
    )
    digest = seal(store, noise(1, CHUNK)).digest
    context.bucket.put(signed_manifests.path_of(digest), first[:72] + second[72:])
    with pytest.raises(Corrupt, match="do not match its name"):
        store.get_manifest(digest)


def test_an_envelope_that_would_fill_the_memory_is_refused(shop: StoreFixture) -> None:
    context = shop.context("north")
    digest = seal(RegionStore(context), noise(1, CHUNK)).digest
    signature = (signed_manifests.find_envelope(context, digest) or b"")[:72]
    bomb = zstandard.ZstdCompressor(level=1).compress(bytes(200 * 1024 * 1024))
    context.bucket.put(signed_manifests.path_of(digest), signature + bomb)
    with pytest.raises(Corrupt, match="cut or garbled"):
        signed_manifests.get(context, digest)


def test_a_digest_is_the_hash_of_the_bytes() -> None:
    empty = Manifest(size=0, chunk_size=CHUNK, parent=None, bitmap=b"", hashes=b"")
    assert digest_of(to_bytes(empty)) == digest_of(to_bytes(from_bytes(to_bytes(empty))))
    assert len(digest_of(b"")) == 64
