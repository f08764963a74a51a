"""Each request that begins is answered once and ends once, whatever becomes of it."""

import asyncio

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage

from galeria.interfaces.monitoring.observed_requests import FAULT, HUNG_UP, ObservedRequest, ObserveRequests

SCOPE: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}


class Observer:
    def __init__(self) -> None:
        self.told: list[str | int] = []

    def began(self) -> None:
        self.told.append("began")

    def answered(self) -> None:
        self.told.append("answered")

    def ended(self, request: ObservedRequest) -> None:
        self.told.append(request.status)


async def whole(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})


async def hung_up(scope: Scope, receive: Receive, send: Send) -> None:
    """Nobody is there any more."""


async def failed(scope: Scope, receive: Receive, send: Send) -> None:
    raise OSError("before its answer")


async def cut(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise OSError("in the middle of its answer")


@pytest.mark.parametrize(("app", "status"), [(whole, 204), (hung_up, HUNG_UP), (failed, FAULT), (cut, 200)])
def test_a_request_is_told_three_times(app: ASGIApp, status: int) -> None:
    observer, sent = Observer(), []

    async def receive() -> AsgiMessage:
        return {"type": "http.disconnect"}

    async def send(message: AsgiMessage) -> None:
        sent.append((message["type"], tuple(observer.told)))

    async def ask() -> None:
        await ObserveRequests(app, observers=(observer,))(SCOPE, receive, send)

    if app in (failed, cut):
        with pytest.raises(OSError, match="its answer"):
            asyncio.run(ask())
    else:
        asyncio.run(ask())
    assert observer.told == ["began", "answered", status]
    assert all(told == ("began", "answered") for _, told in sent), "it is told before anybody has the answer"
