"""Reading everything back: damage is found before somebody needs the image, and reported by the chunk's name."""

from collections.abc import Iterable

from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.chunk_reading import damaged_among
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.domain.errors import Corrupt, NotFound
from galeria.ports.images import Damage, Digest, Verified
from galeria.ports.progress import Progress


def verify(context: StoreContext, digests: Iterable[Digest] | None, *, progress: Progress) -> Verified:
    """To be called inside the shared lease; None means every manifest of the bucket. Progress counts stored bytes.

    Raises StoreUnavailable; what is damaged or gone is in the result.
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
    found = damaged_among(context, chunks, meter.add)
    damaged += [Damage(name=name.hex(), reason=reason) for name, reason in sorted(found.items())]
    return Verified(manifests=len(names), chunks=len(chunks), bytes_read=meter.done, damaged=tuple(damaged))
