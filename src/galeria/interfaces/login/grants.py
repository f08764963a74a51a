"""The ways to get a token. Each is a grant of RFC 6749; a new one is a class here and a line in `server.py`."""

from typing import Any, cast

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant as AuthlibClientCredentialsGrant
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant as AuthlibRefreshTokenGrant
from authlib.oauth2.rfc6749.grants import ResourceOwnerPasswordCredentialsGrant

from galeria.actions.people.token_sessions import Renewal
from galeria.domain.people.principals import Principal
from galeria.interfaces.login.responses import BAD_REFRESH_TOKEN, TokenError

PUBLIC = "none"
CONFIDENTIAL = ("client_secret_post", "client_secret_basic")


class PublicClient(ClientMixin):  # type: ignore[misc]  # Authlib has no type stubs.
    """A program without a secret, such as `az`: the person who signs in proves their identity, not the program."""

    def __init__(self, client_id: str, address: str) -> None:
        self.client_id = client_id
        self.address = address  # of the computer that asks

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == PUBLIC

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("password", "refresh_token")


class ConfidentialClient(ClientMixin):  # type: ignore[misc]
    """A service principal that has proved its secret."""

    def __init__(self, principal: Principal, address: str) -> None:
        self.principal = principal
        self.client_id = principal.name
        self.address = address

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in CONFIDENTIAL

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class ClientCredentialsGrant(AuthlibClientCredentialsGrant):  # type: ignore[misc]
    """A service principal signs in with its secret."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL


class PasswordGrant(ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]
    """A user signs in with name and password: `az login -u … -p …`."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PUBLIC,)

    def authenticate_user(self, username: str, password: str) -> Principal:
        return cast(Principal, self.server.sign_in_user(username, password, self.request.address))


class RefreshTokenGrant(AuthlibRefreshTokenGrant):  # type: ignore[misc]
    """A session continues. The old token is used up and the new one created in one transaction, before the answer."""

    TOKEN_ENDPOINT_AUTH_METHODS = (PUBLIC,)

    def _validate_token_scope(self, token: Renewal) -> None:
        """Do nothing: there is one audience, so that no scope can be wider than the first."""

    def _validate_request_token(self, client: PublicClient) -> Renewal:
        self.validate_requested_scope()  # first, because the token is used up afterwards
        renewal = self.server.renew(self.request.form.get("refresh_token", ""), client.client_id)
        if renewal is None:
            raise TokenError(
                "invalid_grant",
                "The refresh token has expired, was revoked or is not known. Sign in again with 'az login'.",
                number=BAD_REFRESH_TOKEN,
            )
        return cast(Renewal, renewal)

    def authenticate_user(self, renewal: Renewal) -> Principal:
        return renewal.principal

    def issue_token(self, user: Principal, renewal: Renewal) -> dict[str, Any]:
        scope = self.request.payload.scope
        token = self.generate_token(user=user, scope=scope, include_refresh_token=False)
        return {**token, "refresh_token": renewal.refresh_token}

    def revoke_old_credential(self, renewal: Renewal) -> None:
        """Do nothing: `renew` has revoked the token."""
