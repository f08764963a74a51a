"""A provider that answers badly: slowly, without end, packed, deep, or with nothing. Each costs little and is told."""

import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.identity.openid_http import OpenIdHttp
from galeria.adapters.system import SystemClock
from galeria.domain.errors import Unavailable
from galeria.domain.people.external_provider import ExternalProvider, sign_in_attempt

SECONDS = 0.3  # that a provider has here
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MANY = b"x" * 65_536
Send = Callable[[bytes], None]


@contextmanager
def answering(answer: Callable[[Send], None]) -> Iterator[str]:
    """A server on loopback that says what `answer` sends, to everybody, until they hang up. Gives its address."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                line.recv(65_536)
                try:
                    answer(line.sendall)
                except OSError:
                    continue  # they hung up

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def begin(issuer: str) -> str:
    settings = ExternalProvider(name="Campus", issuer=issuer, client_id="galeria")
    http = OpenIdHttp("Campus", issuer, seconds=SECONDS)
    return OpenIdProvider(settings, SystemClock(), http).sign_in_address(sign_in_attempt("s"), "http://127.0.0.1/back")


def _for_ever(start: bytes, piece: bytes, pause: float = 0.0) -> Callable[[Send], None]:
    def answer(send: Send) -> None:
        send(start)
        while True:
            send(piece)
            time.sleep(pause)

    return answer


def _once(content: bytes, head: bytes = HEAD) -> Callable[[Send], None]:
    return lambda send: send(head + b"Content-Length: %d\r\n\r\n" % len(content) + content)


def _packed(content: bytes, times: int) -> bytes:
    for _ in range(times):
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        content = packer.compress(content) + packer.flush()
    return content


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (_for_ever(b"", b"H", 0.02), "does not answer"),
        (_for_ever(HEAD, b"X: y\r\n", 0.02), "does not answer"),
        (_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "does not answer"),
        (_for_ever(HEAD + b"Content-Length: 9999\r\n\r\n", b" ", 0.02), "does not answer"),
        (_for_ever(HEAD + b"\r\n", b" ", 0.02), "does not answer"),
        (_for_ever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02), "does not answer"),
        (_for_ever(HEAD, b"X: " + MANY), "does not answer"),
        (_for_ever(HEAD + b"\r\n", MANY), "answers more than can be right"),
        (_for_ever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + MANY + b"\r\n"), "answers more than"),
        (lambda send: send(HEAD + b"Content-Length: 999999999999\r\n\r\n{}"), "does not answer"),
        (lambda send: None, "does not answer"),
        (lambda send: send(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not answer"),
        (_once(b"[" * 500_000), "does not answer as it should"),
        (_once(b'{"issuer":' * 90_000), "does not answer as it should"),
        (_once(b'{"issuer":' + b"9" * 500_000 + b"}"), "does not answer as it should"),
        (_once(b"[]"), "does not answer as it should"),
        (_once(b"\xff\xfe"), "does not answer as it should"),
        (_once(_packed(b"{}", 1), HEAD + b"Content-Encoding: gzip\r\n"), "does not answer as it should"),
        (_once(b"{}", b"HTTP/1.1 500 Broken\r\n"), "does not answer as it should"),
        (_once(b"{}"), "calls itself 'None'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_answers_are_told_in_time(answer: Callable[[Send], None], told: str) -> None:
    with answering(answer) as issuer:
        began = time.monotonic()
        with pytest.raises(Unavailable, match=told):
            begin(issuer)
        assert time.monotonic() - began < SECONDS + 20


def test_a_small_answer_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    bomb = _packed(_packed(b"\0" * (64 << 20), 1), 2)
    assert len(bomb) < 4_096
    with answering(_once(bomb, HEAD + b"Content-Encoding: gzip, gzip, gzip\r\n")) as issuer:
        tracemalloc.start()
        try:
            with pytest.raises(Unavailable, match="does not answer as it should"):
                begin(issuer)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()
