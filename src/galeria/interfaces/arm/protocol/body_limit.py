"""Nobody makes the server hold more than a few megabytes of a request."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from galeria.interfaces.arm.protocol.errors import too_large
from galeria.interfaces.http.path_case import is_arm

# Files come by /uploads; what comes here is JSON. Azure's own limit for a request is 4 MiB.
BODY_LIMIT = 4 * 1024 * 1024


class LimitBodies:
    """A body that announces too much is refused unread; one that announces nothing is cut off at the limit."""

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
