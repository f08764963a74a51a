"""Refuse tries while there were too many wrong ones (`domain/people/wrong_tries.py`)."""

from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.ports.work import WrongTries


class TooManyTries(Unauthenticated):
    """Too many wrong tries; the next one is checked `seconds` from now."""

    code = "temporarily_blocked"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            Message("There were too many wrong tries, so signing in is temporarily blocked."),
            hint=Message("Try again in {seconds} seconds.", seconds=seconds),
        )
        self.seconds = seconds


def require_not_blocked(tries: WrongTries, *keys: str) -> None:
    """Raise TooManyTries where any of the keys is blocked.

    Tries meanwhile are refused without being counted, so that nobody is kept out longer by tries of others.
    """
    if seconds := tries.blocked_seconds(*keys):
        raise TooManyTries(seconds)
