"""Keeps refusals in the audit log, without letting anybody fill it with them."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

from galeria.domain.messages import Message, join

WINDOW = timedelta(minutes=1)
MOST_IN_WINDOW = 300  # entries of all kinds together
_MOST_KINDS = 10_000  # remembered at a time
_ALL = ("", "", "", "")

Kind = tuple[str, str, str, str]
"""Who (an id or an address), action, scope, and where from."""


class RefusalCounter:
    """Counts refusals of the same kind within a minute, and says which of them become entries: the 1st, 10th, 100th and so on.

    Beyond 300 entries a minute only the whole number is told, in the same steps. May be used by several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: OrderedDict[Kind, tuple[datetime, int]] = OrderedDict()
        self._window: tuple[datetime | None, int] = (None, 0)

    def count(self, kind: Kind, now: datetime) -> tuple[Kind, int] | None:
        """Counts one refusal. Returns the kind and how many there were, where this becomes an entry.

        The kind is four empty texts where the entry is about all kinds together.
        """
        with self._lock:
            number = self._next(kind, now)
            if not _is_told(number):
                return None
            started, told = self._window
            if started is None or now - started >= WINDOW:
                started, told = now, 0
            self._window = (started, told + 1)
            if told < MOST_IN_WINDOW:
                return kind, number
            number = self._next(_ALL, now)
            return (_ALL, number) if _is_told(number) else None

    def _next(self, kind: Kind, now: datetime) -> int:
        started, number = self._counts.pop(kind, (now, 0))
        if not timedelta() <= now - started < WINDOW:
            started, number = now, 0
        self._counts[kind] = (started, number + 1)
        while len(self._counts) > _MOST_KINDS:
            self._counts.popitem(last=False)
        return number + 1


def with_count(detail: Message, number: int) -> Message:
    """The detail of an entry, with how often that happened within a minute, where it was more than once."""
    if number == 1:
        return detail
    return join(detail, Message("({count} times within a minute)", count=number))


def _is_told(number: int) -> bool:
    return str(number).rstrip("0") == "1"
