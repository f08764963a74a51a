"""Checks of nested resources: a parent exists first, is deleted last and has a limit; locations never change."""

from collections.abc import Sequence
from typing import Protocol

from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.messages import EMPTY, Message
from galeria.domain.resources import Resource


class CountedRepository(Protocol):
    """A repository that can count its resources in a region."""

    def count(self, prefix: str, location: str) -> int:
        """Returns how many resources in the region lie below the key `prefix`."""
        ...


def missing_parent(id: ResourceId, hint: Message) -> NotFound:
    """The parent of `id` does not exist; `hint` says what to create first."""
    return NotFound(
        Message(
            "Can not perform requested operation on nested resource. Parent resource '{parent}' not found.",
            parent=id.parent.name,
        ),
        hint=hint,
        code="ParentResourceNotFound",
    )


def require_no_children(children: Sequence[Resource], id: ResourceId, *, hint: Message = EMPTY) -> None:
    """Raises Conflict where a resource that is to be deleted still has children (ARM's code CannotDeleteResource)."""
    names = [child.resource_id.split("/providers/")[-1] for child in children]
    if names:
        raise Conflict(
            Message(
                "Cannot delete resource while nested resources exist. Some existing nested resource IDs "
                "include: '{names}'. Please delete all nested resources before deleting this resource.",
                names=names[:5],
            ),
            hint=hint or Message("{count} in all below {id}.", count=len(names), id=id.name),
            code="CannotDeleteResource",
        )


def require_same_location(resource: Resource, location: str) -> None:
    """Raises Conflict where a request would move a resource to another region; `location` is a region's short name."""
    if resource.location != location:
        raise Conflict(
            Message(
                "'{resource}' is in {location} and cannot move to {wanted}.",
                resource=resource.name,
                location=resource.location,
                wanted=location,
            ),
            hint=Message("Leave the location as it is, or use another name."),
            code="InvalidResourceLocation",
        )


def require_room(request: Request, rows: CountedRepository, id: ResourceId, location: str, *, most: int) -> None:
    """Raises Conflict where the subscription has `most` resources of the type in the region already."""
    if rows.count(f"/subscriptions/{id.subscription.lower()}", location) >= most:
        raise Conflict(
            Message(
                "A subscription has at most {most:,} resources of the type {type} in one region.",
                most=most,
                type=id.type,
            ),
            hint=Message("Delete some that nobody needs, or use another region."),
            code="OperationNotAllowed",
        )
