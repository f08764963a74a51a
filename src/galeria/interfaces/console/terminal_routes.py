"""The route of terminals, /terminal/{group}/{lab}/{machine}: a WebSocket behind which this server speaks SSH to the machine.

The person signs in with the machine's own name and password, which are in memory while that lasts and nowhere else.
"""

from dataclasses import dataclass, field

from fastapi import APIRouter
from starlette.websockets import WebSocket

from galeria.interfaces.console.held_shells import HeldShells
from galeria.interfaces.console.lines import find_lab
from galeria.interfaces.console.routes import LOOK_AGAIN, Who
from galeria.interfaces.console.terminal_session import TerminalSession
from galeria.interfaces.console.terminal_tries import TerminalTries
from galeria.interfaces.services import Services

PATH = "/terminal/{group}/{lab}/{machine}"


@dataclass(kw_only=True)
class TerminalRoutes:
    """`who` returns the caller, as for screens, and is asked again every `look_again` seconds."""

    services: Services
    who: Who
    look_again: float = LOOK_AGAIN
    held: HeldShells = field(default_factory=HeldShells)

    def router(self) -> APIRouter:
        router, tries = APIRouter(), TerminalTries(self.services.requests, self.services.wrong_tries)

        async def show(websocket: WebSocket, group: str, lab: str, machine: str) -> None:
            lab_id = await find_lab(websocket, self.services, group, lab)
            if lab_id is None:
                return
            session = TerminalSession(
                services=self.services,
                held=self.held,
                tries=tries,
                who=self.who,
                websocket=websocket,
                lab_id=lab_id,
                machine=machine,
                look_again=self.look_again,
            )
            await session.show()

        router.add_api_websocket_route(PATH, show, name="terminal")
        return router
