"""A proxy before a real provider, that changes its answers as a test tells it to, and signs what it changed with its own key.

To the relying party the proxy is the provider: all addresses that the real one names are the proxy's.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from galeria.domain.people.external_provider import ExternalProvider
from tests.interfaces.web.provider.running import RunningProvider

DISCOVERY, TOKEN, USERINFO, KEYS = "/.well-known/openid-configuration", "/token", "/me", "/jwks"
_NOT_FORWARDED = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def say(self, content: Any) -> None:
        self.body = json.dumps(content).encode()

    def change(self, **claims: Any) -> None:
        """Say this instead; None leaves it out."""
        self.say({name: value for name, value in {**self.content, **claims}.items() if value is not None})


@dataclass
class Proxy:
    """`changes`: by path, what is done to the provider's answer. `raw`: by path, who answers instead of the provider."""

    provider: RunningProvider
    key: RSAKey
    port: int = 0
    changes: dict[str, Callable[[Answer], None]] = field(default_factory=dict)
    raw: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    """The ID tokens of the real provider, the oldest first."""

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def settings(self, **more: Any) -> ExternalProvider:
        return self.provider.settings(issuer=self.issuer, **more)

    def reset(self) -> None:
        self.changes, self.raw, self.asked = {}, {}, []

    def publish(self, *keys: RSAKey) -> None:
        """Publish these keys instead of the provider's, or else the proxy's own."""
        shown = [each.as_dict(private=False) for each in keys or (self.key,)]
        self.changes[KEYS] = lambda answer: answer.say({"keys": shown})

    def replace_token(self, make: Callable[[dict[str, Any]], str | None]) -> None:
        """Send what `make` makes of the true claims as the ID token, with the proxy's key as the only one published."""
        self.publish()
        self.changes[TOKEN] = lambda answer: answer.change(id_token=make(self.true_claims()))

    def sign(self, claims: Mapping[str, Any], key: RSAKey | None = None, **header: Any) -> str:
        return jwt.encode({"alg": "RS256", **header}, dict(claims), key or self.key)

    def true_claims(self) -> dict[str, Any]:
        body = self.tokens[-1].split(".")[1]
        found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return found


@contextmanager
def proxying(provider: RunningProvider) -> Iterator[Proxy]:
    proxy = Proxy(provider=provider, key=RSAKey.generate_key(2048, {"use": "sig", "kid": "of the proxy"}))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    server.daemon_threads = True
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Handler(BaseHTTPRequestHandler):
    """`proxy` is set by a class of its own for each proxy."""

    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        path = self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.proxy.asked.append(path)
        self.close_connection = True
        if path in self.proxy.raw:
            self.proxy.raw[path](self)
            return
        answer = self._true(body)
        if path == TOKEN and "id_token" in answer.content:
            self.proxy.tokens.append(answer.content["id_token"])
        if path in self.proxy.changes:
            self.proxy.changes[path](answer)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def _true(self, body: bytes) -> Answer:
        with closing(HTTPConnection(urlsplit(self.proxy.provider.issuer).netloc, timeout=20)) as connection:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            found = connection.getresponse()
            kept = [(name, value) for name, value in found.getheaders() if name.lower() not in _NOT_FORWARDED]
            return Answer(found.status, kept, found.read())

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""
