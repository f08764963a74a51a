"""The token endpoint, under every spelling in use, together with what leads clients to it."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from galeria.faces.login.authority import Authority
from galeria.faces.login.discovery import discovery_router
from galeria.faces.login.metadata import metadata_router
from galeria.faces.login.requests import read_body
from galeria.faces.login.server import SignInServer
from galeria.ports.database import Database
from galeria.ports.tokens import Tokens
from galeria.ports.work import Clock, Dice, Secrets


def login_router(
    authority: Authority,
    *,
    database: Database,
    tokens: Tokens,
    secrets: Secrets,
    clock: Clock,
    dice: Dice,
) -> APIRouter:
    """Everything that is open to people who have not signed in: metadata, discovery, keys, tokens."""
    router = APIRouter()
    server = SignInServer(authority, database=database, tokens=tokens, secrets=secrets, clock=clock, dice=dice)

    def token(request: Request, tenant: str = "adfs", body: bytes = Depends(read_body)) -> JSONResponse:
        return server.answer(body, request.headers, tenant)

    for path in (
        "/adfs/oauth2/token",
        "/adfs/oauth2/v2.0/token",
        "/adfs/{tenant}/oauth2/token",
        "/adfs/{tenant}/oauth2/v2.0/token",
        "/{tenant}/oauth2/token",
        "/{tenant}/oauth2/v2.0/token",
    ):
        router.add_api_route(path, token, methods=["POST"], tags=["sign-in"])

    @router.get("/adfs/oauth2/authorize", tags=["sign-in"])
    def authorize() -> JSONResponse:
        """msal wants the address in the discovery document; signing in with a browser is not offered."""
        sentence = (
            "Signing in with a browser is not offered here. "
            "Use 'az login -u NAME -p PASSWORD' or 'az login --service-principal'."
        )
        return JSONResponse({"error": "unsupported_response_type", "error_description": sentence}, status_code=400)

    router.include_router(discovery_router(authority, tokens))
    router.include_router(metadata_router(authority))
    return router
