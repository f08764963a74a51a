"""Limit the size of request bodies to a few megabytes."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from galeria.interfaces.arm.protocol.errors import too_large
from galeria.interfaces.http.path_case import is_arm

# Bodies here are JSON; files are sent to /uploads. The limit of Azure Resource Manager is 4 MiB as well.
BODY_LIMIT = 4 * 1024 * 1024


class LimitBodies:
    """Middleware that refuses a body whose announced length is too large, and cuts others off at the limit."""

    def __init__(self, app: ASGIApp, *, limit: int = BODY_LIMIT) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_arm(scope["path"]):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._limit:
            await too_large()(scope, receive, send)
            return
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(status_code=413)
            return message

        await self._app(scope, receive_some, send)
