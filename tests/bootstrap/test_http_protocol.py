"""A connection that sends nothing, or too slowly, is ended; one that works is not, however long its answer takes."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from galeria.bootstrap.http_protocol import DeadlineProtocol
from tests.waiting import until


class Hasty(DeadlineProtocol):
    """The same with deadlines that a test can wait for."""

    head_seconds = 1.0
    body_seconds = 1.0


class Patient(DeadlineProtocol):
    """The same with deadlines that no test reaches."""

    head_seconds = 600
    body_seconds = 600


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body; at /slow only after more than the deadlines of `Hasty`, at /unread before it came."""
    assert scope["type"] == "http"
    body = b""
    while scope["path"] != "/unread":
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"] == "/slow":
        await asyncio.sleep(2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(protocol: type[DeadlineProtocol]) -> Iterator[tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        echo, http=protocol, log_config=None, log_level="error", lifespan="off", timeout_keep_alive=600
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started, "the server has started")
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def heard(line: socket.socket) -> bytes:
    """What the server says until the whole answer is there or the connection is closed."""
    said = b""
    while not said.endswith(b"hello"):
        got = line.recv(4096)
        if not got:
            break
        said += got
    return said


def talk(address: tuple[str, int], *pieces: bytes) -> bytes:
    with socket.create_connection(address, timeout=20) as line:
        for piece in pieces:
            line.sendall(piece)
        return heard(line)


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"


@pytest.mark.parametrize(
    "sent", [b"", b"GET", HEAD, HEAD + b"\r\n", HEAD + b"\r\nhel"], ids=["nothing", "word", "head", "no body", "half"]
)
def test_what_is_never_finished_is_ended(sent: bytes) -> None:
    with served(Hasty) as address, suppress(ConnectionResetError):
        assert talk(address, sent) == b""


def test_a_second_head_has_its_deadline_too() -> None:
    with served(Hasty) as address, socket.create_connection(address, timeout=20) as line:
        line.sendall(HEAD + b"\r\nhello")
        assert heard(line).endswith(b"hello")
        line.sendall(b"GET / HT")
        with suppress(ConnectionResetError):
            assert line.recv(4096) == b""


def test_whole_requests_are_answered() -> None:
    with served(Patient) as address:
        assert talk(address, HEAD[:9], HEAD[9:], b"\r\nhe", b"llo").endswith(b"hello")


def test_an_answer_may_take_longer_than_the_deadlines() -> None:
    with served(Hasty) as address:
        assert talk(address, HEAD.replace(b"POST /", b"POST /slow") + b"\r\nhello").endswith(b"hello")


@pytest.mark.parametrize("rest", [b"xyz\r\nhello", b"-5\r\nhello", b"5\r\nhelloXX"])
@pytest.mark.parametrize("path", [b"/unread", b"/"])
def test_a_request_whose_body_ends_in_garbage_is_no_fault(
    path: bytes, rest: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The application is at work on the beginning already, and its answer comes too late."""
    head = b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with served(Patient) as address, suppress(ConnectionResetError):
        assert talk(address, head + rest).startswith(b"HTTP/1.1 400 ")
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
