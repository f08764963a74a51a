"""Check the request of a program that opens a browser at the authorization endpoint (RFC 6749 §4.1.1)."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from authlib.oauth2.rfc6749 import OAuth2Error

from galeria.actions.people.sign_in_codes import AuthorizationRequest
from galeria.interfaces.login.programs import find_program, is_loopback
from galeria.interfaces.login.responses import TokenError

CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url, RFC 7636 §4.2
# The fields that the sign-in form keeps.
CARRIED = (
    "client_id",
    "response_type",
    "response_mode",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
)
LONGEST = 2000


@dataclass(frozen=True, kw_only=True)
class RedirectTarget:
    """The redirect to the program. It exists only for a known program and an address on the person's own computer."""

    uri: str
    state: str
    by_form: bool  # whether the result is sent as a form (response_mode=form_post), as msal requests

    def fields(self, **result: str) -> dict[str, str]:
        return {**result, **({"state": self.state} if self.state else {})}

    def url(self, **result: str) -> str:
        joint = "&" if urlsplit(self.uri).query else "?"
        return self.uri + joint + urlencode(self.fields(**result), quote_via=quote)


class RedirectedError(OAuth2Error):  # type: ignore[misc]  # Authlib has no type stubs.
    """An error that the browser brings to the program (RFC 6749 §4.1.2.1)."""

    def __init__(self, target: RedirectTarget, error: str, description: str) -> None:
        super().__init__(error=error, description=description)
        self.target = target


def read_redirect_target(fields: dict[str, str]) -> RedirectTarget:
    """Return the redirect target. Raises TokenError for an unknown one: strangers receive neither codes nor errors."""
    uri = fields.get("redirect_uri", "")
    if find_program(fields.get("client_id", "")) is None:
        raise TokenError("invalid_client", "Only known programs may sign people in with a browser.")
    if len(uri) > LONGEST or not is_loopback(uri):
        raise TokenError(
            "invalid_request", "The redirect_uri is not an address on this computer: http://localhost:PORT."
        )
    return RedirectTarget(uri=uri, state=fields.get("state", ""), by_form=fields.get("response_mode") == "form_post")


def read_authorization_request(fields: dict[str, str], target: RedirectTarget) -> AuthorizationRequest:
    """Return the checked request. Raises RedirectedError. The server checks the scope."""
    if fields.get("response_type") != "code":
        raise RedirectedError(
            target, "unsupported_response_type", "The response_type is 'code'; no other is supported."
        )
    if fields.get("response_mode", "query") not in ("query", "form_post"):
        raise RedirectedError(target, "invalid_request", "The response_mode is 'query' or 'form_post'.")
    challenge = fields.get("code_challenge", "")
    if fields.get("code_challenge_method") != "S256" or not CHALLENGE.fullmatch(challenge):
        raise RedirectedError(
            target, "invalid_request", "A code_challenge is required, with the method S256 (RFC 7636)."
        )
    if fields.get("prompt") == "none":
        raise RedirectedError(target, "login_required", "Somebody has to sign in.")
    if len(fields.get("nonce", "")) > LONGEST:
        raise RedirectedError(target, "invalid_request", f"The nonce is longer than {LONGEST} characters.")
    return AuthorizationRequest(
        client_id=fields["client_id"],
        redirect_uri=target.uri,
        scope=fields.get("scope", ""),
        challenge=challenge,
        nonce=fields.get("nonce", ""),
    )
