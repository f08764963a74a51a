"""HTTP/1.1 connections with deadlines: whoever sends nothing, or too slowly, does not keep one open.

And WebSockets: what is sent in no form of either protocol ends the connection, without an error in the log.
"""

import asyncio
from asyncio.sslproto import SSLProtocol

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

IDLE_SECONDS = 75
"""How long a connection stays open after an answer; uvicorn's own are 5.

It must be longer than clients and proxies keep one for their next request (httpx 5 seconds, nginx and most balancers 60), and
than pages wait between two questions. Else their request can come just when this server closes, and is lost unanswered.
"""
TLS_BUFFER = 64 * 1024
"""Bytes that each connection holds for what arrives encrypted; asyncio's own are 256 KiB, four fifths of what one takes."""
WRONG_TEXT = 1007  # a close code: a text that is not UTF-8 (RFC 6455 §7.4.1)


def limit_connection_memory() -> None:
    """Give connections over TLS that are made from now on, in this process, a buffer of `TLS_BUFFER` bytes."""
    SSLProtocol.max_size = TLS_BUFFER


class DeadlineProtocol(H11Protocol):
    """uvicorn's own protocol, which waits for ever for the end of a request's head and for the next piece of its body.

    A head must be complete `head_seconds` after the connection was made or its first byte came. A body may pause for
    `body_seconds`; while this server itself does not read, because a disk is slow, that does not count.
    """

    head_seconds = 20.0
    body_seconds = 60.0

    _deadline: asyncio.TimerHandle | None = None
    _waits_for: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._arm(self.head_seconds, h11.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and decide what is waited for next."""
        super().data_received(data)
        state = self.conn.their_state
        if state is h11.IDLE:
            # A head that has begun: its deadline does not move with every further byte. Nothing yet: uvicorn's own limit for
            # idle connections counts.
            if not self.conn.trailing_data[0]:
                self._disarm()
            elif self._waits_for is not h11.IDLE:
                self._arm(self.head_seconds, h11.IDLE)
        elif state is h11.SEND_BODY:
            self._arm(self.body_seconds, h11.SEND_BODY)
        else:
            self._disarm()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and tell the application, which may be at work on its beginning, that nobody listens.

        uvicorn would let the application go on, fail to send its answer, and log a traceback: for every stranger who sends
        half a sound request.
        """
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.abort()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _arm(self, seconds: float, waits_for: object) -> None:
        self._disarm()
        self._waits_for = waits_for
        self._deadline = self.loop.call_later(seconds, self._give_up, seconds, waits_for)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline, self._waits_for = None, None

    def _give_up(self, seconds: float, waits_for: object) -> None:
        if self.transport.is_closing() or self.conn.their_state is not waits_for:
            self._disarm()
        elif self.flow is not None and self.flow.read_paused:
            self._arm(seconds, waits_for)
        else:
            self._disarm()
            self.transport.abort()


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's own protocol, which logs a traceback for a text that is not UTF-8."""

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message to the application, or close where it is no text."""
        if self.curr_msg_data_type == "text" and not self.close_sent and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.send_close(WRONG_TEXT)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
