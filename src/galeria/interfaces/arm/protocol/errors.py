"""The HTTP status of every error of the domain, and the body that all errors have.

    {"error": {"code", "message", "target", "details": [{"code", "message", "target"}], "additionalInfo": []}}

Source: the error format of Azure's REST API guidelines; `az` prints code, message and target.
"""

import logging
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from galeria.domain.errors import (
    Canceled,
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
from galeria.interfaces.http.logged_paths import logged_path
from galeria.interfaces.http.request_ids import RequestIdentity

log = logging.getLogger(__name__)

STATUS: dict[type[GaleriaError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Canceled: 409,
    Precondition: 412,
    TooLarge: 413,
    TooManyRequests: 429,
    Unavailable: 503,
    GaleriaError: 500,
}
RETRY_SECONDS = "5"

_HOLDERS = (dict, list)

_SENTENCES = {
    400: ("InvalidRequestContent", "The request's body could not be read. Send one JSON object in UTF-8."),
    413: ("RequestEntityTooLarge", "The request's body is too large. Send files to /uploads."),
}


class CompleteJson(JSONResponse):
    """JSON as it is given, by a faster writer than the framework's."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class ArmJson(CompleteJson):
    """JSON without keys for missing values, as ARM answers, except in the part `galeria`, whose keys are always there."""

    def render(self, content: Any) -> bytes:
        return super().render(without_nulls(content) if isinstance(content, _HOLDERS) else content)


def without_nulls(content: Any) -> Any:
    """Remove keys without a value from a dict or list.

    A page of 100 versions has 8,000 values, so that it is called only where there may be some.
    """
    if isinstance(content, list):
        return [without_nulls(each) if isinstance(each, _HOLDERS) else each for each in content]
    return {
        key: without_nulls(value) if isinstance(value, _HOLDERS) and key != "galeria" else value
        for key, value in content.items()
        if value is not None
    }


def status_of(error: GaleriaError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def error_body(
    code: str,
    message: str,
    target: str | None = None,
    details: list[dict[str, Any]] | None = None,
    *,
    hint: str = "",
) -> dict[str, Any]:
    """Return the body of an error.

    `hint` is part of the message already; programs that show the two apart find it in `additionalInfo`.
    """
    return {
        "error": {
            "code": code,
            "message": message,
            "target": target,
            "details": details or [],
            "additionalInfo": [{"type": "Hint", "info": {"hint": hint}}] if hint else [],
        }
    }


def error_response(error: GaleriaError) -> Response:
    """Return the response for an error of the domain."""
    body = error_body(error.code, str(error), error.target, hint=error.hint)
    return ArmJson(body, status_code=status_of(error), headers=retry_headers(error))


def retry_headers(error: GaleriaError) -> dict[str, str]:
    """Return Retry-After for an error that passes by itself, else nothing."""
    if isinstance(error, TooManyRequests):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": RETRY_SECONDS} if isinstance(error, Unavailable) else {}


def too_large() -> Response:
    return ArmJson(error_body(*_SENTENCES[413]), status_code=413, headers={"Connection": "close"})


async def on_galeria_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GaleriaError)
    if status_of(error) >= 500:
        identity = RequestIdentity.of(request.scope)
        log.warning(
            "%s %s: %s (correlation id %s)", request.method, logged_path(request), error, identity.correlation_id
        )
    return error_response(error)


async def on_wrong_content(request: Request, error: Exception) -> Response:
    """Answer invalid input with 400, never 422, and the path of every wrong property. Values are not repeated."""
    assert isinstance(error, RequestValidationError)
    details = [_detail(each) for each in error.errors()]
    first = details[0]
    if first["target"] == "location" and error.errors()[0]["type"] == "missing":
        message = "The location property is required for this definition. Name a region, such as with --location."
        return ArmJson(error_body("LocationRequired", message, "location"), status_code=400)
    message = f"The request content was invalid: {first['target']}: {first['message']}. Correct it and send it again."
    return ArmJson(error_body("InvalidRequestContent", message, first["target"], details), status_code=400)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer the framework's errors: unknown paths and methods, unreadable or too long bodies."""
    assert isinstance(error, HTTPException)
    code, message = _refusal(request, error.status_code)
    return ArmJson(error_body(code, message), status_code=error.status_code, headers=error.headers)


async def on_disconnect(request: Request, error: Exception) -> Response:
    """Answer a client that hung up while it sent its body. Nobody hears it, and it is no fault of this server."""
    log.info("%s %s: the client hung up before its body had ended", request.method, request.url.path)
    return Response(status_code=400)


async def on_fault(request: Request, error: Exception) -> Response:
    """Answer a bug with 500.

    Starlette raises the error again, so that the server logs it once, with this note in its traceback.
    """
    identity = RequestIdentity.of(request.scope)
    error.add_note(f"{request.method} {logged_path(request)}, correlation id {identity.correlation_id}")
    message = (
        "Something went wrong inside Galeria; what was asked for may not have happened. "
        f"Look for the correlation id {identity.correlation_id} in the server's log."
    )
    # No middleware sees this answer, so that it names the request itself; the server then closes the connection.
    headers = {**identity.headers(), "Connection": "close"}
    return ArmJson(error_body("InternalServerError", message), status_code=500, headers=headers)


def _detail(error: dict[str, Any]) -> dict[str, Any]:
    where = [str(part) for part in error["loc"] if part not in ("body", "query", "path")]
    return {"code": "InvalidRequestContent", "message": error["msg"], "target": ".".join(where) or "body"}


def _refusal(request: Request, status: int) -> tuple[str, str]:
    path = request.url.path
    if status == 404 and "/providers/" in path:
        place = path.split("/providers/")[-1].split("/")
        version = request.query_params.get("api-version", "")
        return (
            "InvalidResourceType",
            f"The resource type '{'/'.join(place[1::2])}' could not be found in the namespace '{place[0]}' for api "
            f"version '{version}'. Check the spelling of the path; /openapi.json lists what there is.",
        )
    if status == 404:
        return "NotFound", f"There is nothing at '{path}'. Check its spelling; /openapi.json lists what there is."
    if status == 405:
        return "MethodNotAllowed", f"'{request.method}' is not possible here. The header Allow says what is."
    return _SENTENCES.get(status, ("BadRequest", "The request was refused. Check its form and send it again."))
