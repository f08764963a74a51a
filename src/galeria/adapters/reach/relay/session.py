"""One connection through the relay: bytes go both ways as they come, and nobody's memory grows when the other is slow."""

import asyncio
import socket
from abc import ABC, abstractmethod
from typing import Protocol, cast

from galeria.domain.reach.relay import RelayRoute

DIAL_SECONDS = 10.0
FLUSH_SECONDS = 60.0  # for what is still to be sent to one end when the other is gone
KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))
# One buffer for the whole process: a connection that is idle has none, and what cannot be sent at once is copied.
_BUFFER = memoryview(bytearray(256 * 1024))


class SessionKeeper(Protocol):
    """Who decides about connections, and is told of their ends."""

    def begin(self, route: RelayRoute, address: str) -> "RelaySession | None":
        """Return a session for a new connection, None where it is refused."""
        ...

    def end(self, session: "RelaySession") -> None:
        """Note that a session is over."""
        ...


class RelaySession:
    """A client's connection and the one to the machine that is made for it."""

    __slots__ = ("_eofs", "_is_over", "_sessions", "address", "began", "client", "machine", "received", "route", "sent")

    def __init__(self, sessions: SessionKeeper, route: RelayRoute, address: str, began: float) -> None:
        self.route, self.address, self.began = route, address, began
        self.received = self.sent = 0  # bytes from and to the machine
        self.client: asyncio.Transport | None = None
        self.machine: asyncio.Transport | None = None
        self._sessions = sessions
        self._eofs = 0
        self._is_over = False

    async def dial(self) -> None:
        """Connect to the machine, and only then read from the client. Cut the client off where nobody answers."""
        assert self.client is not None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                await loop.create_connection(lambda: MachineEnd(self), self.route.host, self.route.target)
        except OSError:  # TimeoutError is one
            self.cut()
            return
        if self._is_over:
            self.cut()
        else:
            self.client.resume_reading()

    def cut(self) -> None:
        """End both connections at once."""
        for transport in (self.client, self.machine):
            if transport is not None:
                transport.abort()

    def note_eof(self) -> None:
        """Note that one end sends nothing more; when neither does, the session is over."""
        self._eofs += 1
        if self._eofs == 2:
            self.close()

    def close(self) -> None:
        """End both connections once all that came was passed on. May be repeated."""
        if self._is_over:
            return
        self._is_over = True
        for transport in (self.client, self.machine):
            if transport is not None:
                transport.close()
        asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.cut)
        self._sessions.end(self)


class _End(asyncio.BufferedProtocol, ABC):
    """One end of a session: what is read from it is written to the other."""

    __slots__ = ("session",)
    session: RelaySession | None

    def __init__(self, session: RelaySession | None) -> None:
        self.session = session

    @abstractmethod
    def other(self) -> asyncio.Transport | None:
        """Return the transport of the other end, None while there is none."""

    @abstractmethod
    def count(self, size: int) -> None:
        """Count bytes that came from this end."""

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on what came. The copy is needed: the transport may keep what it is given."""
        other = self.other()
        if other is not None:
            self.count(nbytes)
            other.write(bytes(_BUFFER[:nbytes]))

    def eof_received(self) -> bool:
        """Tell the other end that nothing more comes from here; it may still send."""
        other = self.other()
        if other is None or self.session is None:
            return False
        if not other.is_closing():
            other.write_eof()
        self.session.note_eof()
        return True

    def pause_writing(self) -> None:
        """Read nothing from the other end while this one takes no more."""
        other = self.other()
        if other is not None:
            other.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading from the other end."""
        other = self.other()
        if other is not None:
            other.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session."""
        if self.session is not None:
            self.session.close()


class ClientEnd(_End):
    """The end of whoever connects to a public port."""

    __slots__ = ("_dialing", "_route", "_sessions")

    def __init__(self, sessions: SessionKeeper, route: RelayRoute) -> None:
        super().__init__(None)
        self._sessions, self._route = sessions, route
        self._dialing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a session, or refuse it without a word."""
        client = cast("asyncio.Transport", transport)
        peer = client.get_extra_info("peername")
        self.session = self._sessions.begin(self._route, str(peer[0])) if peer else None
        if self.session is None:
            client.abort()
            return
        _keep_alive(client)
        client.pause_reading()
        self.session.client = client
        self._dialing = asyncio.get_running_loop().create_task(self.session.dial())

    def other(self) -> asyncio.Transport | None:
        """Return the machine's transport."""
        return self.session.machine if self.session else None

    def count(self, size: int) -> None:
        """Count bytes to the machine."""
        if self.session:
            self.session.sent += size


class MachineEnd(_End):
    """The end at the machine."""

    __slots__ = ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take part in the session that dialled."""
        machine = cast("asyncio.Transport", transport)
        _keep_alive(machine)
        if self.session:
            self.session.machine = machine

    def other(self) -> asyncio.Transport | None:
        """Return the client's transport."""
        return self.session.client if self.session else None

    def count(self, size: int) -> None:
        """Count bytes from the machine."""
        if self.session:
            self.session.received += size


def _keep_alive(transport: asyncio.Transport) -> None:
    """Let the kernel notice within two minutes that a peer is gone without a word."""
    line = transport.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE:
        line.setsockopt(socket.IPPROTO_TCP, option, value)
