"""Shells behind terminals. Each outlives the line to its page for a while, so that a page that lost it goes on where it was."""

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from galeria.domain.errors import Conflict
from galeria.domain.messages import Message
from galeria.domain.reach.terminals import TerminalSize
from galeria.ports.relay import Shell

HELD_SECONDS = 120.0
AHEAD = 256 * 1024  # bytes that a machine may show before its page takes them
KEPT = 512 * 1024  # bytes that are kept for a page that lost its line
MOST_PER_PERSON = 10


class HeldShell:
    """One shell with the last of what it showed. Only who began it may come back to it."""

    def __init__(self, shell: Shell, *, person: str, machine: str) -> None:
        self.person, self.machine = person, machine
        self.secret = secrets.token_urlsafe(32)
        self.is_over = False
        self._shell = shell
        self._kept = bytearray()
        self._shown = self._taken = 0  # bytes since the beginning
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._viewer: asyncio.Event | None = None
        self._reading = asyncio.ensure_future(self._read())

    async def next(self, position: int) -> bytes:
        """Return what was shown from `position` on; what is not kept any more is left out. Empty once all is over."""
        self._taken = max(self._taken, position)
        self._room.set()
        while position >= self._shown and not self.is_over:
            self._news.clear()
            await self._news.wait()
        return bytes(self._kept[max(0, position - self.first) :])

    @property
    def shown(self) -> int:
        """How many bytes it has shown since its beginning."""
        return self._shown

    @property
    def first(self) -> int:
        """The position of the first byte that is kept."""
        return self._shown - len(self._kept)

    async def type(self, typed: bytes) -> None:
        """Pass on what was typed."""
        await self._shell.write(typed)

    def resize(self, size: TerminalSize) -> None:
        """Tell the machine the size of the terminal."""
        self._shell.resize(size)

    @contextlib.contextmanager
    def viewed(self) -> Iterator[asyncio.Event]:
        """Have one line show this shell. The event that another one before was given is set: its page has lost it."""
        if self._viewer is not None:
            self._viewer.set()
        own = self._viewer = asyncio.Event()
        try:
            yield own
        finally:
            if self._viewer is own:
                self._viewer = None

    @property
    def is_viewed(self) -> bool:
        """Whether a page shows it now."""
        return self._viewer is not None

    def close(self) -> None:
        """End the shell. May be repeated."""
        self._reading.cancel()
        self._shell.close()
        self._end()

    async def _read(self) -> None:
        while piece := await self._shell.read():
            self._kept += piece
            self._shown += len(piece)
            del self._kept[:-KEPT]
            self._news.set()
            while self._shown - self._taken > AHEAD:
                self._room.clear()
                await self._room.wait()
        self._end()

    def _end(self) -> None:
        self.is_over = True
        self._news.set()


@dataclass
class HeldShells:
    """The shells of one server."""

    held_seconds: float = HELD_SECONDS
    _shells: list[HeldShell] = field(default_factory=list)

    def require_room(self, person: str) -> None:
        """Raises Conflict where a person has as many terminals open as one may."""
        self._shells = [each for each in self._shells if not each.is_over]
        if sum(each.person == person for each in self._shells) >= MOST_PER_PERSON:
            raise Conflict(
                Message("{count} of your terminals are open, as many as one person may have.", count=MOST_PER_PERSON),
                hint=Message("Close one of them first."),
            )

    def hold(self, shell: Shell, *, person: str, machine: str) -> HeldShell:
        """Keep a new shell."""
        held = HeldShell(shell, person=person, machine=machine)
        self._shells.append(held)
        return held

    def find(self, secret: str, *, person: str, machine: str) -> HeldShell | None:
        """Return the shell of that secret, where it is this person's in this machine and not over."""
        for each in self._shells:
            is_it = hmac.compare_digest(each.secret.encode(), secret.encode())
            if is_it and (each.person, each.machine) == (person, machine) and not each.is_over:
                return each
        return None

    def close(self, held: HeldShell) -> None:
        """End a shell and forget it."""
        held.close()
        self._shells = [each for each in self._shells if each is not held]

    def wait_for_page(self, held: HeldShell) -> None:
        """End a shell when no page comes back to it in time."""

        def give_up() -> None:
            if not held.is_viewed:
                self.close(held)

        asyncio.get_running_loop().call_later(self.held_seconds, give_up)
