"""Responses of page blobs: the headers of Azure Storage on all of them, and its XML for errors and page lists.

Source: the REST reference of Azure Storage, "Put Page", "Get Page Ranges", "Status and error codes".
"""

import uuid
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from starlette.responses import Response

from galeria.actions.storage.page_blobs import PageBlob, Range
from galeria.domain.errors import (
    Conflict,
    Corrupt,
    Forbidden,
    GaleriaError,
    Invalid,
    NotFound,
    Precondition,
    TooLarge,
    TooManyRequests,
    Unavailable,
)
from galeria.domain.messages import Message

VERSION = "2021-12-02"  # of Azure Storage; answered to clients that name none
_CODES: tuple[tuple[type[GaleriaError], int, str], ...] = (
    (Forbidden, 403, "AuthenticationFailed"),
    (NotFound, 404, "BlobNotFound"),
    (Conflict, 409, "OperationNotAllowedOnRootBlob"),
    (Precondition, 412, "ConditionNotMet"),
    (TooLarge, 413, "RequestBodyTooLarge"),
    (Invalid, 400, "InvalidHeaderValue"),
    (Corrupt, 500, "InternalError"),
    (TooManyRequests, 503, "ServerBusy"),
    (Unavailable, 503, "ServerBusy"),
)
_OWN = {"InvalidRange": 416, "InvalidPageRange": 416, "UnsupportedHttpVerb": 405, "Md5Mismatch": 400}


def refused(message: Message, code: str) -> Invalid:
    """Return the error for a request that is not in the protocol's form; `code` is the one of Azure Storage."""
    return Invalid(message, hint=Message("See the storage service's reference."), code=code)


def error_response(error: GaleriaError, headers: Mapping[str, str]) -> Response:
    status, code = _known(error)
    text = f"{error.message} {error.hint}".strip()
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{escape(code)}</Code><Message>{escape(text)}</Message></Error>'
    more = {"x-ms-error-code": code, **({"Retry-After": "2"} if status == 503 else {})}
    return Response(body, status, {**headers, **more}, media_type="application/xml")


def common_headers(request_headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of every answer to a request with `request_headers`."""
    headers = {"x-ms-request-id": str(uuid.uuid4()), "x-ms-version": request_headers.get("x-ms-version", VERSION)[:20]}
    client = request_headers.get("x-ms-client-request-id", "")
    if client and len(client) <= 1024 and client.isprintable() and client.isascii():
        headers["x-ms-client-request-id"] = client
    return headers


def written_headers(tag: str, modified: str) -> dict[str, str]:
    return {
        "ETag": tag,
        "Last-Modified": modified,
        "x-ms-blob-sequence-number": "0",
        "x-ms-request-server-encrypted": "false",
    }


def properties(blob: PageBlob, tag: str, modified: str) -> dict[str, str]:
    return {
        "ETag": tag,
        "Last-Modified": modified,
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": "PageBlob",
        "x-ms-blob-sequence-number": "0",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "x-ms-server-encrypted": "false",
        "x-ms-blob-content-length": str(blob.size),
    }


def page_list(ranges: Iterable[Range]) -> str:
    """Return the XML of page ranges, whose ends are inclusive."""
    items = "".join(
        f"<PageRange><Start>{start}</Start><End>{start + length - 1}</End></PageRange>" for start, length in ranges
    )
    return f'<?xml version="1.0" encoding="utf-8"?><PageList>{items}</PageList>'


def _known(error: GaleriaError) -> tuple[int, str]:
    if error.code in _OWN:
        return _OWN[error.code], error.code
    for kind, status, code in _CODES:
        if isinstance(error, kind):
            return status, error.code if kind is Invalid else code
    return 500, "InternalError"
