"""What the lines of screens and terminals have in common: who opens one, on which lab, and what ends it first."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import TypeVar

from anyio import to_thread
from starlette.websockets import WebSocket

from galeria.actions.classes.watching import forget_watcher
from galeria.domain.errors import GaleriaError
from galeria.domain.ids import ResourceId
from galeria.interfaces.console.close_codes import CloseCode, ending_of
from galeria.interfaces.http.origins import is_own_origin
from galeria.interfaces.services import Services

T = TypeVar("T")

# KeyEvent and PointerEvent (RFC 6143, 7.5.4 and 7.5.5), and QEMU's message about keys.
_INPUT = (b"\x04", b"\x05", b"\xff")


class Typing:
    """Whether somebody typed, or moved the pointer, since it was asked last. Written and read by different threads."""

    def __init__(self) -> None:
        self._typed = threading.Event()

    def note(self) -> None:
        """Note that somebody did."""
        self._typed.set()

    def note_screen(self, piece: bytes) -> None:
        """Note it where the piece begins with a message of RFB about a key or the pointer; a viewer sends each by itself."""
        if piece[:1] in _INPUT:
            self._typed.set()

    def take(self) -> bool:
        """Return whether somebody did, and forget it."""
        was_set = self._typed.is_set()
        self._typed.clear()
        return was_set


async def find_lab(websocket: WebSocket, services: Services, group: str, lab: str) -> ResourceId | None:
    """Return the lab's id; None where a page of another origin asks, and then the WebSocket is closed."""
    # Browsers send cookies with the WebSockets of any page, and always name its origin.
    if not is_own_origin(websocket, services.endpoint):
        await websocket.close()  # before it is accepted, so that the answer is 403
        return None
    return ResourceId(services.subscription_id, group).resource("Microsoft.LabServices", "labs", lab)


async def first_of(*doing: Coroutine[None, None, T]) -> T:
    """Return what the first of them returns that ends, in their order where several end at once. The others are cancelled."""
    working = [asyncio.ensure_future(each) for each in doing]
    try:
        done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
        return next(each.result() for each in working if each in done)
    finally:
        for each in working:
            each.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def until_refused(check: Callable[[], object], seconds: float) -> CloseCode:
    """Ask every so many seconds, in a thread, and return how to close the line once `check` raises."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await to_thread.run_sync(check)
        except GaleriaError as error:
            return ending_of(error)


async def end_watching(services: Services, line: str) -> None:
    """Say that nobody looks through this line any more, whatever its caller may still do."""

    def forget() -> None:
        with services.requests.anonymous_reading() as request:
            if request.uow.watchers.find(line) is None:
                return
        with services.requests.anonymous_writing() as request:
            forget_watcher(request, line)

    await to_thread.run_sync(forget)
