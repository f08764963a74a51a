"""Tokens for programs inside machines that have an identity header: `az login --identity` and the SDKs' managed identity.

The protocol is that of Azure App Service (documentation "Managed identities for App Service"), api-version 2019-08-01.
"""

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from galeria.actions.core.request_factory import RequestFactory
from galeria.actions.people.credentials import find_by_identity
from galeria.actions.people.sign_ins import WITH_IDENTITY
from galeria.domain.people.principals import Principal
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.issuing import TOKEN_SECONDS, TokenIssuer
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.responses import TokenError
from galeria.interfaces.login.throttle import TooManyTries


class ManagedIdentityEndpoint:
    def __init__(
        self, authority: Authority, *, password_sign_in: PasswordSignIn, issuer: TokenIssuer, requests: RequestFactory
    ) -> None:
        self._authority = authority
        self._password_sign_in = password_sign_in
        self._issuer = issuer
        self._requests = requests

    def answer(self, header: str, address: str, resource: str, wanted: dict[str, str]) -> JSONResponse:
        """Return a token.

        `wanted` selects the identity by client_id, object_id or mi_res_id, where a machine could have several.
        """
        try:
            self._password_sign_in.check_address(address)
        except TooManyTries as error:
            return _refused(429, str(error), {"Retry-After": str(error.seconds)})
        principal = self._find(header)
        if principal is None:
            self._password_sign_in.count_guess(address)
            return _refused(
                401, "The X-IDENTITY-HEADER is not known or has expired. Get a new one: galeria person identity."
            )
        if not self._authority.is_audience(resource.removesuffix(".default")):
            return _refused(400, f"The resource '{resource}' is not known here. Ask for '{self._authority.endpoint}'.")
        if not _is_meant(principal, wanted):
            return _refused(
                400, f"The identity of this header is the client '{principal.name}', which was not asked for."
            )
        return self._token(principal, resource, address)

    def _find(self, header: str) -> Principal | None:
        with self._requests.anonymous_reading() as request:
            return find_by_identity(request, header)

    def _token(self, principal: Principal, resource: str, address: str) -> JSONResponse:
        now = int(self._requests.clock.now().timestamp())
        try:
            token = self._issuer.access_token(principal, WITH_IDENTITY, address=address)
        except TokenError as error:
            return _refused(401, error.description)
        body = {
            "access_token": token,
            "expires_on": str(now + TOKEN_SECONDS),  # seconds since 1970, as text
            "resource": resource,
            "token_type": "Bearer",
            "client_id": principal.name,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})


def managed_identity_router(endpoint: ManagedIdentityEndpoint) -> APIRouter:
    router = APIRouter(tags=["sign-in"])

    @router.get("/msi/token")
    def token(
        request: Request,
        resource: str = Query(""),
        client_id: str = Query(""),
        object_id: str = Query(""),
        mi_res_id: str = Query(""),
        x_identity_header: str = Header(""),
    ) -> JSONResponse:
        """Return an access token for the service principal that the header X-IDENTITY-HEADER belongs to."""
        wanted = {"client_id": client_id, "object_id": object_id, "mi_res_id": mi_res_id}
        return endpoint.answer(x_identity_header, client_address(request), resource, wanted)

    return router


def _is_meant(principal: Principal, wanted: dict[str, str]) -> bool:
    known = {"client_id": principal.name, "object_id": principal.id, "mi_res_id": None}
    return all(known[way] == value.lower() for way, value in wanted.items() if value)


def _refused(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return an error in the form that msal shows, with `statusCode` and `message`."""
    return JSONResponse({"statusCode": status, "message": message}, status_code=status, headers=headers)
