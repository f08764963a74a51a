"""Copy whole packs from another region: their bytes are compared with the sum that their writer computed.

The writer summed what it had compressed itself, or checked chunk by chunk: bytes with that sum are chunks that are what their
names say, and nothing has to be unpacked. A pack of which only some chunks are needed, or whose sum nobody knows, goes chunk
by chunk.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from threading import Lock

from galeria.adapters.disks.free_room import keep_margin
from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.packs.packs import begin_pack, has_sum, name_of_copy, path_of, pieces_of, write_all
from galeria.adapters.store.parallel import run_workers
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import PackFacts


class PackCopying:
    """Copies packs from the source into the target, and counts what it has copied."""

    def __init__(self, target: StoreContext, source: StoreContext, meter: ByteCounter, *, takes_over: bool) -> None:
        self._target, self._source, self._meter, self._takes_over = target, source, meter, takes_over
        self._lock = Lock()
        self.bytes = 0  # of whole packs
        self.chunks: set[bytes] = set()

    def copy(self, needed: Mapping[str, int]) -> None:
        """Copy those packs of which as many chunks are needed as they have, several at a time.

        What does not arrive as it was written is not kept, and its chunks do not count as copied. Raises OutOfSpace,
        StoreUnavailable.
        """
        known = self._source.index.facts_of(self._source.region, needed)
        whole = [pack for pack in known.values() if pack.chunks == needed[pack.name]]
        run_workers(whole, self._run, threads=max(self._source.bucket.readers, self._target.threads))

    def _run(self, packs: Iterator[PackFacts]) -> None:
        for pack in packs:
            if pack.sum is not None:
                self._copy(pack, pack.sum)

    def _copy(self, pack: PackFacts, sum: bytes) -> None:
        name = name_of_copy(pack.name)
        try:
            self._write(pack, name)
            arrived = has_sum(self._target.bucket, name, pack.size, sum)
        except Corrupt:  # gone or cut
            arrived = False
        if not arrived:
            self._target.bucket.delete(path_of(name))
            return
        found = self._source.index.chunks_of(self._source.region, pack.name)
        places = {chunk: replace(place, pack=name) for chunk, place in found.items()}
        self._target.index.add_pack(
            self._target.region, name, pack.size, places, sum=sum, takes_over=self._takes_over, verified=True
        )
        with self._lock:
            self.bytes += pack.size
            self.chunks.update(places)
        for place in places.values():
            self._meter.add(place.length)

    def _write(self, pack: PackFacts, name: str) -> None:
        handle, staged = begin_pack(self._target)
        try:
            try:
                self._fill(handle, pack)
            finally:
                os.close(handle)
            self._target.bucket.put_file(path_of(name), staged)
        finally:
            staged.unlink(missing_ok=True)

    def _fill(self, handle: int, pack: PackFacts) -> None:
        for piece in pieces_of(self._source.bucket, pack.name, pack.size):
            with translated_errors(self._target.region, Message("writing a pack")):
                keep_margin(handle, len(piece), self._target.margin)
                write_all(handle, [piece])
