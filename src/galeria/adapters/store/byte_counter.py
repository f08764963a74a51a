"""Progress counted by several threads."""

from threading import Lock

from galeria.ports.progress import Progress


class ByteCounter:
    def __init__(self, progress: Progress, *, total: int) -> None:
        self._progress, self._total = progress, total
        self.done = 0
        self._lock = Lock()
        progress(done=0, total=total)

    def add(self, count: int) -> None:
        """Say that `count` more bytes are done; what the listener hears only grows."""
        with self._lock:
            self.done += count
            self._progress(done=self.done, total=self._total)
