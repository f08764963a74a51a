"""Replicate a sealed disk from another region: send only what is missing or damaged, and read what was never read here."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.chunk_reading import PackRange, find_damaged, runs_of, windows
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests import signed_manifests
from galeria.adapters.store.manifests.manifest import Manifest
from galeria.adapters.store.manifests.publisher import Publisher
from galeria.adapters.store.pack_copying import PackCopying
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.packs.packs import PackWriter, path_of, read_back
from galeria.adapters.store.parallel import run_workers
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message
from galeria.ports.images import Digest, Replicated
from galeria.ports.progress import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetState:
    """What the target's index says of the chunks of a manifest."""

    absent: list[bytes]  # chunks that the target lacks, in disk order
    packs: set[str]  # those that hold the others


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
    state = compare(target, manifest)
    # Whoever copies again what is here wants it mended.
    is_again = target.bucket.has(signed_manifests.path_of(digest))
    unread = sorted(set(manifest.names()).difference(state.absent)) if is_again else find_unread(target, state.packs)
    total = target.index.stored_bytes(target.region, unread)
    total += source.index.stored_bytes(source.region, state.absent)
    meter = ByteCounter(progress, total=total)
    # A chunk that was damaged here since it was written is sent again.
    rotten = _read(target, unread, meter).intersection(manifest.names())
    sent = _Sending(target, source, meter)
    sent.send(state.absent, takes_over=False)
    sent.send(sorted(rotten), takes_over=True)
    target.bucket.put(signed_manifests.path_of(digest), envelope)
    return Replicated(
        digest=digest,
        sent_bytes=sent.bytes + len(envelope),
        sent_chunks=sent.chunks,
        verified_chunks=manifest.count,
    )


def compare(target: StoreContext, manifest: Manifest) -> TargetState:
    """Compare the manifest with the target's index, in one pass over it. Each chunk is named once."""
    known: set[bytes] = set()
    packs: set[str] = set()
    # In the order of the index, where neighbours are found together.
    for some in windows(sorted(set(manifest.names()))):
        places = target.index.locate(target.region, some)
        known.update(places)
        packs.update(place.pack for place in places.values())
    absent = dict.fromkeys(name for name in manifest.names() if name not in known)
    return TargetState(absent=list(absent), packs=packs)


def find_unread(context: StoreContext, packs: set[str]) -> list[bytes]:
    """Return the chunks that have to be read before all chunks of these packs are known to be whole in this region.

    These are all chunks of the packs that were never read, or in which damage was found, and of packs that are gone.
    """
    verified = context.index.verified(context.region, packs)
    doubtful = packs - verified

    def look(remaining: Iterator[str]) -> None:
        for pack in remaining:
            if not context.bucket.has(path_of(pack)):
                doubtful.add(pack)

    run_workers(sorted(verified), look, threads=context.bucket.readers)
    return sorted(name for pack in doubtful for name in _chunks_of(context, pack))


def _by_pack(context: StoreContext, names: list[bytes]) -> dict[str, set[bytes]]:
    packs: dict[str, set[bytes]] = {}
    for some in windows(names):
        for name, place in context.index.locate(context.region, some).items():
            packs.setdefault(place.pack, set()).add(name)
    return packs


def _chunks_of(context: StoreContext, pack: str) -> set[bytes]:
    return set(context.index.chunks_of(context.region, pack))


def _read(context: StoreContext, names: list[bytes], meter: ByteCounter) -> set[bytes]:
    """Read and check the chunks, and return the damaged ones. Packs of which all chunks are whole are not read another time."""
    if not names:
        return set()
    damaged = set(find_damaged(context, names, meter.add))
    read = _by_pack(context, names)
    whole = [pack for pack, some in read.items() if not some & damaged and some >= _chunks_of(context, pack)]
    context.index.note_verified(context.region, whole, verified=True)
    return damaged


class _Sending:
    def __init__(self, target: StoreContext, source: StoreContext, meter: ByteCounter) -> None:
        self._target, self._source, self._meter = target, source, meter
        self.bytes = 0
        self.chunks = 0

    def send(self, names: list[bytes], *, takes_over: bool) -> None:
        """Copy the packs of which everything is needed, and send the other chunks one by one."""
        if names:
            copying = PackCopying(self._target, self._source, self._meter, takes_over=takes_over)
            copying.copy({pack: len(some) for pack, some in _by_pack(self._source, names).items()})
            self.bytes += copying.bytes
            self.chunks += len(copying.chunks)
            self._send_chunks([name for name in names if name not in copying.chunks], takes_over=takes_over)

    def _send_chunks(self, names: list[bytes], *, takes_over: bool) -> None:
        if not names:
            return
        with Publisher(self._target, inspect=partial(read_back, self._target), takes_over=takes_over) as publisher:

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
                self._source.index.note_verified(self._source.region, [run.pack], verified=False)
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
