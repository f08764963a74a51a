"""Managed images: disks outside any gallery that versions are made from."""

from dataclasses import dataclass, field

from galeria.actions.core.groups import require_lasting_group
from galeria.actions.core.parent_checks import require_same_location
from galeria.actions.core.request import Request
from galeria.actions.storage.disk_order import disk_positions, reorder_disks
from galeria.actions.storage.sources import (
    NamedDisk,
    Source,
    Sources,
    address_source,
    machine_source,
    named_source,
    require_same_region,
)
from galeria.actions.storage.storage_lifecycle import (
    begin_filling,
    begin_removal,
    refill,
    require_lasting,
    require_unchanged,
)
from galeria.domain.errors import Invalid
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OS_DISK, Generation, OsState, OsType
from galeria.domain.images.storage import ManagedImage, ManagedImageDisk, disk_name
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState

IMAGE = "Microsoft.Compute/images"


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """What a caller says of a managed image: its machine, or its disks by lun (-1 is the OS disk)."""

    location: str
    tags: dict[str, str]
    machine: ResourceId | None = None
    disks: dict[int, NamedDisk] = field(default_factory=dict)
    os_type: OsType | None = None
    os_state: OsState | None = None
    generation: Generation | None = None


def put_image(request: Request, id: ResourceId, wanted: ImageRequest) -> tuple[ManagedImage, bool, Operation | None]:
    """Creates a managed image or changes its tags; the second value tells whether it is new.

    A PUT repeated while it is being made returns the running operation; after a failure it retries. Raises Forbidden,
    NotFound, Invalid, Conflict.
    """
    request.caller.require(f"{IMAGE}/write", id.key)
    request.audit(f"{IMAGE}/write", str(id))
    image = request.uow.managed_images.find_by_key(id.key)
    if image is not None:
        return image, False, _change(request, image, wanted)
    image, operation = _create(request, id, wanted)
    return image, True, operation


def get_image(request: Request, id: ResourceId) -> tuple[ManagedImage, list[ManagedImageDisk]]:
    """Returns a managed image with its disks. Raises Forbidden, NotFound."""
    request.caller.require(f"{IMAGE}/read", id.key)
    image = request.uow.managed_images.get_by_key(id.key)
    return image, request.uow.managed_images.disks(image.id)


def list_images(request: Request, prefix: str) -> list[ManagedImage]:
    """Returns the managed images below a subscription's or group's key that the caller may see, by name."""
    return [each for each in request.uow.managed_images.below(prefix) if request.caller.may(f"{IMAGE}/read", each.key)]


def tag_image(request: Request, id: ResourceId, tags: dict[str, str] | None) -> ManagedImage:
    """Replaces a managed image's tags; None leaves them. Raises Forbidden, NotFound."""
    request.caller.require(f"{IMAGE}/write", id.key)
    image = request.uow.managed_images.get_by_key(id.key)
    request.audit(f"{IMAGE}/write", str(id))
    require_lasting(image, request.uow.operations.running_on(image.id), OperationKind.DELETE_IMAGE)
    image.tags = image.tags if tags is None else tags
    request.touch(image)
    return image


def delete_image(request: Request, id: ResourceId) -> Operation | None:
    """Starts deleting a managed image; None where there is none. Raises Forbidden."""
    request.caller.require(f"{IMAGE}/delete", id.key)
    image = request.uow.managed_images.find_by_key(id.key)
    if image is None:
        return None
    request.audit(f"{IMAGE}/delete", str(id))
    return begin_removal(request, image, OperationKind.DELETE_IMAGE)


def _create(request: Request, id: ResourceId, wanted: ImageRequest) -> tuple[ManagedImage, Operation]:
    require_lasting_group(request, id)
    disk_name(id.name, Message("image"))
    location = request.settings.regions.get(wanted.location).name
    sources = {lun: require_same_region(each, location) for lun, each in _sources(request, wanted).items()}
    os_disk = sources[OS_DISK]
    image = ManagedImage(
        id=request.id_generator.new_id(),
        resource_id=str(id),
        key=id.key,
        location=location,
        tags=wanted.tags,
        state=ProvisioningState.CREATING,
        os_type=wanted.os_type or os_disk.os_type or OsType.LINUX,
        # The state of a machine's disk is known: it keeps the machine's users and names.
        os_state=os_disk.os_state or wanted.os_state or OsState.GENERALIZED,
        generation=wanted.generation or os_disk.generation or Generation.V1,
        source_machine=str(wanted.machine or ""),
        accounts=list(os_disk.accounts),
        **request.stamps(),
    )
    _require_agreeing(os_disk, image)
    request.uow.managed_images.add(image)
    request.uow.flush()
    positions = disk_positions(tuple(sources))
    for lun, source in sources.items():
        disk = ManagedImageDisk(
            image_id=image.id, lun=lun, position=positions[lun], source=source.name, size=source.origin.size
        )
        request.uow.managed_images.add_disk(disk)
    return image, begin_filling(request, image, OperationKind.CREATE_IMAGE, sources)


def _sources(request: Request, wanted: ImageRequest) -> Sources:
    if wanted.machine is not None:
        if wanted.disks:
            raise Invalid(
                Message("An image is made of a virtual machine or of disks, not of both."),
                hint=Message("Leave out sourceVirtualMachine or storageProfile."),
                target="sourceVirtualMachine",
            )
        return {OS_DISK: machine_source(request, wanted.machine)}
    if OS_DISK not in wanted.disks:
        raise Invalid(
            Message("An image needs a source for its OS disk."),
            hint=Message("Name a disk, a snapshot, the address of a VHD, or a lab's virtual machine."),
            target="storageProfile.osDisk",
        )
    return {lun: named_source(request, named) for lun, named in wanted.disks.items()}


def _require_agreeing(source: Source, image: ManagedImage) -> None:
    pairs = (
        (Message("OS type"), source.os_type, image.os_type),
        (Message("Hyper-V generation"), source.generation, image.generation),
    )
    for word, own, said in pairs:
        if own is not None and own is not said:
            raise Invalid(
                Message(
                    "The source '{source}' has the {word} '{own}', not '{said}'.",
                    source=source.name,
                    word=word,
                    own=own,
                    said=said,
                ),
                hint=Message("Say what the source is, or choose another one."),
            )


def _change(request: Request, image: ManagedImage, wanted: ImageRequest) -> Operation | None:
    require_same_location(image, request.settings.regions.get(wanted.location).name)
    running = request.uow.operations.running_on(image.id)
    require_lasting(image, running, OperationKind.DELETE_IMAGE)
    disks = request.uow.managed_images.disks(image.id)
    held = {disk.lun: disk.source for disk in disks}
    pairs: list[tuple[str, object, object]] = [
        ("osType", image.os_type, wanted.os_type),
        # A machine's disk is Specialized, whatever was said.
        ("osState", image.os_state, None if image.source_machine else wanted.os_state),
        ("hyperVGeneration", image.generation, wanted.generation),
        ("sourceVirtualMachine.id", image.source_machine.lower(), str(wanted.machine or "").lower()),
    ]
    for lun, named in wanted.disks.items() if not image.source_machine else ():
        said = str(named.id) if named.id else address_source(request, named.uri).name
        pairs.append((f"storageProfile, LUN {lun}", held.get(lun, "").lower(), said.lower()))
    require_unchanged(pairs)
    reorder_disks(disks, tuple(wanted.disks))
    image.tags = wanted.tags
    request.touch(image)
    if running:
        return running[0]
    is_failed = image.state is ProvisioningState.FAILED
    return refill(request, image, OperationKind.CREATE_IMAGE) if is_failed else None
