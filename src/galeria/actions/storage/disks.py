"""Disks and snapshots: made empty, by an upload, or as a copy; changed, listed, deleted."""

from dataclasses import dataclass
from typing import TypeVar

from galeria.actions.core.groups import require_lasting_group
from galeria.actions.core.parent_checks import require_same_location
from galeria.actions.core.request import Request
from galeria.actions.storage.community_sources import community_source
from galeria.actions.storage.disk_sizes import LARGEST, begin_growing, grown_source
from galeria.actions.storage.sources import (
    Source,
    address_source,
    disk_source,
    require_same_region,
    whole_source,
)
from galeria.actions.storage.storage_lifecycle import (
    begin_filling,
    begin_removal,
    refill,
    require_lasting,
    require_unchanged,
)
from galeria.actions.storage.uploads import require_share
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, Architecture, Generation, OsType, SourceKind
from galeria.domain.images.sharing import CommunityImage
from galeria.domain.images.storage import (
    FOOTER,
    LARGEST_UPLOAD,
    Disk,
    DiskCreateOption,
    DiskState,
    Origin,
    OriginKind,
    Snapshot,
    StoredDisk,
    disk_name,
)
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState
from galeria.domain.units import GB, gigabytes
from galeria.ports.disk_repositories import StoredDiskRepository

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class DiskRequest:
    """What a caller says of a disk or snapshot.

    Of `source`, `uri`, `image` and the sizes, its option needs exactly one.
    """

    location: str
    tags: dict[str, str]
    option: DiskCreateOption
    source: ResourceId | None = None  # the resource that a copy is made of
    uri: str = ""  # the address that is imported
    image: ResourceId | CommunityImage | None = None  # a gallery's image
    image_lun: int = OS_DISK
    size_gb: int | None = None
    upload_bytes: int | None = None
    os_type: OsType | None = None
    generation: Generation | None = None
    architecture: Architecture | None = None
    sku: str = "Standard_LRS"
    incremental: bool = False


@dataclass(frozen=True, kw_only=True)
class DiskUpdate:
    """The changes of a disk or snapshot. None and empty texts leave a value as it is."""

    tags: dict[str, str] | None = None
    sku: str = ""
    size_gb: int | None = None
    os_type: OsType | None = None
    generation: Generation | None = None
    architecture: Architecture | None = None


@dataclass(frozen=True, kw_only=True)
class DiskKind:
    """What differs between disks and snapshots: resource type, word, operations, repository."""

    type: str
    word: Message
    create: OperationKind
    delete: OperationKind

    def rows(self, request: Request) -> StoredDiskRepository[Disk] | StoredDiskRepository[Snapshot]:
        """Returns the repository of disks or of snapshots."""
        return request.uow.disks if self == DISK else request.uow.snapshots


DISK = DiskKind(
    type="Microsoft.Compute/disks",
    word=Message("disk"),
    create=OperationKind.CREATE_DISK,
    delete=OperationKind.DELETE_DISK,
)
SNAPSHOT = DiskKind(
    type="Microsoft.Compute/snapshots",
    word=Message("snapshot"),
    create=OperationKind.CREATE_SNAPSHOT,
    delete=OperationKind.DELETE_SNAPSHOT,
)


def put_disk(
    request: Request, kind: DiskKind, id: ResourceId, wanted: DiskRequest
) -> tuple[StoredDisk, Operation | None]:
    """Creates a disk or snapshot, or changes its tags, SKU and size.

    A PUT repeated while it is being made returns the running operation; after a failure it retries. Raises Forbidden,
    NotFound, Invalid, and Conflict for a property that never changes or a busy disk.
    """
    request.caller.require(f"{kind.type}/write", id.key)
    request.audit(f"{kind.type}/write", str(id))
    held = kind.rows(request).find_by_key(id.key)
    if held is None:
        return _create(request, kind, id, wanted)
    return held, _change(request, kind, held, wanted)


def get_disk(request: Request, kind: DiskKind, id: ResourceId) -> StoredDisk:
    """Returns a disk or snapshot. Raises Forbidden, NotFound."""
    request.caller.require(f"{kind.type}/read", id.key)
    return kind.rows(request).get_by_key(id.key)


def list_disks(request: Request, kind: DiskKind, prefix: str) -> list[StoredDisk]:
    """Returns the disks or snapshots below a subscription's or group's key that the caller may see, by name."""
    return [each for each in kind.rows(request).below(prefix) if request.caller.may(f"{kind.type}/read", each.key)]


def patch_disk(
    request: Request, kind: DiskKind, id: ResourceId, changes: DiskUpdate
) -> tuple[StoredDisk, Operation | None]:
    """Changes a disk or snapshot; the operation is set where it grows.

    Raises Forbidden, NotFound, Invalid, Conflict.
    """
    request.caller.require(f"{kind.type}/write", id.key)
    disk: Disk | Snapshot = kind.rows(request).get_by_key(id.key)
    request.audit(f"{kind.type}/write", str(id))
    require_lasting(disk, request.uow.operations.running_on(disk.id), kind.delete)
    _require_known(disk, changes.os_type, changes.generation, changes.architecture)
    operation = _grow(request, disk, changes.size_gb)
    disk.tags = disk.tags if changes.tags is None else changes.tags
    disk.sku = changes.sku or disk.sku
    request.touch(disk)
    return disk, operation


def delete_disk(request: Request, kind: DiskKind, id: ResourceId) -> Operation | None:
    """Starts deleting a disk or snapshot; None where there is none.

    Raises Forbidden, and Conflict while access is granted or a snapshot is protected.
    """
    request.caller.require(f"{kind.type}/delete", id.key)
    disk: Disk | Snapshot | None = kind.rows(request).find_by_key(id.key)
    if disk is None:
        return None
    if shown_state(request, disk) in {DiskState.ACTIVE_SAS, DiskState.ACTIVE_UPLOAD}:
        raise Conflict(
            Message(
                "There is an active shared access signature outstanding for {word} {disk}.",
                word=kind.word,
                disk=disk.name,
            ),
            hint=Message("Call EndGetAccess before deleting it: az disk revoke-access."),
            code="OperationNotAllowed",
        )
    if isinstance(disk, Snapshot):
        disk.require_deletable(request.clock.now())
    request.audit(f"{kind.type}/delete", str(id))
    return begin_removal(request, disk, kind.delete)


def shown_state(request: Request, disk: StoredDisk) -> DiskState:
    """Returns the disk's state; it is no longer in use once all access grants have expired."""
    if disk.disk_state not in {DiskState.ACTIVE_SAS, DiskState.ACTIVE_UPLOAD}:
        return disk.disk_state
    now = request.clock.now()
    if any(grant.is_valid(now) for grant in request.uow.access_grants.of_disk(disk.id)):
        return disk.disk_state
    return DiskState.UNATTACHED if disk.disk_state is DiskState.ACTIVE_SAS else DiskState.READY_TO_UPLOAD


def _create(
    request: Request, kind: DiskKind, id: ResourceId, wanted: DiskRequest
) -> tuple[StoredDisk, Operation | None]:
    require_lasting_group(request, id)
    disk_name(id.name, kind.word)
    location = request.settings.regions.get(wanted.location).name
    source = None if wanted.option is DiskCreateOption.UPLOAD else _sized(request, kind, id, wanted, location)
    disk = _new(request, kind, id, wanted, location, source)
    if source is None:
        require_unchanged((("diskSizeGB", gigabytes(_upload_bytes(kind, wanted) - FOOTER), wanted.size_gb or None),))
        disk.disk_state, disk.upload_bytes = DiskState.READY_TO_UPLOAD, _upload_bytes(kind, wanted)
        disk.size = disk.upload_bytes - FOOTER
        disk.state = ProvisioningState.SUCCEEDED
        require_share(request, disk.upload_bytes)
    _add(request, disk)
    request.uow.flush()
    if source is None:
        return disk, None
    disk.size = source.origin.grown or source.origin.size
    return disk, begin_filling(request, disk, kind.create, {OS_DISK: source})


def _new(
    request: Request, kind: DiskKind, id: ResourceId, wanted: DiskRequest, location: str, source: Source | None
) -> Disk | Snapshot:
    known = source or Source(origin=Origin(kind=OriginKind.PAGES), kind=SourceKind.UPLOAD, name="")
    make = Disk if kind == DISK else Snapshot
    disk = make(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=location,
        tags=wanted.tags,
        state=ProvisioningState.CREATING,
        option=wanted.option,
        source=known.name,
        os_type=wanted.os_type or known.os_type,
        generation=wanted.generation or known.generation,
        architecture=wanted.architecture or known.architecture or Architecture.X64,
        sku=wanted.sku,
        accounts=list(known.accounts),
        **request.stamps(),
    )
    if isinstance(disk, Disk):
        disk.author_id = request.caller.principal.id
    else:
        disk.incremental = wanted.incremental
    return disk


def _add(request: Request, disk: Disk | Snapshot) -> None:
    if isinstance(disk, Disk):
        request.uow.disks.add(disk)
    else:
        request.uow.snapshots.add(disk)


def _sized(request: Request, kind: DiskKind, id: ResourceId, wanted: DiskRequest, location: str) -> Source:
    source = _source(request, id, wanted, location)
    if source.origin.kind is OriginKind.EMPTY:
        return source
    if kind == SNAPSHOT and wanted.size_gb not in (None, 0, gigabytes(source.origin.size)):
        raise _fixed_size()
    return grown_source(source, wanted.size_gb)


def _source(request: Request, id: ResourceId, wanted: DiskRequest, location: str) -> Source:
    option = wanted.option
    if option is DiskCreateOption.EMPTY:
        size = _size(wanted)
        return Source(origin=Origin(kind=OriginKind.EMPTY, size=size), kind=SourceKind.DISK, name="")
    if option is DiskCreateOption.IMPORT:
        return address_source(request, _said(wanted.uri, "sourceUri"))
    if option is DiskCreateOption.FROM_IMAGE:
        return _image_disk(request, id, wanted, location)
    return require_same_region(disk_source(request, _said(wanted.source, "sourceResourceId")), location)


def _image_disk(request: Request, id: ResourceId, wanted: DiskRequest, location: str) -> Source:
    if isinstance(wanted.image, CommunityImage):
        disks = community_source(request, id.subscription, wanted.image, location)
    else:
        disks = whole_source(request, _said(wanted.image, "galleryImageReference"), location)
    if wanted.image_lun not in disks:
        raise Invalid(
            Message("The image has no data disk with the LUN {image_lun}.", image_lun=wanted.image_lun),
            hint=Message("Leave the LUN out for the OS disk."),
            target="creationData.galleryImageReference.lun",
        )
    return require_same_region(disks[wanted.image_lun], location)


def _change(request: Request, kind: DiskKind, disk: Disk | Snapshot, wanted: DiskRequest) -> Operation | None:
    require_same_location(disk, request.settings.regions.get(wanted.location).name)
    running = request.uow.operations.running_on(disk.id)
    require_lasting(disk, running, kind.delete)
    uri = address_source(request, wanted.uri).name if wanted.uri else ""
    source = str(wanted.source or wanted.image or "") or uri
    require_unchanged(
        (
            ("creationData.createOption", disk.option, wanted.option),
            ("creationData.sourceResourceId", disk.source.lower(), source.lower() or None),
            ("creationData.uploadSizeBytes", disk.upload_bytes, wanted.upload_bytes),
        )
    )
    _require_known(disk, wanted.os_type, wanted.generation, wanted.architecture)
    growing = _grow(request, disk, wanted.size_gb)
    disk.tags, disk.sku = wanted.tags, wanted.sku
    request.touch(disk)
    if running or growing:
        return growing or running[0]
    is_failed = disk.state is ProvisioningState.FAILED and disk.option is not DiskCreateOption.UPLOAD
    return refill(request, disk, kind.create) if is_failed else None


def _require_known(
    disk: Disk | Snapshot, os_type: OsType | None, generation: Generation | None, architecture: Architecture | None
) -> None:
    """Sets properties that were not known yet. Raises Conflict where a known one would change."""
    require_unchanged(
        (
            ("osType", disk.os_type, os_type if disk.os_type else None),
            ("hyperVGeneration", disk.generation, generation if disk.generation else None),
            ("supportedCapabilities.architecture", disk.architecture, architecture),
        )
    )
    disk.os_type = disk.os_type or os_type
    disk.generation = disk.generation or generation


def _grow(request: Request, disk: Disk | Snapshot, size_gb: int | None) -> Operation | None:
    """Starts growing the disk where it has content. Until then it has the size that was announced: raises Conflict."""
    if not disk.has_content:
        require_unchanged((("diskSizeGB", gigabytes(disk.size), size_gb or None),))
        return None
    if isinstance(disk, Disk):
        return begin_growing(request, disk, size_gb)
    if size_gb and size_gb != gigabytes(disk.size):
        raise _fixed_size()
    return None


def _fixed_size() -> Invalid:
    return Invalid(
        Message("A snapshot has the size of what it was taken of."),
        hint=Message("Leave out diskSizeGB; a disk made of the snapshot may be larger."),
        target="diskSizeGB",
    )


def _size(wanted: DiskRequest) -> int:
    if not wanted.size_gb or not 0 < wanted.size_gb <= LARGEST:
        raise Invalid(
            Message("An empty disk needs a size."),
            hint=Message("Give diskSizeGB from 1 to {largest}.", largest=LARGEST),
            target="diskSizeGB",
        )
    return wanted.size_gb * GB


def _upload_bytes(kind: DiskKind, wanted: DiskRequest) -> int:
    size = wanted.upload_bytes or 0
    if kind == SNAPSHOT or size % 512 or not 2 * FOOTER <= size <= LARGEST_UPLOAD:
        raise Invalid(
            Message("A fixed VHD of {size} bytes cannot be uploaded to a {word}.", size=size, word=kind.word),
            hint=Message(
                "Upload to a disk, and give the whole file's size, its 512 bytes of footer included, in "
                "uploadSizeBytes: a multiple of 512, at most {largest_upload}.",
                largest_upload=LARGEST_UPLOAD,
            ),
            target="creationData.uploadSizeBytes",
        )
    return size


def _said(value: T | None, name: str) -> T:
    if not value:
        raise Invalid(
            Message("This way of making a disk needs '{name}'.", name=name),
            hint=Message("Say what to make it from."),
            target=f"creationData.{name}",
        )
    return value
