"""The endpoints of sign-in under every path that clients use, with the documents that lead to them."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from galeria.actions.core.request_factory import RequestFactory
from galeria.interfaces.http.origins import client_address
from galeria.interfaces.login.authority import Authority
from galeria.interfaces.login.browser.authorize_page import AuthorizePage, authorize_page_router
from galeria.interfaces.login.browser.device_page import DevicePage, device_page_router
from galeria.interfaces.login.browser.rendering import Pages
from galeria.interfaces.login.discovery import discovery_router
from galeria.interfaces.login.issuing import TokenIssuer
from galeria.interfaces.login.managed_identity import ManagedIdentityEndpoint, managed_identity_router
from galeria.interfaces.login.metadata import metadata_router
from galeria.interfaces.login.password_sign_in import PasswordSignIn
from galeria.interfaces.login.requests import read_body
from galeria.interfaces.login.server import SignInServer
from galeria.interfaces.login.sign_in_codes import SignInCodes
from galeria.ports.tokens import Tokens

_ROOTS = ("/adfs", "/adfs/{tenant}", "/{tenant}")


def login_router(
    authority: Authority,
    *,
    requests: RequestFactory,
    tokens: Tokens,
    password_sign_in: PasswordSignIn,
) -> APIRouter:
    """Everything that is open to people who have not signed in: metadata, discovery, keys, tokens, sign-in pages.

    `password_sign_in` is shared with other interfaces that take passwords, so that all wrong tries count together.
    """
    codes, pages = SignInCodes(requests), Pages()
    issuer = TokenIssuer(authority, requests=requests, tokens=tokens)
    server = SignInServer(
        authority,
        password_sign_in=password_sign_in,
        codes=codes,
        issuer=issuer,
        requests=requests,
    )
    identities = ManagedIdentityEndpoint(authority, password_sign_in=password_sign_in, issuer=issuer, requests=requests)
    router = APIRouter()
    for each in (
        _token_router(server),
        _style_router(pages),
        device_page_router(DevicePage(authority, password_sign_in, codes, pages)),
        authorize_page_router(AuthorizePage(authority, password_sign_in, server, pages)),
        managed_identity_router(identities),
        discovery_router(authority, tokens),
        metadata_router(authority),
    ):
        router.include_router(each)
    return router


def _token_router(server: SignInServer) -> APIRouter:
    router = APIRouter(tags=["sign-in"])

    def token(request: Request, tenant: str = "adfs", body: bytes = Depends(read_body)) -> JSONResponse:
        return server.answer(body, request.headers, tenant, client_address(request))

    def device_code(request: Request, tenant: str = "adfs", body: bytes = Depends(read_body)) -> JSONResponse:
        return server.answer_device(body, request.headers, tenant, client_address(request))

    for root in _ROOTS:
        for version in ("", "/v2.0"):
            router.add_api_route(f"{root}/oauth2{version}/token", token, methods=["POST"])
            router.add_api_route(f"{root}/oauth2{version}/devicecode", device_code, methods=["POST"])
    return router


def _style_router(pages: Pages) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/adfs/sign-in.css")
    def style() -> Response:
        return pages.style()

    return router
