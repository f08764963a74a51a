"""A request body as an iterator for a thread, read piece by piece, so that a slow disk slows the sender down."""

from collections.abc import AsyncIterator, Iterator

import anyio
from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.interfaces.uploads.headers import CHECKSUMS, Checksum

GATHER = 1 << 20  # bytes per hand-over: fewer switches between the event loop and the thread


class RequestBody:
    """A body that ends when the sender is done, disconnects, or sends nothing for `idle_seconds`.

    Only the first makes it whole.
    """

    def __init__(self, request: Request, *, idle_seconds: float) -> None:
        self._stream: AsyncIterator[bytes] = request.stream()
        self._idle_seconds = idle_seconds
        self._ended = False
        self.is_whole = False

    def pieces(self, checksum: Checksum | None) -> Iterator[bytes]:
        """Yield pieces in a thread that anyio started.

        Raises Invalid at the end where the bytes do not match `checksum`, or where they ended before that could be checked.
        """
        sum_so_far = CHECKSUMS[checksum.algorithm]() if checksum else None
        while piece := from_thread.run(self._gather):
            if sum_so_far is not None:
                sum_so_far.update(piece)
            yield piece
        if checksum is not None and sum_so_far is not None and not self._fits(sum_so_far.digest(), checksum):
            raise Invalid(
                Message("The bytes that arrived are not those of the checksum. They were not kept."),
                hint=Message("Send this piece again from the same offset."),
                code="ChecksumMismatch",
            )

    def _fits(self, digest: bytes, checksum: Checksum) -> bool:
        return self.is_whole and digest == checksum.digest

    async def _gather(self) -> bytes:
        """Return up to about GATHER bytes; nothing at the end."""
        gathered = bytearray()
        while not self._ended and len(gathered) < GATHER:
            gathered += await self._next()
        return bytes(gathered)

    async def _next(self) -> bytes:
        try:
            with anyio.fail_after(self._idle_seconds):
                return await anext(self._stream)
        except StopAsyncIteration:
            self._ended = self.is_whole = True
        except (ClientDisconnect, TimeoutError):
            self._ended = True
        return b""
