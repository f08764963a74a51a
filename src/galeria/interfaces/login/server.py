"""The authorization server: it connects Authlib, which implements the protocol, with the actions on people."""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Error
from fastapi.responses import JSONResponse

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.sign_in_codes import DeviceStart
from galeria.actions.people.sign_ins import WITH_SECRET, with_password
from galeria.actions.people.token_sessions import Renewal, renew_session
from galeria.domain.errors import Conflict, Unauthenticated
from galeria.domain.messages import EMPTY
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.code_grants import CodeGrant, DeviceEndpoint, DeviceGrant
from galeria.interfaces.login.grants import (
    PUBLIC,
    ClientCredentialsGrant,
    ConfidentialClient,
    PasswordGrant,
    PublicClient,
    RefreshTokenGrant,
)
from galeria.interfaces.login.issuing import TokenIssuer
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.programs import program_name
from galeria.interfaces.login.requests import TokenRequest, basic_credentials, form_fields
from galeria.interfaces.login.responses import WRONG_PASSWORD, WRONG_SECRET, TokenError, blocked, refusal
from galeria.interfaces.login.sign_in_codes import SignInCodes
from galeria.interfaces.login.throttle import TooManyTries

# The scopes of OpenID Connect; every other scope names an audience.
OPEN_ID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})
# Longer ones than any client sends are not kept.
LONGEST_CLIENT_ID = 100
LONGEST_SCOPE = 2000


class SignInServer(AuthorizationServer):  # type: ignore[misc]
    """Answers token requests. Between them it keeps only the count of wrong tries. May be used by several threads."""

    def __init__(
        self,
        authority: Authority,
        *,
        password_sign_in: PasswordSignIn,
        codes: SignInCodes,
        issuer: TokenIssuer,
        requests: RequestFactory,
    ) -> None:
        super().__init__()
        self.codes = codes
        self.issuer = issuer
        self._authority = authority
        self._password_sign_in = password_sign_in
        self._requests = requests
        self.register_client_auth_method("client_secret_post", self._client_by_form)
        self.register_client_auth_method("client_secret_basic", self._client_by_header)
        self.register_client_auth_method(PUBLIC, self._public_client)
        self.register_token_generator("default", self._new_token)
        self.register_endpoint(DeviceEndpoint)
        for grant in (ClientCredentialsGrant, PasswordGrant, RefreshTokenGrant, DeviceGrant, CodeGrant):
            self.register_grant(grant)

    @property
    def device_page(self) -> str:
        return self._authority.device_page

    def answer(self, body: bytes, headers: Mapping[str, str], tenant: str, address: str) -> JSONResponse:
        """Return a token, or an error of RFC 6749 §5.2. Any request is answered."""
        request = self._read(body, headers, tenant, address)
        if isinstance(request, JSONResponse):
            return request
        response: JSONResponse = self.create_token_response(request)
        return response

    def answer_device(self, body: bytes, headers: Mapping[str, str], tenant: str, address: str) -> JSONResponse:
        """Return a device code (RFC 8628 §3.2), or an error."""
        request = self._read(body, headers, tenant, address)
        if isinstance(request, JSONResponse):
            return request
        response: JSONResponse = self.create_endpoint_response(DeviceEndpoint.ENDPOINT_NAME, request)
        return response

    def start_device(self, client_id: str, scope: str, address: str) -> DeviceStart:
        try:
            self._password_sign_in.count_device(address)
        except TooManyTries as error:
            raise blocked(error) from error
        return self.codes.start_device(client_id, scope)

    def sign_in_user(self, name: str, password: str, address: str) -> Principal:
        try:
            return self._password_sign_in.sign_in(name, password, PrincipalKind.USER, address)
        except TooManyTries as error:
            raise blocked(error) from error
        except Unauthenticated as error:
            raise TokenError("invalid_grant", str(error), number=WRONG_PASSWORD) from error

    def renew(self, refresh_token: str, client_id: str) -> Renewal | None:
        try:
            return self._renew_once(refresh_token, client_id)
        except Conflict:
            # Another request used the same token at the same moment. Its use is visible now, and the grace period applies.
            return self._renew_once(refresh_token, client_id)

    def query_client(self, client_id: str) -> None:
        """Do nothing: instead of Authlib's own lookup of clients the three `_client` methods below are used."""

    def create_oauth2_request(self, request: TokenRequest) -> TokenRequest:
        return request

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> JSONResponse:
        return JSONResponse(body, status_code=status, headers=dict(headers))

    def handle_error_response(self, request: TokenRequest | None, error: OAuth2Error) -> JSONResponse:
        if not isinstance(error, TokenError):
            error = refusal(error)
        response: JSONResponse = self.handle_response(*error())
        return response

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Do nothing: Authlib's signals are not used."""

    def save_token(self, token: dict[str, Any], request: TokenRequest) -> None:
        """Do nothing: access tokens are not stored, and refresh tokens are stored when they are created."""

    def validate_requested_scope(self, scope: str | None) -> None:
        """Check that the scope is for this service, the only audience.

        `az` writes it with one slash or two before '.default'.
        """
        if len(scope or "") > LONGEST_SCOPE:
            raise TokenError("invalid_scope", f"The scope is longer than {LONGEST_SCOPE} characters.")
        for each in set((scope or "").split()) - OPEN_ID_SCOPES:
            if not self._authority.is_audience(each.removesuffix(".default").removesuffix("user_impersonation")):
                raise TokenError(
                    "invalid_scope",
                    f"The scope '{each}' is not one of this service. Ask for '{self._authority.endpoint}/.default'.",
                )

    def _client_by_form(self, query: object, request: TokenRequest) -> ConfidentialClient | None:
        client_id, secret = request.form.get("client_id"), request.form.get("client_secret")
        return self._confidential(client_id, secret, request.address) if client_id and secret else None

    def _client_by_header(self, query: object, request: TokenRequest) -> ConfidentialClient:
        credentials = basic_credentials(request.headers.get("authorization", ""))
        if credentials is None:
            raise TokenError(
                "invalid_client",
                "The client did not authenticate itself: send client_id and client_secret. "
                "Certificates and federated tokens are not accepted here.",
                status=401,
            )
        return self._confidential(*credentials, request.address)

    def _public_client(self, query: object, request: TokenRequest) -> PublicClient:
        client_id = request.form.get("client_id")
        if not client_id:
            raise TokenError("invalid_request", "The field 'client_id' is missing.")
        if len(client_id) > LONGEST_CLIENT_ID:
            raise TokenError("invalid_request", f"The field 'client_id' is longer than {LONGEST_CLIENT_ID} characters.")
        return PublicClient(client_id, request.address)

    def _confidential(self, client_id: str, secret: str, address: str) -> ConfidentialClient:
        try:
            return ConfidentialClient(
                self._password_sign_in.sign_in(client_id, secret, PrincipalKind.SERVICE_PRINCIPAL, address), address
            )
        except TooManyTries as error:
            raise blocked(error) from error
        except Unauthenticated as error:
            raise TokenError("invalid_client", str(error), status=401, number=WRONG_SECRET) from error

    def _read(self, body: bytes, headers: Mapping[str, str], tenant: str, address: str) -> TokenRequest | JSONResponse:
        try:
            fields = form_fields(body)
            if not self._authority.is_tenant(tenant):
                raise TokenError("invalid_request", self._authority.other_tenant(tenant))
        except OAuth2Error as error:
            return self.handle_error_response(None, error)
        return TokenRequest(self._authority.token_endpoint, fields, headers, address)

    def _renew_once(self, refresh_token: str, client_id: str) -> Renewal | None:
        with self._requests.anonymous_writing() as request:
            return renew_session(request, refresh_token, client_id)

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
        if isinstance(client, ConfidentialClient):
            return self.issuer.access(client.principal, WITH_SECRET, address=client.address)
        if user is None:
            raise TokenError("invalid_grant", "Nobody signed in.")
        way = with_password(program_name(client.client_id)) if grant_type == "password" else EMPTY
        return self.issuer.answer(
            user, client.client_id, scope, way, address=client.address, refreshable=include_refresh_token
        )
