"""Issue tokens, with the fields that msal requires in the answer."""

import base64
import json
from typing import Any

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.sign_ins import record_sign_in, require_unchanged
from galeria.actions.people.token_sessions import start_session, start_session_of_code
from galeria.domain.errors import Unauthenticated
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.responses import TokenError
from galeria.ports.tokens import Tokens

TOKEN_SECONDS = 3600
EVERYTHING = "openid profile offline_access"


class TokenIssuer:
    def __init__(self, authority: Authority, *, requests: RequestFactory, tokens: Tokens) -> None:
        self._authority = authority
        self._requests = requests
        self._tokens = tokens

    def access(self, principal: Principal, way: Message, *, address: str) -> dict[str, Any]:
        """Return the answer for a program that signs in with its secret: an access token (RFC 6749 §4.4.3).

        `way` is how the principal signed in, for the audit log; empty where a session only goes on. Raises TokenError where the
        principal was signed out everywhere since it was read.
        """
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": self.access_token(principal, way, address=address),
        }

    def access_token(self, principal: Principal, way: Message, *, address: str) -> str:
        """Return an access token; the rest is as for `access`."""
        try:
            with self._requests.anonymous_writing() as request:
                if way:
                    record_sign_in(request, principal, way, address=address)
                else:
                    require_unchanged(request, principal)
                return self._tokens.issue(
                    principal.id,
                    principal.name,
                    principal.kind,
                    audience=self._authority.endpoint,
                    seconds=TOKEN_SECONDS,
                )
        except Unauthenticated as error:
            raise TokenError("invalid_grant", str(error)) from error

    def answer(
        self,
        user: Principal,
        client_id: str,
        scope: str | None,
        way: Message,
        *,
        address: str,
        refreshable: bool = True,
        family: str = "",
        nonce: str = "",
    ) -> dict[str, Any]:
        """Return the answer for a person: access token, ID token and client_info, as msal requires.

        A refresh token is added where the scope requests it and `refreshable`; `nonce` is copied into the ID token (OpenID
        Connect Core §3.1.3.6). `family` is the session of an authorization code.

        Raises TokenError where that code was used again or revoked in the meantime; `way` and the rest are as for `access`.
        """
        scopes = scope or f"{self._authority.endpoint}/.default {EVERYTHING}"
        answer = {**self.access(user, way, address=address), "scope": scopes, "client_info": self._client_info(user)}
        if "openid" in scopes.split():
            answer["id_token"] = self._tokens.issue_identity(
                user.id, user.name, user.display_name, client_id=client_id, seconds=TOKEN_SECONDS, nonce=nonce
            )
        if refreshable and "offline_access" in scopes.split():
            answer["refresh_token"] = self._first_refresh_token(user, client_id, family)
        return answer

    def _first_refresh_token(self, user: Principal, client_id: str, family: str) -> str:
        with self._requests.anonymous_writing() as request:
            if not family:
                return start_session(request, user.id, client_id)
            token = start_session_of_code(request, user.id, client_id, family)
        if token is None:
            raise TokenError(
                "invalid_grant", "The code was used twice at the same time. Sign in again with 'az login'."
            )
        return token

    def _client_info(self, user: Principal) -> str:
        text = json.dumps({"uid": user.id, "utid": self._authority.tenant_id})
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
