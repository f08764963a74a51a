"""Disks, snapshots and managed images: filled, and taken away again."""

from galeria.actions.storage.storage_lifecycle import REMOVALS, find_stored
from galeria.domain.images.storage import DiskState, OriginKind, StoredDisk
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Step
from galeria.workflows.context import World
from galeria.workflows.file_sources import remove_file
from galeria.workflows.fill_disks import bring_contents, origins_of
from galeria.workflows.update_version import give_back
from galeria.workflows.wait_for_operations import wait_for_others

_FILES = {OriginKind.PAGES, OriginKind.URI}


def fill_storage(step: Step, world: World, operation_id: str) -> None:
    bring_contents(step, world, operation_id)
    step("Remove the file", remove_files, world, operation_id)


def delete_storage(step: Step, world: World, operation_id: str) -> None:
    step("Wait for what is under way", wait_for_others, world, operation_id)
    region = step("Take it out", take_out, world, operation_id)
    step("Give back the space", give_back, world, operation_id, [region])


def remove_files(world: World, operation_id: str) -> None:
    with world.database(reading=True) as uow:
        origins = origins_of(uow.operations.get(operation_id))
    for lun, origin in origins.items():
        if origin.kind in _FILES:
            remove_file(world, operation_id, lun, origin)


def take_out(world: World, operation_id: str) -> str:
    """From here on nobody sees it. Returns its region."""
    with world.database() as uow:
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
        uow.commit()
    world.disk_files.remove(subject)
    # What was fetched for a making that failed was kept for a retry, which cannot come any more.
    for each in begun:
        if each.subject == subject:
            remove_files(world, each.id)
    return operation.location


def storage_filled(uow: UnitOfWork, operation: Operation) -> None:
    thing = find_stored(uow, operation.subject)
    # It may have been asked to go after the story's last step; the deletion takes it from here.
    if thing is None or thing.state is ProvisioningState.DELETING:
        return
    thing.state, thing.failure = moved(thing.state, ProvisioningState.SUCCEEDED), ""
    if isinstance(thing, StoredDisk):
        thing.disk_state = DiskState.UNATTACHED


def storage_failed(uow: UnitOfWork, operation: Operation, message: str) -> None:
    thing = find_stored(uow, operation.subject)
    if thing is None:
        return
    if operation.kind is OperationKind.RESIZE_DISK and thing.state is ProvisioningState.UPDATING:
        thing.state = moved(thing.state, ProvisioningState.SUCCEEDED)  # The disk is as it was.
        return
    if thing.state is not ProvisioningState.DELETING or operation.kind in REMOVALS:
        thing.state = moved(thing.state, ProvisioningState.FAILED)
    thing.failure = message
    # The upload may be done again.
    if isinstance(thing, StoredDisk) and thing.disk_state is DiskState.ACTIVE_UPLOAD:
        thing.disk_state = DiskState.READY_TO_UPLOAD
