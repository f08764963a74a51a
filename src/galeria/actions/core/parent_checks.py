"""Checks of nested resources: a parent exists first, is deleted last and has a limit; locations never change."""

from collections.abc import Sequence
from typing import Protocol

from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.resources import Resource


class CountedRepository(Protocol):
    """A repository that can count its resources in a region."""

    def count(self, prefix: str, location: str) -> int:
        """Returns how many resources in the region lie below the key `prefix`."""
        ...


def missing_parent(id: ResourceId, word: str) -> NotFound:
    """Returns the error for a missing parent of `id`, with ARM's code ParentResourceNotFound; `word` names its kind."""
    return NotFound(
        f"Can not perform requested operation on nested resource. Parent resource '{id.parent.name}' not found.",
        hint=f"Create the {word} first.",
        code="ParentResourceNotFound",
    )


def require_no_children(children: Sequence[Resource], id: ResourceId, *, hint: str = "") -> None:
    """Raises Conflict where a resource that is to be deleted still has children (ARM's code CannotDeleteResource)."""
    names = [child.resource_id.split("/providers/")[-1] for child in children]
    if names:
        raise Conflict(
            "Cannot delete resource while nested resources exist. Some existing nested resource IDs include: "
            f"'{', '.join(names[:5])}'. Please delete all nested resources before deleting this resource.",
            hint=hint or f"{len(names)} in all below {id.name}.",
            code="CannotDeleteResource",
        )


def require_same_location(resource: Resource, location: str) -> None:
    """Raises Conflict where a request would move a resource to another region; `location` is a region's short name."""
    if resource.location != location:
        raise Conflict(
            f"'{resource.name}' is in {resource.location} and cannot move to {location}.",
            hint="Leave the location as it is, or use another name.",
            code="InvalidResourceLocation",
        )


def require_room(request: Request, rows: CountedRepository, id: ResourceId, location: str, *, most: int) -> None:
    """Raises Conflict where the subscription has `most` resources of the type in the region already."""
    if rows.count(f"/subscriptions/{id.subscription.lower()}", location) >= most:
        raise Conflict(
            f"A subscription has at most {most:,} resources of the type {id.type} in one region.",
            hint="Delete some that nobody needs, or use another region.",
            code="OperationNotAllowed",
        )
