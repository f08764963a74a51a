"""The authorization server: Authlib knows the protocol, the actions know the people, this joins them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error
from fastapi.responses import JSONResponse

from galeria.actions.people import sign_in
from galeria.actions.sessions import Renewal, renew_session, start_session
from galeria.domain.errors import Conflict, Unauthenticated
from galeria.domain.people import Principal, PrincipalKind
from galeria.faces.login.answers import WRONG_PASSWORD, WRONG_SECRET, Refusal, refusal
from galeria.faces.login.authority import Authority
from galeria.faces.login.grants import (
    PUBLIC,
    ClientCredentialsGrant,
    ConfidentialClient,
    PasswordGrant,
    PublicClient,
    RefreshTokenGrant,
)
from galeria.faces.login.requests import TokenRequest, basic_credentials, form_fields
from galeria.ports.database import Database
from galeria.ports.tokens import Tokens
from galeria.ports.work import Clock, Dice, Secrets

TOKEN_SECONDS = 3600
# OpenID Connect's own scopes; everything else names an audience.
OPEN_ID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
EVERYTHING = "openid profile offline_access"


class SignInServer(AuthorizationServer):  # type: ignore[misc]
    """Answers token requests. Keeps nothing between them, so any number of threads may ask."""

    def __init__(
        self,
        authority: Authority,
        *,
        database: Database,
        tokens: Tokens,
        secrets: Secrets,
        clock: Clock,
        dice: Dice,
    ) -> None:
        super().__init__()
        self._authority = authority
        self._database = database
        self._tokens = tokens
        self._secrets = secrets
        self._clock = clock
        self._dice = dice
        self.register_client_auth_method("client_secret_post", self._client_by_form)
        self.register_client_auth_method("client_secret_basic", self._client_by_header)
        self.register_client_auth_method(PUBLIC, self._public_client)
        self.register_token_generator("default", self._new_token)
        for grant in (ClientCredentialsGrant, PasswordGrant, RefreshTokenGrant):
            self.register_grant(grant)

    def answer(self, body: bytes, headers: Mapping[str, str], tenant: str) -> JSONResponse:
        """A token, or an error of RFC 6749 §5.2; whatever a client sends is answered."""
        try:
            fields = form_fields(body)
            if not self._authority.is_tenant(tenant):
                raise Refusal("invalid_request", self._authority.other_tenant(tenant))
        except OAuth2Error as error:
            return self.handle_error_response(None, error)
        response: JSONResponse = self.create_token_response(
            TokenRequest(self._authority.token_endpoint, fields, headers)
        )
        return response

    def sign_in_user(self, name: str, password: str) -> Principal:
        try:
            return self._sign_in(name, password, PrincipalKind.USER)
        except Unauthenticated as error:
            raise Refusal("invalid_grant", str(error), number=WRONG_PASSWORD) from error

    def renew(self, refresh_token: str, client_id: str) -> Renewal | None:
        try:
            return self._renew_once(refresh_token, client_id)
        except Conflict:
            # Another request used the same token at the same moment. By now its use can be seen, and the grace applies.
            return self._renew_once(refresh_token, client_id)

    def query_client(self, client_id: str) -> None:
        """Authlib's own ways to find clients are not used: the three `_client` methods below are."""

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        return request

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> JSONResponse:
        return JSONResponse(body, status_code=status, headers=dict(headers))

    def handle_error_response(self, request: TokenRequest | None, error: OAuth2Error) -> JSONResponse:
        if not isinstance(error, Refusal):
            error = refusal(error)
        response: JSONResponse = self.handle_response(*error())
        return response

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens to Authlib's signals."""

    def save_token(self, token: dict[str, Any], request: TokenRequest) -> None:
        """Access tokens are not kept; refresh tokens were saved when they were made."""

    def validate_requested_scope(self, scope: str | None) -> None:
        """There is one audience, this service. `az` writes it with one slash or two before '.default'."""
        for each in set((scope or "").split()) - OPEN_ID_SCOPES:
            audience = each.removesuffix(".default").removesuffix("user_impersonation").rstrip("/")
            if audience.casefold() != self._authority.endpoint.casefold():
                raise Refusal(
                    "invalid_scope",
                    f"The scope '{each}' is not one of this service. Ask for '{self._authority.endpoint}/.default'.",
                )

    def _client_by_form(self, query: object, request: TokenRequest) -> ConfidentialClient | None:
        client_id, secret = request.form.get("client_id"), request.form.get("client_secret")
        return self._confidential(client_id, secret) if client_id and secret else None

    def _client_by_header(self, query: object, request: TokenRequest) -> ConfidentialClient:
        credentials = basic_credentials(request.headers.get("authorization", ""))
        if credentials is None:
            raise Refusal(
                "invalid_client",
                "The client did not authenticate itself: send client_id and client_secret. "
                "Certificates and federated tokens are not accepted here.",
                status=401,
            )
        return self._confidential(*credentials)

    def _public_client(self, query: object, request: TokenRequest) -> PublicClient:
        client_id = request.form.get("client_id")
        if not client_id:
            raise Refusal("invalid_request", "The field 'client_id' is missing.")
        return PublicClient(client_id)

    def _confidential(self, client_id: str, secret: str) -> ConfidentialClient:
        try:
            return ConfidentialClient(self._sign_in(client_id, secret, PrincipalKind.SERVICE_PRINCIPAL))
        except Unauthenticated as error:
            raise Refusal("invalid_client", str(error), status=401, number=WRONG_SECRET) from error

    def _sign_in(self, name: str, secret: str, kind: PrincipalKind) -> Principal:
        # Checking a secret takes a tenth of a second and more: nobody who writes may have to wait for it.
        with self._database(reading=True) as uow:
            return sign_in(uow, self._secrets, name, secret, kind)

    def _renew_once(self, refresh_token: str, client_id: str) -> Renewal | None:
        with self._database() as uow:
            renewal = renew_session(uow, self._clock, self._dice, refresh_token, client_id)
            uow.commit()
            return renewal

    def _new_token(
        self,
        *,
        grant_type: str,
        client: PublicClient | ConfidentialClient,
        user: Principal | None,
        scope: str | None,
        expires_in: int | None,
        include_refresh_token: bool,
    ) -> dict[str, Any]:
        """The token answer; with a user also what msal wants: reference/gallery-and-arm.md §4.2, rows 3 and 4."""
        if isinstance(client, ConfidentialClient):
            return self._access(client.principal)
        if user is None:
            raise Refusal("invalid_grant", "Nobody signed in.")
        asked = scope or f"{self._authority.endpoint}/.default {EVERYTHING}"
        answer = {**self._access(user), "scope": asked, "client_info": self._client_info(user)}
        if "openid" in asked.split():
            answer["id_token"] = self._tokens.issue_identity(
                user.id, user.name, user.display_name, client_id=client.client_id, seconds=TOKEN_SECONDS
            )
        if include_refresh_token and "offline_access" in asked.split():
            answer["refresh_token"] = self._first_refresh_token(user, client.client_id)
        return answer

    def _access(self, principal: Principal) -> dict[str, Any]:
        token = self._tokens.issue(
            principal.id, principal.name, principal.kind, audience=self._authority.endpoint, seconds=TOKEN_SECONDS
        )
        return {
            "token_type": "Bearer",
            "expires_in": TOKEN_SECONDS,
            "ext_expires_in": TOKEN_SECONDS,
            "access_token": token,
        }

    def _first_refresh_token(self, user: Principal, client_id: str) -> str:
        with self._database() as uow:
            token = start_session(uow, self._clock, self._dice, user.id, client_id)
            uow.commit()
            return token

    def _client_info(self, user: Principal) -> str:
        text = json.dumps({"uid": user.id, "utid": self._authority.tenant_id})
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
