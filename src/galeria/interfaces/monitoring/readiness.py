"""Looks whether everything is there that the server needs. One look serves all who ask within some seconds."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from galeria.domain.errors import GaleriaError, Unavailable
from galeria.domain.messages import Message, verbatim
from galeria.domain.serving.readiness import Finding

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds until something that does not answer counts as missing
LASTS = 2.0  # seconds that a look is good for: whoever asks often costs no more than one who asks every two seconds
SERVER = "server"


class Readiness:
    """What a server needs, by name: each check raises what is wrong, or returns. Safe for several threads.

    A check that hangs keeps its one thread and nothing else; it counts as missing until it returns.
    """

    def __init__(
        self,
        checks: Mapping[str, Callable[[], object]],
        *,
        patience: float = PATIENCE,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checks = dict(checks)
        self._patience = patience
        self._now = now
        self._is_stopping = False
        self._looking = threading.Lock()
        self._running: dict[str, _Check] = {}
        self._findings: tuple[Finding, ...] = ()
        self._looked_at: float | None = None

    def stop(self) -> None:
        """From now on the server is not ready: it ends. Streams look at this, and end too."""
        self._is_stopping = True

    @property
    def is_stopping(self) -> bool:
        """Whether the server ends."""
        return self._is_stopping

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found of each; this may take as long as the patience."""
        if self._is_stopping:
            fault = Unavailable(
                Message("The server is being stopped."), hint=Message("Try again once it was started anew.")
            )
            return (Finding(name=SERVER, fault=fault),)
        with self._looking:
            if self._looked_at is None or self._now() >= self._looked_at + LASTS:
                self._findings = self._look()
                self._looked_at = self._now()
            return self._findings

    def _look(self) -> tuple[Finding, ...]:
        for name, check in self._checks.items():
            if name not in self._running:
                self._running[name] = _Check(name, check)
        deadline = time.monotonic() + self._patience
        found = []
        for name, running in tuple(self._running.items()):
            running.join(max(0.0, deadline - time.monotonic()))
            if running.is_alive():
                found.append(Finding(name=name, fault=_no_answer(self._patience)))
            else:
                del self._running[name]
                found.append(Finding(name=name, fault=running.fault))
        return tuple(found)


class _Check(threading.Thread):
    def __init__(self, name: str, check: Callable[[], object]) -> None:
        super().__init__(name=f"check-{name}", daemon=True)
        self._check = check
        self.fault: GaleriaError | None = None
        self.start()

    def run(self) -> None:
        """Run the check once."""
        try:
            self._check()
        except GaleriaError as error:
            self.fault = error
        except Exception as error:  # whatever it is, it is not ready
            log.exception("the check of %s broke", self.name)
            self.fault = Unavailable(
                Message("It failed with {error}.", error=verbatim(type(error).__name__)),
                hint=Message("The server's log says more."),
            )


def _no_answer(seconds: float) -> Unavailable:
    return Unavailable(
        Message("It has not answered for {seconds:.0f} seconds.", seconds=seconds),
        hint=Message("Look whether it runs, and whether its disk or network does."),
    )
