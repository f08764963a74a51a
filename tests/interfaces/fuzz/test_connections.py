"""Bytes that are no HTTP, and frames that are no WebSocket's, at a real server: it answers or hangs up, and lives on."""

import base64
import errno
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa

from galeria.bootstrap.http_protocol import DeadlineProtocol, WebSocketProtocol
from tests.interfaces.fuzz.product import Loud, Product, running
from tests.prepared_installations import with_running_lab

pytestmark = pytest.mark.slow

SECONDS = 20
HOST = b"Host: 127.0.0.1\r\n"
ASKED = b"GET /sign-in HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
LENGTH = b"Content-Length: 5\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
POST = b"POST /adfs/oauth2/token HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"
GET = b"GET /sign-in HTTP/1.1\r\n" + HOST + b"Connection: close\r\n"


class Hasty(DeadlineProtocol):
    """With deadlines that a test can wait for."""

    head_seconds = 1.0
    body_seconds = 1.0


LINES: dict[str, bytes] = {
    "nothing": b"\r\n\r\n",
    "a word": b"GET\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "a version of the future": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "bytes": bytes(range(256)) * 20,
    "NULs": bytes(70_000),
    "a long line": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a long method": b"A" * 100_000 + b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "an odd method": b"G\x00T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "spaces": b"GET  /  HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tab": b"GET\t/\tHTTP/1.1\r\n" + HOST + b"\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: 127.0.0.1\nConnection: close\n\n",
    "bare returns": b"GET / HTTP/1.1\rHost: 127.0.0.1\r\r",
    "a path with NUL": b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a path of bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "wrong escapes": b"GET /labs/%zz/%/%f HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "escapes of NUL": b"GET /labs/%00/%0d%0a HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "a path without a slash": b"GET subscriptions HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "a whole address": b"GET http://evil.example/subscriptions HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "another port in brackets": b"GET http://[::1:80/ HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "no host": b"GET /sign-in HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /sign-in HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "a host of bytes": b"GET /sign-in HTTP/1.1\r\nHost: \xff\xfe\r\nConnection: close\r\n\r\n",
    "an open host": b"GET /sign-in HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n",
    "an empty host": b"GET /sign-in HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "a folded header": GET + b"X: a\r\n b\r\n\r\n",
    "a header without a name": GET + b": a\r\n\r\n",
    "a header with a space": GET + b"X : a\r\n\r\n",
    "a header with NUL": GET + b"X: a\x00b\r\n\r\n",
    "a header of bytes": GET + b"X: " + bytes(range(128, 256)) + b"\r\n\r\n",
    "a header without a colon": GET + b"X\r\n\r\n",
    "a giant header": GET + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "many headers": GET + b"".join(b"X-%d: a\r\n" % number for number in range(20_000)) + b"\r\n",
    "a wrong length": POST + b"Content-Length: five\r\n\r\nhello",
    "a negative length": POST + b"Content-Length: -1\r\n\r\nhello",
    "a length with a sign": POST + b"Content-Length: +5\r\n\r\nhello",
    "a length of another alphabet": POST + "Content-Length: ٥\r\n\r\nhello".encode(),
    "a giant length": POST + b"Content-Length: " + b"9" * 40 + b"\r\n\r\nhello",
    "two lengths": POST + LENGTH + b"Content-Length: 6\r\n\r\nhello!",
    "a list of lengths": POST + b"Content-Length: 5, 6\r\n\r\nhello!",
    "length and chunks": POST + LENGTH + CHUNKED + b"\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n",
    "chunks twice": POST + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a hidden coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding after a tab": POST + b"Transfer-Encoding:\tchunked\r\n\r\nzz\r\n\r\n",
    "no size of a chunk": POST + CHUNKED + b"\r\n\r\nhello\r\n0\r\n\r\n",
    "a wrong size": POST + CHUNKED + b"\r\nxyz\r\nhello\r\n0\r\n\r\n",
    "a negative size": POST + CHUNKED + b"\r\n-5\r\nhello\r\n0\r\n\r\n",
    "a giant size": POST + CHUNKED + b"\r\n" + b"f" * 40 + b"\r\nhello",
    "a size too small": POST + CHUNKED + b"\r\n1\r\nhello\r\n0\r\n\r\n",
    "a long extension": POST + CHUNKED + b"\r\n5;" + b"a" * 200_000 + b"\r\nhello\r\n0\r\n\r\n",
    "odd trailers": POST + CHUNKED + b"\r\n0\r\nX\x00: a\r\n\r\n",
    "half a body": POST + b"Content-Length: 50\r\n\r\nhello",
    "one body too many": POST + LENGTH + b"\r\nhello" + b"hello" * 1000,
    "an unknown expectation": POST + LENGTH + b"Expect: 200-maybe\r\n\r\nhello",
    "an upgrade to nothing": GET + b"Connection: Upgrade\r\nUpgrade: h2c, \x80\r\n\r\n",
}


@dataclass(frozen=True, kw_only=True)
class Served:
    product: Product
    address: tuple[str, int]
    loud: Loud


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Served]:
    """With a lab `algebra`, whose machine runs."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        running(
            tmp_path_factory.mktemp("fuzz") / "installation", migrated_file, key, port=listener.getsockname()[1]
        ) as product,
    ):
        with_running_lab(product.installation)
        config = uvicorn.Config(
            product.driver.app,
            http=Hasty,
            ws=WebSocketProtocol,
            ws_max_size=1 << 20,
            ws_per_message_deflate=False,
            log_config=None,
            log_level="info",
            lifespan="off",
            server_header=False,
        )
        with _running(uvicorn.Server(config), listener):
            yield Served(product=product, address=listener.getsockname(), loud=product.loud)


@contextmanager
def _running(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(SECONDS)


@pytest.mark.parametrize("kind", LINES)
def test_what_is_no_request_is_refused_and_the_next_one_is_answered(served: Served, kind: str) -> None:
    said = talk(served, LINES[kind])
    assert not said or said.startswith(b"HTTP/1.1 "), said[:200]
    assert int(said[9:12] or b"400") < 500, said[:300]
    assert b"Traceback" not in said
    assert said.count(b"HTTP/1.1 ") <= 1, "one request was understood as two"
    lives_on(served)


def upgrade(*, key: bytes = b"dGhlIHNhbXBsZSBub25jZQ==", version: bytes = b"13", more: bytes = b"") -> bytes:
    return (
        b"GET /console/campus/algebra/template HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: " + key + b"\r\nSec-WebSocket-Version: " + version + b"\r\n" + more + b"\r\n"
    )


UPGRADES: dict[str, bytes] = {
    "no key": upgrade(key=b""),
    "a short key": upgrade(key=b"YQ=="),
    "a key of bytes": upgrade(key=b"\xff\xfe"),
    "an old version": upgrade(version=b"8"),
    "no version": upgrade(version=b"x"),
    "two keys": upgrade(more=b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"),
    "extensions": upgrade(more=b"Sec-WebSocket-Extensions: ;;=,permessage-deflate; server_max_window_bits=99\r\n"),
    "protocols": upgrade(more=b"Sec-WebSocket-Protocol: ,,\x80\r\n"),
    "many protocols": upgrade(more=b"Sec-WebSocket-Protocol: " + b"a, " * 5000 + b"b\r\n"),
    "a body": upgrade(more=LENGTH) + b"hello",
    "another origin": upgrade(more=b"Origin: https://evil.example\r\n"),
    "an odd origin": upgrade(more=b"Origin: http://[\r\n"),
    "no origin": upgrade(),
    "another path": upgrade().replace(b"/template", b"/%00/..%2f/%ff"),
    "a name": upgrade().replace(b"algebra", b"%27%3B--%3Cscript%3E%E2%80%AE"),
    "a POST": upgrade().replace(b"GET ", b"POST "),
}


@pytest.mark.parametrize("kind", UPGRADES)
def test_what_is_no_upgrade_is_refused_and_the_next_request_is_answered(served: Served, kind: str) -> None:
    said = talk(served, UPGRADES[kind])
    assert not said or said.startswith(b"HTTP/1.1 "), said[:200]
    assert int(said[9:12] or b"400") < 500, said[:300]
    lives_on(served)


def frame(first: int, payload: bytes = b"", *, masked: bool = True, length: bytes | None = None) -> bytes:
    mark = 0x80 if masked else 0
    size = length if length is not None else _length(len(payload), mark)
    return bytes([first]) + size + (bytes(4) if masked else b"") + payload


def _length(count: int, mark: int) -> bytes:
    if count < 126:
        return bytes([mark | count])
    return (
        bytes([mark | 126]) + struct.pack(">H", count)
        if count < 1 << 16
        else bytes([mark | 127]) + struct.pack(">Q", count)
    )


FRAMES: dict[str, bytes] = {
    "not masked": frame(0x82, b"a", masked=False),
    "reserved bits": frame(0xF2, b"a"),
    "an unknown kind": frame(0x83, b"a"),
    "an unknown control": frame(0x8B, b"a"),
    "a text": frame(0x81, b"RFB 003.008\n"),
    "a text of bytes": frame(0x81, b"\xff\xfe"),
    "a long ping": frame(0x89, b"a" * 126),
    "a ping in pieces": frame(0x09, b"a"),
    "a continuation of nothing": frame(0x80, b"a"),
    "a beginning twice": frame(0x02, b"a") + frame(0x02, b"b"),
    "a giant length": frame(0x82, length=b"\xff" + struct.pack(">Q", 1 << 62)),
    "a length with a sign": frame(0x82, length=b"\xff" + struct.pack(">Q", 1 << 63)),
    "more than is taken": frame(0x82, b"a" * ((1 << 20) + 1)),
    "a close of one byte": frame(0x88, b"\x03"),
    "a close with a code that is none": frame(0x88, struct.pack(">H", 999)),
    "a close with bytes": frame(0x88, struct.pack(">H", 1000) + b"\xff\xfe"),
    "many closes": frame(0x88, struct.pack(">H", 1000)) * 50,
    "many pings": frame(0x89, b"a") * 500,
    "HTTP": ASKED * 3,
    "bytes": bytes(range(256)) * 10,
    "bytes for a screen": frame(0x82, bytes(range(256)) * 10),
    "a screen of the past": frame(0x82, b"RFB 003.003\n" + bytes(100)),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_what_is_no_frame_ends_the_console_and_the_next_request_is_answered(served: Served, kind: str) -> None:
    name, cookie = served.product.cookie("educator")[0]
    own = b"Origin: http://127.0.0.1:%d\r\n%s: %s\r\n" % (served.address[1], name, cookie)
    with socket.create_connection(served.address, timeout=SECONDS) as line:
        line.sendall(upgrade(more=own).replace(HOST, HOST.replace(b"\r\n", b":%d\r\n" % served.address[1])))
        head = _until(line, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head[:300]
        with suppress(ConnectionError):
            line.sendall(FRAMES[kind])
            _end_sending(line)
            _until(line, b"")
    lives_on(served)


def talk(served: Served, sent: bytes) -> bytes:
    """Everything that is answered until the server hangs up."""
    with socket.create_connection(served.address, timeout=SECONDS) as line:
        said = b""
        with suppress(ConnectionError):
            line.sendall(sent)
        with suppress(ConnectionError):
            said = _until(line, b"")
        return said


def _end_sending(line: socket.socket) -> None:
    """The server may have hung up already: then the line is no longer connected, which is no ConnectionError."""
    try:
        line.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:
            raise


def _until(line: socket.socket, end: bytes) -> bytes:
    said = b""
    while not end or not said.endswith(end):
        got = line.recv(65_536)
        if not got:
            break
        said += got
    return said


def lives_on(served: Served) -> None:
    assert talk(served, ASKED).startswith(b"HTTP/1.1 200")
    said, served.loud.lines = served.loud.lines, []
    assert not said, "\n".join(said)


def test_random_bytes_in_a_request_are_refused(served: Served) -> None:
    """A sound request in which some bytes are replaced by others, always the same ones."""
    sound = (
        b"PUT /subscriptions/x?api-version=2024-03-03 HTTP/1.1\r\n"
        + HOST
        + CHUNKED
        + b"Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    )
    state = 20260
    for _ in range(120):
        changed = bytearray(sound)
        for _ in range(3):
            state = (state * 1103515245 + 12345) % (1 << 31)
            changed[state % len(changed)] = state >> 16 & 0xFF
        said = talk(served, bytes(changed) + b"\r\n\r\n")
        assert not said or int(said[9:12]) < 500, (bytes(changed), said[:300])
    lives_on(served)


def test_a_bad_token_in_a_websocket_is_refused(served: Served) -> None:
    for cookie in (b"galeria=" + b"\xff" * 50, b"galeria=../..; galeria=x", b"=;;", base64.b64encode(bytes(3000))):
        said = talk(served, upgrade(more=b"Origin: http://127.0.0.1\r\nCookie: " + cookie + b"\r\n"))
        assert not said or int(said[9:12]) < 500
    lives_on(served)
