"""A request body as an iterator for a thread, read piece by piece, so that a slow disk slows the sender down."""

from collections.abc import AsyncIterator, Iterator

import anyio
from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from galeria.domain.errors import Invalid, Unavailable
from galeria.domain.messages import Message
from galeria.interfaces.uploads.headers import CHECKSUMS, Checksum

RATE_WINDOW = 30.0  # seconds of waiting for the sender, after which its rate is looked at: a short pause does not count
GATHER = 1 << 20  # bytes per hand-over: fewer switches between the event loop and the thread


class RequestBody:
    """A body that ends when the sender is done, disconnects, sends nothing for `idle_seconds`, or too little for a while.

    Only the first makes it whole. `least_rate` is in bytes a second; 0: as slowly as the sender likes.
    """

    def __init__(self, request: Request, *, idle_seconds: float, least_rate: int = 0) -> None:
        self._stream: AsyncIterator[bytes] = request.stream()
        self._idle_seconds = idle_seconds
        self._least_rate = least_rate
        self._waited, self._came = 0.0, 0  # seconds and bytes since the rate was looked at last
        self._ended = False
        self._heard_at = anyio.current_time()
        self._waiting: anyio.CancelScope | None = None
        self.is_whole = False
        self.is_too_slow = False

    def pieces(self, checksum: Checksum | None) -> Iterator[bytes]:
        """Yield pieces in a thread that anyio started.

        Raises Invalid at the end where the bytes do not match `checksum`, or where they ended before that could be checked.
        """
        sum_so_far = CHECKSUMS[checksum.algorithm]() if checksum else None
        while piece := from_thread.run(self._gather):
            if sum_so_far is not None:
                sum_so_far.update(piece)
            yield piece
        if self.is_too_slow and checksum is not None:
            raise too_slow(self._least_rate)  # without the rest nobody knows whether the bytes are right
        if checksum is not None and sum_so_far is not None and not self._fits(sum_so_far.digest(), checksum):
            raise Invalid(
                Message("The bytes that arrived are not those of the checksum. They were not kept."),
                hint=Message("Send this piece again from the same offset."),
                code="ChecksumMismatch",
            )

    @property
    def silent_seconds(self) -> float:
        """How long the sender has been waited for in vain; 0 while what it sent is still being written."""
        return anyio.current_time() - self._heard_at if self._waiting else 0.0

    def end(self) -> None:
        """End the body here, as if the sender had disconnected. To be called in the event loop."""
        self._ended = True
        if self._waiting:
            self._waiting.cancel()

    def _fits(self, digest: bytes, checksum: Checksum) -> bool:
        return self.is_whole and digest == checksum.digest

    async def _gather(self) -> bytes:
        """Return up to about GATHER bytes; nothing at the end."""
        gathered = bytearray()
        while not self._ended and len(gathered) < GATHER:
            gathered += await self._next()
        return bytes(gathered)

    async def _next(self) -> bytes:
        began = self._heard_at = anyio.current_time()
        piece = b""
        try:
            with anyio.move_on_after(self._idle_seconds) as self._waiting:
                piece = await anext(self._stream)
            if self._waiting.cancelled_caught:
                self._ended = True
            self._look_at_rate(anyio.current_time() - began, len(piece))
        except StopAsyncIteration:
            self._ended = self.is_whole = True
        except ClientDisconnect:
            self._ended = True
        finally:
            self._waiting = None
        return piece

    def _look_at_rate(self, waited: float, came: int) -> None:
        """End the body where the sender was too slow. Only waiting for it counts, not what this server takes itself."""
        self._waited, self._came = self._waited + waited, self._came + came
        if self._waited < RATE_WINDOW:
            return
        if self._came < self._least_rate * self._waited:
            self._ended = self.is_too_slow = True
        self._waited, self._came = 0.0, 0


def too_slow(least_rate: int) -> Unavailable:
    """Return the error for a sender that had to make room for others."""
    return Unavailable(
        Message("The file comes too slowly: at least {rate} KiB a second are needed.", rate=least_rate // 1024),
        hint=Message(
            "Go on where you were, over a quicker connection if there is one; an administrator can lower "
            "'least_kib_per_second' under [uploads] in galeria.toml."
        ),
        code="UploadTooSlow",
    )
