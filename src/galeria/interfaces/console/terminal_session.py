"""One page's line to a machine's terminal: who may, who signs in, and then bytes both ways."""

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass, field

from anyio import to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from galeria.actions.classes.presence import note_line
from galeria.actions.classes.watching import TERMINAL, note_watcher
from galeria.actions.core.caller import Caller
from galeria.actions.labs.terminals import Terminal, get_terminal, use_terminal
from galeria.domain.errors import GaleriaError, TooManyRequests, Unauthenticated
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.reach.terminals import HostKey, HostKeyChanged, ShellSignIn
from galeria.interfaces.console.close_codes import ENDED, FORGOTTEN, NOT_UNDERSTOOD, CloseCode, ending_of
from galeria.interfaces.console.held_shells import HeldShell, HeldShells
from galeria.interfaces.console.lines import Typing, end_watching, first_of, until_refused
from galeria.interfaces.console.routes import Who
from galeria.interfaces.console.terminal_messages import Resume, SignIn, read_first, read_size
from galeria.interfaces.console.terminal_tries import TerminalTries
from galeria.interfaces.services import Services

FIRST_SECONDS = 20.0  # for the first message, which a page sends at once
_LEFT = (1000, 1001)  # the codes of a page that is closed; a lost line has another one


class _Refused(Exception):
    """The line is to be closed."""

    def __init__(self, ending: CloseCode) -> None:
        super().__init__(ending.reason)
        self.ending = ending


@dataclass(frozen=True, kw_only=True)
class TerminalSession:
    services: Services
    held: HeldShells
    tries: TerminalTries
    who: Who
    websocket: WebSocket
    lab_id: ResourceId
    machine: str
    look_again: float
    typing: Typing = field(default_factory=Typing)
    line: str = field(default_factory=lambda: secrets.token_hex(16))

    async def show(self) -> None:
        """Run the session. The WebSocket is accepted first, because a browser gives a page no answer before that."""
        await self.websocket.accept()
        try:
            caller, terminal = await to_thread.run_sync(self._find)
            first = await self._first()
            shell, seen = await self._shell_of(first, caller, terminal)
        except GaleriaError as error:
            await self._tell_more(error)
            await self._close(ending_of(error))
        except _Refused as refused:
            await self._close(refused.ending)
        except WebSocketDisconnect:
            return
        else:
            await self._pass_on(shell, seen)
        finally:
            await end_watching(self.services, self.line)

    def _find(self) -> tuple[Caller, Terminal]:
        caller = self._caller()
        with self.services.requests.reading(caller) as request:
            terminal = get_terminal(request, self.lab_id, self.machine)
        self.services.require_here(terminal.region)
        return caller, terminal

    def _check(self) -> None:
        """Ask for the right again, and say that somebody is still there."""
        with self.services.requests.writing(self._caller()) as request:
            terminal = get_terminal(request, self.lab_id, self.machine)
            note_line(request, terminal.machine_id, typed=self.typing.take())
            note_watcher(request, terminal.machine_id, self.line, TERMINAL)

    def _caller(self) -> Caller:
        caller = self.who(self.websocket)
        if caller is None:
            raise Unauthenticated(
                Message("Nobody is signed in."), hint=Message("Sign in, then open the terminal again.")
            )
        return caller

    async def _first(self) -> SignIn | Resume:
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                return read_first(await self.websocket.receive_text())
        except (TimeoutError, ValueError, KeyError) as error:  # KeyError: bytes
            raise _Refused(NOT_UNDERSTOOD) from error

    async def _shell_of(self, first: SignIn | Resume, caller: Caller, terminal: Terminal) -> tuple[HeldShell, int]:
        """Return the shell and the position from which the page has not seen it yet."""
        person, machine = caller.principal.id, terminal.machine_id
        if isinstance(first, Resume):
            found = self.held.find(first.resume.get_secret_value(), person=person, machine=machine)
            if found is None:
                raise _Refused(FORGOTTEN)
            await to_thread.run_sync(self._check)
            found.resize(first.size)
            await self._say(resumed=True)
            return found, first.seen
        self.held.require_room(person)
        try:
            async with self.tries.trying(caller, terminal):
                shell = await self.services.shells.open(
                    terminal.host,
                    terminal.port,
                    ShellSignIn(
                        user=first.user,
                        password=first.password.get_secret_value(),
                        known=terminal.known,
                        accepted=first.accepted,
                    ),
                    first.size,
                )
        except GaleriaError as error:
            await to_thread.run_sync(self.tries.record, caller, terminal, error)
            raise
        try:
            await to_thread.run_sync(self._record, first.user, shell.host_key)
        except BaseException:
            shell.close()
            raise
        held = self.held.hold(shell, person=person, machine=machine)
        key = shell.host_key
        await self._say(resume=held.secret, hostKey=key.fingerprint, isNew=terminal.known != key)
        return held, 0

    def _record(self, account: str, key: HostKey) -> None:
        with self.services.requests.writing(self._caller()) as request:
            use_terminal(request, self.lab_id, self.machine, account=account, key=key)
            machine_id = get_terminal(request, self.lab_id, self.machine).machine_id
            note_line(request, machine_id, typed=True)
            note_watcher(request, machine_id, self.line, TERMINAL)

    async def _pass_on(self, shell: HeldShell, seen: int) -> None:
        """Show and take what comes until the page leaves, the shell ends, or the person may not any more."""
        with shell.viewed() as replaced:
            ending = await self._until_over(shell, seen, replaced)
        if replaced.is_set():
            await self._close(FORGOTTEN)
            return
        if ending is None:
            self.held.wait_for_page(shell)
            return
        self.held.close(shell)
        await self._close(ending)

    async def _until_over(self, shell: HeldShell, seen: int, replaced: asyncio.Event) -> CloseCode | None:
        return await first_of(
            self._show(shell, seen),
            self._take(shell),
            until_refused(self._check, self.look_again),
            _none_when(replaced),
        )

    async def _show(self, shell: HeldShell, seen: int) -> CloseCode | None:
        """Send what the machine shows. The server's `send` waits while the page does not read."""
        position = min(seen, shell.shown)
        try:
            while piece := await shell.next(position):
                position = shell.shown
                await self.websocket.send_bytes(piece)
        except WebSocketDisconnect:
            return None
        return ENDED

    async def _take(self, shell: HeldShell) -> CloseCode | None:
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return CloseCode(1000, "") if message.get("code") in _LEFT else None
            typed = message.get("bytes")
            if typed is not None:
                self.typing.note()
                await shell.type(typed)
                continue
            try:
                shell.resize(read_size(message.get("text") or ""))
            except ValueError:
                return NOT_UNDERSTOOD

    async def _tell_more(self, error: GaleriaError) -> None:
        """Send what a page needs besides the code that the line is closed with."""
        if isinstance(error, HostKeyChanged):
            await self._say(known=error.known.fingerprint, seen=error.seen.fingerprint)
        elif isinstance(error, TooManyRequests):
            await self._say(seconds=error.seconds)

    async def _say(self, **said: object) -> None:
        with suppress(WebSocketDisconnect):
            await self.websocket.send_text(json.dumps(said))

    async def _close(self, ending: CloseCode) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it is closed already
            await self.websocket.close(ending.code, ending.reason)


async def _none_when(event: asyncio.Event) -> None:
    await event.wait()
