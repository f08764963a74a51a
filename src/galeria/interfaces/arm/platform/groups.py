"""Routes of resource groups."""

from typing import Any

from starlette.responses import Response

from galeria.actions.core.groups import delete_group, get_group, list_groups, patch_group, put_group
from galeria.actions.core.resources import has_tag
from galeria.domain.resources import ResourceGroup
from galeria.interfaces.arm.platform.resources import Filter, read_filter
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep
from galeria.interfaces.arm.protocol.envelope import envelope
from galeria.interfaces.arm.protocol.paging import by_name, listed, page
from galeria.interfaces.arm.protocol.path_ids import GroupId
from galeria.interfaces.arm.protocol.responses import accepted, put, shown
from galeria.interfaces.arm.protocol.routes import GROUP, SUBSCRIPTION, Route
from galeria.interfaces.arm.protocol.wire_types import Changed, Tracked


def put_one(id: GroupId, body: Tracked, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        group, is_new = put_group(request, id, location=body.location, tags=body.tags or {})
    return put(arm_request, _view(group), is_new=is_new)


def patch_one(id: GroupId, body: Changed, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        group = patch_group(request, id, tags=body.tags)
    return shown(_view(group))


def delete_one(id: GroupId, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        operation = delete_group(request, id)
    arm_request.start(operation)
    return accepted(arm_request, operation)


def get_one(id: GroupId, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(_view(get_group(request, id)))


def exists(id: GroupId, arm_request: ArmRequestDep) -> Response:
    """Answer 204 where the group exists, the only status that `az group exists` accepts."""
    with arm_request.reading() as request:
        get_group(request, id)
    return Response(status_code=204)


def list_all(subscription: str, arm_request: ArmRequestDep, filter: Filter = "") -> Response:
    wanted = read_filter(filter)
    with arm_request.reading() as request:
        found = [each for each in list_groups(request, subscription) if has_tag(each, wanted)]
        groups, link = page(arm_request, found, order=by_name)
    return shown(listed([_view(group) for group in groups], link))


def _view(group: ResourceGroup) -> dict[str, Any]:
    return envelope(group, {})


ROUTES = (
    Route(name="ResourceGroups_List", method="GET", path=SUBSCRIPTION + "/resourceGroups", handler=list_all),
    Route(name="ResourceGroups_CreateOrUpdate", method="PUT", path=GROUP, handler=put_one),
    Route(name="ResourceGroups_Get", method="GET", path=GROUP, handler=get_one),
    Route(name="ResourceGroups_Update", method="PATCH", path=GROUP, handler=patch_one),
    Route(name="ResourceGroups_Delete", method="DELETE", path=GROUP, handler=delete_one),
    Route(name="ResourceGroups_CheckExistence", method="HEAD", path=GROUP, handler=exists),
)
