"""Compute the storage that manifests use: of some beside others, and what each of several sets adds to earlier ones."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import Manifest
from galeria.adapters.store.pacing import with_pauses
from galeria.ports.images import Digest, StorageUsage
from galeria.ports.work import Traffic

ROOM = 1_000_000
"""Names of chunks kept in memory at once, about 100 MB; they stand for 256 GB of data."""


def holding(
    context: StoreContext, digests: Iterable[Digest], *, others: Iterable[Digest], traffic: Traffic | None = None
) -> StorageUsage:
    """Return what the manifests occupy; see `ImageStore.holding`. Raises NotFound for one of `digests`, and Corrupt."""
    wanted = set(digests)
    names = {name for digest in wanted for name in signed_manifests.get(context, digest).names()}
    own = set(names)
    _remove_named(context, own, set(others) - wanted, traffic)
    total = context.index.stored_bytes(context.region, names)
    exclusive = total if len(own) == len(names) else context.index.stored_bytes(context.region, own)
    return StorageUsage(stored_bytes=total, exclusive_bytes=exclusive, chunks=len(names))


def growth(
    context: StoreContext,
    sets: Sequence[Collection[Digest]],
    *,
    before: Iterable[Digest],
    room: int = ROOM,
    traffic: Traffic | None = None,
) -> list[int]:
    """Return the compressed bytes that each set adds to `before` and to the sets in front of it.

    A manifest that is not in the store adds nothing. The answer covers as many of the first sets as there is room for, at
    least one. Raises Corrupt.
    """
    unclaimed: set[bytes] = set()
    fitting = 0
    for digests in with_pauses(sets, traffic):
        if fitting and len(unclaimed) >= room:
            break
        for manifest in _manifests(context, digests):
            unclaimed.update(manifest.names())
        fitting += 1
    _remove_named(context, unclaimed, before, traffic)
    grown = []
    for digests in with_pauses(sets[:fitting], traffic):
        own: set[bytes] = set()
        for manifest in _manifests(context, digests if unclaimed else ()):
            own |= manifest.shared(unclaimed)
        unclaimed -= own
        grown.append(context.index.stored_bytes(context.region, own) if own else 0)
    return grown


def whole_sizes(
    context: StoreContext, sets: Iterable[Collection[Digest]], *, traffic: Traffic | None = None
) -> list[int]:
    """Return the compressed bytes that each set occupies by itself; see `ImageStore.whole_sizes`. Raises Corrupt.

    Only chunks are looked up in which a set differs from the one in front of it.
    """
    before, size, sizes = set[bytes](), 0, list[int]()
    for digests in with_pauses(sets, traffic):
        names = {name for manifest in _manifests(context, digests) for name in manifest.names()}
        size += context.index.stored_bytes(context.region, names - before)
        size -= context.index.stored_bytes(context.region, before - names)
        before = names
        sizes.append(size)
    return sizes


def _remove_named(context: StoreContext, names: set[bytes], digests: Iterable[Digest], traffic: Traffic | None) -> None:
    """Remove from `names` those that one of the manifests contains. Nothing is read once `names` is empty."""
    for digest in with_pauses(digests, traffic):
        if not names:
            break
        for manifest in _manifests(context, (digest,)):
            names -= manifest.shared(names)


def _manifests(context: StoreContext, digests: Iterable[Digest]) -> Iterator[Manifest]:
    """Yield those manifests that are in the store, reading one after the other."""
    for digest in digests:
        manifest = signed_manifests.find_ignoring_signature(context, digest)
        if manifest is not None:
            yield manifest
