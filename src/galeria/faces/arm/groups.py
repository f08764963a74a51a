"""Resource groups."""

from typing import Any

from starlette.responses import Response

from galeria.actions.groups import get_group, list_groups, put_group
from galeria.domain.resources import ResourceGroup
from galeria.faces.arm.answers import put, shown
from galeria.faces.arm.door import At
from galeria.faces.arm.envelope import envelope
from galeria.faces.arm.ids import GroupId
from galeria.faces.arm.paging import by_name, listed, page
from galeria.faces.arm.routes import GROUP, SUBSCRIPTION, Route
from galeria.faces.arm.schemas import Tracked


def put_one(id: GroupId, body: Tracked, door: At) -> Response:
    with door.writing() as request:
        group, is_new = put_group(request, id, location=body.location, tags=body.tags or {})
    return put(door, _view(group), is_new=is_new)


def get_one(id: GroupId, door: At) -> Response:
    with door.reading() as request:
        return shown(_view(get_group(request, id)))


def exists(id: GroupId, door: At) -> Response:
    """204 when it does; `az group exists` takes nothing else."""
    with door.reading() as request:
        get_group(request, id)
    return Response(status_code=204)


def list_all(subscription: str, door: At) -> Response:
    with door.reading() as request:
        groups, link = page(door, list_groups(request, subscription), order=by_name)
    return shown(listed([_view(group) for group in groups], link))


def _view(group: ResourceGroup) -> dict[str, Any]:
    return envelope(group, {})


ROUTES = (
    Route(name="ResourceGroups_List", method="GET", path=SUBSCRIPTION + "/resourceGroups", handler=list_all),
    Route(name="ResourceGroups_CreateOrUpdate", method="PUT", path=GROUP, handler=put_one),
    Route(name="ResourceGroups_Get", method="GET", path=GROUP, handler=get_one),
    Route(name="ResourceGroups_CheckExistence", method="HEAD", path=GROUP, handler=exists),
)
