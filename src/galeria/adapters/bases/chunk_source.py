"""The chunks of one base out of the stores of regions. Each is checked before it is handed over."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping

from galeria.adapters.store.chunk_reading import runs_of
from galeria.adapters.store.manifests.manifest import Manifest
from galeria.adapters.store.objects.bucket import Bucket
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.domain.errors import Corrupt, GaleriaError
from galeria.domain.messages import Message
from galeria.ports.images import ChunkIndex


class ChunkSource:
    """Asks the regions in the order of `buckets`.

    It reads without their leases, which a process that lasts for hours would keep from garbage collection.

    The collector never moves a chunk without giving it its new place first. So where a pack has gone between the look at the
    index and the read, another look finds the chunk.
    """

    def __init__(self, buckets: Mapping[str, Bucket], index: ChunkIndex, manifest: Manifest) -> None:
        self._buckets, self._index = buckets, index
        self._chunk_size = manifest.chunk_size
        self._lock = threading.Lock()
        self.fetched_bytes = 0  # compressed

    @property
    def readers(self) -> int:
        return max(bucket.readers for bucket in self._buckets.values())

    def fetch(self, wanted: dict[bytes, list[int]], arrived: Callable[[bytes, bytes], None]) -> None:
        """Hand over the name and the bytes of each chunk. A region that cannot give one is no error where another can.

        Raises Corrupt, StoreUnavailable.
        """
        missing = set(wanted)
        failure: GaleriaError | None = None
        for region in self._buckets:
            try:
                for name, data in self._chunks(region, missing):
                    arrived(name, data)
                    missing.discard(name)
            except GaleriaError as error:
                failure = error
            if not missing:
                return
        region = list(self._buckets)[-1]
        raise failure or Corrupt(
            Message("Region {region} has lost chunks of this disk.", region=region),
            hint=Message("Rebuild the index of region {region}.", region=region),
            target=region,
        )

    def _chunks(self, region: str, names: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """Yield the chunks that the region has."""
        opener = ChunkDecompressor()
        for run in runs_of(self._index.locate(region, list(names))):
            chunks = list(run.read(self._buckets[region]))
            self._count(run.length)
            for name, blob in chunks:
                data = self._opened(opener, region, run.pack, name, blob)
                if len(data) != self._chunk_size:
                    raise Corrupt(
                        Message("A chunk in region {region} has another size than its disk says.", region=region),
                        hint=Message("Replicate the image version to this region again."),
                        target=region,
                    )
                yield name, data

    def _opened(self, opener: ChunkDecompressor, region: str, pack: str, name: bytes, blob: memoryview) -> bytes:
        try:
            return opener.open(name, blob)
        except Corrupt:
            # Its pack is read again before it is relied on.
            self._index.note_verified(region, [pack], verified=False)
            raise

    def _count(self, size: int) -> None:
        with self._lock:
            self.fetched_bytes += size
