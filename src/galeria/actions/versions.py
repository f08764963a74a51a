"""Image versions: made from uploaded files, spread over regions, deleted with open eyes."""

from dataclasses import dataclass, field
from datetime import datetime

from galeria.actions.request import Request
from galeria.domain.errors import Conflict, Invalid, NotFound
from galeria.domain.galleries import (
    OS_DISK,
    ImageDefinition,
    ImageVersion,
    Replica,
    SourceKind,
    VersionDisk,
    VersionNumber,
)
from galeria.domain.ids import ResourceId
from galeria.domain.labs import Lab
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, is_settled, moved

VERSION = "Microsoft.Compute/galleries/images/versions"


@dataclass(frozen=True, kw_only=True)
class Target:
    """One region of the publishing profile, as the caller wrote it."""

    region: str
    exclude_from_latest: bool | None = None


@dataclass(frozen=True, kw_only=True)
class VersionRequest:
    """What a caller says of a version. `uploads` maps lun (-1: the OS disk) to an upload's id; empty on an update."""

    location: str
    tags: dict[str, str]
    targets: tuple[Target, ...] = ()
    uploads: dict[int, str] = field(default_factory=dict)
    exclude_from_latest: bool = False
    end_of_life: datetime | None = None


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
        version, operation = _create(request, id, wanted)
        return version, True, operation
    running = request.uow.operations.running_on(version.id)
    if running:
        return version, False, running[0]
    if not version.is_sealed:
        return version, False, _again(request, version, wanted)
    return version, False, _update(request, version, wanted)


def get_version(request: Request, id: ResourceId) -> ImageVersion:
    request.caller.require(f"{VERSION}/read", id.key)
    return request.uow.versions.get_by_key(id.key)


def list_versions(request: Request, definition_id: ResourceId) -> list[ImageVersion]:
    request.caller.require(f"{VERSION}/read", definition_id.key)
    definition = request.uow.definitions.get_by_key(definition_id.key)
    return request.uow.versions.of_definition(definition.id)


def labs_of(request: Request, version: ImageVersion) -> list[Lab]:
    """The labs that were made from this exact version."""
    return request.uow.labs.of_version(version.id)


def delete_version(request: Request, id: ResourceId) -> Operation | None:
    """None when there was none. A version that is still being made is canceled first and then goes."""
    request.caller.require(f"{VERSION}/delete", id.key)
    version = request.uow.versions.find_by_key(id.key)
    if version is None:
        return None
    request.audit(f"{VERSION}/delete", str(id))
    for running in request.uow.operations.running_on(version.id):
        if running.kind is OperationKind.DELETE_VERSION:
            return running
        running.cancel_requested = True
    version.state = moved(version.state, ProvisioningState.DELETING, f"Version {version.name}")
    return request.begin(OperationKind.DELETE_VERSION, version, version.id)


def require_definition(request: Request, id: ResourceId) -> ImageDefinition:
    definition = request.uow.definitions.find_by_key(id.parent.key)
    if definition is None:
        raise NotFound(
            f"Can not perform requested operation on nested resource. Parent resource '{id.parent.name}' not found.",
            hint="Create the image definition first.",
            code="ParentResourceNotFound",
        )
    return definition


def new_version(
    request: Request,
    id: ResourceId,
    definition: ImageDefinition,
    *,
    location: str,
    targets: tuple[Target, ...],
    source: tuple[SourceKind, str],
) -> ImageVersion:
    """A version that is being made, with a pending replica for every target region. Its home region is one of them."""
    VersionNumber.parse(id.name)
    version = ImageVersion(
        id=request.dice.new_id(),
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
    for target in _checked_targets(request, targets, home=location):
        request.uow.versions.add_replica(
            Replica(version_id=version.id, region=target.region, exclude_from_latest=target.exclude_from_latest)
        )
    return version


def _create(request: Request, id: ResourceId, wanted: VersionRequest) -> tuple[ImageVersion, Operation]:
    definition = require_definition(request, id)
    if OS_DISK not in wanted.uploads:
        raise Invalid(
            "A new version needs a source for its OS disk.",
            hint="Upload the file first: galeria image import does both.",
            target="galleryImageVersion.properties.storageProfile",
        )
    for upload_id in wanted.uploads.values():
        _require_upload(request, upload_id)
    version = new_version(
        request,
        id,
        definition,
        location=request.settings.regions.get(wanted.location).name,
        targets=wanted.targets,
        source=(SourceKind.UPLOAD, wanted.uploads[OS_DISK]),
    )
    version.tags = wanted.tags
    version.exclude_from_latest, version.end_of_life = wanted.exclude_from_latest, wanted.end_of_life
    request.uow.flush()
    for lun in sorted(wanted.uploads):
        request.uow.versions.add_disk(VersionDisk(version_id=version.id, lun=lun, size=0))
    return version, request.begin(OperationKind.CREATE_VERSION, version, version.id, _upload_inputs(wanted))


def _again(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation:
    """A version that failed before it was sealed is made again, from the same source or from newly uploaded files."""
    version.state = moved(version.state, ProvisioningState.CREATING, f"Version {version.name}")
    if wanted.uploads:
        for upload_id in wanted.uploads.values():
            _require_upload(request, upload_id)
        version.source_id = wanted.uploads.get(OS_DISK, version.source_id)
        request.uow.versions.remove_disks(version.id)
        request.uow.flush()
        for lun in sorted(wanted.uploads):
            request.uow.versions.add_disk(VersionDisk(version_id=version.id, lun=lun, size=0))
        return request.begin(OperationKind.CREATE_VERSION, version, version.id, _upload_inputs(wanted))
    failed = next(each for each in request.uow.operations.recent(below=version.key) if each.subject == version.id)
    return request.begin(failed.kind, version, version.id, failed.inputs)


def _upload_inputs(wanted: VersionRequest) -> dict[str, object]:
    return {"uploads": {str(lun): upload for lun, upload in wanted.uploads.items()}}


def _update(request: Request, version: ImageVersion, wanted: VersionRequest) -> Operation | None:
    """Flags change at once; regions, and what failed before, by an operation."""
    if not is_settled(version.state):
        raise Conflict(
            f"Version {version.name} is being deleted.",
            hint="Wait for it, then make it again.",
            code="OperationNotAllowed",
        )
    version.tags, version.exclude_from_latest = wanted.tags, wanted.exclude_from_latest
    version.end_of_life = wanted.end_of_life
    request.touch(version)
    targets = {target.region: target for target in _checked_targets(request, wanted.targets, home=version.location)}
    held = {replica.region: replica for replica in request.uow.versions.replicas(version.id)}
    for region, replica in held.items():
        if region in targets:
            replica.exclude_from_latest = targets[region].exclude_from_latest
    for region in targets.keys() - held.keys():
        request.uow.versions.add_replica(Replica(version_id=version.id, region=region))
    removed = sorted(held.keys() - targets.keys())
    unfinished = any(replica.progress < 100 for region, replica in held.items() if region in targets)
    if (
        version.state is ProvisioningState.SUCCEEDED
        and not removed
        and not targets.keys() - held.keys()
        and not unfinished
    ):
        return None
    version.state = moved(version.state, ProvisioningState.UPDATING)
    return request.begin(OperationKind.UPDATE_VERSION, version, version.id, {"removed": removed})


def _checked_targets(request: Request, targets: tuple[Target, ...], *, home: str) -> list[Target]:
    """With canonical names; the home region is added where nobody named a region."""
    checked = [
        Target(region=request.settings.regions.get(each.region).name, exclude_from_latest=each.exclude_from_latest)
        for each in targets or (Target(region=home),)
    ]
    names = [target.region for target in checked]
    if len(set(names)) != len(names):
        raise Invalid(
            "Duplicate regions are not allowed in target publishing regions.",
            hint="Name each region once; spelling and case make no difference.",
            target="galleryImageVersion.properties.publishingProfile.targetRegions",
        )
    if home not in names:
        raise Invalid(
            f"The target regions must include the version's own location, {home}.",
            hint=f"Add {home} to the target regions.",
            target="galleryImageVersion.properties.publishingProfile.targetRegions",
        )
    return checked


def _require_upload(request: Request, upload_id: str) -> None:
    upload = request.uow.uploads.find(upload_id)
    if upload is None or upload.owner_id != request.caller.principal.id:
        raise NotFound(f"There is no upload '{upload_id}'.", hint="Upload the file again.")
