"""Write a sealed disk as a sparse raw file: complete and checked under its name, or not at all."""

import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock

from galeria.adapters.disks.free_room import keep_margin
from galeria.adapters.store.byte_counter import ByteCounter
from galeria.adapters.store.chunk_reading import WINDOW, PackRange, doubted, runs_of
from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.manifests.manifest import Manifest
from galeria.adapters.store.objects.store_errors import translated_errors
from galeria.adapters.store.packs.chunks import ChunkDecompressor
from galeria.adapters.store.parallel import run_workers
from galeria.domain.errors import Conflict, Corrupt, OutOfSpace
from galeria.domain.messages import Message
from galeria.ports.progress import Progress

_FIRST_WINDOW = 256
"""Chunks that are located before the first is read: no worker has anything to do meanwhile (2,048 take 12 ms; measured)."""

_AT_A_TIME = 64 * 1024 * 1024
"""Bytes after which the file is synced in the background."""

Slotted = dict[bytes, list[int]]
"""Where in the disk each chunk stands."""


def restore(context: StoreContext, manifest: Manifest, target: Path, *, progress: Progress) -> None:
    """Write the disk to `target`. Must be called within the shared lease. Progress counts the bytes of chunks with data.

    Raises Corrupt, OutOfSpace (also of the target's disk), StoreUnavailable, and Conflict when another restore writes the
    same file.
    """
    meter = ByteCounter(progress, total=manifest.count * manifest.chunk_size)

    def syncing() -> AbstractContextManager[None]:
        return translated_errors(context.region, Message("syncing {target}", target=target.name))

    with _whole_or_absent(context, target) as handle, _Writeback(handle, syncing) as writeback:
        with translated_errors(context.region, Message("making {target}", target=target.name)):
            os.ftruncate(handle, manifest.size)

        def write(work: Iterator[tuple[PackRange, Slotted]]) -> None:
            opener = ChunkDecompressor()
            for run, slotted in work:
                slots = sum(len(slotted[name]) for name, _ in run.places)
                keep_margin(handle, slots * manifest.chunk_size, context.margin)
                with doubted(context, run):
                    for name, blob in run.read(context.bucket):
                        data = _opened(context, opener, name, blob, manifest)
                        for slot in slotted[name]:
                            _write(handle, data, slot, manifest, target)
                            meter.add(len(data))
                writeback.wrote(slots * manifest.chunk_size)

        run_workers(_work(context, manifest), write, threads=context.bucket.readers)


class _Writeback:
    """Writes a file back to its disk while more is written to it, so that little is left for the sync at the end.

    The kernel tells of a write that failed only once, so that no error of these syncs may be lost.
    """

    def __init__(self, handle: int, errors: Callable[[], AbstractContextManager[None]]) -> None:
        self._handle, self._errors = handle, errors
        self._lock, self._waiting = Lock(), 0
        self._sync: Future[None] | None = None

    def __enter__(self) -> "_Writeback":
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="writeback")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown()
        if kind is None:
            self._check()

    def wrote(self, count: int) -> None:
        """Take note of so many bytes. Called from several threads. Raises the error of an earlier sync."""
        with self._lock:
            self._waiting += count
            if self._waiting >= _AT_A_TIME and (self._sync is None or self._sync.done()):
                self._check()
                self._waiting = 0
                self._sync = self._pool.submit(os.fdatasync, self._handle)

    def _check(self) -> None:
        if self._sync is not None:
            with self._errors():
                self._sync.result()


def _work(context: StoreContext, manifest: Manifest) -> Iterator[tuple[PackRange, Slotted]]:
    slotted: Slotted = {}
    window = _FIRST_WINDOW
    for slot, name in manifest.entries():
        slotted.setdefault(name, []).append(slot)
        if len(slotted) == window:
            yield from _located(context, slotted)
            slotted, window = {}, min(2 * window, WINDOW)
    yield from _located(context, slotted)


def _located(context: StoreContext, slotted: Slotted) -> Iterator[tuple[PackRange, Slotted]]:
    places = context.index.locate(context.region, slotted)
    for name in slotted:
        if name not in places:
            raise Corrupt(
                Message(
                    "Region {region} has lost chunk {name} of this image.", region=context.region, name=name.hex()[:12]
                ),
                hint=Message(
                    "Rebuild the index of region {region}; if that does not help, replicate the image again.",
                    region=context.region,
                ),
                target=context.region,
            )
    for run in runs_of(places):
        yield run, slotted


def _opened(
    context: StoreContext, opener: ChunkDecompressor, name: bytes, blob: memoryview, manifest: Manifest
) -> bytes:
    data = opener.open(name, blob)
    if len(data) != manifest.chunk_size:
        raise Corrupt(
            Message(
                "Chunk {name} in region {region} has {count} bytes, not {chunk_size}.",
                name=name.hex()[:12],
                region=context.region,
                count=len(data),
                chunk_size=manifest.chunk_size,
            ),
            hint=Message("Replicate the image version to this region again."),
            target=context.region,
        )
    return data


def _write(handle: int, data: bytes, slot: int, manifest: Manifest, target: Path) -> None:
    start = slot * manifest.chunk_size
    view = memoryview(data)[: manifest.size - start]
    try:
        while view:
            written = os.pwrite(handle, view, start)
            view, start = view[written:], start + written
    except OSError as error:
        raise OutOfSpace(
            Message(
                "The disk {target} could not be written: {reason}.", target=target.name, reason=str(error.strerror)
            ),
            hint=Message("Free or add space in {parent}, then retry.", parent=str(target.parent)),
        ) from error


@contextmanager
def _whole_or_absent(context: StoreContext, target: Path) -> Iterator[int]:
    """Open a file that gets the name of the target only when the block ends normally.

    Its temporary name is always the same, so that a repeated restore reuses what a crash left.
    """
    draft = target.with_name(f".{target.name}.partial")
    with translated_errors(context.region, Message("making {target}", target=target.name)):
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _have_alone(handle, draft, target)
        try:
            with translated_errors(context.region, Message("making {target}", target=target.name)):
                os.ftruncate(handle, 0)
            yield handle
            with translated_errors(context.region, Message("syncing {target}", target=target.name)):
                os.fsync(handle)
                draft.replace(target)
                _sync_directory(target.parent)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    finally:
        os.close(handle)


def _have_alone(handle: int, draft: Path, target: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_same = os.path.samestat(os.fstat(handle), draft.stat())
    except (BlockingIOError, FileNotFoundError):
        is_same = False
    if not is_same:
        raise Conflict(
            Message("The disk {target} is being written already.", target=target.name),
            hint=Message("Wait until the other restore is done."),
        )


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
