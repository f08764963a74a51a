"""What a provider of OpenID Connect says goes into the log without what was sent to it."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from galeria.adapters.identity.openid import OpenIdProvider
from galeria.adapters.system import SystemClock
from galeria.domain.errors import Unavailable
from galeria.domain.people.external_provider import ExternalProvider, sign_in_attempt

CLIENT_SECRET, CODE = "a-client-secret-of-ours", "a-code-of-theirs"


@contextmanager
def repeating_provider(error: object) -> Iterator[str]:
    """A provider that refuses every code with `error`, and repeats the whole request; yields its issuer."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, {"issuer": issuer, "token_endpoint": f"{issuer}/token"})

        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"])).decode()
            heard = f"{said} {self.headers['Authorization']} {CLIENT_SECRET}"
            self._answer(400, {"error": error, "error_description": heard})

        def _answer(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        ("invalid_client", "refuses to give a token: invalid_client"),
        (f"invalid_client: {CLIENT_SECRET}", "refuses to give a token: without a code"),
        ({"secret": CLIENT_SECRET}, "refuses to give a token: without a code"),
    ],
)
def test_a_provider_that_repeats_what_it_was_sent_brings_no_secret_into_the_log(
    error: object, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with repeating_provider(error) as issuer:
        settings = ExternalProvider(name="Campus", issuer=issuer, client_id="galeria", client_secret=CLIENT_SECRET)
        provider = OpenIdProvider(settings, SystemClock())
        with pytest.raises(Unavailable) as refused:
            provider.redeem(sign_in_attempt("of this browser"), "https://localhost/back", CODE)
    assert logged in caplog.text
    for secret in (CLIENT_SECRET, CODE):
        assert secret not in caplog.text
        assert secret not in f"{refused.value} {refused.value.hint}"
