"""Fetches a base behind the machines that read from it: first what a start will read, then, once it is over, all the rest."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence

from galeria.adapters.bases.partial_base import PartialBase
from galeria.adapters.store.chunk_reading import windows
from galeria.adapters.store.parallel import run_workers
from galeria.domain.errors import GaleriaError

log = logging.getLogger(__name__)

FEWEST, MOST = 16, 128
"""Chunks that are looked for at once. Neighbours among them are fetched with one request, and among 128 the place of each is
found in 0.6 of the time that it takes among 32 (measured); but all readers should have some."""
TURNS = 4  # of each reader at least, so that none is left with much to do when the others are done
WAIT = 2.0  # seconds before the store is asked again
POLL = 0.1


class Filling:
    """Runs in a thread of its own until the base is whole or it is stopped."""

    def __init__(
        self,
        base: PartialBase,
        *,
        trace: list[int],
        is_start_over: Callable[[], bool],
        is_read: Callable[[], bool],
        readers: int,
    ) -> None:
        self._base, self._trace, self._readers = base, trace, readers
        self._is_start_over, self._is_read = is_start_over, is_read
        self._stopping = threading.Event()
        self.problem = ""

    def run(self) -> None:
        known = set(self._base.slots(0, self._base.manifest.size))
        self._all([slot for slot in self._trace if slot in known], gives_way=False)
        while not self._is_start_over():
            if self._stopping.wait(POLL):
                return
        self._all(sorted(known), gives_way=True)

    def stop(self) -> None:
        self._stopping.set()

    def _all(self, slots: Sequence[int], *, gives_way: bool) -> None:
        def fetch(windows: Iterator[list[int]]) -> None:
            for window in windows:
                while gives_way and self._is_read() and not self._stopping.wait(POLL):
                    pass
                self._fetch(window)

        size = min(max(len(slots) // (self._readers * TURNS), FEWEST), MOST)
        run_workers(windows(slots, size), fetch, threads=self._readers)

    def _fetch(self, window: list[int]) -> None:
        """Fetch some slots, and ask again for as long as it takes: what a machine waits for is fetched meanwhile."""
        while not self._stopping.is_set():
            try:
                self._base.ensure(window)
            except (GaleriaError, OSError) as error:
                if str(error) != self.problem:
                    log.warning("the base cannot be fetched: %s", error)
                self.problem = str(error)
                self._stopping.wait(WAIT)
            else:
                self.problem = ""
                return
