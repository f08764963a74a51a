"""Fill disks, snapshots and managed images with their contents, and delete them."""

from galeria.actions.storage.storage_lifecycle import Stored
from galeria.domain.images.storage import DiskState, OriginKind, StoredDisk
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operations import Operation
from galeria.domain.states import ProvisioningState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import remove_file
from galeria.workflows.fill_disks import fill_disks, origins_of
from galeria.workflows.update_version import release_regions
from galeria.workflows.wait_for_operations import wait_for_others

_FILES = {OriginKind.PAGES, OriginKind.URI}


def fill_storage(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    fill_disks(step, context, operation_id)
    step(Message("Remove the file"), remove_files, context, operation_id)


def delete_storage(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Wait for what is under way"), wait_for_others, context, operation_id)
    region = step(Message("Take it out"), remove_contents, context, operation_id)
    step(Message("Give back the space"), release_regions, context, operation_id, [region])


def remove_files(context: WorkflowContext, operation_id: str) -> None:
    with context.database(reading=True) as uow:
        origins = origins_of(uow, uow.operations.get(operation_id))
    for lun, origin in origins.items():
        if origin.kind in _FILES:
            remove_file(context, operation_id, lun, origin)


def remove_contents(context: WorkflowContext, operation_id: str) -> str:
    """Remove the rows, access grants and files of the disk, snapshot or managed image; return its region."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        subject = operation.subject
        for grant in uow.access_grants.of_disk(subject):
            uow.access_grants.remove(grant)
        for disk in filter(None, (uow.disks.find(subject),)):
            uow.disks.remove(disk)
        for snapshot in filter(None, (uow.snapshots.find(subject),)):
            uow.snapshots.remove(snapshot)
        for image in filter(None, (uow.managed_images.find(subject),)):
            uow.managed_images.remove(image)
        begun = uow.operations.recent(below=operation.resource_id.lower(), limit=1000)
        uow.people.remove_assignments_below(operation.resource_id.lower())
        uow.commit()
    context.disk_files.remove(subject)
    # A creation that failed kept its fetched files for a retry, which is impossible now.
    for each in begun:
        if each.subject == subject:
            remove_files(context, each.id)
    return operation.location


def storage_filled(uow: UnitOfWork, operation: Operation) -> None:
    thing = _find_stored(uow, operation.subject)
    # Its deletion may have been requested after the last step, and then sets the state.
    if thing is None or thing.state is ProvisioningState.DELETING:
        return
    thing.state, thing.failure = moved(thing.state, ProvisioningState.SUCCEEDED), EMPTY
    if isinstance(thing, StoredDisk):
        thing.disk_state = DiskState.UNATTACHED


def storage_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    thing = _find_stored(uow, operation.subject)
    if thing is None:
        return
    if operation.kind_type.leaves_intact and thing.state is ProvisioningState.UPDATING:
        thing.state = moved(thing.state, ProvisioningState.SUCCEEDED)  # The disk is as it was.
        return
    if thing.state is not ProvisioningState.DELETING or operation.kind_type.removes:
        thing.state = moved(thing.state, ProvisioningState.FAILED)
    thing.failure = message
    # The upload may be repeated.
    if isinstance(thing, StoredDisk) and thing.disk_state is DiskState.ACTIVE_UPLOAD:
        thing.disk_state = DiskState.READY_TO_UPLOAD


def _find_stored(uow: UnitOfWork, id: str) -> Stored | None:
    return uow.disks.find(id) or uow.snapshots.find(id) or uow.managed_images.find(id)
