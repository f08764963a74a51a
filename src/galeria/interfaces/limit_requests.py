"""Middleware for the limits on the rate of requests: it counts strangers, and tells people how much is left to them."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from galeria.domain.errors import TooManyRequests
from galeria.interfaces.arm.protocol.errors import error_response
from galeria.interfaces.http.request_limits import RequestLimits, is_known, remaining_of
from galeria.interfaces.monitoring.health_routes import HEALTH, READY

# Files that browsers keep, and what watches whether the server is well, cost nothing worth counting.
UNCOUNTED = ("/static/", HEALTH, READY)


class LimitRequests:
    """Refuses an address that asks too often without credentials, or with wrong ones.

    Whoever brings credentials is not refused before they are looked at: others at the same address keep nobody out. The
    address is the connection's, or what a proxy of the settings says. People are counted where they become known.
    """

    def __init__(self, app: ASGIApp, *, limits: RequestLimits, session_cookie: str) -> None:
        self._app = app
        self._limits = limits
        self._session_cookie = session_cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(UNCOUNTED):
            await self._app(scope, receive, send)
            return
        brings_credentials = self._brings_credentials(scope)
        refused = None if brings_credentials else self._count(scope)
        if refused:
            await _refuse(refused, scope, receive, send)
            return
        scope.setdefault("state", {})

        async def send_counted(message: AsgiMessage) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                if brings_credentials and not is_known(scope):
                    refused = self._count(scope)
                if refused:
                    await error_response(refused)(scope, receive, send)
                    return
                MutableHeaders(scope=message).update(remaining_of(scope))
            if not refused:
                await send(message)

        await self._app(scope, receive, send_counted)

    def _count(self, scope: Scope) -> TooManyRequests | None:
        try:
            self._limits.admit_stranger(str((scope.get("client") or ("",))[0]))
        except TooManyRequests as error:
            return error
        return None

    def _brings_credentials(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        if "authorization" in headers or b"sig=" in scope["query_string"]:
            return True
        try:
            return self._session_cookie in SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False


async def _refuse(error: TooManyRequests, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the answer is 403
        return
    await error_response(error)(scope, receive, send)
