"""Disks from wherever they come → a sealed image version in every target region."""

from galeria.domain.images.storage import OriginKind
from galeria.ports.work import Step
from galeria.workflows.context import World
from galeria.workflows.file_sources import remove_file
from galeria.workflows.fill_disks import bring_contents, origins_of
from galeria.workflows.publish_version import REPLICATE, replicate_everywhere, seal_version

_FILES = {OriginKind.UPLOAD, OriginKind.URI}


def create_version(step: Step, world: World, operation_id: str) -> None:
    version_id = bring_contents(step, world, operation_id)
    step("Seal the version", seal_version, world, version_id)
    step(REPLICATE, replicate_everywhere, world, operation_id, version_id)
    step("Remove the uploaded file", remove_uploads, world, operation_id)


def remove_uploads(world: World, operation_id: str) -> None:
    """Every file that the operation was given or fetched."""
    with world.database(reading=True) as uow:
        origins = origins_of(uow.operations.get(operation_id))
    for lun, origin in origins.items():
        if origin.kind in _FILES:
            remove_file(world, operation_id, lun, origin)
