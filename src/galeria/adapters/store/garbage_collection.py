"""Garbage collection: remove what no live manifest names, in an order in which a crash at any point loses nothing.

Manifests go first, so that a manifest which can be found is whole. A chunk leaves the index before its pack leaves the
bucket, so that no writer counts on bytes that are going. A repacked chunk has its new place before the old pack goes.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import accumulate
from threading import Lock

from galeria.adapters.store.chunk_reading import runs_of, windows
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.publisher import Publisher
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.packs import packs
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.packs.packs import PackWriter
from galeria.adapters.store.parallel import run_workers
from galeria.domain.disk_margin import NO_MARGIN
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import ChunkPlace, Collected, Digest, PackFacts

log = logging.getLogger(__name__)

_LOOKED_AT = 64
"""Packs that are looked at between two looks at the clock."""

MARKED_AT_ONCE = 8
"""Manifests that each reader reads in one piece of a collection: some 5 ms where they are at hand."""

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

    def collected(self) -> Collected:
        return Collected(**asdict(self))


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
    work = Collection(context, dry_run=dry_run)
    work.go_on(live, is_over=lambda: False)
    return work.sum.collected()


def collect_in_pieces(
    context: StoreContext, live: Callable[[], Iterable[Digest]], *, is_over: Callable[[], Callable[[], bool]]
) -> Iterator[Collected]:
    """Collect as `collect` does, but give the lease back after each piece of work; yields what was done so far, each time.
    The first pieces read manifests, without the lease, and free nothing.

    `is_over` is called when a piece begins, and returns what tells its end. Raises Conflict where a writer has the lease.
    """
    work = Collection(context, dry_run=False)
    # Reading the manifests takes longest, and no writer has to wait for it: those that come meanwhile are read with the lease.
    for digests in windows(sorted(set(live())), MARKED_AT_ONCE * context.bucket.readers):
        work.mark(digests)
        yield work.sum.collected()
    is_complete = False
    while not is_complete:
        with context.lease(exclusive=True):
            is_complete = work.go_on(live(), is_over=is_over())
        yield work.sum.collected()


class Collection:
    """One collection. It may give the lease back between its pieces: whatever lives when a piece begins is marked by then,
    and what died since the marking is left to the next collection.
    """

    def __init__(self, context: StoreContext, *, dry_run: bool) -> None:
        # What is packed anew makes room, so that it may use the margin for a moment.
        self._context, self._dry_run = replace(context, margin=NO_MARGIN), dry_run
        self.sum = _CollectionTotals()
        self._lock = Lock()
        self._marked: set[Digest] = set()
        self._live: set[bytes] = set()
        self._is_swept = False
        self._after: str | None = ""  # the last pack that was looked at; None: all were
        self._sparse: list[PackFacts] = []
        self._small: list[PackFacts] = []
        self._to_move: deque[PackFacts] = deque()

    def mark(self, digests: Iterable[Digest]) -> None:
        """Note what these images consist of. One that cannot be found is another region's, or has just gone.

        They are looked for by name and not in a list of objects, which may leave out what came a moment ago.
        """
        unmarked = (digest for digest in digests if digest not in self._marked)
        run_workers(unmarked, self._read_live, threads=self._context.bucket.readers)

    def _read_live(self, digests: Iterator[Digest]) -> None:
        for digest in digests:
            if manifest := signed_manifests.find(self._context, digest):
                names = set(manifest.names())
                with self._lock:
                    self._live |= names
                    self._marked.add(digest)

    def go_on(self, live: Iterable[Digest], *, is_over: Callable[[], bool]) -> bool:
        """Do the next piece, within the exclusive lease, and return whether it was the last one."""
        living = frozenset(live)
        self.mark(sorted(living))
        if not self._is_swept:
            stored = dict(signed_manifests.stored(self._context))
            self.remove_manifests({digest: size for digest, size in stored.items() if digest not in living})
            self.remove_leftovers()
            self.index_orphans()
            self._is_swept = True
        # A piece does something in any case, however little time it has.
        while self._has_work():
            if self._after is not None:
                self._look_at_packs()
            else:
                self.repack(self._next_group())
            if is_over():
                break
        return not self._has_work()

    def _has_work(self) -> bool:
        return self._after is not None or bool(self._to_move)

    def remove_manifests(self, dead: Mapping[Digest, int]) -> None:
        """Remove these manifests, which have so many bytes each."""
        for digest, size in dead.items():
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

        A pack with a live chunk that is nowhere else is added to the index; the others are removed, in a cloud after a day.
        """
        region, index = self._context.region, self._context.index
        indexed = {pack.name for pack in index.packs(region)}
        for each in list(self._context.bucket.objects(packs.PREFIX)):
            name = each.path.rpartition("/")[2]
            if name in indexed:
                continue
            places = self._places_of_orphan(each.path, each.size)
            needed = self._live & places.keys()
            if needed - index.known(region, needed):
                if not self._dry_run:
                    index.add_pack(region, name, each.size, places)
            elif each.age >= self._context.bucket.orphan_seconds:
                self.sum.removed_packs += 1
                self._remove_object(each.path, each.size)

    def _look_at_packs(self) -> None:
        """Remove those of the next packs that have no live chunk, and note those whose live chunks are worth moving."""
        found = self._context.index.packs(self._context.region, after=self._after or "", most=_LOOKED_AT)
        for pack in found:
            content = self._content(pack)
            if not content.live:
                self.sum.dead_chunks += content.dead_chunks
                self.sum.removed_packs += 1
                self._remove_pack(pack.name, pack.size)
            elif sum(place.length for place in content.live.values()) < _WORTH_KEEPING * _payload(pack):
                self._sparse.append(pack)
            elif pack.size < _SMALL * self._context.pack_size:
                self._small.append(pack)
        self._after = found[-1].name if len(found) == _LOOKED_AT else None
        if self._after is None:
            self._to_move.extend(self._sparse + _gathered(self._small, most=_AT_ONCE * self._context.pack_size))

    def _next_group(self) -> _RepackGroup:
        """Return packs that fill a new one. They are looked at anew: chunks may have come to life, or moved, since."""
        group = _RepackGroup()
        while self._to_move and group.live_bytes < self._context.pack_size:
            content = self._content(self._to_move.popleft())
            if content.live:
                group.packs.append(content)
        return group

    def _content(self, pack: PackFacts) -> _MovedPack:
        places = self._context.index.chunks_of(self._context.region, pack.name)
        live = {name: place for name, place in places.items() if name in self._live}
        return _MovedPack(name=pack.name, size=pack.size, dead_chunks=len(places) - len(live), live=live)

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
            with PackWriter(self._context, publisher.submit) as writer:
                for _, blobs in moved:
                    for name, blob in blobs:
                        writer.add(name, blob)
        return [pack for pack, _ in moved]

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


def _gathered(small: list[PackFacts], *, most: int) -> list[PackFacts]:
    """Return the small packs that are moved together: none where they are few, else the smallest, up to `most` bytes."""
    if len(small) < _MANY:
        return []
    ordered = sorted(small, key=lambda pack: pack.size)
    ends = accumulate(pack.size for pack in ordered)
    return [pack for pack, end in zip(ordered, ends, strict=True) if end <= most]
