"""What disks, images and versions may be made of: found, permitted, finished, and of the right kind, before work begins."""

from dataclasses import dataclass, replace

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_machine
from galeria.actions.labs.machines import running_on_machine
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
    latest_version,
)
from galeria.domain.images.import_addresses import read_address, require_public_literal
from galeria.domain.images.storage import Disk, ManagedImage, Origin, OriginKind, Snapshot, StoredDisk
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
# `az sig image-version create --virtual-machine` sends nothing but ids of this type: a lab's name stands for its template.
OLD_MACHINES = "microsoft.compute/virtualmachines"


@dataclass(frozen=True, kw_only=True)
class Source:
    """One disk to be copied, with what is known of the system on it; None where nothing is."""

    origin: Origin
    kind: SourceKind
    name: str  # the resource id as the caller wrote it, or an address without its query
    os_type: OsType | None = None
    os_state: OsState | None = None
    generation: Generation | None = None
    architecture: Architecture | None = None
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NamedDisk:
    """One disk's source as the caller wrote it: the id of what holds it, or a VHD's address."""

    id: ResourceId | None = None
    uri: str = ""


Sources = dict[int, Source]
"""By lun; the OS disk has -1."""


def named_source(request: Request, named: NamedDisk) -> Source:
    """Raises Invalid where not exactly one was named."""
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
    """A disk, a snapshot, or a lab machine's disk."""
    kind = id.type.lower()
    if kind == DISKS:
        return _stored(request, id, request.uow.disks.find_by_key(id.key), SourceKind.DISK)
    if kind == SNAPSHOTS:
        return _stored(request, id, request.uow.snapshots.find_by_key(id.key), SourceKind.SNAPSHOT)
    if kind in (MACHINES, OLD_MACHINES):
        return machine_source(request, id)
    raise _wrong_kind(id, Message("Give the id of a disk, a snapshot or a lab's virtual machine."))


def whole_source(request: Request, id: ResourceId, location: str) -> Sources:
    """All disks of a managed image, an image version, or a lab's virtual machine.

    An image definition, or the version "latest", stands for the latest version in `location`.
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
    """A file elsewhere. Only its address is judged now: nothing is asked before the work begins."""
    address = read_address(text)
    if not address.is_among(request.settings.import_hosts):
        require_public_literal(address)
    return Source(origin=Origin(kind=OriginKind.URI, name=text), kind=SourceKind.URI, name=address.shown)


def machine_source(request: Request, id: ResourceId) -> Source:
    """A lab machine's disk as it is at the beginning of the work; the machine may run."""
    if id.type.lower() == OLD_MACHINES:
        id = id.parent.resource(LABS, "labs", id.name).child("virtualMachines", "template")
    linked = request.uow.labs.find_by_key(id.parent.key)
    if linked is None:
        raise _missing(id)
    # Reading the disk is what an owner of the lab may do, as for an export.
    require_linked(request, "Microsoft.LabServices/labs/write", linked)
    lab, machine = get_machine(request, id.parent, id.name)
    _require_quiet(request, lab, machine)
    origin = Origin(
        kind=OriginKind.MACHINE,
        name=machine.id,
        region=machine.region,
        since=machine.layer if machine.layer_digest else None,
        parent=machine.parent_digest,
    )
    definition = request.uow.definitions.find(lab.definition_id)
    return Source(
        origin=origin,
        kind=SourceKind.MACHINE,
        name=str(id),
        os_type=definition.os_type if definition else OsType.LINUX,
        os_state=OsState.SPECIALIZED,
        generation=lab.generation,
        accounts=tuple(machine.accounts),
    )


def require_linked(request: Request, action: str, linked: Resource) -> None:
    """The right to use what a request names besides the resource it changes. Raises Forbidden with action and scope."""
    if request.caller.may(action, linked.key):
        return
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
    """A machine's disk is read by the engine of its region. Raises Invalid."""
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
    """What is known of the source is what the definition says. Raises Invalid before any byte is moved."""
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
    require_linked(request, f"Microsoft.Compute/{kind}s/write", disk)
    return stored_source(disk, str(id), kind)


def stored_source(disk: StoredDisk, name: str, kind: SourceKind) -> Source:
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
    require_linked(request, "Microsoft.Compute/images/read", image)
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
    if definition is None:
        raise _missing(id)
    version = (
        _exact(request, id) if is_exact and id.name.lower() != "latest" else latest_of(request, definition, location)
    )
    require_linked(request, "Microsoft.Compute/galleries/images/versions/read", version)
    return version_disks(request, definition, version, location, name=version.resource_id)


def version_disks(
    request: Request, definition: ImageDefinition, version: ImageVersion, location: str, *, name: str
) -> Sources:
    """A version that the caller was found to be allowed to use, under the name that the caller knows it by."""
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
    """Raises NotFound, naming the regions that have one, where no version may be the latest there."""
    versions = [
        (each, request.uow.versions.replicas(each.id)) for each in request.uow.versions.of_definition(definition.id)
    ]
    found = latest_version(versions, location)
    if found is None:
        regions = [each.name for each in request.settings.regions.all if latest_version(versions, each.name)]
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
    return found


def _region_of(request: Request, version: ImageVersion, location: str) -> str:
    """Where the version is copied from: `location` itself if it is there."""
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
    busy = any(each.inputs.get("machine") == machine.id for each in request.uow.operations.unsettled())
    if busy or running_on_machine(request.uow, machine.id) or lab.state is ProvisioningState.DELETING:
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
        hint=Message("Check its name, or list what there is; somebody may have deleted it."),
    )


def _wrong_kind(id: ResourceId, hint: Message) -> Invalid:
    return Invalid(
        Message("'{id}' cannot be the source here.", id=str(id)),
        hint=hint,
        target="source.id",
    )
