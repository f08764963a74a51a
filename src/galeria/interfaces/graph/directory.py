"""People and programs in the form of Microsoft Graph v1.0, read-only.

`az role assignment create --assignee NAME` looks a name up, `az role assignment list` the names of ids. Everybody who is
signed in may read them, as in an Entra ID tenant with default settings.
"""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from galeria.actions.core.caller import Caller
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind
from galeria.interfaces.login.bearer import bearer_of
from galeria.interfaces.services import Services

Filter = Annotated[str, Query(alias="$filter", max_length=2048)]
_QUOTED = re.compile(r"'((?:[^']|'')*)'")


class IdsBody(BaseModel):
    ids: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=1000)


def directory_router(services: Services) -> APIRouter:
    """Return the routes below /v1.0, all of which require sign-in."""
    signed_in = bearer_of(services)

    def who(request: Request) -> Caller:
        return signed_in(request)

    router = APIRouter(prefix="/v1.0", include_in_schema=False, dependencies=[Depends(who)])

    def me(caller: Caller = Depends(who)) -> dict[str, Any]:
        return _view(caller.principal)

    router.add_api_route("/me", me, methods=["GET"])
    _add_lists(router, services)
    _add_objects(router, services)
    return router


def _add_lists(router: APIRouter, services: Services) -> None:
    def users(filter: Filter = "") -> dict[str, Any]:
        return _found(services, PrincipalKind.USER, filter)

    def programs(filter: Filter = "") -> dict[str, Any]:
        return _found(services, PrincipalKind.SERVICE_PRINCIPAL, filter)

    router.add_api_route("/users", users, methods=["GET"])
    router.add_api_route("/servicePrincipals", programs, methods=["GET"])


def _add_objects(router: APIRouter, services: Services) -> None:
    def by_ids(body: IdsBody) -> dict[str, Any]:
        wanted = {id.lower() for id in body.ids}
        return {"value": [_view(each) for each in _everybody(services) if each.id.lower() in wanted]}

    def one(id: str) -> dict[str, Any]:
        for each in _everybody(services):
            if id.lower() in {each.id.lower(), each.name.lower()}:
                return _view(each)
        raise NotFound(
            Message("Resource '{id}' does not exist.", id=id),
            hint=Message("Check the name."),
            code="Request_ResourceNotFound",
        )

    router.add_api_route("/directoryObjects/getByIds", by_ids, methods=["POST"])
    for kind in ("users", "servicePrincipals", "directoryObjects"):
        router.add_api_route(f"/{kind}/{{id}}", one, methods=["GET"])


def _found(services: Services, kind: PrincipalKind, filter: str) -> dict[str, Any]:
    """Return the principals that match one condition of the filter. Conditions compare names or ids with quoted values."""
    values = {match.replace("''", "'").lower() for match in _QUOTED.findall(filter)}
    people = [each for each in _everybody(services) if each.kind is kind]
    if filter:
        people = [each for each in people if values & {each.name.lower(), each.id.lower(), each.display_name.lower()}]
    return {"value": [_view(each) for each in people]}


def _everybody(services: Services) -> list[Principal]:
    with services.database(reading=True) as uow:
        return uow.people.all()


def _view(principal: Principal) -> dict[str, Any]:
    if principal.kind is PrincipalKind.USER:
        return {
            "@odata.type": "#microsoft.graph.user",
            "id": principal.id,
            "displayName": principal.display_name,
            "userPrincipalName": principal.name,
            "mail": None,
        }
    return {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": principal.id,
        "appId": principal.name,
        "displayName": principal.display_name,
        "servicePrincipalNames": [principal.name],
        "servicePrincipalType": "Application",
    }
