"""Create an image version: store its disks, seal it, and replicate it to every target region."""

from galeria.domain.images.storage import OriginKind
from galeria.ports.work import Step
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import remove_file
from galeria.workflows.fill_disks import fill_disks, origins_of
from galeria.workflows.publish_version import REPLICATE, replicate_everywhere, seal_version

_FILES = {OriginKind.UPLOAD, OriginKind.URI}


def create_version(step: Step, context: WorkflowContext, operation_id: str) -> None:
    version_id = fill_disks(step, context, operation_id)
    step("Seal the version", seal_version, context, version_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)
    step("Remove the uploaded file", remove_uploads, context, operation_id)


def remove_uploads(context: WorkflowContext, operation_id: str) -> None:
    """Remove the uploaded and fetched files that the operation's disks were read from."""
    with context.database(reading=True) as uow:
        origins = origins_of(uow.operations.get(operation_id))
    for lun, origin in origins.items():
        if origin.kind in _FILES:
            remove_file(context, operation_id, lun, origin)
