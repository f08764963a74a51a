"""Resources of every type, where only what they have in common matters: finding, listing, tags."""

from dataclasses import dataclass
from typing import Any

from galeria.actions.core.request import Request
from galeria.domain.errors import Invalid, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import Message
from galeria.domain.resources import Resource
from galeria.ports.database import ResourceRepository, UnitOfWork

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
    """What a generic list is narrowed to; empty: all. Texts compare in any case."""

    group: str = ""
    type: str = ""
    name: str = ""
    location: str = ""  # a region's short name
    tag: str = ""
    tag_value: str | None = None


def repository(uow: UnitOfWork, type: str) -> ResourceRepository[Any] | None:
    attribute = TYPES.get(type.lower())
    return getattr(uow, attribute) if attribute else None


def find_resource(uow: UnitOfWork, id: ResourceId) -> Resource | None:
    """A resource or resource group of any type."""
    if not id.namespace:
        return uow.groups.find_by_key(id.key)
    found = repository(uow, id.type)
    resource: Resource | None = found.find_by_key(id.key) if found else None
    return resource


def get_resource(request: Request, id: ResourceId) -> Resource:
    request.caller.require(f"{_type(id)}/read", id.key)
    resource = find_resource(request.uow, id)
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
    """Every top-level resource below the key that the caller may read, by id."""
    found = []
    for type in TYPES:
        held = repository(request.uow, type)
        found += [each for each in held.below(prefix) if _matches(each, wanted)] if held else []
    seen = [each for each in found if request.caller.may(f"{_type(each.arm_id)}/read", each.key)]
    return sorted(seen, key=lambda each: each.key)


def set_tags(request: Request, id: ResourceId, tags: dict[str, str]) -> Resource:
    """Replace all tags of a resource or resource group."""
    request.caller.require(TAG_WRITE, id.key)
    resource = find_resource(request.uow, id)
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


def require_scope(uow: UnitOfWork, scope: str) -> str:
    """The key of a scope that exists: the subscription, a resource group, or a resource of a known type."""
    key = scope.strip().rstrip("/").lower()
    if any(key == f"/subscriptions/{subscription.id}" for subscription in uow.subscriptions()):
        return key
    if find_resource(uow, ResourceId.parse(scope)) is None:
        raise NotFound(
            Message("'{scope}' was not found.", scope=scope),
            hint=Message("Give the id of a resource group or resource that exists."),
        )
    return key


def _type(id: ResourceId) -> str:
    return id.type if id.namespace else "Microsoft.Resources/subscriptions/resourceGroups"


def has_tag(resource: Resource, wanted: ResourceFilter) -> bool:
    """Tag names compare in any case, values exactly."""
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
