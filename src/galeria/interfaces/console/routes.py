"""The route of consoles, /console/{group}/{lab}/{machine}: a WebSocket for callers who may set a password in the machine."""

import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from anyio import to_thread
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from galeria.actions.classes.presence import note_line
from galeria.actions.classes.watching import SCREEN, note_watcher
from galeria.actions.core.caller import Caller
from galeria.actions.labs.consoles import get_console, use_console
from galeria.domain.errors import GaleriaError, Unauthenticated
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.interfaces.console.bridge import bridge
from galeria.interfaces.console.close_codes import CloseCode, ending_of
from galeria.interfaces.console.lines import Typing, end_watching, find_lab, until_refused
from galeria.interfaces.services import Services

PATH = "/console/{group}/{lab}/{machine}"
SUBPROTOCOL = "binary"  # required by viewers older than noVNC 1.0
LOOK_AGAIN = 30.0  # seconds between two checks of the caller

Who = Callable[[WebSocket], Caller | None]


def console_router(services: Services, who: Who, *, look_again: float = LOOK_AGAIN) -> APIRouter:
    """Return the route. `who` returns the caller and runs in a thread; it returns None or raises Unauthenticated for nobody.

    It is called again every `look_again` seconds, so that a session ends after a sign-out or the loss of the right.
    """
    router = APIRouter()

    async def show(websocket: WebSocket, group: str, lab: str, machine: str) -> None:
        lab_id = await find_lab(websocket, services, group, lab)
        if lab_id is None:
            return
        await _ConsoleSession(services=services, who=who, websocket=websocket, lab_id=lab_id, machine=machine).show(
            look_again
        )

    router.add_api_websocket_route(PATH, show, name="console")
    return router


@dataclass(frozen=True, kw_only=True)
class _ConsoleSession:
    services: Services
    who: Who
    websocket: WebSocket
    lab_id: ResourceId
    machine: str
    typing: Typing = field(default_factory=Typing)
    line: str = field(default_factory=lambda: secrets.token_hex(16))

    async def show(self, look_again: float) -> None:
        """Run the session. The WebSocket is accepted first, because a browser gives a page no answer before that."""
        offered = self.websocket.scope["subprotocols"]
        await self.websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        try:
            connection = await to_thread.run_sync(self._open)
            ending = await bridge(
                self.websocket, connection, lambda: until_refused(self._check, look_again), sent=self.typing.note_screen
            )
        except GaleriaError as error:
            ending = ending_of(error)
        finally:
            await end_watching(self.services, self.line)
        if ending is not None:
            await self._close(ending)

    def _open(self) -> socket.socket:
        caller = self._caller()
        with self.services.requests.reading(caller) as request:
            region = get_console(request, self.lab_id, self.machine).region
        self.services.require_here(region)
        with self.services.requests.writing(caller) as request:
            machine = use_console(request, self.lab_id, self.machine)
            note_line(request, machine.id, typed=True)
            note_watcher(request, machine.id, self.line, SCREEN)
        return self.services.engine.open_console(machine)

    def _check(self) -> None:
        """Ask for the right again, and say that somebody is still there."""
        with self.services.requests.writing(self._caller()) as request:
            machine = get_console(request, self.lab_id, self.machine)
            note_line(request, machine.id, typed=self.typing.take())
            note_watcher(request, machine.id, self.line, SCREEN)

    def _caller(self) -> Caller:
        caller = self.who(self.websocket)
        if caller is None:
            raise Unauthenticated(Message("Nobody is signed in."), hint=Message("Sign in, then open the screen again."))
        return caller

    async def _close(self, ending: CloseCode) -> None:
        with suppress(WebSocketDisconnect):  # it disconnected at the same moment
            await self.websocket.close(ending.code, ending.reason)
