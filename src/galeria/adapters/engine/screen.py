"""The screen of a machine: QEMU's VNC server, reached through its UNIX socket."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import libvirt

from galeria.adapters.engine import domain_xml
from galeria.adapters.engine.daemons import is_active, translated_errors
from galeria.domain.errors import Conflict, MachineFailed
from galeria.domain.messages import Message

CONNECT_SECONDS = 5.0
LARGEST_PICTURE = 4 << 20  # bytes: a text screen has 3 kB, a desktop some hundred
_PIECE = 65536
_PNG = b"\x89PNG\r\n\x1a\n"


def open_screen(domain: libvirt.virDomain) -> socket.socket:
    """Open a new connection to the screen of a running machine. Raises Conflict where it is off, and MachineFailed."""
    if not is_active(domain):
        raise _is_off()
    with translated_errors(Message("read the machine's definition")):
        path = domain_xml.find_screen(domain.XMLDesc())
    if path is None:
        raise Conflict(
            Message("The machine was started by an earlier version, which gave it no screen."),
            hint=Message("Stop the machine and start it again."),
        )
    return _connect(path)


def take_picture(domain: libvirt.virDomain) -> bytes:
    """Return the screen as it is now, as PNG; empty where there is none, or it would be too large to be kept."""
    picture = b""
    try:
        with _stream(domain) as stream:
            if domain.screenshot(stream, 0, 0) != "image/png":
                return b""
            while (piece := stream.recv(_PIECE)) and len(picture) <= LARGEST_PICTURE:
                picture += piece
    except libvirt.libvirtError:  # it is off, or went off meanwhile
        return b""
    return picture if picture.startswith(_PNG) and len(picture) <= LARGEST_PICTURE else b""


@contextmanager
def _stream(domain: libvirt.virDomain) -> Iterator[libvirt.virStream]:
    stream = domain.connect().newStream()
    try:
        yield stream
    finally:
        with suppress(libvirt.libvirtError):
            stream.abort()


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(CONNECT_SECONDS)
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        if isinstance(error, FileNotFoundError | ConnectionRefusedError):  # the machine went off meanwhile
            raise _is_off() from error
        raise MachineFailed(
            Message("The machine's screen cannot be reached: {reason}.", reason=str(error.strerror or error)),
            hint=Message("Run Galeria as root, and look whether {path} is a socket.", path=str(path)),
        ) from error
    connection.settimeout(None)
    return connection


def _is_off() -> Conflict:
    return Conflict(Message("The machine is off."), hint=Message("Start it, then open its screen."))
