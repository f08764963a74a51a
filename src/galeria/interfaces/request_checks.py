"""Checks before anything else of a request is believed: its host is one of ours, and it can be read in one way only."""

from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from galeria.domain.errors import Invalid
from galeria.domain.messages import Message
from galeria.interfaces.arm.protocol.errors import error_response

HSTS_SECONDS = 365 * 24 * 3600
_LOOPBACK_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


class CheckRequests:
    """Refuses hosts that are not on the list and requests that two readers could understand in two ways.

    `hosts` are names or addresses without a port, in any case. The address at which a connection arrived and the names of
    the loopback are always on it. Answers over TLS tell browsers to come back over TLS only (HSTS, RFC 6797), except on
    loopback names, where other programs of the same computer would be concerned.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = {_plain(host) for host in hosts} | _LOOPBACK_NAMES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(refusal, scope, receive, send)
            return
        name = _plain(_without_port(headers.get("host", "")))
        if scope["scheme"] not in ("https", "wss") or _is_loopback(name):
            await self._app(scope, receive, send)
            return

        async def send_secured(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
            await send(message)

        await self._app(scope, receive, send_secured)

    def _refusal(self, scope: Scope, headers: Headers) -> Invalid | None:
        given = headers.getlist("host")
        name = _plain(_without_port(given[0])) if len(given) == 1 else ""
        if not name or not (name in self._hosts or name == _arrived_at(scope) or _is_loopback(name)):
            return Invalid(
                Message("This server does not answer for the host that the request names."),
                hint=Message(
                    "Use the address that 'galeria connect' prints, or have an administrator add the name to "
                    "'hosts' under [server] in galeria.toml."
                ),
                code="InvalidHost",
            )
        lengths = headers.getlist("content-length")
        if len(lengths) > 1 or (lengths and headers.getlist("transfer-encoding")):
            return Invalid(
                Message("The request says in two ways where its body ends."),
                hint=Message("Send either Content-Length or Transfer-Encoding, once."),
                code="InvalidRequestFormat",
            )
        return None


async def _refuse(error: Invalid, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the answer is 403
        return
    answer = error_response(error)
    answer.headers["Connection"] = "close"  # what follows on this connection cannot be told apart
    await answer(scope, receive, send)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    return host.partition(":")[0] if host.count(":") == 1 else host


def _plain(host: str) -> str:
    return host.strip().strip("[]").lower().rstrip(".")


def _arrived_at(scope: Scope) -> str:
    server = scope.get("server")
    return _plain(str(server[0])) if server else ""


def _is_loopback(name: str) -> bool:
    if name in _LOOPBACK_NAMES:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
