"""Image versions: made from uploaded files, spread over regions, deleted with open eyes."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from galeria.actions.core.parent_checks import missing_parent, require_room, require_same_location
from galeria.actions.core.request import Request
from galeria.actions.galleries.galleries import require_home_region
from galeria.actions.versions.publishing import change_targets, publish, set_targets
from galeria.actions.versions.retention import RestoreRequest, marked_for_deletion, restore, retain, soft_deleted
from galeria.actions.versions.version_sources import NamedSources, fill_version, get_sources, require_same_source
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import (
    OS_DISK,
    ImageDefinition,
    ImageVersion,
    SourceKind,
    VersionNumber,
)
from galeria.domain.images.publishing import PublishingOptions, ReplicationTarget, check_deletable
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved

VERSION = "Microsoft.Compute/galleries/images/versions"
# The service's own limit, for a subscription in one region.
MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class VersionRequest:
    """What a caller says of a version. `uploads` maps lun (-1: the OS disk) to an upload's id; empty on an update.

    With `restores`, a version that was deleted and is retained comes back; everything else but the tags is then ignored.
    """

    location: str
    tags: dict[str, str]
    targets: tuple[ReplicationTarget, ...] = ()
    uploads: dict[int, str] = field(default_factory=dict)
    sources: NamedSources = field(default_factory=NamedSources)
    exclude_from_latest: bool = False
    end_of_life: datetime | None = None
    publishing: PublishingOptions = field(default_factory=PublishingOptions)
    restores: bool = False

    @property
    def named(self) -> NamedSources:
        return replace(self.sources, uploads=self.uploads | self.sources.uploads)


@dataclass(frozen=True, kw_only=True)
class DeletionResult:
    """How a deletion began: with an operation, or, where the version is only put aside, without one."""

    was_there: bool
    operation: Operation | None = None


def put_version(
    request: Request, id: ResourceId, wanted: VersionRequest
) -> tuple[ImageVersion, bool, Operation | None]:
    """Make a version, or change the regions and flags of one. The second value tells whether it is new.

    A PUT repeated while the version is being made joins the running operation; after a failure it retries it.
    """
    request.caller.require(f"{VERSION}/write", id.key)
    request.audit(f"{VERSION}/write", str(id))
    version = request.uow.versions.find_by_key(id.key)
    if version is None:
        VersionNumber.parse(id.name)
        version, operation = _create(request, id, wanted)
        return version, True, operation
    require_same_location(version, request.settings.regions.get(wanted.location).name)
    if version.state is ProvisioningState.DELETING:
        raise marked_for_deletion(version)
    if version.retention is not Retention.ACTIVE:
        return _back(request, version, wanted), False, None
    running = request.uow.operations.running_on(version.id)
    if running:
        return version, False, running[0]
    if not version.is_sealed:
        return version, False, _again(request, version, wanted)
    return version, False, _update(request, version, wanted)


def get_version(request: Request, id: ResourceId) -> ImageVersion:
    request.caller.require(f"{VERSION}/read", id.key)
    version = request.uow.versions.get_by_key(id.key)
    if version.retention is not Retention.ACTIVE:
        raise soft_deleted(version)
    return version


def list_versions(request: Request, definition_id: ResourceId) -> list[ImageVersion]:
    request.caller.require(f"{VERSION}/read", definition_id.key)
    definition = request.uow.definitions.get_by_key(definition_id.key)
    versions = request.uow.versions.of_definition(definition.id)
    return [version for version in versions if version.retention is Retention.ACTIVE]


def delete_version(request: Request, id: ResourceId) -> Operation | None:
    """None when there was none. A version that is still being made is canceled first and then goes."""
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
    """Delete as the gallery's policy has it. What is retained already goes only with `bypass_soft_delete`."""
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
    definition = request.uow.definitions.find_by_key(id.parent.key)
    if definition is None:
        raise missing_parent(id, Message("Create the image definition first."))
    return definition


def new_version(
    request: Request,
    id: ResourceId,
    definition: ImageDefinition,
    *,
    location: str,
    targets: tuple[ReplicationTarget, ...],
    source: tuple[SourceKind, str],
    publishing: PublishingOptions | None = None,
    end_of_life: datetime | None = None,
) -> ImageVersion:
    """A version that is being made, with a pending replica for every target region. Its home region is one of them."""
    VersionNumber.parse(id.name)
    gallery = request.uow.galleries.get(definition.gallery_id)
    problem = Message(
        "The image version of a community gallery is made in the gallery's own region, {location}.",
        location=gallery.location,
    )
    require_home_region(gallery, location, problem)
    require_room(request, request.uow.versions, id, location, most=MOST)
    version = ImageVersion(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=location,
        state=ProvisioningState.CREATING,
        definition_id=definition.id,
        source_kind=source[0],
        source_id=source[1],
        **request.stamps(),
    )
    request.uow.versions.add(version)
    request.uow.flush()
    publish(request, version, publishing or PublishingOptions(), end_of_life)
    set_targets(request, version, targets)
    return version


def _create(request: Request, id: ResourceId, wanted: VersionRequest) -> tuple[ImageVersion, Operation]:
    definition = require_definition(request, id)
    location = request.settings.regions.get(wanted.location).name
    sources = get_sources(request, definition, location, wanted.named)
    version = new_version(
        request,
        id,
        definition,
        location=location,
        targets=wanted.targets,
        source=(sources[OS_DISK].kind, sources[OS_DISK].name),
        publishing=wanted.publishing,
        end_of_life=wanted.end_of_life,
    )
    version.tags, version.exclude_from_latest = wanted.tags, wanted.exclude_from_latest
    return version, fill_version(request, version, sources)


def _again(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation:
    """A version that failed before it was sealed is made again, from the same sources or from others."""
    version.state = moved(version.state, ProvisioningState.CREATING, Message("Version {version}", version=version.name))
    _aim(request, version, wanted)
    if not wanted.named.is_empty:
        definition = request.uow.definitions.get(version.definition_id)
        sources = get_sources(request, definition, version.location, wanted.named)
        request.uow.versions.remove_disks(version.id)
        return fill_version(request, version, sources)
    making = {OperationKind.CREATE_VERSION, OperationKind.EXPORT_TEMPLATE}
    begun = request.uow.operations.recent(below=version.key)
    failed = next(each for each in begun if each.subject == version.id and each.kind in making)
    return request.begin(failed.kind, version, version.id, failed.inputs)


def _back(request: Request, version: ImageVersion, wanted: VersionRequest) -> ImageVersion:
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
    restore(request, version, RestoreRequest(location=wanted.location, tags=wanted.tags))
    return version


def _aim(request: Request, version: ImageVersion, wanted: VersionRequest) -> None:
    """Regions and flags of a version that holds no bytes yet; without target regions those named before stay."""
    version.tags, version.exclude_from_latest = wanted.tags, wanted.exclude_from_latest
    publish(request, version, wanted.publishing, wanted.end_of_life)
    if wanted.targets:
        set_targets(request, version, wanted.targets)


def _update(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation | None:
    """Flags change at once; regions, and what failed before, by an operation."""
    require_same_source(request, version, wanted.sources)
    publish(request, version, wanted.publishing, wanted.end_of_life)
    removed, unfinished = change_targets(request, version, wanted.targets)
    version.tags, version.exclude_from_latest = wanted.tags, wanted.exclude_from_latest
    request.touch(version)
    if version.state is ProvisioningState.SUCCEEDED and not removed and not unfinished:
        return None
    version.state = moved(version.state, ProvisioningState.UPDATING)
    return request.begin(OperationKind.UPDATE_VERSION, version, version.id, {"removed": removed})
