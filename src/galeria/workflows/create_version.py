"""Disks from wherever they come → a sealed image version in every target region."""

from galeria.domain.images.storage import OriginKind
from galeria.domain.messages import Message
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import remove_file
from galeria.workflows.fill_disks import fill_disks, origins_of
from galeria.workflows.publish_version import REPLICATE, replicate_everywhere, seal_version

_FILES = {OriginKind.UPLOAD, OriginKind.URI}


def create_version(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    version_id = fill_disks(step, context, operation_id)
    step(Message("Seal the version"), seal_version, context, version_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)
    step(Message("Remove the uploaded file"), remove_uploads, context, operation_id)


def remove_uploads(context: WorkflowContext, operation_id: str) -> None:
    """Every file that the operation was given or fetched."""
    with context.database(reading=True) as uow:
        origins = origins_of(uow.operations.get(operation_id))
    for lun, origin in origins.items():
        if origin.kind in _FILES:
            remove_file(context, operation_id, lun, origin)
