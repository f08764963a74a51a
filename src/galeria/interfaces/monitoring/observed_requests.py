"""Tells each HTTP request to whoever writes the log and counts: its route, its answer's status and how long it took."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from galeria.interfaces.http.request_ids import RequestIdentity
from galeria.log_context import logged_as

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
HUNG_UP = 499  # whoever asked was gone before there was an answer; nginx's number for it
FAULT = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedRequest:
    """One request that has ended. `route` is the pattern of a path, never the path, which may hold names and secrets."""

    method: str  # one of METHODS, or OTHER
    route: str  # or OTHER, where none answers
    status: int
    person_id: str  # empty for strangers
    seconds: float  # until the answer began
    whole_seconds: float  # until it had ended


class RequestObserver(Protocol):
    """Is told when a request begins and ends. It must be quick: the server's only loop calls it."""

    def began(self) -> None: ...

    def ended(self, request: ObservedRequest) -> None: ...


class ObserveRequests:
    """Middleware that tells observers, and gives lines of the log the request's id and the person's."""

    def __init__(self, app: ASGIApp, *, observers: Iterable[RequestObserver]) -> None:
        self._app = app
        self._observers = tuple(observers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, answered = time.perf_counter(), HUNG_UP, 0.0

        async def send_observed(message: AsgiMessage) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status, answered = message["status"], time.perf_counter()
            await send(message)

        with logged_as(request_id=RequestIdentity.of(scope).request_id) as context:
            for each in self._observers:
                each.began()
            try:
                await self._app(scope, receive, send_observed)
            except Exception:
                status = status if answered else FAULT  # the answer is given farther out
                raise
            finally:
                ended = time.perf_counter()
                observed = ObservedRequest(
                    method=scope["method"] if scope["method"] in METHODS else OTHER,
                    route=str(getattr(scope.get("route"), "path", OTHER)),
                    status=status,
                    person_id=context.person_id,
                    seconds=(answered or ended) - began,
                    whole_seconds=ended - began,
                )
                for each in self._observers:
                    each.ended(observed)
