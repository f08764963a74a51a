"""Slots for receiving: so many files of one person at the same moment, and so many of everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import anyio

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message

WAIT = 20.0  # seconds that a sender waits for a slot; less than a connection may pause


class ReceivingSlots:
    """`each` slots of one person and `in_all` of everybody. Whoever sends slowly holds up themselves first."""

    def __init__(self, *, each: int, in_all: int, wait: float = WAIT) -> None:
        self._each, self._in_all, self._wait = each, in_all, wait
        self._all = anyio.CapacityLimiter(in_all)
        self._own: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, person: str) -> AsyncIterator[None]:
        """Hold a slot of the person. Raises Unavailable (UploadSlotsTaken) where none becomes free in time."""
        own = self._limiter(person)
        if not await self._acquired(own):
            raise _taken(
                Message("You are sending {most} files, as many as one person may at the same moment.", most=self._each)
            )
        try:
            if not await self._acquired(self._all):
                raise _taken(
                    Message(
                        "The server is receiving {most} files, as many as it takes at the same moment.",
                        most=self._in_all,
                    )
                )
            try:
                yield
            finally:
                self._all.release()
        finally:
            own.release()

    async def _acquired(self, limiter: anyio.CapacityLimiter) -> bool:
        with anyio.move_on_after(self._wait):
            await limiter.acquire()
            return True
        return False

    def _limiter(self, person: str) -> anyio.CapacityLimiter:
        """Return the limiter of one person, which exists while they send."""
        found = self._own.get(person)
        if found is None:
            found = self._own[person] = anyio.CapacityLimiter(self._each)
        return found


def _taken(message: Message) -> Unavailable:
    return Unavailable(
        message, hint=Message("Try again in a moment, and go on where you were."), code="UploadSlotsTaken"
    )
