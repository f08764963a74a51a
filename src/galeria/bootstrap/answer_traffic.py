"""Tells work in the background whether people wait for answers of the same process, or of the server that it was forked from.

Threads of one Python process take turns. A thread that answers a request gives its turn away at each row that it reads, and
gets the next one when the other threads let go: a check of the stores with a fifth of a processor made each answer half as long
again (measured). The worker's process beside a server takes no turns of those threads, but the processors and the database
are the same.
"""

import mmap
import time
from collections.abc import Callable

from galeria.interfaces.monitoring.observed_requests import ObservedRequest

HOLD = 0.03
"""Seconds after an answer in which another request of the same page or program is likely."""
LOOK = 0.01
"""Seconds between two looks whether anybody waits."""


class AnswerTraffic:
    """Counts the requests that are not answered yet: a `RequestObserver`, and a `Traffic` for work in the background.

    What comes after the beginning of an answer does not count: events and disks come for hours, and nobody waits for the whole.
    A process forked afterwards sees what this one counts, in memory that both have; only one of the two may count.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, rest: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._rest = clock, rest
        shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE))
        # Both are changed by the server's only loop, and each is written at once. The system's monotonic clock is one for all.
        self._waiting, self._answered_at = shared[:8].cast("q"), shared[8:16].cast("d")
        self._answered_at[0] = float("-inf")

    def began(self) -> None:
        """Count a request."""
        self._waiting[0] += 1

    def answered(self) -> None:
        """Count it no more: its answer begins."""
        self._waiting[0] -= 1
        self._answered_at[0] = self._clock()

    def ended(self, request: ObservedRequest) -> None:
        """The rest of an answer is not waited for."""

    def wait_quiet(self, seconds: float) -> None:
        """Return once nobody waits for an answer, and none was given a moment ago; after so many seconds in any case."""
        until = self._clock() + seconds
        while (now := self._clock()) < until and (self._waiting[0] or now - self._answered_at[0] < HOLD):
            self._rest(min(LOOK, until - now))
