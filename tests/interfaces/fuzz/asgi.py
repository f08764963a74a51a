"""Asks an application in this process, byte for byte: a client library would refuse to send what is wrong in a request."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote

import httpx
from anyio.from_thread import BlockingPortal
from starlette.types import ASGIApp, Message, Scope

Headers = Sequence[tuple[bytes, bytes]]
PATIENCE = 0.5  # seconds after which the client goes away from an answer without an end, such as a stream of events
BODIES = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`fault` is what the application raised, whether it had answered or not; a server would log it."""

    method: str
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    fault: BaseException | None = None

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


@dataclass(frozen=True, kw_only=True)
class Driver:
    """`port` is where the application believes to listen.

    Every request comes from an address of its own, so that nobody is kept waiting for the wrong tries of another request.
    """

    app: ASGIApp
    portal: BlockingPortal
    port: int = 8443
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ask(self, method: str, target: bytes, headers: Headers = (), body: bytes = b"") -> Answer:
        """Send one request. `target` is a path with its query, as it stands in the request line."""
        return self.portal.call(self._ask, method, target, headers, body)

    async def _ask(self, method: str, target: bytes, headers: Headers, body: bytes) -> Answer:
        conversation = _Conversation(body)
        fault: BaseException | None = None
        try:
            await self.app(self._scope(method, target, headers, body), conversation.receive, conversation.send)
        except Exception as error:  # noqa: BLE001  # the caller tells what it was
            fault = error
        return conversation.answer(method, fault)

    def _scope(self, method: str, target: bytes, headers: Headers, body: bytes) -> Scope:
        """As uvicorn makes it."""
        path, _, query = target.partition(b"?")
        own = [(b"host", b"127.0.0.1:%d" % self.port)]
        if body or method in BODIES:
            own.append((b"content-length", b"%d" % len(body)))
        given = {name for name, _ in headers}
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", self.port),
            "client": (str(ip_address("10.0.0.0") + next(self._numbers)), 40000),
            "root_path": "",
            "method": method,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
            "headers": [pair for pair in own if pair[0] not in given] + list(headers),
            "state": {},
        }


class _Conversation:
    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._said: list[Message] = []
        self._ended = asyncio.Event()

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), PATIENCE)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self._said.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._ended.set()

    def answer(self, method: str, fault: BaseException | None) -> Answer:
        start: dict[str, Any] = dict(self._said[0]) if self._said else {"status": 599, "headers": []}
        return Answer(
            method=method,
            status=start["status"],
            headers=[(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in start["headers"]],
            body=b"".join(each.get("body", b"") for each in self._said[1:]),
            fault=fault,
        )


class InProcess(httpx.BaseTransport):
    """Lets httpx ask the application, for all that is prepared by sound requests."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = [(name.lower(), value) for name, value in request.headers.raw]
        answer = self._driver.ask(request.method, request.url.raw_path, headers, request.read())
        if answer.fault is not None:
            raise answer.fault
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
