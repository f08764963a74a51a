"""The gate in front of the steps of operations: closed when a process stops, so that none begins that would be cut off."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class StepGate:
    """Counts the steps that are under way. Safe for several threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: Counter[str] = Counter()
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether no more steps begin."""
        return self._is_closed

    @property
    def under_way(self) -> int:
        """How many steps have begun and not ended."""
        with self._changed:
            return self._running.total()

    @contextmanager
    def passing(self, name: str) -> Iterator[None]:
        """Be under way with a step. Behind a closed gate it never begins: its thread waits for the end of the process."""
        with self._changed:
            while self._is_closed:
                self._changed.wait()
            self._running[name] += 1
        try:
            yield
        finally:
            with self._changed:
                self._running[name] -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Let no further step begin."""
        with self._changed:
            self._is_closed = True

    def wait_empty(self, seconds: float) -> tuple[str, ...]:
        """Wait for the steps that are under way, and return the names of those that are not done by then."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while left := tuple(self._running.elements()):
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    return left
                self._changed.wait(remaining)
        return ()
