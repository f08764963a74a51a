"""Middleware of the REST API: request ids, the spelling of paths, and admission.

The order of checks is that of Azure Resource Manager: token, api-version, subscription, then the resource.
"""

import re
from collections.abc import Callable, Mapping

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from galeria.actions.core.caller import Caller
from galeria.domain.errors import GaleriaError, Invalid, Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.hidden_scopes import missing_subscription
from galeria.interfaces.arm.protocol.errors import error_response
from galeria.interfaces.http.path_case import canonical_path, is_arm
from galeria.interfaces.http.request_ids import RequestIdentity
from galeria.ports.work import IdGenerator

API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-(preview|alpha|beta|rc|privatepreview))?")
# Polling addresses may be called without a version.
_POLLED = ("capsOperations", "operationResults")


class IdentifyRequests:
    """Middleware that gives every answer, errors included, x-ms-request-id and x-ms-correlation-request-id."""

    def __init__(self, app: ASGIApp, *, id_generator: IdGenerator) -> None:
        self._app = app
        self._id_generator = id_generator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        identity = RequestIdentity.read(Headers(scope=scope), self._id_generator)
        identity.keep(scope)
        # The token endpoint reads the correlation id from the header: log and audit log must have the same id.
        name = b"x-ms-correlation-request-id"
        others = [pair for pair in scope["headers"] if pair[0] != name]
        scope["headers"] = [*others, (name, identity.correlation_id.encode())]

        async def send_named(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(identity.headers())
            await send(message)

        await self._app(scope, receive, send_named)


class NormalizePaths:
    """Middleware that brings fixed words in paths of the REST API into one spelling: ARM ignores their case."""

    def __init__(self, app: ASGIApp, *, literals: Mapping[str, str]) -> None:
        self._app = app
        self._literals = literals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_arm(scope["path"]):
            scope["path"] = canonical_path(scope["path"], self._literals)
        await self._app(scope, receive, send)


class AdmitCallers:
    """Middleware that admits only callers with a token, an api-version and this subscription to the REST API.

    It reads no body, so that strangers cannot make the server read one. The caller is kept in request.state.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        who: Callable[[Request], Caller],
        challenge: Callable[[Request, Exception], Response],
        subscription_id: str,
    ) -> None:
        self._app = app
        self._who = who
        self._challenge = challenge
        self._subscription = subscription_id.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_arm(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            caller = await to_thread.run_sync(self._who, request)
            _check_version(scope["path"], request.query_params)
            self._check_subscription(scope["path"])
        except Unauthenticated as error:
            await self._challenge(request, error)(scope, receive, send)
            return
        except GaleriaError as error:
            await error_response(error)(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._app(scope, receive, send)

    def _check_subscription(self, path: str) -> None:
        parts = path.split("/")
        if parts[1] == "subscriptions" and len(parts) > 2 and parts[2].lower() != self._subscription:
            raise missing_subscription(parts[2])


def _check_version(path: str, query: QueryParams) -> None:
    version = query.get("api-version", "")
    if any(ord(character) < 32 for character in path):
        raise Invalid(
            Message("The path contains control characters."), hint=Message("Remove them."), code="InvalidRequestUri"
        )
    if API_VERSION.fullmatch(version):
        return
    if version:
        raise Invalid(
            Message("The api-version '{version}' is invalid.", version=version),
            hint=Message("It is a date, YYYY-MM-DD, or a date with -preview behind it."),
            code="InvalidApiVersionParameter",
        )
    if not any(word in path.split("/") for word in _POLLED):
        raise Invalid(
            Message("The api-version query parameter (?api-version=) is required for all requests."),
            hint=Message("Any date will do, such as ?api-version=2024-03-03."),
            code="MissingApiVersionParameter",
        )
