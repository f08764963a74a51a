"""Read chunks in ranges of a pack: one request fetches neighbours, and each chunk is checked after it arrived."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.objects.bucket import Bucket
from galeria.adapters.store.packs import packs
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.parallel import run_workers
from galeria.domain.errors import Corrupt
from galeria.ports.images import ChunkPlace

T = TypeVar("T")

WINDOW = 4096
"""Chunks that are located at a time: one query for 1 GiB of disk."""

_GAP = 64 * 1024
"""Bytes between two chunks that cost less to read than another request."""
_RUN = 2 * 1024 * 1024
"""Most bytes of one request, so that sixteen at once need little memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackRange:
    """Neighbouring chunks of one pack."""

    pack: str
    start: int  # bytes from the pack's start
    length: int  # bytes
    places: tuple[tuple[bytes, ChunkPlace], ...]

    def read(self, bucket: Bucket) -> Iterator[tuple[bytes, memoryview]]:
        """Yield the name and compressed bytes of each chunk, unchecked. Raises Corrupt where the pack is gone or too short."""
        data = bucket.read(packs.path_of(self.pack), self.start, self.length)
        for name, place in self.places:
            at = place.offset - self.start
            yield name, data[at : at + place.length]


def runs_of(places: Mapping[bytes, ChunkPlace]) -> Iterator[PackRange]:
    """Gather chunks into ranges that are read with one request each."""
    gathered: list[tuple[bytes, ChunkPlace]] = []
    for name, place in sorted(places.items(), key=lambda entry: (entry[1].pack, entry[1].offset)):
        if gathered and not _is_neighbour(gathered, place):
            yield _run(gathered)
            gathered = []
        gathered.append((name, place))
    if gathered:
        yield _run(gathered)


def windows(whole: Iterable[T], size: int = WINDOW) -> Iterator[list[T]]:
    """Yield everything in order, in lists of at most `size`."""
    remaining = iter(whole)
    while some := list(islice(remaining, size)):
        yield some


def find_damaged(context: StoreContext, names: Iterable[bytes], seen: Callable[[int], None]) -> dict[bytes, str]:
    """Read and check these chunks, and return the damaged ones with the reason; their packs are no longer relied on.

    `seen` receives compressed bytes, from several threads.
    """
    damage: dict[bytes, str] = {}

    def located() -> Iterator[PackRange]:
        for some in windows(names):
            places = context.index.locate(context.region, some)
            damage.update((name, "The index has no place for it.") for name in some if name not in places)
            yield from runs_of(places)

    def check(runs: Iterator[PackRange]) -> None:
        opener = ChunkDecompressor()
        for run in runs:
            damage.update(_damage_in(context, run, opener))
            seen(sum(place.length for _, place in run.places))

    run_workers(located(), check, threads=context.bucket.readers)
    doubt(context, damage)
    return damage


@contextmanager
def doubted(context: StoreContext, run: PackRange) -> Iterator[None]:
    """Record damage that is found in the range: its pack is read again before it is relied on. The error goes on."""
    try:
        yield
    except Corrupt:
        context.index.note_verified(context.region, [run.pack], verified=False)
        raise


def doubt(context: StoreContext, names: Iterable[bytes]) -> None:
    """Record that damage was found in these chunks: the packs that hold them are read again before they are relied on."""
    for some in windows(names):
        places = context.index.locate(context.region, some)
        context.index.note_verified(context.region, {place.pack for place in places.values()}, verified=False)


def _damage_in(context: StoreContext, run: PackRange, opener: ChunkDecompressor) -> Iterator[tuple[bytes, str]]:
    try:
        for name, blob in run.read(context.bucket):
            try:
                opener.open(name, blob)
            except Corrupt as error:
                yield name, error.message
    except Corrupt as error:
        for name, _ in run.places:
            yield name, error.message


def _is_neighbour(gathered: list[tuple[bytes, ChunkPlace]], place: ChunkPlace) -> bool:
    first, last = gathered[0][1], gathered[-1][1]
    end = place.offset + place.length
    return place.pack == last.pack and place.offset - (last.offset + last.length) <= _GAP and end - first.offset <= _RUN


def _run(gathered: list[tuple[bytes, ChunkPlace]]) -> PackRange:
    first, last = gathered[0][1], gathered[-1][1]
    return PackRange(
        pack=first.pack,
        start=first.offset,
        length=last.offset + last.length - first.offset,
        places=tuple(gathered),
    )
