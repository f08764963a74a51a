"""A server with the shapes of the REST interface, a handful of canned resources, and ways to break the line."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.waiting import until

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True, kw_only=True)
class Told:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Answering = Callable[[Asked], Told]


def refused(status: int, code: str, message: str, **more: Any) -> Told:
    return Told(status=status, body={"error": {"code": code, "message": message, **more}})


class RestDouble:
    """Canned answers by method and path. Everything but sign-in wants the token that was given out last."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Answering] = {}
        self.asked: list[Asked] = []
        self.sign_ins: list[dict[str, str]] = []
        self.token_seconds = 3600
        self.uploads: dict[str, bytearray] = {}
        self.lengths: dict[str, int] = {}
        self.drop_after: list[int] = []  # bytes of the next PATCHes after which the line is cut
        self._port = 0
        self._tls: ssl.SSLContext | None = None
        self._server: _Server | None = None
        self.put("GET", "/subscriptions", {"value": [{"subscriptionId": SUBSCRIPTION}]})

    @property
    def endpoint(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def speak_tls(self, context: ssl.SSLContext) -> None:
        self.stop()
        self._tls = context
        self.start()

    def put(self, method: str, path: str, body: Any, *, status: int = 200, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[method, path] = lambda asked: Told(status=status, body=body, headers=named)

    def put_each(self, method: str, path: str, *answers: Told) -> None:
        """One after the other; the last one stays."""
        rest = list(answers)
        self.answers[method, path] = lambda asked: rest.pop(0) if len(rest) > 1 else rest[0]

    def start(self) -> None:
        """On the same port as before, if there was one."""
        double = self

        class Handler(_Handler):
            pass

        Handler.double = double
        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        if self._tls:
            self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.close_lines()
            self._server.server_close()
            self._server = None

    def wait_until_alone(self) -> None:
        """What a client sent before it went is taken in."""
        until(lambda: self._server is None or self._server.is_alone, "no client is there any more")

    def told(self, asked: Asked) -> Told:
        self.asked.append(asked)
        if asked.path == "/adfs/oauth2/token":
            return self._sign_in(asked.form)
        if asked.headers.get("authorization") != f"Bearer token-{len(self.sign_ins)}":
            return refused(401, "InvalidAuthenticationToken", "The token is not good.")
        if asked.path.startswith("/uploads"):
            return self._upload(asked)
        answer = self.answers.get((asked.method, asked.path))
        return answer(asked) if answer else refused(404, "ResourceNotFound", f"There is nothing at {asked.path}.")

    def _sign_in(self, form: dict[str, str]) -> Told:
        if form.get("password", "right") != "right":
            wrong = {"error": "invalid_grant", "error_description": "The user name or the password is wrong."}
            return Told(status=400, body=wrong)
        self.sign_ins.append(form)
        number = len(self.sign_ins)
        body: dict[str, Any] = {"access_token": f"token-{number}", "expires_in": self.token_seconds}
        return Told(
            body=body if form["grant_type"] == "client_credentials" else {**body, "refresh_token": f"r-{number}"}
        )

    def _upload(self, asked: Asked) -> Told:
        if asked.method == "POST":
            name = f"u{len(self.uploads) + 1}"
            self.uploads[name], self.lengths[name] = bytearray(), int(asked.headers["upload-length"])
            return Told(status=201, headers={"Location": f"/uploads/{name}"})
        name = asked.path.rsplit("/", 1)[-1]
        if name not in self.uploads:
            return refused(404, "ResourceNotFound", "There is no such upload.")
        held = self.uploads[name]
        if asked.method == "PATCH":
            if int(asked.headers["upload-offset"]) != len(held):
                return refused(409, "Conflict", "The offset is another one.")
            held += asked.body
        return Told(status=204 if asked.method == "PATCH" else 200, headers={"Upload-Offset": str(len(held))})

    def keep_part(self, path: str, part: bytes) -> None:
        self.uploads[path.rsplit("/", 1)[-1]] += part


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._lines: set[Any] = set()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._lines.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A line that the client or the test cut is what these tests are about."""

    def close_lines(self) -> None:
        """As when a process dies: clients notice at once."""
        for line in self._lines:
            with suppress(OSError):  # the client was quicker
                line.shutdown(socket.SHUT_RDWR)

    @property
    def is_alone(self) -> bool:
        """Every line was heard to its end."""
        return all(line.fileno() == -1 for line in self._lines)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    double: RestDouble

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        if self.command == "PATCH" and self.double.drop_after:
            self.double.keep_part(self.path, self.rfile.read(min(length, self.double.drop_after.pop(0))))
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        told = self.double.told(
            Asked(
                method=self.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
        )
        content = b"" if told.body is None else json.dumps(told.body).encode()
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        if content:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if told.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else content)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def running_double() -> Iterator[RestDouble]:
    double = RestDouble()
    double.start()
    try:
        yield double
    finally:
        double.stop()
