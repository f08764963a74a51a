"""What manifests occupy: some beside others, and what each of several sets adds to those before it."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import Manifest
from galeria.adapters.store.pacing import paced
from galeria.ports.images import Digest, StorageUsage

ROOM = 1_000_000
"""Names of chunks kept in memory at once, about 100 MB; they stand for 256 GB of data."""


def holding(context: StoreContext, digests: Iterable[Digest], *, others: Iterable[Digest]) -> StorageUsage:
    """See `ImageStore.holding`. Raises NotFound for one of `digests`, Corrupt."""
    wanted = set(digests)
    names = {name for digest in wanted for name in signed_manifests.get(context, digest).names()}
    own = set(names)
    _take_away(context, own, set(others) - wanted)
    total = context.index.stored_bytes(context.region, names)
    exclusive = total if len(own) == len(names) else context.index.stored_bytes(context.region, own)
    return StorageUsage(stored_bytes=total, exclusive_bytes=exclusive, chunks=len(names))


def growth(
    context: StoreContext, sets: Sequence[Collection[Digest]], *, before: Iterable[Digest], room: int = ROOM
) -> list[int]:
    """Compressed bytes that each set adds to `before` and to the sets in front of it; a manifest that is not here adds none.

    The answer is for as many of the first sets as there is room for, at least one. Raises Corrupt.
    """
    unclaimed: set[bytes] = set()
    fitting = 0
    for digests in paced(sets):
        if fitting and len(unclaimed) >= room:
            break
        for manifest in _manifests(context, digests):
            unclaimed.update(manifest.names())
        fitting += 1
    _take_away(context, unclaimed, before)
    grown = []
    for digests in paced(sets[:fitting]):
        own: set[bytes] = set()
        for manifest in _manifests(context, digests if unclaimed else ()):
            own |= manifest.shared(unclaimed)
        unclaimed -= own
        grown.append(context.index.stored_bytes(context.region, own) if own else 0)
    return grown


def _take_away(context: StoreContext, names: set[bytes], digests: Iterable[Digest]) -> None:
    """Those that one of these manifests names; nothing is read any more when none is left."""
    for digest in paced(digests):
        if not names:
            break
        for manifest in _manifests(context, (digest,)):
            names -= manifest.shared(names)


def _manifests(context: StoreContext, digests: Iterable[Digest]) -> Iterator[Manifest]:
    """Those that are here, read one after the other."""
    for digest in digests:
        manifest = signed_manifests.find_to_count(context, digest)
        if manifest is not None:
            yield manifest
