"""Wait for what a cloud does in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

from galeria.adapters.openstack.cloud import NO_ANSWER
from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

POLL_SECONDS = 1.0
AWAY_SECONDS = 180.0  # that a cloud may give no answer while something is waited for that it does meanwhile

Answer = TypeVar("Answer")


class Patience:
    """Asks a cloud again and again, and bears that it gives no answer for a while."""

    def __init__(self) -> None:
        self._answered_at = time.monotonic()

    def ask(self, question: Callable[[], Answer]) -> Answer | None:
        """Return the answer, None where there is none now. Raises MachineFailed after `AWAY_SECONDS` without one."""
        try:
            answer = question()
        except MachineFailed as error:
            if error.code != NO_ANSWER or time.monotonic() > self._answered_at + AWAY_SECONDS:
                raise
            return None
        self._answered_at = time.monotonic()
        return answer


def until(is_done: Callable[[], bool], seconds: float, what: Message) -> None:
    """Return once it is done. Raises MachineFailed after `seconds`."""
    deadline, patience = time.monotonic() + seconds, Patience()
    while not patience.ask(is_done):
        if time.monotonic() > deadline:
            raise MachineFailed(
                Message("The cloud is not done with {what} after {seconds:.0f} seconds.", what=what, seconds=seconds),
                hint=Message("Try again later; the cloud's administrators see what it waits for."),
            )
        time.sleep(POLL_SECONDS)
