"""An HTTP proxy before an object store: it notes every request, and answers some of them itself, as clouds do on bad days."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    method: str
    path: str  # with the query
    range: str = ""

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the proxy says instead of the store. Status 0 cuts the connection."""

    status: int
    code: str = ""  # of the store's XML
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        said = f"<Code>{self.code}</Code><Message>Said by the proxy.</Message>" if self.code else ""
        return f'<?xml version="1.0" encoding="utf-8"?>\n<Error>{said}</Error>'.encode()


_OF_THE_CONNECTION = ("transfer-encoding", "connection", "content-length")
Fault = Callable[[Request], Answer | None]


class FaultyProxy:
    """`fault` is asked about each request; None passes it on."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.requests: list[Request] = []
        self.fault: Fault = lambda request: None
        self._lock = threading.Lock()

    def note(self, request: Request) -> Answer | None:
        with self._lock:
            self.requests.append(request)
            return self.fault(request)


@contextmanager
def running_proxy(endpoint: str) -> Iterator[FaultyProxy]:
    """A proxy before the host and port of `endpoint`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Forwarding) as server:
        server.daemon_threads = True
        proxy = FaultyProxy(f"http://127.0.0.1:{server.server_address[1]}")
        _Forwarding.of[server.server_address[1]] = (proxy, urlsplit(endpoint).netloc)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


class _Forwarding(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    of: ClassVar[dict[int, tuple[FaultyProxy, str]]] = {}  # by the proxy's port: whose it is, and the store's address

    def forward(self) -> None:
        proxy, store = self.of[self.server.server_address[1]]  # type: ignore[index]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        seen = Request(method=self.command, path=self.path, range=self.headers.get("range", ""))
        if answer := proxy.note(seen):
            self._say(answer)
            return
        with closing(http.client.HTTPConnection(store, timeout=120)) as line:
            # The host is signed as the client named it.
            line.request(self.command, self.path, body=body, headers=dict(self.headers.items()))
            said = line.getresponse()
            content = said.read()
        self.send_response_only(said.status, said.reason)
        for name, text in said.getheaders():
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, text)
        length = said.getheader("content-length") if self.command == "HEAD" else None
        self.send_header("content-length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = forward

    def _say(self, answer: Answer) -> None:
        if not answer.status:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response_only(answer.status)
        for name, text in answer.headers.items():
            self.send_header(name, text)
        body = b"" if self.command == "HEAD" else answer.body
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
