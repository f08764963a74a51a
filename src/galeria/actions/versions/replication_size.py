"""How much a copy of sealed disks takes and what sending it takes, by what the stores hold now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from galeria.ports.images import Digest, ImageStore


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicationSources:
    """`digests` are whole in the region `home`; `lacking` are regions that may lack pieces of them."""

    digests: frozenset[Digest]
    home: str
    lacking: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicationBytes:
    """Compressed bytes."""

    whole: int  # in a region that has all of it
    send: Mapping[str, int]  # region → what it lacks now


Measure = Callable[[ReplicationSources], ReplicationBytes]
"""Every piece of the disks is looked up: of an image with 20 GB of data in half a second for `whole`, in one more second for
each region that lacks all of it (measured). Whoever cannot wait so long gives another way than `copy_bytes`."""


def copy_bytes(copies: ReplicationSources, stores: Mapping[str, ImageStore]) -> ReplicationBytes:
    """Raises NotFound where `home` does not hold the disks."""
    home = stores[copies.home]
    return ReplicationBytes(
        whole=home.holding(copies.digests, others=()).stored_bytes,
        send={
            region: sum(stores[region].missing_bytes(each, source=home) for each in copies.digests)
            for region in copies.lacking
        },
    )
