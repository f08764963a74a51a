"""What concerns resources of every type: find, list, set tags."""

from dataclasses import dataclass
from typing import Any

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.groups import being_deleted
from galeria.actions.core.request import Request
from galeria.domain.errors import Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.resources import Resource
from galeria.domain.states import ProvisioningState
from galeria.ports.repository import ResourceRepository

# The repository of each type, by its lower-case name; the value is a unit of work's attribute.
TYPES: dict[str, str] = {
    "microsoft.compute/galleries": "galleries",
    "microsoft.compute/galleries/images": "definitions",
    "microsoft.compute/galleries/images/versions": "versions",
    "microsoft.compute/disks": "disks",
    "microsoft.compute/snapshots": "snapshots",
    "microsoft.compute/images": "managed_images",
    "microsoft.labservices/labplans": "accounts",
    "microsoft.labservices/labs": "labs",
}

TAG_WRITE = "Microsoft.Resources/tags/write"


@dataclass(frozen=True, kw_only=True)
class ResourceFilter:
    """The conditions of a list over all types; empty ones set no condition.

    Texts are compared in any case, tag values exactly.
    """

    group: str = ""
    type: str = ""
    name: str = ""
    location: str = ""  # a region's short name
    tag: str = ""
    tag_value: str | None = None


def _repository(request: BaseRequest, type: str) -> ResourceRepository[Any] | None:
    attribute = TYPES.get(type.lower())
    return getattr(request.uow, attribute) if attribute else None


def find_resource(request: BaseRequest, id: ResourceId) -> Resource | None:
    """Returns the resource or resource group with that id, of any type, or None."""
    if not id.namespace:
        return request.uow.groups.find_by_key(id.key)
    found = _repository(request, id.type)
    resource: Resource | None = found.find_by_key(id.key) if found else None
    return resource


def require_lasting(request: BaseRequest, path: str) -> None:
    """Raises Conflict where something that the path of a resource names is being deleted: a change of it would be lost."""
    parts = path.strip("/").split("/")
    for end in range(4, len(parts) + 1):
        try:
            id = ResourceId.parse("/" + "/".join(parts[:end]))
        except Invalid:
            continue
        found = find_resource(request, id)
        if found and found.state is ProvisioningState.DELETING:
            raise being_deleted(found)


def get_resource(request: Request, id: ResourceId) -> Resource:
    """Returns the resource or resource group with that id. Raises Forbidden, NotFound."""
    request.caller.require(f"{_type(id)}/read", id.key)
    resource = find_resource(request, id)
    if resource is None:
        raise NotFound(
            Message(
                "The Resource '{type}/{id}' under resource group '{group}' was not found.",
                type=id.type,
                id=id.name,
                group=id.group,
            ),
            hint=Message("Check its name and type."),
        )
    return resource


def list_resources(request: Request, prefix: str, wanted: ResourceFilter) -> list[Resource]:
    """Returns the resources below the key that match and that the caller may read, by key. Nested ones are included."""
    found = []
    for type in TYPES:
        held = _repository(request, type)
        found += [each for each in held.below(prefix) if _matches(each, wanted)] if held else []
    seen = [each for each in found if request.caller.may(f"{_type(each.arm_id)}/read", each.key)]
    return sorted(seen, key=lambda each: each.key)


def set_tags(request: Request, id: ResourceId, tags: dict[str, str]) -> Resource:
    """Replaces all tags of a resource or resource group.

    Raises Forbidden, NotFound, Invalid above ARM's limits: 50 tags, names of 512 and values of 256 characters.
    """
    request.caller.require(TAG_WRITE, id.key)
    resource = find_resource(request, id)
    if resource is None:
        raise NotFound(Message("'{id}' was not found.", id=str(id)), hint=Message("Check its name and type."))
    if len(tags) > 50 or any(not name or len(name) > 512 or len(value) > 256 for name, value in tags.items()):
        raise Invalid(
            Message("At most 50 tags, with names of 1 to 512 and values of at most 256 characters."),
            hint=Message("Use fewer or shorter tags."),
            target="tags",
        )
    resource.tags = dict(tags)
    request.touch(resource)
    request.audit(TAG_WRITE, str(id))
    return resource


def require_scope(request: BaseRequest, scope: str) -> str:
    """Returns the key of a scope that exists: the subscription, a resource group, or a resource of a known type.

    Raises Invalid, NotFound.
    """
    key = scope.strip().rstrip("/").lower()
    if any(key == f"/subscriptions/{subscription.id}" for subscription in request.uow.subscriptions()):
        return key
    # A lab of the older API may wait for its template: then it has no row but its draft's.
    if find_resource(request, ResourceId.parse(scope)) is None and request.uow.lab_drafts.find_by_key(key) is None:
        raise NotFound(
            Message("'{scope}' was not found.", scope=scope),
            hint=Message("Give the id of a resource group or resource that exists."),
        )
    return key


def _type(id: ResourceId) -> str:
    return id.type if id.namespace else "Microsoft.Resources/subscriptions/resourceGroups"


def has_tag(resource: Resource, wanted: ResourceFilter) -> bool:
    """Tells whether a resource has the wanted tag. Tag names are compared in any case, values exactly."""
    tags = {name.lower(): value for name, value in resource.tags.items()}
    if wanted.tag and wanted.tag.lower() not in tags:
        return False
    return wanted.tag_value is None or tags.get(wanted.tag.lower()) == wanted.tag_value


def _matches(resource: Resource, wanted: ResourceFilter) -> bool:
    id = resource.arm_id
    return (
        (not wanted.group or id.group.lower() == wanted.group.lower())
        and (not wanted.type or id.type.lower() == wanted.type.lower())
        and (not wanted.name or id.name.lower() == wanted.name.lower())
        and (not wanted.location or resource.location == wanted.location)
        and has_tag(resource, wanted)
    )
