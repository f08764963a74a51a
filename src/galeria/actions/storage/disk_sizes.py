"""The size of a disk: it may grow when it is made and later, and never shrinks, as in Azure."""

from dataclasses import replace

from galeria.actions.core.request import Request
from galeria.actions.storage.sources import Source
from galeria.domain.errors import Conflict, Invalid
from galeria.domain.images.galleries import OS_DISK
from galeria.domain.images.storage import LARGEST_UPLOAD, Disk, DiskState, Origin, OriginKind
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved
from galeria.domain.units import GB, gigabytes

LARGEST = LARGEST_UPLOAD // GB


def grown_source(source: Source, size_gb: int | None) -> Source:
    """Returns the source with the size in GB (1024³ bytes) that the disk is to have.

    Raises Invalid for a smaller size, and where the source's size is not known yet.
    """
    if not size_gb or size_gb == gigabytes(source.origin.size):
        return source
    if source.origin.kind is not OriginKind.CONTENT:
        raise Invalid(
            Message("The size of this source is known only once it is here."),
            hint=Message("Leave out diskSizeGB, and let the disk grow when it is made."),
            target="diskSizeGB",
        )
    return replace(source, origin=replace(source.origin, grown=_larger(source.origin.size, size_gb)))


def begin_growing(request: Request, disk: Disk, size_gb: int | None) -> Operation | None:
    """Starts growing a disk to so many GB; None where it has that size.

    A repeated call returns the running operation. Raises Invalid for a smaller size, and Conflict for a disk in use.
    """
    if not size_gb:
        return None
    for running in request.uow.operations.running_on(disk.id):
        if running.kind is OperationKind.RESIZE_DISK and _size_after(running) == size_gb:
            return running
    if size_gb == gigabytes(disk.size):
        return None
    size = _larger(disk.size, size_gb)
    if disk.state is not ProvisioningState.SUCCEEDED or disk.disk_state is not DiskState.UNATTACHED:
        raise Conflict(
            Message(
                "The disk '{disk}' cannot grow: it is {state} and {disk_state}.",
                disk=disk.name,
                state=disk.state,
                disk_state=disk.disk_state,
            ),
            hint=Message("Wait for what is under way, and end granted access: az disk revoke-access."),
            code="OperationNotAllowed",
            target="diskSizeGB",
        )
    disk.state = moved(disk.state, ProvisioningState.UPDATING, Message("Disk '{disk}'", disk=disk.name))
    origin = Origin(kind=OriginKind.CONTENT, name=disk.digest, region=disk.location, size=disk.size, grown=size)
    return request.begin(OperationKind.RESIZE_DISK, disk, disk.id, FillInputs(origins={OS_DISK: origin}))


def _size_after(resizing: Operation) -> int:
    """The gigabytes that the disk will have."""
    return gigabytes(resizing.inputs_as(FillInputs).origins[OS_DISK].grown)


def _larger(size: int, size_gb: int) -> int:
    """Returns the new size in bytes. Raises Invalid for less than the present size or more than the limit."""
    if size_gb * GB < size:
        raise Invalid(
            Message(
                "A disk does not shrink: it has {gigabytes} GB, and {size_gb} GB were asked for.",
                gigabytes=gigabytes(size),
                size_gb=size_gb,
            ),
            hint=Message("Give a larger number, or leave diskSizeGB out."),
            code="OperationNotAllowed",
            target="diskSizeGB",
        )
    if size_gb > LARGEST:
        raise Invalid(
            Message("A disk has at most {largest} GB; {size_gb} GB were asked for.", largest=LARGEST, size_gb=size_gb),
            hint=Message("Give a smaller number."),
            target="diskSizeGB",
        )
    return size_gb * GB
