"""A machine's screen through the cloud's own proxy: a WebSocket that carries RFB, given on as a connected stream.

Nova gives an address with a token that is good for some minutes; what was opened with it stays open.
"""

import socket
import threading
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from galeria.domain.errors import MachineFailed
from galeria.domain.messages import Message

OPEN_SECONDS = 15.0
PIECE = 65536


def open_proxied(url: str) -> socket.socket:
    """Return a connected stream of the screen at the address that Nova gave. Raises MachineFailed."""
    try:
        far = connect(
            websocket_address(url),
            origin=Origin(_origin(url)),  # the proxy refuses others
            subprotocols=[Subprotocol("binary")],
            open_timeout=OPEN_SECONDS,
            max_size=None,
            compression=None,
            proxy=None,
        )
    except (OSError, WebSocketException) as error:
        raise MachineFailed(
            Message("The cloud's proxy for screens cannot be reached: {reason}.", reason=str(error)),
            hint=Message("Look whether this host reaches {address}; the cloud names it.", address=urlsplit(url).netloc),
        ) from error
    near, own = socket.socketpair()
    threading.Thread(target=_to_cloud, args=(own, far), daemon=True, name="to a cloud's screen").start()
    threading.Thread(target=_from_cloud, args=(own, far), daemon=True, name="from a cloud's screen").start()
    return near


def websocket_address(url: str) -> str:
    """Return where the proxy takes WebSockets: noVNC's page is told so by its `path`, or the token is in its own query."""
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    path = parse_qs(parts.query).get("path", [""])[0].lstrip("/")
    return f"{scheme}://{parts.netloc}/{path}" if path else f"{scheme}://{parts.netloc}/?{parts.query}"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _to_cloud(own: socket.socket, far: ClientConnection) -> None:
    """Send on what the viewer says, until it has gone."""
    with suppress(OSError, WebSocketException):
        while piece := own.recv(PIECE):
            far.send(piece)
    with suppress(OSError, WebSocketException):
        far.close()


def _from_cloud(own: socket.socket, far: ClientConnection) -> None:
    """Send on what the screen shows, until either end has gone; then the other one ends too."""
    with own, suppress(OSError, WebSocketException), far:
        for piece in far:
            own.sendall(piece if isinstance(piece, bytes) else piece.encode())
