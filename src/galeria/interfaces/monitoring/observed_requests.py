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
    """Is told when a request begins, when its answer begins, and when it ends.

    It must be quick: the server's only loop calls it. Each request that began is answered once and ends once, also one that
    failed, or whose caller hung up.
    """

    def began(self) -> None: ...

    def answered(self) -> None: ...

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
        request = _RequestUnderWay(self._observers)

        async def send_observed(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                request.answer(message["status"])
            await send(message)

        with logged_as(request_id=RequestIdentity.of(scope).request_id) as context:
            try:
                await self._app(scope, receive, send_observed)
            except Exception:
                request.answer(FAULT)  # the answer is given farther out
                raise
            finally:
                request.end(scope, context.person_id)


class _RequestUnderWay:
    """Tells the observers what becomes of one request."""

    def __init__(self, observers: tuple[RequestObserver, ...]) -> None:
        self._observers = observers
        self._began, self._status, self._answered = time.perf_counter(), HUNG_UP, 0.0
        for each in observers:
            each.began()

    def answer(self, status: int) -> None:
        """The answer begins with this status. Only the first one counts."""
        if not self._answered:
            self._status, self._answered = status, time.perf_counter()
            for each in self._observers:
                each.answered()

    def end(self, scope: Scope, person_id: str) -> None:
        ended = time.perf_counter()
        self.answer(HUNG_UP)
        observed = ObservedRequest(
            method=scope["method"] if scope["method"] in METHODS else OTHER,
            route=str(getattr(scope.get("route"), "path", OTHER)),
            status=self._status,
            person_id=person_id,
            seconds=self._answered - self._began,
            whole_seconds=ended - self._began,
        )
        for each in self._observers:
            each.ended(observed)
