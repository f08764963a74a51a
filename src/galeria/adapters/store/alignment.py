"""Align a disk's extents with chunks: each chunk is wholly inherited, wholly zero, or read.

A chunk with different kinds of content is read whole. That is right for ranges of the parent as well, because the source
returns the parent's bytes there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message
from galeria.ports.disks import Content, Extent


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkRange:
    """Neighbouring chunks with the same kind of content."""

    first: int  # slot
    count: int  # slots
    content: Content


def aligned(extents: Iterable[Extent], *, size: int, chunk_size: int) -> Iterator[ChunkRange]:
    """Cover every slot of a disk of `size` bytes once, in order. Raises Unavailable where the extents leave a gap."""
    begun: Content | None = None  # content of the chunk that the last extent ended in
    for extent in _contiguous(extents, size):
        start, end = extent.offset, extent.offset + extent.length
        if begun is not None:
            begun = begun if begun is extent.content else Content.DATA
            border = -(-start // chunk_size) * chunk_size
            if end < border:
                continue
            yield ChunkRange(first=start // chunk_size, count=1, content=begun)
            begun, start = None, border
        whole, rest = divmod(end - start, chunk_size)
        if whole:
            yield ChunkRange(first=start // chunk_size, count=whole, content=extent.content)
        if rest:
            begun = extent.content
    if begun is not None:
        yield ChunkRange(first=size // chunk_size, count=1, content=begun)


def _contiguous(extents: Iterable[Extent], size: int) -> Iterator[Extent]:
    position = 0
    for extent in extents:
        if extent.offset != position:
            raise _gap(position)
        position += extent.length
        if extent.length:
            yield extent
    if position != size:
        raise _gap(position)


def _gap(position: int) -> Unavailable:
    return Unavailable(
        Message("The map of the disk has a gap at byte {position}.", position=position),
        hint=Message("Nothing was sealed. Check the disk with 'qemu-img check', then try again."),
    )
