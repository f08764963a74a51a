"""HTTP connections to addresses that were judged beforehand, within a time that the other side cannot stretch.

A name is resolved once for every connection, and the connection goes to one of exactly the addresses that were judged: a name
that resolves differently a moment later (DNS rebinding) changes nothing. Proxies of the environment are not used, because
they would resolve the names.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from galeria.domain.images.import_addresses import Address
from galeria.domain.messages import EMPTY, Message
from galeria.domain.network_addresses import non_public_kind

Resolve = Callable[[str, int], list[str]]
_ANY_PORT = 9  # no packet is sent to it


class Deadline:
    """The moment until which the other side has to answer. It counts for all bytes together, not for each anew."""

    def __init__(self, seconds: float) -> None:
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        """Set the deadline to so many seconds from now."""
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, more than 0. Raises TimeoutError where none are."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("it takes too long")
        return left


class PinnedConnection(http.client.HTTPConnection):
    """A connection to one of the addresses `ips`, whatever the name resolves to now.

    For https the certificate is verified against the name. `context` must come from `make_context`.
    """

    def __init__(self, address: Address, ips: list[str], deadline: Deadline, context: ssl.SSLContext) -> None:
        super().__init__(address.host, address.port)
        self._ips, self._deadline = ips, deadline
        self._context = context if address.scheme == "https" else None
        self.default_port = 443 if self._context else 80  # the port that a Host header leaves out

    def connect(self) -> None:
        plain = _connected(self._ips, self.port, self._deadline)
        try:
            self.sock = self._secured(plain) if self._context else _PlainSocket.of(plain, self._deadline)
        except BaseException:
            plain.close()
            raise

    def _secured(self, plain: socket.socket) -> ssl.SSLSocket:
        assert self._context is not None
        plain.settimeout(self._deadline.left())
        secured = self._context.wrap_socket(plain, server_hostname=self.host)
        assert isinstance(secured, _TlsSocket)
        secured.deadline = self._deadline
        return secured


def make_context(context: ssl.SSLContext | None = None) -> ssl.SSLContext:
    """Return a context for `PinnedConnection`: the given one, or one that trusts the system's authorities.

    An organization may have extended those by its own.
    """
    made = context or ssl.create_default_context()
    made.sslsocket_class = _TlsSocket
    return made


def resolve_host(host: str, port: int) -> list[str]:
    """Return the host's addresses as the system resolves them. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} is no name") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def non_public_kind_here(ip: str) -> Message:
    """Return what an address is that is not public, or that is public and one of this computer's own; else it is empty.

    A connection of a computer to itself passes no firewall, so that it reaches more than others do.
    """
    return non_public_kind(ip) or (Message("local") if _is_own(ip) else EMPTY)


def _is_own(ip: str) -> bool:
    """Ask the system for the way to the address: to its own ones a computer speaks from the address itself."""
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ip, _ANY_PORT))
        except OSError:
            return False  # there is no way to it
        return bool(probe.getsockname()[0] == probe.getpeername()[0])


class _PlainSocket(socket.socket):
    deadline: Deadline

    @classmethod
    def of(cls, plain: socket.socket, deadline: Deadline) -> "_PlainSocket":
        made = cls(plain.family, plain.type, plain.proto, fileno=plain.detach())
        made.deadline = deadline
        return made

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        self.settimeout(self.deadline.left())
        return super().recv_into(*arguments, **named)


class _TlsSocket(ssl.SSLSocket):
    deadline: Deadline | None = None  # until the handshake is over, which has its own time

    def recv_into(self, *arguments: Any, **named: Any) -> int:
        if self.deadline is not None:
            self.settimeout(self.deadline.left())
        return super().recv_into(*arguments, **named)


def _connected(ips: list[str], port: int, deadline: Deadline) -> socket.socket:
    last: OSError = OSError("no address")
    for ip in ips:
        try:
            return socket.create_connection((ip, port), timeout=deadline.left())
        except OSError as error:
            last = error
    raise last
