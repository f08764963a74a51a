"""End the retention of soft-deleted versions: they expire first, and are deleted with their bytes afterwards."""

import logging

from galeria.domain.images.galleries import ImageVersion
from galeria.domain.images.soft_delete import Retention
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import ProvisioningState, moved
from galeria.ports.database import UnitOfWork
from galeria.workflows.context import WorkflowContext

log = logging.getLogger(__name__)


def end_retention(context: WorkflowContext) -> None:
    """Expire the soft-deleted versions that are due, and begin an operation to delete those past their retention period."""
    now = context.clock.now()
    with context.database(reading=True) as uow:
        kept = uow.versions.soft_deleted()
        due = [each.id for each in kept if each.consumption_ends_at and each.consumption_ends_at <= now]
    for id in due:
        with context.database() as uow:
            version = uow.versions.find(id)
            # It may have been restored, or deleted for good, meanwhile.
            if version and version.deleted_at is None and version.hard_deletion_at:
                _expire(uow, context, version)
                uow.commit()


def _expire(uow: UnitOfWork, context: WorkflowContext, version: ImageVersion) -> None:
    now = context.clock.now()
    if version.hard_deletion_at is None or version.hard_deletion_at > now:
        version.retention = Retention.EXPIRED
        return
    if uow.operations.running_on(version.id):
        return
    version.retention = Retention.EXPIRED
    version.state = moved(version.state, ProvisioningState.DELETING, Message("Version {version}", version=version.name))
    uow.operations.add(_deletion(context, version))
    log.info("the time to restore %s is over", version.resource_id)


def _deletion(context: WorkflowContext, version: ImageVersion) -> Operation:
    """Return a new deletion, which the service itself does: whoever deleted the version may have no role any more.

    Each failed one is followed by another.
    """
    return Operation(
        id=context.id_generator.new_guid(),
        kind=OperationKind.DELETE_VERSION,
        subscription_id=version.arm_id.subscription,
        location=version.location,
        resource_id=version.resource_id,
        subject=version.id,
        started_by="",
        created_at=context.clock.now(),
    )
