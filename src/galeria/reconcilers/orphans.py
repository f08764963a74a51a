"""Delete machines, uploads and files of disks that no database row references, and secrets of given-up work."""

import logging
from datetime import timedelta
from uuid import UUID

from galeria.domain.images.storage import OriginKind
from galeria.domain.operation_inputs import FillInputs
from galeria.domain.states import OperationStatus
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import forget_address

log = logging.getLogger(__name__)

# An upload that nobody continued for so long is removed. Azure Storage keeps uncommitted blocks for the same time
# (REST documentation of Put Block).
UPLOAD_AGE = timedelta(days=7)


def remove_lost_machines(context: WorkflowContext) -> None:
    """Remove machines that no row references: they are left over from labs that were deleted."""
    # The rows are read after the machines: a row is written before its machine is made, so that no new machine is removed.
    found = context.engine.machines()
    with context.database(reading=True) as uow:
        known = uow.machines.ids() | uow.kept_machines.ids()
    for machine in found:
        if machine.id not in known:
            log.warning("removing the machine %s: no lab has it", machine.id)
            context.engine.remove_machine(machine)


def remove_stale_uploads(context: WorkflowContext) -> None:
    """Remove uploads that are older than `UPLOAD_AGE`, also those that never got a byte, and uploaded files without a row."""
    with context.database(reading=True) as uow:
        abandoned = [each.id for each in uow.uploads.created_before(context.clock.now() - UPLOAD_AGE)]
        files = {upload_id: uow.uploads.find(upload_id) for upload_id in context.uploads.all()}
    for upload_id, upload in files.items():
        if upload is None or context.clock.now() - upload.created_at > UPLOAD_AGE:
            context.uploads.remove(upload_id)
            _forget_upload(context, upload_id)
    for upload_id in abandoned:
        if upload_id not in files:
            _forget_upload(context, upload_id)


def _forget_upload(context: WorkflowContext, upload_id: str) -> None:
    with context.database() as uow:
        upload = uow.uploads.find(upload_id)
        if upload:
            uow.uploads.remove(upload)
            uow.commit()


def forget_addresses(context: WorkflowContext) -> None:
    """Drop the secrets in the source addresses of operations that failed or were canceled, once nobody retries them any more.

    What had arrived by then is removed after the same time (`remove_lost_disk_files`).
    """
    with context.database(reading=True) as uow:
        given_up = uow.operations.with_addresses(ended_before=context.clock.now() - UPLOAD_AGE)
    for operation in given_up:
        for lun, origin in operation.inputs_as(FillInputs).origins.items():
            if origin.kind is OriginKind.URI:
                forget_address(context, operation.id, lun)


def remove_lost_disk_files(context: WorkflowContext) -> None:
    """Remove disk files that belong neither to a disk still being written nor to an operation that may fetch them."""
    found = context.disk_files.all()
    with context.database(reading=True) as uow:
        lost = [file for file in found if not _is_disk(uow, file) and not _may_be_fetched(context, uow, file)]
    for file in lost:
        context.disk_files.remove(file)


def _is_disk(uow: UnitOfWork, file: str) -> bool:
    disk = uow.disks.find(file)
    return disk is not None and not disk.has_content


def _may_be_fetched(context: WorkflowContext, uow: UnitOfWork, file: str) -> bool:
    """Return whether the operation that the file is named after (see `file_of`) is running or may still be retried."""
    if len(file) != 34:
        return False
    operation = uow.operations.find(str(UUID(file[:32])))
    if operation is None or operation.status is OperationStatus.SUCCEEDED:
        return False
    return operation.ended_at is None or context.clock.now() - operation.ended_at <= UPLOAD_AGE
