"""Slow down the guessing of passwords. The counts are in the memory of this process."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.ports.work import Clock

WINDOW = timedelta(minutes=5)
FIRST_BLOCK = timedelta(seconds=10)
LONGEST_BLOCK = timedelta(minutes=15)
# Invented names must not fill the memory; the names that were tried longest ago are forgotten first.
MOST_KEYS = 10_000


class TooManyTries(Unauthenticated):
    """Too many wrong tries; the next one is checked `seconds` from now."""

    code = "temporarily_blocked"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            Message("There were too many wrong tries, so signing in is temporarily blocked."),
            hint=Message("Try again in {seconds} seconds.", seconds=seconds),
        )
        self.seconds = seconds


@dataclass(slots=True)
class _Tries:
    failures: list[datetime] = field(default_factory=list)
    blocks: int = 0
    blocked_until: datetime | None = None


class Throttle:
    """Allows `limit` wrong tries within 5 minutes; every further one blocks its key, twice as long as the last.

    Blocks last from 10 seconds to 15 minutes. Tries meanwhile are refused without being counted, so that nobody is kept out
    longer by tries of others. Five minutes after a block all is forgotten.
    """

    def __init__(self, clock: Clock, *, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, key: str) -> None:
        """Raise TooManyTries where the key is blocked."""
        with self._lock:
            tries = self._tries.get(key)
            left = tries.blocked_until - self._clock.now() if tries and tries.blocked_until else timedelta()
        # More than the longest block means that the computer's clock was set back.
        if timedelta() < left <= LONGEST_BLOCK:
            raise TooManyTries(-(-left // timedelta(seconds=1)))

    def count(self, key: str) -> None:
        """Count one wrong try."""
        now = self._clock.now()
        with self._lock:
            tries = self._tries.setdefault(key, _Tries())
            self._tries.move_to_end(key)
            if tries.blocked_until and now - tries.blocked_until > WINDOW:
                tries.blocks, tries.blocked_until = 0, None
            tries.failures = [each for each in tries.failures[-self._limit :] if now - each < WINDOW] + [now]
            if tries.blocks or len(tries.failures) >= self._limit:
                # Beyond the longest block the time is not doubled.
                tries.blocked_until = now + min(FIRST_BLOCK * 2 ** min(tries.blocks, 10), LONGEST_BLOCK)
                tries.blocks += 1
            while len(self._tries) > MOST_KEYS:
                self._tries.popitem(last=False)

    def forget(self, key: str) -> None:
        with self._lock:
            self._tries.pop(key, None)
