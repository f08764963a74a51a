"""Galleries: create, change, list, delete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from galeria.actions.core.groups import require_lasting_group
from galeria.actions.core.parent_checks import missing_parent, require_no_children, require_room, require_same_location
from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId, gallery_name
from galeria.domain.images.galleries import Gallery
from galeria.domain.images.sharing import Permissions, changed_permissions, check_community
from galeria.domain.images.soft_delete import checked_days
from galeria.domain.messages import Message

GALLERY = "Microsoft.Compute/galleries"
# Azure's limit for a subscription in one region (docs/rules.md, "Limits").
MOST = 100


@dataclass(frozen=True, kw_only=True)
class GalleryDetails:
    """What a caller says of a gallery besides its texts.

    None leaves a value as it is, or gives a new gallery its default.
    """

    identity: Mapping[str, Any] | None = None
    permissions: Permissions | None = None
    community: Mapping[str, str] | None = None
    soft_delete: bool | None = None
    retention_days: int | None = None
    grace_days: int | None = None


def put_gallery(
    request: Request,
    id: ResourceId,
    *,
    location: str,
    tags: dict[str, str],
    description: str,
    details: GalleryDetails | None = None,
) -> tuple[Gallery, bool]:
    """Creates or changes a gallery; the second value tells whether it is new.

    Raises Forbidden, Invalid, NotFound, and Conflict for a name that the subscription has already.
    """
    request.caller.require(f"{GALLERY}/write", id.key)
    place = request.settings.regions.get(location).name
    request.audit(f"{GALLERY}/write", str(id))
    details = details or GalleryDetails()
    gallery = request.uow.galleries.find_by_key(id.key)
    if gallery:
        require_same_location(gallery, place)
        wanted = details.permissions or gallery.permissions
        gallery.permissions = changed_permissions(gallery.permissions, wanted, is_shared=gallery.is_shared)
        gallery.tags, gallery.description = tags, description
        _set_details(request, gallery, details)
        request.touch(gallery)
        return gallery, False
    gallery = _new(request, id, place)
    gallery.tags, gallery.description = tags, description
    gallery.permissions = details.permissions or Permissions.PRIVATE
    _set_details(request, gallery, details)
    request.uow.galleries.add(gallery)
    return gallery, True


def require_new_gallery(request: Request, id: ResourceId) -> None:
    """Raises Conflict where the gallery exists, for interfaces that must not change an existing one."""
    if request.uow.galleries.find_by_key(id.key):
        raise Conflict(
            Message("There is a gallery '{id}' already.", id=id.name),
            hint=Message("Choose another name."),
            target="name",
        )


def get_gallery(request: Request, id: ResourceId) -> Gallery:
    """Returns a gallery. Raises Forbidden, NotFound."""
    request.caller.require(f"{GALLERY}/read", id.key)
    return request.uow.galleries.get_by_key(id.key)


def list_galleries(request: Request, prefix: str) -> list[Gallery]:
    """Returns the galleries below a subscription's or group's key that the caller may see, by name."""
    return [each for each in request.uow.galleries.below(prefix) if request.caller.may(f"{GALLERY}/read", each.key)]


def delete_gallery(request: Request, id: ResourceId) -> bool:
    """Deletes a gallery and tells whether it existed.

    Raises Forbidden, and Conflict while it has definitions, is attached to a lab account, or is shared with the
    community.
    """
    request.caller.require(f"{GALLERY}/delete", id.key)
    gallery = request.uow.galleries.find_by_key(id.key)
    if gallery is None:
        return False
    require_no_children(request.uow.definitions.of_gallery(gallery.id), id)
    _require_unused(request, gallery)
    request.audit(f"{GALLERY}/delete", str(id))
    request.uow.people.remove_assignments_below(gallery.key)
    request.uow.galleries.remove(gallery)
    return True


def require_parent_gallery(request: Request, id: ResourceId) -> Gallery:
    """Returns the gallery that the definition `id` lies in. Raises NotFound with ARM's code ParentResourceNotFound."""
    gallery = request.uow.galleries.find_by_key(id.parent.key)
    if gallery is None:
        raise missing_parent(id, Message("Create the gallery first."))
    return gallery


def require_home_region(gallery: Gallery, location: str, problem: Message) -> None:
    """Raises Conflict with `problem` where a community gallery shows what is made in another region than its own."""
    if gallery.permissions is Permissions.COMMUNITY and location != gallery.location:
        raise Conflict(
            problem,
            hint=Message(
                "Make it in {location}; a version may be replicated to other regions from there.",
                location=gallery.location,
            ),
            code="InvalidResourceLocation",
            target="location",
        )


def _new(request: Request, id: ResourceId, location: str) -> Gallery:
    require_lasting_group(request, id)
    gallery_name(id.name)
    if request.uow.galleries.named(id.subscription.lower(), id.name):
        raise Conflict(
            Message("The gallery name '{id}' is not unique within the subscription.", id=id.name),
            hint=Message("Choose another name, or use the gallery that exists."),
            code="GalleryNotUniqueInSubscription",
            target="name",
        )
    require_room(request, request.uow.galleries, id, location, most=MOST)
    return Gallery(
        id=request.id_generator.new_id(), resource_id=str(id), key=id.key, location=location, **request.stamps()
    )


def _set_details(request: Request, gallery: Gallery, details: GalleryDetails) -> None:
    if details.identity is not None:
        gallery.identity = _identity(request, gallery.identity, details.identity)
    if details.community is not None:
        gallery.community = {**gallery.community, **details.community}
    if gallery.permissions is Permissions.COMMUNITY:
        check_community(gallery.community)
    if details.soft_delete is not None:
        gallery.soft_delete = details.soft_delete
    if details.retention_days is not None:
        gallery.retention_days = checked_days(details.retention_days, least=1, what="retentionPeriodInDays")
    if details.grace_days is not None:
        gallery.grace_days = checked_days(details.grace_days, least=0, what="gracePeriodInDays")


def _identity(request: Request, held: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Adds a principal's id to a system-assigned identity and keeps it; no such principal can sign in."""
    if "SystemAssigned" not in wanted.get("type", ""):
        return dict(wanted)
    return {**wanted, "principalId": held.get("principalId") or request.id_generator.new_guid()}


def _require_unused(request: Request, gallery: Gallery) -> None:
    if gallery.community_enabled:
        raise Conflict(
            Message("The gallery is shared with the community as '{public_name}'.", public_name=gallery.public_name),
            hint=Message("Take that back first: az sig share reset."),
            code="CannotDeleteResource",
        )
    accounts = request.uow.accounts.with_gallery(gallery.id)
    if accounts:
        raise Conflict(
            Message("The gallery is attached to: {accounts}.", accounts=[account.name for account in accounts]),
            hint=Message("Detach it from every lab account first."),
            code="CannotDeleteResource",
        )
