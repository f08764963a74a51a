"""The sources that disks, images and versions are made of: found, permitted and fitting before work begins."""

from dataclasses import dataclass, replace

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_machine
from galeria.domain.errors import Conflict, Forbidden, Invalid, NotFound
from galeria.domain.ids import LABS, ResourceId
from galeria.domain.images.galleries import (
    OS_DISK,
    Architecture,
    Generation,
    ImageDefinition,
    ImageVersion,
    OsState,
    OsType,
    SourceKind,
)
from galeria.domain.images.import_addresses import read_address, require_public_literal
from galeria.domain.images.storage import Disk, ManagedImage, Origin, OriginKind, Snapshot, StoredDisk
from galeria.domain.labs.hardware import Hardware
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message
from galeria.domain.resources import Resource
from galeria.domain.states import MachineState, ProvisioningState, ReplicaState

DISKS = "microsoft.compute/disks"
SNAPSHOTS = "microsoft.compute/snapshots"
IMAGES = "microsoft.compute/images"
DEFINITIONS = "microsoft.compute/galleries/images"
VERSIONS = "microsoft.compute/galleries/images/versions"
MACHINES = "microsoft.labservices/labs/virtualmachines"
# `az sig image-version create --virtual-machine` sends ids of this type only: a lab's name there means its template.
OLD_MACHINES = "microsoft.compute/virtualmachines"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One disk to be copied, with what is known of the system on it; None stands for what is not known."""

    origin: Origin
    kind: SourceKind
    name: str  # the resource id as the caller wrote it, or an address without its query
    os_type: OsType | None = None
    os_state: OsState | None = None
    generation: Generation | None = None
    architecture: Architecture | None = None
    accounts: tuple[str, ...] = ()
    hardware: Hardware | None = None  # that machines are known to start with


@dataclass(frozen=True, kw_only=True)
class NamedDisk:
    """One disk's source as the caller wrote it: the id of a resource, or the address of a VHD."""

    id: ResourceId | None = None
    uri: str = ""


Sources = dict[int, Source]
"""Sources by lun; the OS disk has -1."""


def named_source(request: Request, named: NamedDisk) -> Source:
    """Returns the source that was named by id or address.

    Raises Invalid unless exactly one was named, and what `disk_source` and `address_source` raise.
    """
    if named.id is not None and not named.uri:
        return disk_source(request, named.id)
    if named.uri and named.id is None:
        return address_source(request, named.uri)
    raise Invalid(
        Message("A disk needs exactly one source."),
        hint=Message("Name a disk, a snapshot, or the address of a VHD."),
        target="storageProfile",
    )


def disk_source(request: Request, id: ResourceId) -> Source:
    """Returns a disk, a snapshot, or a lab machine's disk as a source.

    Raises Invalid, Forbidden, NotFound, Conflict.
    """
    kind = id.type.lower()
    if kind == DISKS:
        return _stored(request, id, request.uow.disks.find_by_key(id.key), SourceKind.DISK)
    if kind == SNAPSHOTS:
        return _stored(request, id, request.uow.snapshots.find_by_key(id.key), SourceKind.SNAPSHOT)
    if kind in (MACHINES, OLD_MACHINES):
        return machine_source(request, id)
    raise _wrong_kind(id, Message("Give the id of a disk, a snapshot or a lab's virtual machine."))


def whole_source(request: Request, id: ResourceId, location: str) -> Sources:
    """Returns all disks of a managed image, an image version, or a lab's virtual machine as sources.

    An image definition, or the version "latest", means the latest version in `location`. Raises Invalid, Forbidden,
    NotFound, Conflict.
    """
    kind = id.type.lower()
    if kind == IMAGES:
        return _managed_image(request, id)
    if kind in (VERSIONS, DEFINITIONS):
        return _version(request, id, location)
    if kind in (MACHINES, OLD_MACHINES):
        return {OS_DISK: machine_source(request, id)}
    raise _wrong_kind(id, Message("Give the id of a managed image, an image version or a lab's virtual machine."))


def address_source(request: Request, text: str) -> Source:
    """Returns the file at an address as a source.

    Only the form of the address is checked; it is opened when the work begins. Raises Invalid.
    """
    address = read_address(text)
    if not address.is_among(request.settings.import_hosts):
        require_public_literal(address)
    return Source(origin=Origin(kind=OriginKind.URI, name=text), kind=SourceKind.URI, name=address.shown)


def machine_source(request: Request, id: ResourceId) -> Source:
    """Returns a lab machine's disk as a source, as it is when the work begins; the machine may run.

    Raises Forbidden, NotFound, and Conflict while the machine is busy.
    """
    if id.type.lower() == OLD_MACHINES:
        id = id.parent.resource(LABS, "labs", id.name).child("virtualMachines", "template")
    linked = request.uow.labs.find_by_key(id.parent.key)
    if linked is None:
        raise _missing(id)
    # Reading the disk is what an owner of the lab may do, as for an export.
    require_linked(request, "Microsoft.LabServices/labs/write", linked, id)
    lab, machine = get_machine(request, id.parent, id.name)
    _require_quiet(request, lab, machine)
    return Source(
        origin=Origin.of_machine(machine),
        kind=SourceKind.MACHINE,
        name=str(id),
        os_type=lab.os_type,
        os_state=OsState.SPECIALIZED,
        generation=lab.generation,
        accounts=tuple(machine.accounts),
        hardware=lab.hardware,
    )


def require_linked(request: Request, action: str, linked: Resource, id: ResourceId) -> None:
    """Raises Forbidden (LinkedAuthorizationFailed) without the right on a resource that a request names besides its own.

    `id` is how the request names it. Raises NotFound, as if there were none, where the caller may not even read it.
    """
    if request.caller.may(action, linked.key):
        return
    if not request.caller.may_see(linked.key):
        raise _missing(id)
    raise Forbidden(
        Message(
            "'{principal}' may not perform '{action}' on the linked scope '{resource_id}'.",
            principal=request.caller.principal.display_name,
            action=action,
            resource_id=linked.resource_id,
        ),
        hint=Message("Ask an Owner of it for a role that allows this."),
        code="LinkedAuthorizationFailed",
    )


def require_same_region(source: Source, location: str) -> Source:
    """Returns the source.

    Raises Invalid where it is a machine's disk of another region, which only that region's host can read.
    """
    if source.origin.kind is OriginKind.MACHINE and source.origin.region != location:
        raise Invalid(
            Message(
                "The virtual machine is in {region}, not in {location}.", region=source.origin.region, location=location
            ),
            hint=Message(
                "Use the location {region}; an image version can then be replicated to {location}.",
                region=source.origin.region,
                location=location,
            ),
            target="location",
        )
    return source


def require_fitting(definition: ImageDefinition, source: Source) -> None:
    """Raises Invalid where OS state, OS type, generation or architecture of source and definition differ, as far as known."""
    if source.os_state is not None and source.os_state is not definition.os_state:
        raise Invalid(
            Message(
                "The resource with id '{source}' has a different OS state ['{os_state}'] than the parent "
                "gallery image OS state ['{wanted}'].",
                source=source.name,
                os_state=source.os_state,
                wanted=definition.os_state,
            ),
            hint=Message("Use an image definition whose OS state is {os_state}.", os_state=source.os_state),
            code="BadRequest",
            target="galleryImageVersion.properties.storageProfile",
        )
    pairs = (
        (Message("OS type"), source.os_type, definition.os_type),
        (Message("Hyper-V generation"), source.generation, definition.generation),
        (Message("architecture"), source.architecture, definition.architecture),
    )
    for word, own, wanted in pairs:
        if own is not None and own is not wanted:
            raise Invalid(
                Message(
                    "The resource with id '{source}' has a different {word} ['{own}'] than the parent "
                    "gallery image ['{wanted}'].",
                    source=source.name,
                    word=word,
                    own=own,
                    wanted=wanted,
                ),
                hint=Message("Use an image definition whose {word} is {own}, or another source.", word=word, own=own),
                code="BadRequest",
                target="galleryImageVersion.properties.storageProfile",
            )


def _stored(request: Request, id: ResourceId, disk: Disk | Snapshot | None, kind: SourceKind) -> Source:
    if disk is None:
        raise _missing(id)
    require_linked(request, f"Microsoft.Compute/{kind}s/write", disk, id)
    return stored_source(disk, str(id), kind)


def stored_source(disk: StoredDisk, name: str, kind: SourceKind) -> Source:
    """Returns a disk or snapshot as a source. Raises Conflict where it is not complete."""
    _require_finished(disk)
    if not disk.has_content:
        raise Conflict(
            Message(
                "The {kind} '{disk}' is {disk_state}: it holds no content yet.",
                kind=kind,
                disk=disk.name,
                disk_state=disk.disk_state,
            ),
            hint=Message("Upload its content and end the access (az disk revoke-access) first."),
            code="OperationNotAllowed",
        )
    return Source(
        origin=Origin(kind=OriginKind.CONTENT, name=disk.digest, region=disk.location, size=disk.size),
        kind=kind,
        name=name,
        os_type=disk.os_type,
        generation=disk.generation,
        architecture=disk.architecture,
        accounts=tuple(disk.accounts),
    )


def _managed_image(request: Request, id: ResourceId) -> Sources:
    image = request.uow.managed_images.find_by_key(id.key)
    if image is None:
        raise _missing(id)
    require_linked(request, "Microsoft.Compute/images/read", image, id)
    _require_finished(image)
    return {
        disk.lun: Source(
            origin=Origin(kind=OriginKind.CONTENT, name=disk.digest, region=image.location, size=disk.size),
            kind=SourceKind.IMAGE,
            name=str(id),
            os_type=image.os_type,
            os_state=image.os_state,
            generation=image.generation,
            architecture=Architecture.X64,
            accounts=tuple(image.accounts),
        )
        for disk in request.uow.managed_images.disks(image.id)
    }


def _version(request: Request, id: ResourceId, location: str) -> Sources:
    is_exact = id.type.lower() == VERSIONS
    definition = request.uow.definitions.find_by_key((id.parent if is_exact else id).key)
    if definition is None or not (request.caller.may_see(definition.key) or request.caller.may_see(id.key)):
        raise _missing(id)
    version = (
        _exact(request, id) if is_exact and id.name.lower() != "latest" else latest_of(request, definition, location)
    )
    require_linked(request, "Microsoft.Compute/galleries/images/versions/read", version, id)
    return version_disks(request, definition, version, location, name=version.resource_id)


def version_disks(
    request: Request, definition: ImageDefinition, version: ImageVersion, location: str, *, name: str
) -> Sources:
    """Returns the disks of a version as sources, under the name that the caller knows it by; the right to use it is
    checked before. Raises Conflict where it is not complete."""
    region = _region_of(request, version, location)
    known = Source(
        origin=Origin(kind=OriginKind.CONTENT, region=region),
        kind=SourceKind.VERSION,
        name=name,
        os_type=definition.os_type,
        os_state=definition.os_state,
        generation=definition.generation,
        architecture=definition.architecture,
        accounts=tuple(version.accounts),
        hardware=version.hardware,
    )
    return {
        disk.lun: replace(known, origin=replace(known.origin, name=disk.digest, size=disk.size))
        for disk in request.uow.versions.disks(version.id)
    }


def _exact(request: Request, id: ResourceId) -> ImageVersion:
    version = request.uow.versions.find_by_key(id.key)
    if version is None:
        raise _missing(id)
    return version


def latest_of(request: Request, definition: ImageDefinition, location: str) -> ImageVersion:
    """Returns the latest version of the image in the region. Raises NotFound, naming the regions that have one."""
    latest = request.uow.version_queries.latest(definition.id)
    if location not in latest:
        regions = [each.name for each in request.settings.regions.all if each.name in latest]
        raise NotFound(
            Message(
                "The image '{definition}' has no latest version in {location}.",
                definition=definition.name,
                location=location,
            ),
            hint=Message(
                "It has one in: {regions}. Name a version exactly, or replicate one to this region.", regions=regions
            )
            if regions
            else Message("Name a version exactly, or replicate one to this region."),
            code="GalleryImageNotFound",
        )
    return request.uow.versions.get(latest[location])


def _region_of(request: Request, version: ImageVersion, location: str) -> str:
    """Returns the region that the version is copied from: `location` itself if it has it. Raises Conflict."""
    if not version.is_ready:
        raise Conflict(
            Message("The image version '{version}' is {state}.", version=version.name, state=version.state),
            hint=Message("Wait until it is made, then try again."),
        )
    replicas = request.uow.versions.replicas(version.id)
    complete = [each.region for each in replicas if each.state is ReplicaState.COMPLETED]
    if not complete:
        raise Conflict(
            Message("The image version '{version}' is complete in no region.", version=version.name),
            hint=Message("Replicate it again."),
        )
    return location if location in complete else complete[0]


def _require_quiet(request: Request, lab: Lab, machine: LabMachine) -> None:
    if request.uow.operations.working_with([machine.id]) or lab.state is ProvisioningState.DELETING:
        raise Conflict(
            Message("The virtual machine is busy."),
            hint=Message("Wait until what is under way has ended, then try again."),
        )
    if machine.state not in {MachineState.RUNNING, MachineState.STOPPED}:
        raise Conflict(
            Message("The virtual machine is {state}.", state=machine.state),
            hint=Message("Start or stop it, then try again."),
        )


def _require_finished(thing: StoredDisk | ManagedImage) -> None:
    if thing.state is not ProvisioningState.SUCCEEDED:
        has_failed = thing.state is ProvisioningState.FAILED
        raise Conflict(
            Message("'{thing}' is {state} and cannot be copied.", thing=thing.name, state=thing.state),
            hint=Message("Make it again, then try again.")
            if has_failed
            else Message("Wait until that has ended, then try again."),
        )


def _missing(id: ResourceId) -> NotFound:
    return NotFound(
        Message("The source '{id}' was not found.", id=str(id)),
        hint=Message(
            "Check its name, or list what there is; somebody may have deleted it, or you need a role to see it, which an "
            "Owner can give you."
        ),
    )


def _wrong_kind(id: ResourceId, hint: Message) -> Invalid:
    return Invalid(
        Message("'{id}' cannot be the source here.", id=str(id)),
        hint=hint,
        target="source.id",
    )
