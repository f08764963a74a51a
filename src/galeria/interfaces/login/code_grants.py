"""Tokens for people who sign in somewhere else: device codes (RFC 8628) and authorization codes with PKCE (RFC 7636)."""

import re
from typing import Any

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749.grants import BaseGrant, TokenEndpointMixin
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant

from galeria.actions.people.sign_in_codes import DEVICE_LIFE, INTERVAL, PendingReason, RedeemedCode
from galeria.actions.people.sign_ins import with_browser, with_device_code
from galeria.interfaces.login.grants import PUBLIC
from galeria.interfaces.login.programs import program_name
from galeria.interfaces.login.requests import TokenRequest
from galeria.interfaces.login.responses import TokenError

VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 §4.1
Response = tuple[int, dict[str, Any], list[tuple[str, str]]]

_WAITING = {
    PendingReason.PENDING: ("authorization_pending", "Nobody has signed in with this code yet. Ask again."),
    PendingReason.TOO_EARLY: (
        "slow_down",
        f"Nobody has signed in yet. Wait {INTERVAL} seconds and more between questions.",
    ),
    PendingReason.DECLINED: ("access_denied", "The sign-in was declined."),
    PendingReason.EXPIRED: ("expired_token", "The code has expired. Start again."),
    PendingReason.UNKNOWN: ("invalid_grant", "The device code is not known, or was used already. Start again."),
}


class DeviceEndpoint(DeviceAuthorizationEndpoint):  # type: ignore[misc]  # Authlib has no type stubs.
    """Issues a device code with instructions for the person; Azure's clients print `message`."""

    CLIENT_AUTH_METHODS = (PUBLIC,)

    def create_endpoint_response(self, request: TokenRequest) -> Response:
        client = self.authenticate_client(request)
        scope = request.payload.scope or ""
        self.server.validate_requested_scope(scope)
        start = self.server.start_device(client.client_id, scope, request.address)
        page = self.server.device_page
        data = {
            "device_code": start.device_code,
            "user_code": start.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={start.user_code}",
            "verification_url": page,  # the name in ADFS and older clients
            "expires_in": int(DEVICE_LIFE.total_seconds()),
            "interval": INTERVAL,
            "message": f"To sign in, use a web browser to open the page {page} and enter the code {start.user_code}.",
        }
        return 200, data, default_json_headers


class DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    """A program asks whether somebody has signed in for its device code."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PUBLIC,)

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        # msal sends both fields, clients of older servers only `code`.
        code = self.request.form.get("device_code") or self.request.form.get("code")
        if not code:
            raise TokenError("invalid_request", "The field 'device_code' is missing.")
        outcome = self.server.codes.redeem_device(code, client.client_id)
        if isinstance(outcome, PendingReason):
            raise TokenError(*_WAITING[outcome])
        self.request.client, self.request.user, self.request.credential = client, outcome.principal, outcome

    def create_token_response(self) -> Response:
        redeemed: RedeemedCode = self.request.credential
        client_id = self.request.client.client_id
        token = self.server.issuer.answer(
            redeemed.principal,
            client_id,
            redeemed.scope,
            with_device_code(program_name(client_id)),
            address=self.request.address,
        )
        return 200, token, self.TOKEN_RESPONSE_HEADER


class CodeGrant(BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """A program redeems a code from the browser, and proves with the verifier that it requested the code."""

    GRANT_TYPE = "authorization_code"
    TOKEN_ENDPOINT_AUTH_METHODS = (PUBLIC,)

    def validate_token_request(self) -> None:
        client, form = self.authenticate_token_endpoint_client(), self.request.form
        verifier = form.get("code_verifier", "")
        if not form.get("code") or not VERIFIER.fullmatch(verifier):
            raise TokenError(
                "invalid_request", "The fields 'code' and 'code_verifier' (43 to 128 characters) are both required."
            )
        redeemed = self.server.codes.redeem(
            form["code"],
            client_id=client.client_id,
            redirect_uri=form.get("redirect_uri", ""),
            challenge=create_s256_code_challenge(verifier),
        )
        if redeemed is None:
            raise TokenError(
                "invalid_grant",
                "The code is not known, has expired, was used already, or belongs to another request. "
                "Sign in again with 'az login'.",
            )
        self.request.client, self.request.credential = client, redeemed

    def create_token_response(self) -> Response:
        redeemed: RedeemedCode = self.request.credential
        client_id = self.request.client.client_id
        token = self.server.issuer.answer(
            redeemed.principal,
            client_id,
            redeemed.scope,
            with_browser(program_name(client_id)),
            address=self.request.address,
            family=redeemed.family,
            nonce=redeemed.nonce,
        )
        return 200, token, self.TOKEN_RESPONSE_HEADER
