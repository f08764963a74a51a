"""Read everything back, to find damage before somebody needs the image, and report it by the name of the chunk."""

from collections.abc import Iterable

from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.chunk_reading import find_damaged
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.domain.errors import Corrupt, NotFound
from galeria.ports.images import Damage, Digest, Verified
from galeria.ports.progress import Progress


def verify(context: StoreContext, digests: Iterable[Digest] | None, *, progress: Progress) -> Verified:
    """Check the chunks of these manifests, or of every manifest in the bucket for None. Must be called within the shared lease.

    Progress counts stored bytes. Raises StoreUnavailable; damaged and missing chunks are in the result.
    """
    names = sorted({digest for digest, _ in signed_manifests.stored(context)} if digests is None else set(digests))
    damaged: list[Damage] = []
    chunks: set[bytes] = set()
    for digest in names:
        try:
            chunks.update(signed_manifests.get(context, digest).names())
        except (Corrupt, NotFound) as error:
            damaged.append(Damage(name=digest, reason=error.message))
    meter = ByteCounter(progress, total=context.index.stored_bytes(context.region, chunks))
    found = find_damaged(context, chunks, meter.add)
    damaged += [Damage(name=name.hex(), reason=reason) for name, reason in sorted(found.items())]
    return Verified(manifests=len(names), chunks=len(chunks), bytes_read=meter.done, damaged=tuple(damaged))
