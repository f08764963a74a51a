"""Create an image version: store its disks, seal it, and replicate it to every target region."""

from galeria.domain.images.storage import OriginKind
from galeria.domain.messages import Message
from galeria.domain.operation_inputs import FillInputs
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.file_sources import remove_file
from galeria.workflows.fill_disks import fill_disks, is_from_before, note_layer, origins_of
from galeria.workflows.publish_version import REPLICATE, SEAL, look_if_begun_so, replicate_everywhere, seal_version

_FILES = {OriginKind.UPLOAD, OriginKind.URI}


def create_version(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    version_id = fill_disks(step, context, operation_id)
    look_if_begun_so(step, context, operation_id, version_id)
    step(SEAL, seal_version, context, version_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)
    step(Message("Remove the uploaded file"), remove_uploads, context, operation_id)


def export_template(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    """Make a specialized version of a template's disk, in every region of the geography.

    The disk is closed in a moment and the machine goes on with a new top layer; only what changed since the last export is
    read. Nothing differs from other versions but the name of a step, and that there is no file to be removed.
    """
    version_id = fill_disks(step, context, operation_id)
    look_if_begun_so(step, context, operation_id, version_id)
    step(SEAL, seal_export, context, operation_id, version_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)


def seal_export(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Seal the version; where an earlier release stored the disk, do what that left to this step: see `is_from_before`.

    Only the first time: before a retry the machine may have been made anew, and then has no such layer.
    """
    with context.database() as uow:
        origins = uow.operations.get(operation_id).inputs_as(FillInputs).origins
        digests = {disk.lun: disk.digest for disk in uow.versions.disks(version_id)}
        old = [lun for lun, origin in origins.items() if is_from_before(origin)]
        if uow.versions.get(version_id).published_at is None:
            for lun in old:
                note_layer(uow, operation_id, origins[lun], digests[lun])
        uow.commit()
    seal_version(context, version_id)


def remove_uploads(context: WorkflowContext, operation_id: str) -> None:
    """Remove the uploaded and fetched files that the operation's disks were read from."""
    with context.database(reading=True) as uow:
        origins = origins_of(uow, uow.operations.get(operation_id))
    for lun, origin in origins.items():
        if origin.kind in _FILES:
            remove_file(context, operation_id, lun, origin)
