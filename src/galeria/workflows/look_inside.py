"""Look into the OS disk of a new version before anything is started from it."""

from galeria.domain.errors import GaleriaError
from galeria.domain.images.findings import Look
from galeria.domain.images.galleries import OS_DISK, ImageVersion
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.ports.database import UnitOfWork
from galeria.ports.images import Digest
from galeria.workflows.context import WorkflowContext

LOOK_INSIDE = Message("Look inside the disk")


def looks_inside(context: WorkflowContext, operation_id: str) -> bool:
    """Whether the operation was begun with a look. That never changes, so that it may be asked between steps."""
    with context.database(reading=True) as uow:
        return uow.operations.get(operation_id).inputs_as(FillInputs).looks


def look_inside(context: WorkflowContext, version_id: str) -> None:
    """Note what is on the OS disk, or why it was not looked at: a look that fails holds up nobody.

    The same content was perhaps looked at for another version: what was found then is taken over.
    """
    with context.database(reading=True) as uow:
        version = uow.versions.get(version_id)
        digest = _digest(uow, version)
        found = version.found or uow.versions.find_findings(digest)
    look = Look(findings=found) if found else _look(context, version.location, digest)
    with context.database() as uow:
        version = uow.versions.get(version_id)
        version.found, version.look_obstacle = look.findings, look.obstacle
        uow.commit()


def _digest(uow: UnitOfWork, version: ImageVersion) -> Digest:
    return next(disk.digest for disk in uow.versions.disks(version.id) if disk.lun == OS_DISK)


def _look(context: WorkflowContext, region: str, digest: Digest) -> Look:
    try:
        with context.stores[region].open(digest) as disk:
            return context.inspector.look(disk)
    except GaleriaError as error:
        return Look(obstacle=error.message)
