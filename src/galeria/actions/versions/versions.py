"""Image versions: create, replicate, change, delete."""

from dataclasses import dataclass

from galeria.actions.core.parent_checks import missing_parent, require_room, require_same_location
from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import require_home_region
from galeria.actions.storage.disk_order import reorder_disks
from galeria.actions.storage.sources import Sources
from galeria.actions.versions.publishing import PublishingRequest, busy, publish, publish_anew, publish_beside
from galeria.actions.versions.retention import marked_for_deletion, restore, retain, soft_deleted
from galeria.actions.versions.version_sources import (
    NamedSources,
    fill_version,
    get_sources,
    require_running_sources,
    require_same_source,
)
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import (
    OS_DISK,
    ImageDefinition,
    ImageVersion,
    SourceKind,
    VersionNumber,
)
from galeria.domain.images.publishing import check_deletable
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import RegionInputs
from galeria.domain.operations import VERSION_MAKING, Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved

VERSION = "Microsoft.Compute/galleries/images/versions"
# Azure's limit for a subscription in one region (docs/rules.md, "Limits").
MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class VersionRequest(NamedSources, PublishingRequest):
    """What a caller says of a version: where it is at home, what it is made of, and how it is published.

    With `restores`, a version that was deleted and is retained comes back; everything else but the tags is then ignored.
    """

    location: str
    tags: dict[str, str]
    restores: bool = False


@dataclass(frozen=True, kw_only=True)
class DeletionResult:
    """How a deletion began: with an operation, or without one where the version is soft-deleted."""

    was_there: bool
    operation: Operation | None = None


def put_version(
    request: Request, id: ResourceId, wanted: VersionRequest
) -> tuple[ImageVersion, bool, Operation | None]:
    """Creates a version, or changes the regions and flags of one; the second value tells whether it is new.

    A PUT repeated while the version is being made returns the running operation; after a failure it retries. Raises
    Forbidden, Invalid, NotFound, Conflict.
    """
    request.caller.require(f"{VERSION}/write", id.key)
    request.audit(f"{VERSION}/write", str(id))
    version = request.uow.versions.find_by_key(id.key)
    if version is None:
        VersionNumber.parse(id.name)
        definition = require_definition(request, id)
        sources = get_sources(request, definition, request.settings.regions.get(wanted.location).name, wanted)
        version, operation = create_version(request, id, definition, wanted, sources)
        return version, True, operation
    return version, False, _put_again(request, version, wanted)


def create_version(
    request: Request, id: ResourceId, definition: ImageDefinition, wanted: VersionRequest, sources: Sources
) -> tuple[ImageVersion, Operation]:
    """Make a version of sources that were found, and begin to fill it. The caller was found to be allowed to."""
    os_disk = sources[OS_DISK]
    version = new_version(request, id, definition, wanted, source=(os_disk.kind, os_disk.name))
    return version, fill_version(request, version, sources)


def get_version(request: Request, id: ResourceId) -> ImageVersion:
    """Returns a version. Raises Forbidden, and NotFound also for a soft-deleted one."""
    request.caller.require(f"{VERSION}/read", id.key)
    version = request.uow.versions.get_by_key(id.key)
    if version.retention is not Retention.ACTIVE:
        raise soft_deleted(version)
    return version


def list_versions(
    request: Request, definition_id: ResourceId, *, after: VersionNumber | None = None, limit: int = 50
) -> list[ImageVersion]:
    """Returns the versions of an image after that number, the lowest first, without soft-deleted ones.

    Raises Forbidden, NotFound.
    """
    request.caller.require(f"{VERSION}/read", definition_id.key)
    definition = request.uow.definitions.get_by_key(definition_id.key)
    return request.uow.version_queries.following(definition.id, after=after, limit=limit)


def delete_version(request: Request, id: ResourceId) -> Operation | None:
    """Starts deleting a version for good and cancels what is still making it; None where there is none.

    Raises Forbidden, and Conflict before an end of life that blocks it.
    """
    request.caller.require(f"{VERSION}/delete", id.key)
    version = request.uow.versions.find_by_key(id.key)
    if version is None:
        return None
    check_deletable(
        version.name,
        blocked=version.block_early_deletion,
        end_of_life=version.end_of_life,
        now_is=request.clock.now(),
    )
    request.audit(f"{VERSION}/delete", str(id))
    for running in request.uow.operations.running_on(version.id):
        if running.kind is OperationKind.DELETE_VERSION:
            return running
        running.cancel_requested = True
    version.state = moved(version.state, ProvisioningState.DELETING, Message("Version {version}", version=version.name))
    return request.begin(OperationKind.DELETE_VERSION, version, version.id)


def remove_version(request: Request, id: ResourceId, *, bypass_soft_delete: bool = False) -> DeletionResult:
    """Deletes a version by the gallery's soft-delete policy.

    A soft-deleted one is removed only with `bypass_soft_delete`. Raises Forbidden, and Conflict before an end of life
    that blocks it.
    """
    version = request.uow.versions.find_by_key(id.key)
    if version is None or bypass_soft_delete:
        operation = delete_version(request, id)
        return DeletionResult(was_there=version is not None, operation=operation)
    request.caller.require(f"{VERSION}/delete", id.key)
    if version.retention is not Retention.ACTIVE and version.state is not ProvisioningState.DELETING:
        return DeletionResult(was_there=False)
    now = request.clock.now()
    check_deletable(version.name, blocked=version.block_early_deletion, end_of_life=version.end_of_life, now_is=now)
    if retain(request, version):
        request.audit(
            f"{VERSION}/delete",
            str(id),
            detail=Message("restorable until {hard_deletion_at}", hard_deletion_at=str(version.hard_deletion_at)),
        )
        return DeletionResult(was_there=True)
    return DeletionResult(was_there=True, operation=delete_version(request, id))


def require_definition(request: Request, id: ResourceId) -> ImageDefinition:
    """Returns the image definition that the version `id` lies in.

    Raises NotFound with ARM's code ParentResourceNotFound.
    """
    definition = request.uow.definitions.find_by_key(id.parent.key)
    if definition is None:
        raise missing_parent(id, Message("Create the image definition first."))
    return definition


def new_version(
    request: Request,
    id: ResourceId,
    definition: ImageDefinition,
    wanted: VersionRequest,
    *,
    source: tuple[SourceKind, str],
) -> ImageVersion:
    """Adds a version in the state Creating, with a pending replica for every target region, its home region among them.

    Raises Invalid, Conflict.
    """
    VersionNumber.parse(id.name)
    location = request.settings.regions.get(wanted.location).name
    require_home_region(request.uow.galleries.get(definition.gallery_id), location, Message("image version"))
    require_room(request, request.uow.versions, id, location, most=MOST)
    version = ImageVersion(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=location,
        tags=wanted.tags,
        state=ProvisioningState.CREATING,
        definition_id=definition.id,
        source_kind=source[0],
        source_id=source[1],
        **request.stamps(),
    )
    request.uow.versions.add(version)
    request.uow.flush()
    publish(request, version, wanted)
    return version


def _put_again(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation | None:
    """What a PUT means for a version that is there depends on how far it is. None where no work is to be done."""
    require_same_location(version, request.settings.regions.get(wanted.location).name)
    if version.state is ProvisioningState.DELETING:
        raise marked_for_deletion(version)
    running = request.uow.operations.running_on(version.id)
    operation: Operation | None = None
    if version.retention is not Retention.ACTIVE:
        _restore(request, version, wanted)
    elif running:
        operation = _join(request, version, wanted, running[0])
    elif version.is_sealed:
        operation = _update(request, version, wanted)
    else:
        operation = _retry(request, version, wanted)
    return operation


def _join(request: Request, version: ImageVersion, wanted: VersionRequest, running: Operation) -> Operation:
    """Returns the running operation where it does what is wanted; flags, counts and tags are kept beside it at once.

    Raises Conflict where it does something else or was asked to stop: nothing is accepted that would be lost.
    """
    if running.cancel_requested:
        raise busy(version, "galleryImageVersion")
    require_running_sources(request, version, wanted, running)
    reorder_disks(request.uow.versions.disks(version.id), wanted.order)
    publish_beside(request, version, wanted)
    version.tags = wanted.tags
    request.touch(version)
    return running


def _retry(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation:
    """A version that failed before it was sealed is made again, from the same sources or from others."""
    version.state = moved(version.state, ProvisioningState.CREATING, Message("Version {version}", version=version.name))
    version.tags = wanted.tags
    publish(request, version, wanted)
    if wanted.names_sources:
        definition = request.uow.definitions.get(version.definition_id)
        sources = get_sources(request, definition, version.location, wanted)
        request.uow.versions.remove_disks(version.id)
        return fill_version(request, version, sources)
    begun = request.uow.operations.recent(below=version.key)
    failed = next(each for each in begun if each.subject == version.id and each.kind in VERSION_MAKING)
    return request.begin(failed.kind, version, version.id, failed.inputs)


def _restore(request: Request, version: ImageVersion, wanted: VersionRequest) -> None:
    """Its number is taken while it can be restored."""
    if not wanted.restores:
        raise Conflict(
            Message("Version {version} was deleted and can still be restored.", version=version.name),
            hint=Message(
                "Restore it (az sig image-version undelete), delete it for good with "
                "?bypassSoftDelete=true, or use another number."
            ),
            target="galleryImageVersionName",
        )
    restore(request, version, wanted.location, wanted.tags)


def _update(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation | None:
    """Changes flags at once, and regions and what failed before by an operation, which is returned."""
    require_same_source(request, version, wanted)
    reorder_disks(request.uow.versions.disks(version.id), wanted.order)
    removed, unfinished = publish_anew(request, version, wanted)
    version.tags = wanted.tags
    request.touch(version)
    if version.state is ProvisioningState.SUCCEEDED and not removed and not unfinished:
        return None
    version.state = moved(version.state, ProvisioningState.UPDATING)
    return request.begin(OperationKind.UPDATE_VERSION, version, version.id, RegionInputs(removed=tuple(removed)))
