"""Slots for receiving: so many files of one person at the same moment, and so many of everybody; one sender for each file."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol
from weakref import WeakValueDictionary

import anyio

from galeria.domain.errors import Unavailable
from galeria.domain.messages import Message

WAIT = 20.0  # seconds that a sender waits for a slot; less than a connection may pause
LOST = 2.0  # seconds of silence, after which a sender counts as lost once another one goes on with the same file
TAKE_OVER = 4.0  # seconds that the other one waits for that, so that it may send within five
_TURN = 0.05  # seconds between two looks


class Sender(Protocol):
    """Somebody who is sending a file."""

    @property
    def silent_seconds(self) -> float:
        """How long nothing came."""
        ...

    def end(self) -> None:
        """Stop receiving; what came is kept."""
        ...


class ReceivingSlots:
    """`each` slots of one person and `in_all` of everybody. Whoever sends slowly holds up themselves first."""

    def __init__(self, *, each: int, in_all: int, wait: float = WAIT) -> None:
        self._each, self._in_all, self._wait = each, in_all, wait
        self._all = anyio.CapacityLimiter(in_all)
        self._own: WeakValueDictionary[str, anyio.CapacityLimiter] = WeakValueDictionary()
        self._senders: dict[str, Sender] = {}  # by upload

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

    async def take_over(self, upload: str) -> None:
        """Wait until nobody else sends this file, and end whoever has fallen silent.

        A line that was lost somewhere on the way is not reported to its end: its file would stay locked until it counts as
        idle, and the client that comes back at once would be turned away. Returns also where the other one goes on sending.
        """
        with anyio.move_on_after(TAKE_OVER):
            while other := self._senders.get(upload):
                if other.silent_seconds >= LOST:
                    other.end()
                await anyio.sleep(_TURN)

    @contextmanager
    def sending(self, upload: str, sender: Sender) -> Iterator[None]:
        """Name the sender of a file, for `take_over`."""
        self._senders[upload] = sender
        try:
            yield
        finally:
            if self._senders.get(upload) is sender:
                del self._senders[upload]

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
