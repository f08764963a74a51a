"""Turn error responses of a server into errors of the domain."""

import json
from collections.abc import Iterator
from typing import Any

import httpx

from galeria.domain.errors import (
    Canceled,
    Conflict,
    Forbidden,
    GaleriaError,
    Invalid,
    NotFound,
    Precondition,
    TooLarge,
    Unauthenticated,
    Unavailable,
)
from galeria.domain.messages import EMPTY, Message, verbatim

_KINDS: dict[int, type[GaleriaError]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: Precondition,
    413: TooLarge,
    415: Invalid,
    423: Conflict,
    429: Unavailable,
    460: Invalid,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}
PROXY_LIMIT = "ProxyLimit"
_LONGEST = 300  # characters of an answer without JSON that are shown


def refusal(response: httpx.Response) -> GaleriaError:
    """Return the error of a response with status 400 or more: the server's message and code, and the class by the status."""
    answered = _error_fields(response)
    kind = _KINDS.get(response.status_code, GaleriaError)
    if isinstance(answered, dict):
        return failure(answered, kind)
    if response.status_code == 413:  # Galeria's own refusals have JSON
        return TooLarge(
            Message("Something on the way to the server takes no request as large as this one."),
            hint=Message("Ask whoever runs the proxy there to let larger bodies pass."),
            code=PROXY_LIMIT,
        )
    return kind(
        Message(
            "The server answered {status_code} {reason_phrase}: {answered}",
            status_code=response.status_code,
            reason_phrase=response.reason_phrase,
            answered=answered or "nothing",
        ),
        hint=Message("Check that the endpoint is that of Galeria, and look into the server's log."),
    )


def failure(answered: dict[str, Any], kind: type[GaleriaError] = GaleriaError) -> GaleriaError:
    """Return the error for ARM's error object {code, message, target?}; subclasses are recognised by their code.

    Our own servers also mark the part of the message that is the hint.
    """
    code = str(answered.get("code") or kind.code)
    hint = _hint(answered)
    message = str(answered.get("message") or code).removesuffix(hint).strip() or code
    leaf = next((each for each in _leaves(kind) if each.code == code), kind)
    return leaf(verbatim(message), hint=hint, code=code, target=answered.get("target"))


def of_operation(status: str, answered: dict[str, Any]) -> GaleriaError:
    """Return the error of an operation that Failed or was Canceled."""
    kind = Canceled if status.casefold() == "canceled" else GaleriaError
    return failure({"message": f"The operation ended as {status}.", **answered}, kind)


def _leaves(kind: type[GaleriaError]) -> Iterator[type[GaleriaError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _leaves(each)


def _hint(answered: dict[str, Any]) -> Message:
    if answered.get("hint"):
        return verbatim(answered["hint"])
    for each in answered.get("additionalInfo") or []:
        if isinstance(each, dict) and isinstance(each.get("info"), dict) and each["info"].get("hint"):
            return verbatim(each["info"]["hint"])
    return EMPTY


def _error_fields(response: httpx.Response) -> dict[str, Any] | str:
    """Return ARM's error object, OAuth's two fields (RFC 6749 §5.2) in the same form, or plain text."""
    try:
        body = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return " ".join(response.text.split())[:_LONGEST]
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"code": error, "message": body.get("error_description") or error}
    return " ".join(response.text.split())[:_LONGEST]
