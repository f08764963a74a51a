"""Progress that several threads count together."""

from threading import Lock

from galeria.ports.progress import Progress


class ByteCounter:
    def __init__(self, progress: Progress, *, total: int) -> None:
        self._progress, self._total = progress, total
        self.done = 0
        self._lock = Lock()
        progress(done=0, total=total)

    def add(self, count: int) -> None:
        """Report `count` more bytes as done. The reported sum never decreases."""
        with self._lock:
            self.done += count
            self._progress(done=self.done, total=self._total)
