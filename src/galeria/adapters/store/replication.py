"""Replicate a sealed disk from another region: send only what is missing or damaged, and check all of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.chunk_reading import PackRange, find_damaged, runs_of, windows
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import Manifest
from galeria.adapters.store.manifests.publisher import Publisher
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.packs.packs import PackWriter, SealedPack
from galeria.adapters.store.parallel import run_workers
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import ChunkPlace, Digest, Replicated
from galeria.ports.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingChunks:
    """The chunks of a manifest that the target has, and those that it lacks."""

    present: list[bytes]  # chunks
    absent: list[bytes]


def replicate(target: StoreContext, digest: Digest, *, source: StoreContext, progress: Progress) -> Replicated:
    """Replicate the disk; see `ImageStore.replicate`. Must be called within the shared leases of both regions.

    Progress counts compressed bytes, checked and sent. The manifest is published last. Raises NotFound when the source does
    not have it, Corrupt when a chunk or the manifest is damaged there, OutOfSpace, StoreUnavailable; chunks that have
    arrived are not sent again.
    """
    envelope = signed_manifests.find_envelope(source, digest)
    if envelope is None:
        raise signed_manifests.missing(source, digest)
    manifest = signed_manifests.open_envelope(source, digest, envelope)
    signed_manifests.open_envelope(target, digest, envelope)
    needed = find_missing(target, manifest)
    total = target.index.stored_bytes(target.region, needed.present)
    total += source.index.stored_bytes(source.region, needed.absent)
    meter = ByteCounter(progress, total=total)
    # A chunk that was damaged here since it arrived is sent again, so that replicating twice repairs.
    rotten = find_damaged(target, needed.present, meter.add)
    sent = _Sending(target, source, meter)
    sent.send(needed.absent, takes_over=False)
    sent.send(list(rotten), takes_over=True)
    target.bucket.put(signed_manifests.path_of(digest), envelope)
    return Replicated(
        digest=digest,
        sent_bytes=sent.bytes + len(envelope),
        sent_chunks=sent.chunks,
        verified_chunks=manifest.count,
    )


def find_missing(target: StoreContext, manifest: Manifest) -> MissingChunks:
    """Compare the manifest with the target's index. Each chunk is named once."""
    names = list(dict.fromkeys(manifest.names()))
    known = target.index.known(target.region, names)
    return MissingChunks(
        present=[name for name in names if name in known], absent=[name for name in names if name not in known]
    )


class _Sending:
    def __init__(self, target: StoreContext, source: StoreContext, meter: ByteCounter) -> None:
        self._target, self._source, self._meter = target, source, meter
        self.bytes = 0
        self.chunks = 0

    def send(self, names: list[bytes], *, takes_over: bool) -> None:
        if not names:
            return
        with Publisher(self._target, inspect=self._read_back, takes_over=takes_over) as publisher:

            def run(runs: Iterator[PackRange]) -> None:
                opener = ChunkDecompressor()
                with PackWriter(self._target, publisher.submit) as packs:
                    for run in runs:
                        self._send_run(run, opener, packs)

            threads = max(self._source.bucket.readers, self._target.threads)
            run_workers(self._located(names), run, threads=threads)
        self.bytes += publisher.bytes
        self.chunks += publisher.chunks

    def _located(self, names: list[bytes]) -> Iterator[PackRange]:
        for some in windows(names):
            places = self._source.index.locate(self._source.region, some)
            if len(places) < len(some):
                raise Corrupt(
                    Message(
                        "Region {region} has lost {count} chunks of this image.",
                        region=self._source.region,
                        count=len(some) - len(places),
                    ),
                    hint=Message(
                        "Rebuild the index of region {region}, or replicate from another region.",
                        region=self._source.region,
                    ),
                    target=self._source.region,
                )
            yield from runs_of(places)

    def _send_run(self, run: PackRange, opener: ChunkDecompressor, packs: PackWriter) -> None:
        for name, blob in run.read(self._source.bucket):
            try:
                opener.open(name, blob)
            except Corrupt as error:
                raise Corrupt(
                    Message(
                        "Region {region} sent a damaged chunk: {error}", region=self._source.region, error=error.message
                    ),
                    hint=Message(
                        "Verify region {region} and mend it from another region, then retry.",
                        region=self._source.region,
                    ),
                    target=self._source.region,
                ) from error
            packs.add(name, blob)
            self._meter.add(len(blob))

    def _read_back(self, pack: SealedPack) -> None:
        """Check what the target really stored before its index names it."""
        opener = ChunkDecompressor()
        places: dict[bytes, ChunkPlace] = pack.places
        for run in runs_of(places):
            for name, blob in run.read(self._target.bucket):
                opener.open(name, blob)
