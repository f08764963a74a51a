"""Read all that a store keeps, in pieces, so that damage is found while another region still has it whole.

First the manifests, which are few bytes, then the packs one by one, each by name: a scrub that was cut off goes on from the
last name. Nobody is held up: no lease is taken, and whatever seems damaged is looked at again with one, since it may just have
been removed.
"""

from collections.abc import Iterator

from galeria.adapters.store.chunk_reading import find_damaged, runs_of, windows
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.domain.errors import Corrupt
from galeria.ports.images import Damage, Digest, Scrubbed

_MANIFESTS, _PACKS = "manifests/", "packs/"
AT_ONCE = 8
"""Manifests of one piece: some 5 ms, in which no other thread of the process works."""


def scrub(context: StoreContext, after: str) -> Iterator[Scrubbed]:
    """Check the manifests, then the packs, behind `after`, and yield after each piece. Raises StoreUnavailable.

    The manifests are listed once. Damage is in the pieces.
    """
    if not after.startswith(_PACKS):
        done = after.removeprefix(_MANIFESTS)
        behind = sorted(each for each in signed_manifests.stored(context) if each[0] > done)
        for piece in windows(behind, AT_ONCE):
            damaged = tuple(damage for digest, _ in piece for damage in _check_manifest(context, digest))
            yield Scrubbed(after=_MANIFESTS + piece[-1][0], read_bytes=sum(size for _, size in piece), damaged=damaged)
    read = _pack_of(after)
    while found := context.index.packs(context.region, after=read, most=1):
        (pack,) = found
        read = pack.name
        yield Scrubbed(after=_PACKS + read, read_bytes=pack.size, damaged=tuple(_check_pack(context, read)))


def left_bytes(context: StoreContext, after: str) -> int:
    """Return the bytes of the packs that are still to be read."""
    return context.index.pack_bytes(context.region, after=_pack_of(after))


def _pack_of(after: str) -> str:
    """Return the name of the last pack that was read; empty before the first."""
    return after.removeprefix(_PACKS) if after.startswith(_PACKS) else ""


def _check_manifest(context: StoreContext, digest: Digest) -> Iterator[Damage]:
    """Yield what is wrong with a manifest: its bytes, its signature, or chunks that have no place here."""
    if not any(_faults_of(context, digest)):
        return
    with context.lease(exclusive=False):
        yield from _faults_of(context, digest)


def _faults_of(context: StoreContext, digest: Digest) -> Iterator[Damage]:
    try:
        manifest = signed_manifests.find(context, digest)
    except Corrupt as error:
        yield Damage(name=digest, reason=error.message)
        return
    names = set() if manifest is None else set(manifest.names())
    for name in sorted(names - context.index.known(context.region, names)):
        yield Damage(name=name.hex(), reason="The index has no place for it.")


def _check_pack(context: StoreContext, pack: str) -> Iterator[Damage]:
    suspects = _suspects_in(context, pack)
    if not suspects:
        return
    with context.lease(exclusive=False):
        still_there = suspects & context.index.chunks_of(context.region, pack).keys()
        found = find_damaged(context, still_there, lambda size: None)
    for name, reason in sorted(found.items()):
        yield Damage(name=name.hex(), reason=reason)


def _suspects_in(context: StoreContext, pack: str) -> set[bytes]:
    """Return the chunks of the pack that could not be read as they should be."""
    suspects: set[bytes] = set()
    opener = ChunkDecompressor()
    for run in runs_of(context.index.chunks_of(context.region, pack)):
        unread = {name for name, _ in run.places}
        try:
            for name, blob in run.read(context.bucket):
                unread.discard(name)
                try:
                    opener.open(name, blob)
                except Corrupt:
                    suspects.add(name)
        except Corrupt:  # the pack is gone, or cut
            suspects |= unread
    return suspects
