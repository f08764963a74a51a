"""Wrong tries in the memory of this process, for a server that shares its database with nobody."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from galeria.domain.people.wrong_tries import LONGEST_BLOCK, WINDOW, block_after
from galeria.ports.work import Clock

# Invented names must not fill the memory; the names that were tried longest ago are forgotten first.
MOST_KEYS = 10_000


@dataclass(slots=True)
class _Tries:
    forgotten_at: datetime
    failures: int = 0
    blocked_until: datetime | None = None


class MemoryTries:
    """Counts by the clock of this computer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def blocked_seconds(self, *keys: str) -> int:
        """Return for how many seconds any of the keys is still blocked."""
        now = self._clock.now()
        with self._lock:
            found = [self._tries[key].blocked_until for key in keys if key in self._tries]
        left = max((until - now for until in found if until), default=timedelta())
        # More than the longest block means that the computer's clock was set back.
        return -(-left // timedelta(seconds=1)) if timedelta() < left <= LONGEST_BLOCK else 0

    def count(self, key: str, *, limit: int) -> None:
        """Count one wrong try."""
        now = self._clock.now()
        with self._lock:
            tries = self._tries.pop(key, None)
            if tries is None or tries.forgotten_at <= now:
                tries = _Tries(now + WINDOW)
            self._tries[key] = tries
            tries.failures += 1
            if block := block_after(tries.failures, limit=limit):
                tries.blocked_until = now + block
                tries.forgotten_at = tries.blocked_until + WINDOW
            while len(self._tries) > MOST_KEYS:
                self._tries.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget the wrong tries of a key."""
        with self._lock:
            self._tries.pop(key, None)
