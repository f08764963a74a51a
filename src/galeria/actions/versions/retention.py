"""Soft-deleted versions: kept by a gallery's policy, listed, restored."""

from galeria.actions.core.request import Request
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import ImageVersion, VersionNumber
from galeria.domain.images.soft_delete import Retention, deadlines
from galeria.domain.messages import Message
from galeria.domain.states import ProvisioningState

VERSION = "Microsoft.Compute/galleries/images/versions"


def retain(request: Request, version: ImageVersion) -> bool:
    """Soft-deletes a version and tells whether it did: the gallery's policy must say so, and the version be complete."""
    definition = request.uow.definitions.find(version.definition_id)
    gallery = request.uow.galleries.find(definition.gallery_id) if definition else None
    if gallery is None or not gallery.soft_delete or not version.is_offered:
        return False
    now = request.clock.now()
    ends = deadlines(now, retention_days=gallery.retention_days, grace_days=gallery.grace_days)
    version.retention, version.soft_deleted_at = Retention.SOFT_DELETED, now
    version.consumption_ends_at, version.hard_deletion_at = ends.consumption_ends, ends.hard_deletion
    request.touch(version)
    return True


def restore(request: Request, version: ImageVersion, location: str, tags: dict[str, str]) -> None:
    """Take a version back as it was, at once: its bytes never went. Without tags it keeps its own.

    Raises Conflict for another region, and once it is really going.
    """
    if version.state is ProvisioningState.DELETING:
        raise marked_for_deletion(version)
    home = request.settings.regions.get(location).name
    if home != version.location:
        raise Conflict(
            Message(
                "Version {version} was in {location} and cannot be restored in {home}.",
                version=version.name,
                location=version.location,
                home=home,
            ),
            hint=Message("Name its own region: --location {location}.", location=version.location),
            code="InvalidResourceLocation",
        )
    version.retention, version.soft_deleted_at = Retention.ACTIVE, None
    version.consumption_ends_at = version.hard_deletion_at = None
    version.tags = tags or version.tags
    request.touch(version)


def list_soft_deleted(
    request: Request, definition_id: ResourceId, *, after: VersionNumber | None = None, limit: int = 50
) -> list[ImageVersion]:
    """Returns the soft-deleted versions of an image after that number, the lowest first. Raises Forbidden, NotFound."""
    request.caller.require(f"{VERSION}/read", definition_id.key)
    definition = request.uow.definitions.get_by_key(definition_id.key)
    return request.uow.version_queries.following(definition.id, after=after, retained=True, limit=limit)


def marked_for_deletion(version: ImageVersion) -> Conflict:
    """Returns the error for a change of a version that is being deleted, in Azure's words."""
    return Conflict(
        Message(
            "Operation 'Update Gallery Image Version' is not allowed on {version} since it is marked for deletion.",
            version=version.name,
        ),
        hint=Message("You can only retry the Delete operation; wait until it has ended, then make the version again."),
        code="OperationNotAllowed",
    )


def soft_deleted(version: ImageVersion) -> NotFound:
    """Returns the error for reading a soft-deleted version, which says until when it can be restored."""
    ends = version.hard_deletion_at.isoformat() if version.hard_deletion_at else ""
    return NotFound(
        Message(
            "The image version '{version}' was deleted; it can be restored until {ends}.",
            version=version.name,
            ends=ends,
        ),
        hint=Message("Restore it: az sig image-version undelete."),
    )
