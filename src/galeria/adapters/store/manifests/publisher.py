"""Publish packs in the background, first the object and then the index, so that every indexed chunk is durable."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from threading import Lock, Semaphore

from galeria.adapters.store.context import StoreContext
from galeria.adapters.store.packs.packs import SealedPack, path_of

_AT_ONCE = 3
"""Packs published at a time: syncing or sending overlaps with compressing, and staged files need limited space."""


class Publisher:
    """Takes sealed packs from several threads. Leaving the context waits until all are published, or raises the error.

    `inspect` runs between publishing and indexing, and reads all of the pack; an error that it raises leaves the pack out of
    the index.
    """

    def __init__(
        self, context: StoreContext, *, inspect: Callable[[SealedPack], None] | None = None, takes_over: bool = False
    ) -> None:
        self._context, self._inspect, self._takes_over = context, inspect, takes_over
        self._room = Semaphore(_AT_ONCE)
        self._lock = Lock()
        self._failure: BaseException | None = None
        self.bytes = 0
        self.chunks = 0

    def __enter__(self) -> "Publisher":
        self._stack = ExitStack()
        self._pool = self._stack.enter_context(ThreadPoolExecutor(_AT_ONCE))
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stack.close()
        if kind is None:
            self._raise_failure()

    def submit(self, pack: SealedPack) -> None:
        """Wait for a free place, then publish in the background. Raises the error of an earlier pack."""
        self._room.acquire()
        if self._failure is not None:
            self._room.release()
            pack.staged.unlink(missing_ok=True)
            self._raise_failure()
        self._pool.submit(self._publish, pack).add_done_callback(self._done)

    def _publish(self, pack: SealedPack) -> None:
        try:
            self._context.bucket.put_file(path_of(pack.name), pack.staged)
        finally:
            pack.staged.unlink(missing_ok=True)
        if self._inspect is not None:
            self._inspect(pack)
        self._context.index.add_pack(
            self._context.region,
            pack.name,
            pack.size,
            pack.places,
            sum=pack.sum,
            takes_over=self._takes_over,
            verified=self._inspect is not None,
        )
        with self._lock:
            self.bytes += pack.size
            self.chunks += len(pack.places)

    def _done(self, future: "Future[None]") -> None:
        failure = future.exception()
        if failure is not None and self._failure is None:
            self._failure = failure
        self._room.release()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
