"""Responses of uploads: tus headers on all of them, and a status for each error."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from galeria.domain.errors import (
    Conflict,
    Forbidden,
    GaleriaError,
    Invalid,
    NotFound,
    Precondition,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
)
from galeria.domain.messages import Message
from galeria.interfaces.uploads.headers import VERSION

_STATUS: dict[type[GaleriaError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Precondition: 412,
    TooLarge: 413,
    TooManyRequests: 429,
    Unavailable: 503,
}
# Codes with a status of their own in tus, or in its servers (423 in tusd).
_STATUS_OF_CODE = {"UnsupportedMediaType": 415, "UploadBusy": 423, "ChecksumMismatch": 460}


def status_of(error: GaleriaError) -> int:
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def answer(status: int, **headers: str) -> Response:
    """Return a response. Names of headers have `_` for `-`. Caches must not store it, because offsets grow."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status_code=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store", **named})


def error_answer(error: GaleriaError) -> Response:
    body = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    headers = {"Tus-Resumable": VERSION, "Cache-Control": "no-store"}
    status = status_of(error)
    if status == 412:
        headers["Tus-Version"] = VERSION
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.seconds)
    elif status in (423, 503):
        headers["Retry-After"] = "5"
    return JSONResponse(body, status_code=status, headers=headers)


class TusRoute(APIRoute):
    """A route that checks the protocol's version first, and answers errors in the form of uploads."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                _require_version(request)
                return await inner(request)
            except GaleriaError as error:
                return error_answer(error)

        return handle


def _require_version(request: Request) -> None:
    if request.method != "OPTIONS" and request.headers.get("tus-resumable") != VERSION:
        raise Precondition(
            Message("The header Tus-Resumable is missing or names another version of tus."),
            hint=Message("Use a tus client that speaks {version}.", version=VERSION),
        )
