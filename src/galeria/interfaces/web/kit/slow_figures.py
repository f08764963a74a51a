"""Figures that stores may take long to find: reckoned in threads, so that no page waits for them longer than a moment."""

import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

PATIENCE = 0.03  # seconds that a page waits, of the 0.1 in which it has to be there
KEPT = 30  # times as long as it took
SHORTEST_KEPT, LONGEST_KEPT = 10.0, 120.0  # seconds

WORKERS = 4  # one that takes minutes must not hold up those of others

T = TypeVar("T")


class FigureNotReady(Exception):  # it leads to a page that asks again, and is no fault
    """What the page tells is not found yet."""


@dataclass
class _Computation:
    answer: Future[Any]
    ends: float = float("inf")  # when it is forgotten, by the clock


class SlowFigures:
    """A question is asked once, however many want to know; a slow answer serves for a while."""

    def __init__(self, *, patience: float = PATIENCE, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds, and `patience` is how many a page waits."""
        self._patience, self._clock = patience, clock
        self._questions: dict[Hashable, _Computation] = {}
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="reckoning")

    def find(self, key: Hashable, ask: Callable[[], T], *, patience: float = 0) -> T | None:
        """What `ask` returns, or None where that takes longer than a moment and `patience`: then ask again in a while.

        Raises what `ask` raises. An answer that came at once is not kept; others are for some seconds, or for as long as they
        are worth by the time that they took.
        """
        question, is_new = self._question(key, ask)
        answer: Future[T] = question.answer
        if not wait([answer], timeout=max(self._patience, patience)).done:
            return None
        if is_new or answer.exception() is not None:
            self._forget(key, question)
        return answer.result()

    def _question(self, key: Hashable, ask: Callable[[], Any]) -> tuple[_Computation, bool]:
        now = self._clock()
        with self._lock:
            for old in [each for each, held in self._questions.items() if held.ends <= now]:
                del self._questions[old]
            found = self._questions.get(key)
            if found is not None:
                return found, False
            self._questions[key] = made = _Computation(self._worker.submit(self._reckon, key, ask))
            return made, True

    def _forget(self, key: Hashable, question: _Computation) -> None:
        with self._lock:
            if self._questions.get(key) is question:
                del self._questions[key]

    def _reckon(self, key: Hashable, ask: Callable[[], Any]) -> Any:
        began = self._clock()
        try:
            return ask()
        finally:
            now = self._clock()
            with self._lock:
                self._questions[key].ends = now + min(max(KEPT * (now - began), SHORTEST_KEPT), LONGEST_KEPT)
