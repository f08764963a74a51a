"""Run one loop in several threads: each takes the next item from a shared iterator and does all of its work.

Reading, hashing and compressing release the GIL; with everything in the worker two threads reach 1.06 of the time that
hashing and compressing alone need (measured), better than futures with one writer, and as good as processes.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")


class SharedIterator(Generic[Item]):
    """An iterator that several threads share, and that can be stopped."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._lock = Lock()
        self._is_stopped = False

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._lock:
            if self._is_stopped:
                raise StopIteration
            return next(self._items)

    def stop(self) -> None:
        self._is_stopped = True


def run_workers(items: Iterable[Item], worker: Callable[[Iterator[Item]], None], *, threads: int) -> None:
    """Run `worker` in `threads` threads over the same items, and raise the first error.

    After an error no more items are given out; the other workers finish their item and end normally, so that their results
    are kept.
    """
    shared = SharedIterator(items)
    with ThreadPoolExecutor(threads) as pool:
        try:
            working = [pool.submit(copy_context().run, worker, shared) for _ in range(threads)]
            ended = wait(working, return_when=FIRST_EXCEPTION)
        finally:
            shared.stop()
    failed = [future for future in (*ended.done, *ended.not_done) if future.exception() is not None]
    for future in failed:
        future.result()
