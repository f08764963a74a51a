"""Routes of resources of every type in one list, and of their tags."""

import re
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from galeria.actions.core.resources import ResourceFilter, get_resource, list_resources, set_tags
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.resources import Resource
from galeria.interfaces.arm.protocol.arm_request import ArmRequestDep, require_any_role
from galeria.interfaces.arm.protocol.envelope import when
from galeria.interfaces.arm.protocol.filter_clauses import read_clauses
from galeria.interfaces.arm.protocol.paging import Order, listed, page
from galeria.interfaces.arm.protocol.path_ids import GroupId, subscription_key
from galeria.interfaces.arm.protocol.responses import shown
from galeria.interfaces.arm.protocol.routes import GROUP, SUBSCRIPTION, Route
from galeria.interfaces.arm.protocol.wire_types import Tags, Wire, Word

Filter = Annotated[str, Query(alias="$filter")]
Expand = Annotated[str, Query(alias="$expand")]

# The conditions that clients send, joined by `and`.
_CLAUSE = re.compile(
    r"\s*(resourceGroup|resourceType|name|location|tagname|tagvalue)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE
)


class TagProperties(Wire):
    tags: Tags = Field(default_factory=dict)


class TagBody(Wire):
    properties: TagProperties = TagProperties()


class TagPatch(TagBody):
    operation: Word = "Merge"


def list_all(subscription: str, arm_request: ArmRequestDep, filter: Filter = "", expand: Expand = "") -> Response:
    require_any_role(arm_request)
    wanted = read_filter(filter)
    with arm_request.reading() as request:
        found, link = page(arm_request, list_resources(request, subscription_key(subscription), wanted), order=_by_key)
        return shown(listed([_view(each, expand.lower()) for each in found], link))


def list_in_group(id: GroupId, arm_request: ArmRequestDep, filter: Filter = "", expand: Expand = "") -> Response:
    wanted = read_filter(filter)
    with arm_request.reading() as request:
        get_resource(request, id)
        found, link = page(arm_request, list_resources(request, id.key, wanted), order=_by_key)
        return shown(listed([_view(each, expand.lower()) for each in found], link))


def get_tags(scope: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.reading() as request:
        return shown(_tags(get_resource(request, _scoped(scope))))


def put_tags(scope: str, body: TagBody, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        view = _tags(set_tags(request, _scoped(scope), body.properties.tags))
    return shown(view)


def patch_tags(scope: str, body: TagPatch, arm_request: ArmRequestDep) -> Response:
    """Change tags by Merge, Replace or Delete. Names of tags compare regardless of case."""
    given = body.properties.tags
    with arm_request.writing() as request:
        held = dict(get_resource(request, _scoped(scope)).tags)
        view = _tags(set_tags(request, _scoped(scope), _patched(held, given, body.operation.lower())))
    return shown(view)


def delete_tags(scope: str, arm_request: ArmRequestDep) -> Response:
    with arm_request.writing() as request:
        set_tags(request, _scoped(scope), {})
    return Response(status_code=200)


def read_filter(text: str) -> ResourceFilter:
    """Return the filter. Raises Invalid for a condition that is not supported."""
    hint = Message("Use resourceGroup, resourceType, name, location, tagname or tagvalue with eq, joined by and.")
    said = {match[1].lower(): match[2].replace("''", "'") for match in read_clauses(text, _CLAUSE, hint)}
    return ResourceFilter(
        group=said.get("resourcegroup", ""),
        type=said.get("resourcetype", ""),
        name=said.get("name", ""),
        location="".join(said.get("location", "").split()).lower(),
        tag=said.get("tagname", ""),
        tag_value=said.get("tagvalue"),
    )


def _patched(held: dict[str, str], given: dict[str, str], operation: str) -> dict[str, str]:
    if operation == "replace":
        return given
    named = {name.lower() for name in given}
    if operation == "delete":
        doomed = {name for name, value in held.items() if name.lower() in named and value in {*given.values()}}
        return {name: value for name, value in held.items() if name not in doomed}
    if operation != "merge":
        raise Invalid(
            Message("'{operation}' is no tag operation.", operation=operation),
            hint=Message("Use Merge, Replace or Delete."),
            target="operation",
        )
    return {**{name: value for name, value in held.items() if name.lower() not in named}, **given}


def _view(resource: Resource, expand: str) -> dict[str, Any]:
    id = resource.arm_id
    view: dict[str, Any] = {
        "id": str(id),
        "name": "/".join(id.segments[1::2]),
        "type": id.type,
        "location": resource.location,
        "tags": dict(resource.tags),
    }
    if "createdtime" in expand:
        view["createdTime"] = when(resource.created_at)
    if "changedtime" in expand:
        view["changedTime"] = when(resource.modified_at)
    if "provisioningstate" in expand:
        view["provisioningState"] = resource.state.value
    return view


def _tags(resource: Resource) -> dict[str, Any]:
    return {
        "id": f"{resource.resource_id}/providers/Microsoft.Resources/tags/default",
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": dict(resource.tags)},
    }


def _scoped(scope: str) -> ResourceId:
    return ResourceId.parse(f"/subscriptions/{scope}")


def _by_key(resource: Resource) -> Order:
    return (resource.key,)


_TAGS = "/subscriptions/{scope:path}/providers/Microsoft.Resources/tags/default"

ROUTES = (
    Route(name="Resources_List", method="GET", path=SUBSCRIPTION + "/resources", handler=list_all),
    Route(name="Resources_ListByResourceGroup", method="GET", path=GROUP + "/resources", handler=list_in_group),
)

TAG_ROUTES = (
    Route(name="Tags_GetAtScope", method="GET", path=_TAGS, handler=get_tags),
    Route(name="Tags_CreateOrUpdateAtScope", method="PUT", path=_TAGS, handler=put_tags),
    Route(name="Tags_UpdateAtScope", method="PATCH", path=_TAGS, handler=patch_tags),
    Route(name="Tags_DeleteAtScope", method="DELETE", path=_TAGS, handler=delete_tags),
)
