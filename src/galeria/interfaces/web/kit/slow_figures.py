"""Figures that take long, computed in threads, so that no page waits longer than a moment."""

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

PATIENCE = 0.02  # seconds that a page waits, of the 0.05 that it shall take on a computer without other work
KEPT = 30  # times the duration of the computation
SHORTEST_KEPT, LONGEST_KEPT = 10.0, 120.0  # seconds

WORKERS = 4  # a computation of minutes must not delay those of others

T = TypeVar("T")


class FigureNotReady(Exception):
    """The figure is not computed yet. It leads to a page that asks again, and is no fault."""


@dataclass
class _Computation:
    answer: Future[Any]
    ends: float = float("inf")  # the time at which it is dropped


class SlowFigures:
    """Computes a figure once for all who ask at the same time; a slow result is kept for a while."""

    def __init__(self, *, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        """Create the threads. `clock` returns seconds, and a page waits `patience` seconds."""
        self._patience, self._clock = patience, clock
        self._computations: dict[Hashable, _Computation] = {}
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="slow-figures")

    def find(self, key: Hashable, ask: Callable[[], T], *, patience: float = 0) -> T | None:
        """Return the result of `ask`, or None where that takes longer than a moment and `patience`: then call again later.

        Raises what `ask` raises. A result that came at once is not kept; others are kept for some seconds, or longer where
        they took longer.
        """
        computation, is_new = self._computation(key, ask)
        answer: Future[T] = computation.answer
        if not wait([answer], timeout=max(self._patience, patience)).done:
            return None
        if is_new or answer.exception() is not None:
            self._forget(key, computation)
        return answer.result()

    def _computation(self, key: Hashable, ask: Callable[[], Any]) -> tuple[_Computation, bool]:
        now = self._clock()
        with self._lock:
            for old in [each for each, held in self._computations.items() if held.ends <= now]:
                del self._computations[old]
            found = self._computations.get(key)
            if found is not None:
                return found, False
            self._computations[key] = made = _Computation(self._worker.submit(self._run, key, ask))
            return made, True

    def _forget(self, key: Hashable, computation: _Computation) -> None:
        with self._lock:
            if self._computations.get(key) is computation:
                del self._computations[key]

    def _run(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        began = self._clock()
        try:
            return ask()
        finally:
            now = self._clock()
            with self._lock:
                self._computations[key].ends = now + min(max(KEPT * (now - began), SHORTEST_KEPT), LONGEST_KEPT)
