"""Garbage collection: remove what no live manifest names, in an order in which a crash at any point loses nothing.

Manifests go first, so that a manifest which can be found is whole. A chunk leaves the index before its pack leaves the
bucket, so that no writer counts on bytes that are going. A repacked chunk has its new place before the old pack goes.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import accumulate

from galeria.adapters.store.chunk_reading import runs_of
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.publisher import Publisher
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.packs import packs
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.packs.packs import PackWriter
from galeria.domain.disk_margin import NO_MARGIN
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import ChunkPlace, Collected, Digest, PackFacts

log = logging.getLogger(__name__)

_WORTH_KEEPING = 0.5
"""Share of a pack's bytes that must be live; below, its live chunks move and the pack goes."""

_SMALL = 0.25
"""Share of a full pack's size below which a pack is small: each export of few changes leaves one."""
_MANY = 8
"""Small packs from which on they are moved together. A chunk is written again once for each eightfold growth of its pack."""
_AT_ONCE = 16
"""Full packs that the small ones of one collection may make: writers wait meanwhile, and the next collection goes on."""


@dataclass(kw_only=True, slots=True)
class _CollectionTotals:
    dead_chunks: int = 0
    freed_bytes: int = 0
    removed_packs: int = 0
    repacked_packs: int = 0
    removed_manifests: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _MovedPack:
    """A pack whose live chunks are to move, as they are few or the pack is small."""

    name: str
    size: int  # bytes
    dead_chunks: int
    live: dict[bytes, ChunkPlace]


@dataclass(frozen=True, kw_only=True, slots=True)
class _RepackGroup:
    """Packs whose live chunks make one new pack."""

    packs: list[_MovedPack] = field(default_factory=list)

    @property
    def live_bytes(self) -> int:
        return sum(place.length for pack in self.packs for place in pack.live.values())

    @property
    def new_size(self) -> int:
        return self.live_bytes + packs.footer_size(sum(len(pack.live) for pack in self.packs))


def collect(context: StoreContext, live: Iterable[Digest], *, dry_run: bool) -> Collected:
    """Remove what no live manifest names. Must be called within the exclusive lease.

    A dry run changes nothing and returns what would be freed. Raises Corrupt when a live manifest cannot be read: what it
    names is unknown then, and nothing is removed.
    """
    work = _Collection(context, frozenset(live), dry_run=dry_run)
    work.remove_manifests()
    work.remove_leftovers()
    work.index_orphans()
    for group in _groups(work.remove_dead_packs(), context.pack_size):
        work.repack(group)
    done = work.sum
    return Collected(
        dead_chunks=done.dead_chunks,
        freed_bytes=done.freed_bytes,
        removed_packs=done.removed_packs,
        repacked_packs=done.repacked_packs,
        removed_manifests=done.removed_manifests,
    )


class _Collection:
    def __init__(self, context: StoreContext, live: frozenset[Digest], *, dry_run: bool) -> None:
        # What is packed anew makes room, so that it may use the margin for a moment.
        self._context, self._dry_run = replace(context, margin=NO_MARGIN), dry_run
        self.sum = _CollectionTotals()
        stored = dict(signed_manifests.stored(context))
        self._dead_manifests = {digest: size for digest, size in stored.items() if digest not in live}
        self._live: set[bytes] = set()
        for digest in sorted(live & stored.keys()):
            self._live.update(signed_manifests.get(context, digest).names())

    def remove_manifests(self) -> None:
        for digest, size in self._dead_manifests.items():
            if not self._dry_run:
                self._context.bucket.delete(signed_manifests.path_of(digest))
            self.sum.removed_manifests += 1
            self.sum.freed_bytes += size

    def remove_leftovers(self) -> None:
        for leftover in self._context.bucket.leftovers():
            if not self._dry_run:
                with translated_errors(self._context.region, Message("sweeping what a crash left")):
                    leftover.remove()
            self.sum.freed_bytes += leftover.size

    def index_orphans(self) -> None:
        """Handle packs that the index does not know, after a crash between publishing and indexing or the loss of an index.

        A pack with a live chunk that is nowhere else is added to the index; the others are removed.
        """
        region, index = self._context.region, self._context.index
        indexed = {pack.name for pack in index.packs(region)}
        for path, size in list(self._context.bucket.objects(packs.PREFIX)):
            name = path.rpartition("/")[2]
            if name in indexed:
                continue
            places = self._places_of_orphan(path, size)
            needed = self._live & places.keys()
            if needed - index.known(region, needed):
                if not self._dry_run:
                    index.add_pack(region, name, size, places)
            else:
                self.sum.removed_packs += 1
                self._remove_object(path, size)

    def remove_dead_packs(self) -> list[_MovedPack]:
        """Remove the packs without a live chunk, and return those whose live chunks are worth moving."""
        sparse: list[_MovedPack] = []
        small: list[_MovedPack] = []
        for pack in self._context.index.packs(self._context.region):
            places = self._context.index.chunks_of(self._context.region, pack.name)
            live = {name: place for name, place in places.items() if name in self._live}
            found = _MovedPack(name=pack.name, size=pack.size, dead_chunks=len(places) - len(live), live=live)
            if not live:
                self.sum.dead_chunks += len(places)
                self.sum.removed_packs += 1
                self._remove_pack(pack.name, pack.size)
            elif sum(place.length for place in live.values()) < _WORTH_KEEPING * _payload(pack):
                sparse.append(found)
            elif pack.size < _SMALL * self._context.pack_size:
                small.append(found)
        return sparse + _gathered(small, most=_AT_ONCE * self._context.pack_size)

    def repack(self, group: _RepackGroup) -> None:
        """Move the live chunks to a new pack, and remove the old packs."""
        moved = group.packs if self._dry_run else self._move(group)
        for pack in moved:
            self.sum.repacked_packs += 1
            self.sum.dead_chunks += pack.dead_chunks
            self._remove_pack(pack.name, pack.size)
        if moved:
            self.sum.freed_bytes -= _RepackGroup(packs=moved).new_size

    def _move(self, group: _RepackGroup) -> list[_MovedPack]:
        """Return the packs whose live chunks have all moved. A damaged pack stays as it is, so that it can be repaired."""
        opener, moved = ChunkDecompressor(), []
        # Read back as a replication does, whose next one would else read again what it had verified.
        inspect = partial(packs.read_back, self._context)
        with Publisher(self._context, inspect=inspect, takes_over=True) as publisher:
            for pack in group.packs:
                try:
                    blobs = list(self._checked(pack, opener))
                except Corrupt as error:
                    log.warning("pack %s in %s is not repacked: %s", pack.name, self._context.region, error.message)
                    continue
                moved.append((pack, blobs))
            with PackWriter(self._context, publisher.submit, summed=True) as writer:
                for _, blobs in moved:
                    for name, blob in blobs:
                        writer.add(name, blob)
        # Chunks that are in two packs can make the new pack equal to an old one, which must stay then.
        return [pack for pack, _ in moved if pack.name not in publisher.names]

    def _checked(self, pack: _MovedPack, opener: ChunkDecompressor) -> Iterator[tuple[bytes, memoryview]]:
        for run in runs_of(pack.live):
            for name, blob in run.read(self._context.bucket):
                # A damaged chunk is never copied: in its old pack its damage can still be detected.
                opener.open(name, blob)
                yield name, blob

    def _places_of_orphan(self, path: str, size: int) -> dict[bytes, ChunkPlace]:
        try:
            return packs.fetch_places(self._context.bucket, path, size)
        except Corrupt as error:
            log.warning("removing an unreadable pack nobody refers to: %s", error.message)
            return {}

    def _remove_pack(self, name: str, size: int) -> None:
        if not self._dry_run:
            self._context.index.remove_pack(self._context.region, name)
        self._remove_object(packs.path_of(name), size)

    def _remove_object(self, path: str, size: int) -> None:
        if not self._dry_run:
            self._context.bucket.delete(path)
        self.sum.freed_bytes += size


def _payload(pack: PackFacts) -> int:
    """Return the bytes of the pack's chunks: with its footer a pack of small live chunks would seem dead."""
    return pack.size - packs.footer_size(pack.chunks)


def _gathered(small: list[_MovedPack], *, most: int) -> list[_MovedPack]:
    """Return the small packs that are moved together: none where they are few, else the smallest, up to `most` bytes."""
    if len(small) < _MANY:
        return []
    ordered = sorted(small, key=lambda pack: pack.size)
    ends = accumulate(pack.size for pack in ordered)
    return [pack for pack, end in zip(ordered, ends, strict=True) if end <= most]


def _groups(moved: Iterable[_MovedPack], pack_size: int) -> Iterator[_RepackGroup]:
    group = _RepackGroup()
    for pack in moved:
        group.packs.append(pack)
        if group.live_bytes >= pack_size:
            yield group
            group = _RepackGroup()
    if group.packs:
        yield group
