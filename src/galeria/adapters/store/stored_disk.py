"""Read a sealed disk at any offset: only the requested chunks are fetched, and each is checked."""

from collections.abc import Iterator

from galeria.adapters.store.chunk_reading import doubted, runs_of
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests.manifest import Manifest, ManifestSlots
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.disks import Content, DiskReader, Extent


class StoredDiskSource:
    """A `DiskSource` over a manifest. Must be used within the shared lease."""

    def __init__(self, context: StoreContext, manifest: Manifest) -> None:
        self._context, self._manifest, self._slots = context, manifest, ManifestSlots(manifest)

    @property
    def size(self) -> int:
        return self._manifest.size

    def extents(self) -> Iterator[Extent]:
        """Yield the extents; neighbouring chunks with data are one extent."""
        start = position = 0
        chunk, size = self._manifest.chunk_size, self._manifest.size
        for slot, _ in self._manifest.entries():
            if slot * chunk != position:
                yield from _extents(start, position, slot * chunk)
                start = slot * chunk
            position = min((slot + 1) * chunk, size)
        yield from _extents(start, position, size)

    def reader(self) -> "StoredDiskReader":
        return StoredDiskReader(self._context, self._manifest, self._slots)


class StoredDiskReader(DiskReader):
    """A reader for one thread."""

    def __init__(self, context: StoreContext, manifest: Manifest, slots: ManifestSlots) -> None:
        self._context, self._manifest, self._slots = context, manifest, slots
        self._opener = ChunkDecompressor()

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`. Raises Corrupt, StoreUnavailable."""
        chunk = self._manifest.chunk_size
        first, last = offset // chunk, -(-(offset + length) // chunk)
        content = bytearray((last - first) * chunk)
        wanted: dict[bytes, list[int]] = {}
        for slot, name in self._slots.stretch(first, last - first):
            wanted.setdefault(name, []).append(slot)
        for name, data in self._chunks(wanted):
            for slot in wanted[name]:
                at = (slot - first) * chunk
                content[at : at + chunk] = data
        begin = offset - first * chunk
        return bytes(content[begin : begin + length])

    def close(self) -> None:
        """Do nothing: no resource is open."""

    def _chunks(self, wanted: dict[bytes, list[int]]) -> Iterator[tuple[bytes, bytes]]:
        places = self._context.index.locate(self._context.region, wanted)
        if len(places) < len(wanted):
            raise Corrupt(
                Message("Region {region} has lost chunks of this disk.", region=self._context.region),
                hint=Message("Rebuild the index of region {region}.", region=self._context.region),
                target=self._context.region,
            )
        for run in runs_of(places):
            with doubted(self._context, run):
                for name, blob in run.read(self._context.bucket):
                    yield name, self._opener.open(name, blob)


def _extents(start: int, position: int, end: int) -> Iterator[Extent]:
    """Yield data from `start` to `position` and zeros from there to `end`, leaving out empty extents."""
    if position > start:
        yield Extent(offset=start, length=position - start, content=Content.DATA)
    if end > position:
        yield Extent(offset=position, length=end - position, content=Content.ZERO)
