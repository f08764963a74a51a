"""The OpenID Connect discovery document, under every path that clients use."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from galeria.interfaces.login.authority import Authority
from galeria.ports.tokens import Tokens

WELL_KNOWN = "/.well-known/openid-configuration"


def discovery_router(authority: Authority, tokens: Tokens) -> APIRouter:
    router = APIRouter(tags=["sign-in"])

    def discovery(tenant: str = "adfs") -> JSONResponse:
        """Return the document, which is the same under every path and for every name of the tenant."""
        if not authority.is_tenant(tenant):
            return JSONResponse(
                {"error": "invalid_tenant", "error_description": authority.other_tenant(tenant)}, status_code=400
            )
        return JSONResponse(_document(authority))

    for path in ("/adfs", "/adfs/v2.0", "/adfs/{tenant}", "/adfs/{tenant}/v2.0", "/{tenant}", "/{tenant}/v2.0"):
        router.add_api_route(path + WELL_KNOWN, discovery, methods=["GET"])

    @router.get("/adfs/discovery/keys")
    def keys() -> JSONResponse:
        return JSONResponse(tokens.public_keys())

    return router


def _document(authority: Authority) -> dict[str, Any]:
    return {
        "issuer": authority.issuer,
        "authorization_endpoint": authority.authorization_endpoint,
        "token_endpoint": authority.token_endpoint,
        "device_authorization_endpoint": authority.device_endpoint,
        "jwks_uri": authority.keys_endpoint,
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "none"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "code_challenge_methods_supported": ["S256"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "offline_access", f"{authority.endpoint}/.default"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "tid", "oid", "upn", "preferred_username", "name"],
    }
