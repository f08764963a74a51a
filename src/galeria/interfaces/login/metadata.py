"""The metadata of the cloud, which `az cloud register`, Terraform and PowerShell read first."""

from typing import Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from galeria.interfaces.login.authority import Authority


def metadata_router(authority: Authority) -> APIRouter:
    """Return the route. It is open to everybody, because clients read it before they sign in."""
    router = APIRouter(tags=["sign-in"])

    def endpoints(api_version: str = Query("2022-09-01", alias="api-version")) -> JSONResponse:
        """Return one object since 2022, a list of clouds since 2019, and before that the short form that PowerShell reads."""
        if api_version < "2019":
            return JSONResponse(_short_form(authority))
        cloud = _cloud(authority)
        return JSONResponse([cloud] if api_version < "2022" else cloud)

    # `az cloud register` appends the path to what was typed: a slash at its end makes two of them.
    for path in ("/metadata/endpoints", "//metadata/endpoints"):
        router.add_api_route(path, endpoints, methods=["GET"])
    return router


def _cloud(authority: Authority) -> dict[str, Any]:
    return {
        "name": authority.name,
        "portal": authority.endpoint,
        "gallery": authority.endpoint,
        "resourceManager": authority.endpoint,
        "graph": authority.endpoint,
        "graphAudience": authority.endpoint,
        "microsoftGraphResourceId": authority.endpoint,
        "authentication": {
            "loginEndpoint": authority.login_endpoint,
            "audiences": [authority.endpoint],
            # az ignores these two; Terraform takes other values for an Azure Stack.
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {"storage": f"storage.{authority.host}", "keyVaultDns": f"vault.{authority.host}"},
    }


def _short_form(authority: Authority) -> dict[str, Any]:
    return {
        "galleryEndpoint": authority.endpoint,
        "graphEndpoint": authority.endpoint,
        "portalEndpoint": authority.endpoint,
        "authentication": {"loginEndpoint": authority.login_endpoint, "audiences": [authority.endpoint]},
    }
