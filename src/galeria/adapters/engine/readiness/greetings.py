"""Whether a server greets, as its clients hear it: an SSH server's version, a remote desktop's confirmation."""

import errno
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto

from galeria.domain.labs.ways_in import WayIn
from galeria.domain.reach.server_settings import LOOPBACK

ANSWER_SECONDS = 3.0  # that a server has for its greeting; sshd under emulation took one
PATIENT_SECONDS = 60.0  # that a server has which is only starting; on a busy host sshd took more than twenty
MOST_LINES = 3  # open at once: sshd takes ten that have not signed in (MaxStartups), and some are the users'
_NOBODY_THERE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)  # said by this host, not by a machine
_MOST_GREETING = 8192  # bytes: a server may say something before its version (RFC 4253, section 4.2)

# TPKT (RFC 1006) with an X.224 connection request and RDP's negotiation request (MS-RDPBCGR 2.2.1.1), any security.
_RDP_REQUEST = bytes.fromhex("030000130ee000000000000100080003000000")
_TPKT, _X224_CONFIRM = 0x03, 0xD0


class PortAnswer(Enum):
    """What came back from a machine's port."""

    GREETS = auto()
    REFUSES = auto()  # there is a machine at the address, and no server
    SILENT = auto()


def ask_server(port: int, way: WayIn, *, host: str = LOOPBACK) -> PortAnswer:
    """Return what the server behind a port of this host answers, as a client would hear it within some seconds."""
    deadline = time.monotonic() + ANSWER_SECONDS
    with patient_client(port, way, host=host, lines=1) as client:
        while (answer := client.listen(max(0.0, deadline - time.monotonic()))) is PortAnswer.SILENT:
            if time.monotonic() >= deadline:
                return PortAnswer.SILENT
    return answer


@dataclass(kw_only=True, slots=True)
class _Line:
    """One connection that waits for a greeting."""

    connection: socket.socket
    began: float
    heard: bytes = b""
    is_asked: bool = False


@dataclass(kw_only=True, slots=True)
class PatientClient:
    """Asks one server again and again without piling up connections that it has to get rid of before it can answer.

    A server under emulation may need longer for its greeting than it is worth to wait for a lost packet: an open connection
    is kept, and another one is opened beside it.
    """

    host: str
    port: int
    way: WayIn
    most: int = MOST_LINES
    lines: list[_Line] = field(default_factory=list)

    def listen(self, seconds: float) -> PortAnswer:
        """Return what is heard within `seconds`; SILENT where a connection goes on waiting."""
        now = time.monotonic()
        self._drop([line for line in self.lines if now > line.began + PATIENT_SECONDS])
        if not self.lines or (len(self.lines) < self.most and now > self.lines[-1].began + ANSWER_SECONDS):
            self._open(now)
        waiting = [line.connection for line in self.lines if not line.is_asked]
        readable, writable, _ = select.select([line.connection for line in self.lines], waiting, [], seconds)
        answers = [
            self._hear(line) for line in self.lines if line.connection in readable or line.connection in writable
        ]
        if PortAnswer.GREETS in answers:
            return PortAnswer.GREETS
        return PortAnswer.REFUSES if PortAnswer.REFUSES in answers and not self.lines else PortAnswer.SILENT

    def close(self) -> None:
        self._drop(list(self.lines))

    def _open(self, now: float) -> None:
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)  # the name of the argument cannot be given
        connection.connect_ex((self.host, self.port))
        self.lines.append(_Line(connection=connection, began=now))

    def _hear(self, line: _Line) -> PortAnswer:
        """Read what has come. A line that refuses is dropped, as is one to an address at which there is no machine yet."""
        try:
            if not line.is_asked:
                line.connection.sendall(_RDP_REQUEST if self.way is WayIn.RDP else b"")
                line.is_asked = True
            line.heard += (piece := line.connection.recv(1024))
        except BlockingIOError:
            return PortAnswer.SILENT
        except OSError as error:
            if error.errno in _NOBODY_THERE:
                self._drop([line])
                return PortAnswer.SILENT
            piece = b""
        if piece and _is_greeting(line.heard, self.way):
            return PortAnswer.GREETS
        if piece and len(line.heard) < _MOST_GREETING:
            return PortAnswer.SILENT
        self._drop([line])
        return PortAnswer.REFUSES

    def _drop(self, lines: list[_Line]) -> None:
        for line in lines:
            with suppress(OSError):
                line.connection.close()
            self.lines.remove(line)


@contextmanager
def patient_client(port: int, way: WayIn, *, host: str = LOOPBACK, lines: int = MOST_LINES) -> Iterator[PatientClient]:
    """Ask the server behind a port of this host, over at most `lines` connections at once, which end with the context."""
    client = PatientClient(host=host, port=port, way=way, most=lines)
    try:
        yield client
    finally:
        client.close()


def _is_greeting(heard: bytes, way: WayIn) -> bool:
    if way is WayIn.SSH:
        return heard.startswith(b"SSH-") or b"\nSSH-" in heard
    return len(heard) > 5 and heard[0] == _TPKT and heard[5] & 0xF0 == _X224_CONFIRM
