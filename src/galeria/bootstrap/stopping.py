"""How a server or a worker ends: SIGTERM or SIGINT ask for it, and a second one does not wait."""

import logging
import os
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from galeria.adapters.lasting_process import StopSignal

log = logging.getLogger(__name__)


class Stop(StopSignal):
    """The wish that this process ends. Whoever has something to finish asks how many seconds are left for it."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._deadline: float | None = None
        self._told: list[Callable[[], None]] = []

    def tell(self, listener: Callable[[], None]) -> None:
        """Have it called as soon as the wish is there. It runs within a signal's handler: it may set flags and no more."""
        self._told.append(listener)

    @property
    def seconds_left(self) -> float:
        """How long may still be waited; all of the time while nobody has asked."""
        if self._deadline is None:
            return self._seconds
        return max(0.0, self._deadline - time.monotonic())

    def hear(self, number: int, frame: FrameType | None) -> None:
        if self.is_asked:
            exit_process()
        self._deadline = time.monotonic() + self._seconds
        super().hear(number, frame)
        for listener in self._told:
            listener()


def exit_process(code: int = 0) -> NoReturn:
    """End the process at once.

    Running steps stop as after a crash, which each of them survives; waiting for them could take as long as storing a large
    image.
    """
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
