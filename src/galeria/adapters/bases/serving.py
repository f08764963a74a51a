"""What the serving process of one base does: opens it, serves it, fills it, and ends when it is needed no more."""

import logging
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from galeria.adapters.bases.chunk_source import ChunkSource
from galeria.adapters.bases.files import (
    MANIFEST,
    ORDER,
    SOCKET,
    Order,
    ServingState,
    find_order,
    partial_of,
    write_state,
)
from galeria.adapters.bases.filling import Filling
from galeria.adapters.bases.nbd_server import NbdServer
from galeria.adapters.bases.partial_base import PartialBase
from galeria.adapters.bases.trace import BootRecorder, find_trace, keep_trace
from galeria.adapters.db.engine import make_engine
from galeria.adapters.lasting_process import StopSignal
from galeria.adapters.store.manifests.manifest import Manifest, digest_of, from_bytes
from galeria.adapters.store.objects.bucket import open_bucket
from galeria.adapters.store.packs.chunk_index import DatabaseChunkIndex
from galeria.domain.errors import Corrupt
from galeria.domain.messages import Message

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between two looks


def serve(folder: Path, stop: StopSignal) -> None:
    """Serve the base that the folder's order names. Raises GaleriaError where it cannot be opened."""
    order = find_order(folder)
    if order is None:
        return
    manifest = _manifest(folder, order)
    engine = make_engine(order.database)
    buckets = {
        each.region: open_bucket(each.url, region=each.region, staging=Path(each.work) / "staging", access=each.access)
        for each in order.stores
    }
    source = ChunkSource(buckets, DatabaseChunkIndex(engine), manifest)
    whole = Path(order.base)
    is_whole = whole.exists()  # a machine reads through a server that was killed after that
    path = whole if is_whole else partial_of(whole)
    try:
        with closing(PartialBase(path, manifest, source.fetch, margin=order.margin, is_writable=not is_whole)) as base:
            _Serving(folder, order, base, source, engine).run(stop)
    finally:
        engine.dispose()


def _manifest(folder: Path, order: Order) -> Manifest:
    data = (folder / MANIFEST).read_bytes()
    if digest_of(data) != order.digest:
        raise Corrupt(
            Message("The manifest {digest} of a base is damaged.", digest=order.digest[:12]),
            hint=Message("Delete the folder {folder}, then start the machine again.", folder=str(folder)),
        )
    return from_bytes(data)


@dataclass
class _Serving:
    """The parts of one process."""

    folder: Path
    order: Order
    base: PartialBase
    source: ChunkSource
    engine: sa.Engine
    told: ServingState | None = None  # what was said last

    def run(self, stop: StopSignal) -> None:
        order = self.order
        recorder = BootRecorder(quiet=order.quiet, longest=order.longest_start)
        server = NbdServer(self.folder / SOCKET, self.base, patience=order.patience, touched=recorder.touched)
        parent = self.base.manifest.parent
        filling = Filling(
            self.base,
            trace=find_trace(self.engine, (order.digest, parent)),
            is_start_over=recorder.is_over,
            is_read=lambda: server.waiting > 0,
            readers=self.source.readers,
        )
        server.start()
        thread = threading.Thread(target=filling.run, name="filling", daemon=True)
        thread.start()
        try:
            self._watch(server, filling, recorder, stop)
        finally:
            filling.stop()
            server.stop()
            thread.join()

    def _watch(self, server: NbdServer, filling: Filling, recorder: BootRecorder, stop: StopSignal) -> None:
        is_traced = is_finished = False
        used = time.monotonic()
        # An order that is gone was taken back, with all that belongs to it.
        while not stop.wait(EVERY) and (self.folder / ORDER).exists():
            if not is_traced and recorder.is_over() and (slots := recorder.slots()):
                keep_trace(self.engine, self.order.digest, slots)
                is_traced = True
            if not is_finished and self.base.is_whole:
                self.base.finish(Path(self.order.base))
                log.info("the base is whole")
                is_finished = True
            server.retry()
            self._tell(server, filling)
            if server.clients or not is_finished:
                used = time.monotonic()
            if time.monotonic() - used > self.order.idle:
                (self.folder / ORDER).unlink()
                return

    def _tell(self, server: NbdServer, filling: Filling) -> None:
        state = ServingState(
            present=self.base.present,
            total=self.base.manifest.count,
            fetched_bytes=self.source.fetched_bytes,
            served_bytes=server.served_bytes,
            clients=server.clients,
            problem=server.problem or filling.problem,
        )
        if state == self.told:
            return
        with suppress(FileNotFoundError):  # the folder was removed
            write_state(self.folder, state)
            self.told = state
