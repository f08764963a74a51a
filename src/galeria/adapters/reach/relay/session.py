"""One connection through the relay: bytes go both ways as they come, and nobody's memory grows when the other is slow."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol

from galeria.adapters.reach.relay.flow import Flow
from galeria.domain.reach.relay import RelayRoute

DIAL_SECONDS = 10.0
FLUSH_SECONDS = 60.0  # for what is still to be sent to one end when the other is gone
KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))


class SessionKeeper(Protocol):
    """Who is told of the ends of sessions."""

    def end(self, session: "RelaySession") -> None:
        """Note that a session is over."""
        ...


class RelaySession:
    """A client's connection and the one to the machine that is made for it."""

    __slots__ = ("_client", "_dialing", "_flows", "_is_over", "_keeper", "_machine", "address", "began", "route")

    def __init__(
        self, keeper: SessionKeeper, route: RelayRoute, client: socket.socket, address: str, began: float
    ) -> None:
        self.route, self.address, self.began = route, address, began
        self._keeper, self._client = keeper, client
        self._machine = socket.socket(_family(route.host), socket.SOCK_STREAM)
        self._flows: tuple[Flow, ...] = ()
        self._is_over = False
        self._dialing = asyncio.get_running_loop().create_task(self._dial())

    @property
    def sent(self) -> int:
        """Bytes to the machine."""
        return self._flows[0].moved if self._flows else 0

    @property
    def received(self) -> int:
        """Bytes from the machine."""
        return self._flows[1].moved if self._flows else 0

    async def _dial(self) -> None:
        """Connect to the machine, and only then read from the client. Cut the client off where nobody answers."""
        self._machine.setblocking(False)
        try:
            async with asyncio.timeout(DIAL_SECONDS):
                await asyncio.get_running_loop().sock_connect(self._machine, (self.route.host, self.route.target))
            for each in (self._client, self._machine):
                _prepare(each)
        except OSError:  # TimeoutError is one
            self.cut()
            return
        if self._is_over:
            return
        there, back = Flow(self._client, self._machine, self._note), Flow(self._machine, self._client, self._note)
        self._flows = (there, back)
        for flow in self._flows:
            flow.start()

    def cut(self) -> None:
        """End both connections at once. May be repeated."""
        if self._is_over:
            return
        self._is_over = True
        for flow in self._flows:
            flow.stop()
        if asyncio.current_task() is not self._dialing:
            self._dialing.cancel()
        for each in (self._client, self._machine):
            each.close()
        self._keeper.end(self)

    def _note(self, flow: Flow, is_whole: bool) -> None:
        """Note that one direction is over; when both are, or an end is lost, the session is."""
        others = [each for each in self._flows if each is not flow and not each.is_over]
        if not others:
            self.cut()
        elif not is_whole:
            # What came from the end that is lost is still on its way to the other one.
            if any(each.is_holding for each in others):
                asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.cut)
                for each in others:
                    each.finish_held()
            else:
                self.cut()


class Door:
    """A listening socket: whoever comes is let in by `admit`, or refused without a word."""

    def __init__(self, listener: socket.socket, admit: Callable[[socket.socket, str], bool], backlog: int) -> None:
        self._listener, self._admit, self._backlog = listener, admit, backlog
        self._loop = asyncio.get_running_loop()
        listener.setblocking(False)
        listener.listen(backlog)
        self._loop.add_reader(listener, self._take)

    def close(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _take(self) -> None:
        for _ in range(self._backlog):
            try:
                line, peer = self._listener.accept()
            except OSError:  # nobody waits any more, or has left already, or there are too many files open
                return
            line.setblocking(False)
            if not self._admit(line, str(peer[0])):
                line.close()


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET if ip_address(host).version == 4 else socket.AF_INET6


def _prepare(line: socket.socket) -> None:
    """Let what is typed go out at once, and the kernel notice within two minutes that a peer is gone without a word."""
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    with contextlib.suppress(OSError):
        for option, value in KEEPALIVE:
            line.setsockopt(socket.IPPROTO_TCP, option, value)
