"""How many bytes a replica of sealed disks takes, and how many must be sent, by what the stores have now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from galeria.ports.images import Digest, ImageStore


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicationSources:
    """The disks to replicate.

    `digests` are complete in the region `home`; `lacking` are regions that may lack parts of them.
    """

    digests: frozenset[Digest]
    home: str
    lacking: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicationBytes:
    """The compressed bytes of a replication."""

    whole: int  # in a region that has everything
    send: Mapping[str, int]  # region → bytes that it does not have yet


Measure = Callable[[ReplicationSources], ReplicationBytes]
"""A function that returns the bytes of a replication, such as `copy_bytes`.

`copy_bytes` looks up every chunk: an image with 20 GB of data takes half a second for `whole` and one more second for each
region that lacks all of it (measured). A caller that cannot wait so long passes a function that answers from earlier figures.
"""


def copy_bytes(copies: ReplicationSources, stores: Mapping[str, ImageStore]) -> ReplicationBytes:
    """Returns the bytes of a replication by asking the stores. Raises NotFound where `home` does not have the disks."""
    home = stores[copies.home]
    return ReplicationBytes(
        whole=home.holding(copies.digests, others=()).stored_bytes,
        send={
            region: sum(stores[region].missing_bytes(each, source=home) for each in copies.digests)
            for region in copies.lacking
        },
    )
