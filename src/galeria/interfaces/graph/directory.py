"""People and programs in the form of Microsoft Graph v1.0, read-only.

`az role assignment create --assignee NAME` looks a name up, `az role assignment list` the names of ids. Whoever may see roles
somewhere sees everybody, as in an Entra ID tenant; others, such as students, see themselves alone.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from galeria.actions.core.caller import Caller
from galeria.actions.people.principals import SEE_ROLES
from galeria.domain.errors import NotFound
from galeria.domain.messages import Message
from galeria.domain.people.principals import Principal, PrincipalKind, reach
from galeria.interfaces.login.bearer import bearer_of
from galeria.interfaces.services import Services

Filter = Annotated[str, Query(alias="$filter", max_length=2048)]
Seen = Callable[..., list[Principal]]
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

    def seen(caller: Caller = Depends(who)) -> list[Principal]:
        """Return the people and programs that the caller may know of."""
        if not reach(caller.assignments, SEE_ROLES):
            return [caller.principal]
        with services.database(reading=True) as uow:
            return uow.people.all()

    _add_lists(router, seen)
    _add_objects(router, seen)
    return router


def _add_lists(router: APIRouter, seen: Seen) -> None:
    def users(filter: Filter = "", everybody: list[Principal] = Depends(seen)) -> dict[str, Any]:
        return _found(everybody, PrincipalKind.USER, filter)

    def programs(filter: Filter = "", everybody: list[Principal] = Depends(seen)) -> dict[str, Any]:
        return _found(everybody, PrincipalKind.SERVICE_PRINCIPAL, filter)

    router.add_api_route("/users", users, methods=["GET"])
    router.add_api_route("/servicePrincipals", programs, methods=["GET"])


def _add_objects(router: APIRouter, seen: Seen) -> None:
    def by_ids(body: IdsBody, everybody: list[Principal] = Depends(seen)) -> dict[str, Any]:
        wanted = {id.lower() for id in body.ids}
        return {"value": [_view(each) for each in everybody if each.id.lower() in wanted]}

    def one(id: str, everybody: list[Principal] = Depends(seen)) -> dict[str, Any]:
        for each in everybody:
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


def _found(everybody: list[Principal], kind: PrincipalKind, filter: str) -> dict[str, Any]:
    """Return the principals that match one condition of the filter. Conditions compare names or ids with quoted values."""
    values = {match.replace("''", "'").lower() for match in _QUOTED.findall(filter)}
    people = [each for each in everybody if each.kind is kind]
    if filter:
        people = [each for each in people if values & {each.name.lower(), each.id.lower(), each.display_name.lower()}]
    return {"value": [_view(each) for each in people]}


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
