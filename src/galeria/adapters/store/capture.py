"""Seal a disk: read what changed, store the chunks that are unknown, and inherit the rest from the parent by name."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from threading import Lock

from galeria.adapters.store.alignment import aligned
from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.chunk_reading import WINDOW
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import Manifest, ManifestBuilder, ManifestSlots, slots_of
from galeria.adapters.store.manifests.publisher import Publisher
from galeria.adapters.store.packs.chunks import ChunkCompressor, chunk_name
from galeria.adapters.store.packs.packs import PackWriter
from galeria.adapters.store.parallel import run_workers
from galeria.ports.disks import Content, DiskReader, DiskSource
from galeria.ports.images import Captured, Digest
from galeria.ports.progress import Progress

_BATCH = 16
"""Chunks that one request reads and one query of the index looks up: 4 MiB per thread."""

Range = tuple[int, int]
"""First slot and number of slots."""


def capture(context: StoreContext, disk: DiskSource, *, parent: Digest | None, progress: Progress) -> Captured:
    """Seal the disk; see `ImageStore.capture`. Must be called within the shared lease.

    Raises NotFound for an unknown parent, OutOfSpace, StoreUnavailable.
    """
    inherited = signed_manifests.get(context, parent) if parent else None
    draft = ManifestBuilder(size=disk.size, chunk_size=context.chunk_size, parent=parent)
    ranges = _plan(context, disk, inherited, draft)
    meter = ByteCounter(progress, total=_bytes(context, disk, ranges))
    with Publisher(context) as publisher:
        work = _Capture(context, disk, draft, meter, publisher)
        run_workers(_batches(ranges), work.run, threads=context.threads)
    manifest = draft.finish()
    digest, envelope = signed_manifests.publish(context, manifest)
    return Captured(
        digest=digest,
        size=disk.size,
        data_bytes=manifest.facts(digest).data_bytes,
        read_bytes=work.read_bytes,
        stored_bytes=publisher.bytes + envelope,
        new_chunks=publisher.chunks,
    )


class _Capture:
    def __init__(
        self, context: StoreContext, disk: DiskSource, draft: ManifestBuilder, meter: ByteCounter, publisher: Publisher
    ) -> None:
        self._context, self._disk, self._draft, self._meter = context, disk, draft, meter
        self._publisher = publisher
        self._zeros = bytes(context.chunk_size)
        self._claimed: set[bytes] = set()
        self._lock = Lock()
        self.read_bytes = 0

    def run(self, batches: Iterator[Range]) -> None:
        """Read, hash and store batches of slots until none are left. Each worker thread runs this once."""
        packer, buffer = ChunkCompressor(), bytearray(_BATCH * self._context.chunk_size)
        with closing(self._disk.reader()) as reader, PackWriter(self._context, self._publisher.submit) as packs:
            for first, count in batches:
                length = self._read(reader, first, count, memoryview(buffer))
                found = self._chunks(first, count, buffer)
                for name in self._unknown(found):
                    packs.add(name, packer.pack(found[name]))
                with self._lock:
                    self.read_bytes += length
                self._meter.add(length)

    def _read(self, reader: DiskReader, first: int, count: int, buffer: memoryview) -> int:
        """Read the chunks into the buffer, padded to whole chunks, and return the number of bytes read from the disk."""
        start, end = first * self._context.chunk_size, count * self._context.chunk_size
        length = min(end, self._disk.size - start)
        reader.read_into(start, buffer[:length])
        buffer[length:end] = bytes(end - length)
        return length

    def _chunks(self, first: int, count: int, buffer: bytearray) -> dict[bytes, memoryview]:
        """Hash the chunks that are not zero, put them into the manifest, and return them by name."""
        chunk_size = self._context.chunk_size
        view, found = memoryview(buffer), {}
        for slot in range(count):
            at = slot * chunk_size
            # Compares in place at the speed of memory; comparing a memoryview would compare byte by byte.
            if not buffer.startswith(self._zeros, at):
                chunk = view[at : at + chunk_size]
                name = chunk_name(chunk)
                self._draft.put(first + slot, name)
                found[name] = chunk
        return found

    def _unknown(self, names: Iterable[bytes]) -> list[bytes]:
        """Return the names that neither this capture nor an earlier one has stored."""
        with self._lock:
            claimed = [name for name in names if name not in self._claimed]
            self._claimed.update(claimed)
        known = self._context.index.known(self._context.region, claimed) if claimed else ()
        return [name for name in claimed if name not in known]


def _plan(context: StoreContext, disk: DiskSource, parent: Manifest | None, draft: ManifestBuilder) -> list[Range]:
    """Inherit what the parent has, and return the ranges of slots to read, in order and merged."""
    ranges: list[Range] = []
    inherited: list[Range] = []
    is_inheritable = parent is not None and parent.chunk_size == context.chunk_size
    for stretch in aligned(disk.extents(), size=disk.size, chunk_size=context.chunk_size):
        if stretch.content is Content.PARENT and is_inheritable:
            inherited.append((stretch.first, stretch.count))
        elif stretch.content is not Content.ZERO:
            ranges.append((stretch.first, stretch.count))
    if parent is not None and inherited:
        ranges += _cut_tail(disk, parent, inherited)
        ranges += [(slot, 1) for slot in _inherit(context, ManifestSlots(parent), inherited, draft)]
    return _merged(ranges)


def _cut_tail(disk: DiskSource, parent: Manifest, inherited: list[Range]) -> list[Range]:
    """Return the slot to read where a smaller disk ends within an inherited chunk, whose later bytes it does not have."""
    first, count = inherited[-1]
    last = slots_of(disk.size, parent.chunk_size) - 1
    if disk.size >= parent.size or disk.size % parent.chunk_size == 0 or first + count - 1 != last:
        return []
    inherited[-1] = (first, count - 1)
    return [(last, 1)]


def _inherit(context: StoreContext, slots: ManifestSlots, inherited: list[Range], draft: ManifestBuilder) -> list[int]:
    """Copy the parent's names, and return the slots whose chunk the store has lost: these are read from the disk."""
    lost: list[int] = []
    waiting: list[tuple[int, bytes]] = []

    def look_up() -> None:
        known = context.index.known(context.region, {name for _, name in waiting})
        for slot, name in waiting:
            if name in known:
                draft.put(slot, name)
            else:
                lost.append(slot)
        waiting.clear()

    for first, count in inherited:
        for entry in slots.stretch(first, count):
            waiting.append(entry)
            if len(waiting) == WINDOW:
                look_up()
    look_up()
    return lost


def _merged(ranges: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for first, count in sorted(ranges):
        if merged and sum(merged[-1]) == first:
            merged[-1] = (merged[-1][0], merged[-1][1] + count)
        else:
            merged.append((first, count))
    return merged


def _batches(ranges: Iterable[Range]) -> Iterator[Range]:
    for first, count in ranges:
        for at in range(0, count, _BATCH):
            yield first + at, min(_BATCH, count - at)


def _bytes(context: StoreContext, disk: DiskSource, ranges: Iterable[Range]) -> int:
    ends = ((first * context.chunk_size, (first + count) * context.chunk_size) for first, count in ranges)
    return sum(min(end, disk.size) - start for start, end in ends)
