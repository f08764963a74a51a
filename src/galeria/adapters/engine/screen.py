"""The screen of a machine: QEMU's VNC server, reached through its UNIX socket."""

import socket
from pathlib import Path

import libvirt

from galeria.adapters.engine import domain_xml
from galeria.adapters.engine.daemons import is_active, translated_errors
from galeria.domain.errors import Conflict, MachineFailed
from galeria.domain.messages import Message

CONNECT_SECONDS = 5.0


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
