"""Whether a machine's start has come to a known end, as its console says it."""

import time
from collections.abc import Callable

from galeria.adapters.engine.readiness.failures import start_failure
from galeria.domain.labs.boot_diagnosis import find_diagnosis
from galeria.domain.messages import Message

LOOK_SECONDS = 10.0  # between two looks, each of which is a request that Nova passes on to the machine's computer


class ConsoleWatch:
    """Looks now and then at a console that `read` returns."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read, self._seen, self._looked_at = read, "", time.monotonic()

    def require_going_on(self) -> None:
        """Raise MachineFailed where the console has come to an end after which nothing more happens by itself."""
        if time.monotonic() < self._looked_at + LOOK_SECONDS:
            return
        written = self._read()
        found = find_diagnosis(written) if written == self._seen else None
        if found is not None and found.is_final:
            raise start_failure(Message("The machine did not come up."), found)
        self._seen, self._looked_at = written, time.monotonic()
