"""Copies bytes between a WebSocket and a connected stream, both ways, until one of them ends.

Nothing is buffered: a piece is read only after the other side has taken the previous one.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from galeria.interfaces.console.close_codes import NOT_BINARY, SWITCHED_OFF, CloseCode
from galeria.interfaces.console.lines import first_of

PIECE = 64 * 1024  # bytes


async def bridge(
    websocket: WebSocket,
    connection: socket.socket,
    watch: Callable[[], Coroutine[None, None, CloseCode]],
    *,
    sent: Callable[[bytes], None],
) -> CloseCode | None:
    """Copy in both directions, and return how to close the WebSocket, or None where it is closed already.

    It also ends when `watch` returns. `sent` is called with each piece that goes to the machine. The connection is closed in
    any case.
    """
    reader, writer = await asyncio.open_connection(sock=connection, limit=PIECE)
    try:
        return await first_of(_to_viewer(reader, websocket), _to_machine(websocket, writer, sent), watch())
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _to_viewer(reader: asyncio.StreamReader, websocket: WebSocket) -> CloseCode | None:
    """Copy to the viewer. The server's `send` waits while the viewer does not read."""
    try:
        while piece := await reader.read(PIECE):
            await websocket.send_bytes(piece)
    except WebSocketDisconnect:
        return None
    except OSError:  # the machine closed the connection
        return SWITCHED_OFF
    return SWITCHED_OFF


async def _to_machine(
    websocket: WebSocket, writer: asyncio.StreamWriter, sent: Callable[[bytes], None]
) -> CloseCode | None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        piece = message.get("bytes")
        if piece is None:
            return NOT_BINARY
        sent(piece)
        try:
            writer.write(piece)
            await writer.drain()
        except OSError:
            return SWITCHED_OFF
