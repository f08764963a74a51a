"""Only hosts on the list are answered for, and a request that can be read in two ways is not read at all."""

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from galeria.interfaces.request_checks import CheckRequests

Headers = list[tuple[str, str]]
HOSTS = ("labs.example.org", "192.0.2.7", "2001:DB8::5")


class Answer:
    """What came of a request: the status, headers and body of HTTP, or what a WebSocket was sent first."""

    def __init__(self, sent: list[Message]) -> None:
        self.first = sent[0]
        self.status = self.first.get("status", 0)
        self.headers = {name.decode(): value.decode() for name, value in self.first.get("headers", ())}
        self.body = b"".join(each.get("body", b"") for each in sent[1:])

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found


async def hello(scope: Scope, _receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def ask(headers: Headers, *, scheme: str = "https", arrived_at: str = "198.51.100.1") -> Answer:
    kind = "websocket" if scheme in ("ws", "wss") else "http"
    scope = {
        "type": kind,
        "method": "POST",
        "path": "/",
        "scheme": scheme,
        "server": (arrived_at, 8443),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": f"{kind}.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(CheckRequests(hello, hosts=HOSTS)(scope, receive, send))
    return Answer(sent)


@pytest.mark.parametrize(
    "host",
    [
        "labs.example.org",
        "LABS.example.org",
        "labs.example.org.",
        "labs.example.org:8443",
        "192.0.2.7:8443",
        "[2001:db8::5]:8443",
        "localhost:8443",
        "127.0.0.1",
        "127.1.2.3:1",
        "[::1]:8443",
    ],
)
def test_hosts_of_the_list_and_of_the_loopback_are_answered_for(host: str) -> None:
    assert ask([("Host", host)]).body == b"hello"


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "evil.example")],
        [("Host", "labs.example.org.evil.example")],
        [("Host", "evil.example:8443")],
        [("Host", "192.0.2.8")],
        [("Host", "")],
        [],
        [("Host", "labs.example.org"), ("Host", "evil.example")],
        [("Host", "labs.example.org, evil.example")],
        [("Host", "labs.example.org@evil.example")],
        [("Host", "localhost.evil.example")],
    ],
)
def test_other_hosts_are_refused_with_what_to_do(headers: Headers) -> None:
    answer = ask(headers)

    assert (answer.status, answer.error["code"]) == (400, "InvalidHost")
    assert "galeria.toml" in answer.error["message"]
    assert b"evil" not in answer.body
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "3"), ("Transfer-Encoding", "chunked")],
        [("Content-Length", "3"), ("Content-Length", "4")],
        [("Content-Length", "3"), ("Content-Length", "3")],
    ],
)
def test_a_request_with_two_ends_is_refused(headers: Headers) -> None:
    answer = ask([("Host", "labs.example.org"), *headers])

    assert (answer.status, answer.error["code"]) == (400, "InvalidRequestFormat")
    assert answer.headers["connection"] == "close"


def test_the_address_of_the_connection_needs_no_setting() -> None:
    assert ask([("Host", "198.51.100.1:8443")]).body == b"hello"
    assert ask([("Host", "198.51.100.2:8443")]).status == 400


def test_browsers_are_told_to_come_back_over_tls() -> None:
    name = "strict-transport-security"

    assert ask([("Host", "labs.example.org")]).headers[name] == "max-age=31536000"
    assert name not in ask([("Host", "localhost")]).headers
    assert name not in ask([("Host", "labs.example.org")], scheme="http").headers


def test_a_screen_is_not_shown_to_another_host() -> None:
    assert ask([("Host", "labs.example.org")], scheme="wss").first["type"] == "websocket.accept"
    assert ask([("Host", "evil.example")], scheme="wss").first["type"] == "websocket.close"
