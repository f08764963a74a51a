"""Parse requests to the token endpoint strictly."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, unquote_plus

from authlib.oauth2.rfc6749 import OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from fastapi import Request

from galeria.interfaces.login.responses import TokenError

# The assertions and claims requests of real clients are much shorter.
MAX_BODY = 64 * 1024  # bytes
MAX_FIELDS = 50


class TokenRequest(OAuth2Request):  # type: ignore[misc]  # Authlib has no type stubs.
    """A POST to the token endpoint: form fields, each once, and headers whose names compare regardless of case."""

    def __init__(self, uri: str, fields: dict[str, str], headers: Mapping[str, str], address: str) -> None:
        super().__init__("POST", uri, headers=headers)
        self.address = address  # of the client
        self.payload = BasicOAuth2Payload(fields)

    @property
    def form(self) -> dict[str, str]:
        fields: dict[str, str] = self.payload.data
        return fields


async def read_body(request: Request) -> bytes:
    """Read the body up to one byte more than allowed, which `form_fields` then refuses: nobody has signed in yet."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            break
    return bytes(body[: MAX_BODY + 1])


def form_fields(body: bytes) -> dict[str, str]:
    """Return the fields of the form. Raises TokenError for other content or a repeated field (RFC 6749 §3.2).

    `resource`, which older clients send, replaces the scope.
    """
    if len(body) > MAX_BODY:
        raise TokenError("invalid_request", f"The request is longer than {MAX_BODY} bytes.", status=413)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise TokenError("invalid_request", "The body is not a form (application/x-www-form-urlencoded).") from error
    return checked_fields(pairs)


def checked_fields(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the fields of a form or query. Raises TokenError for a repeated field."""
    fields = dict(pairs)
    if len(fields) != len(pairs) or any("\0" in value for value in fields.values()):
        raise TokenError("invalid_request", "A field was sent twice, or holds a zero byte.")
    if "resource" in fields and not fields.get("scope"):
        fields["scope"] = f"{fields['resource']}/.default openid profile offline_access"
    return fields


def basic_credentials(header: str) -> tuple[str, str] | None:
    """Return the client id and secret of a Basic Authorization header, decoded as in RFC 6749 §2.3.1."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(name), unquote_plus(secret)) if colon else None
