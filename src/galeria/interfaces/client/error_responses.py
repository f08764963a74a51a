"""What a server answers when it refuses, turned back into the one error tree."""

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
_LONGEST = 300  # characters shown of an answer that is no JSON


def refusal(response: httpx.Response) -> GaleriaError:
    """The error that an answer of 400 or more stands for: the server's message and code, its class by the status."""
    told = _told(response)
    kind = _KINDS.get(response.status_code, GaleriaError)
    if isinstance(told, dict):
        return failure(told, kind)
    return kind(
        Message(
            "The server answered {status_code} {reason_phrase}: {told}",
            status_code=response.status_code,
            reason_phrase=response.reason_phrase,
            told=told or "nothing",
        ),
        hint=Message("Check that the endpoint is that of Galeria, and look into the server's log."),
    )


def failure(told: dict[str, Any], kind: type[GaleriaError] = GaleriaError) -> GaleriaError:
    """From ARM's error object {code, message, target?}; leaves of the tree are known again by their code.

    A server of ours also says which part of the message is the hint; others do not.
    """
    code = str(told.get("code") or kind.code)
    hint = _hint(told)
    message = str(told.get("message") or code).removesuffix(hint).strip() or code
    leaf = next((each for each in _leaves(kind) if each.code == code), kind)
    return leaf(verbatim(message), hint=hint, code=code, target=told.get("target"))


def of_operation(status: str, told: dict[str, Any]) -> GaleriaError:
    """Why an operation ended as Failed or Canceled."""
    kind = Canceled if status.casefold() == "canceled" else GaleriaError
    return failure({"message": f"The operation ended as {status}.", **told}, kind)


def _leaves(kind: type[GaleriaError]) -> Iterator[type[GaleriaError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _leaves(each)


def _hint(told: dict[str, Any]) -> Message:
    if told.get("hint"):
        return verbatim(told["hint"])
    for each in told.get("additionalInfo") or []:
        if isinstance(each, dict) and isinstance(each.get("info"), dict) and each["info"].get("hint"):
            return verbatim(each["info"]["hint"])
    return EMPTY


def _told(response: httpx.Response) -> dict[str, Any] | str:
    """ARM's error object, OAuth's two fields (RFC 6749 §5.2) in the same shape, or plain text."""
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
