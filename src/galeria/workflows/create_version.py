"""Uploaded files → a sealed image version in every target region."""

from galeria.domain.errors import NotFound
from galeria.ports.files import FileFacts
from galeria.ports.work import Step
from galeria.workflows.sealing import REPLICATE, is_stored, replicate_everywhere, seal_version, store_disk
from galeria.workflows.world import World

STORE = "Store the disk"


def create_version(step: Step, world: World, operation_id: str) -> None:
    version_id = step("Look at the file", inspect_uploads, world, operation_id)
    step(STORE, store_uploads, world, operation_id, version_id)
    step("Seal the version", seal_version, world, version_id)
    step(REPLICATE, replicate_everywhere, world, operation_id, version_id)
    step("Remove the uploaded file", remove_uploads, world, operation_id)


def inspect_uploads(world: World, operation_id: str) -> str:
    """Refuse what is unsafe or no disk before anything is stored; write the sizes down. Returns the version's id."""
    version_id, uploads = _uploads(world, operation_id)
    sizes = {lun: _facts(world, version_id, lun, upload) for lun, upload in uploads.items()}
    with world.database() as uow:
        for disk in uow.versions.disks(version_id):
            facts = sizes[disk.lun]
            disk.size = facts.virtual_size if facts else disk.size
        operation = uow.operations.get(operation_id)
        found = {
            str(lun): {"format": facts.format, "fileBytes": facts.file_size} for lun, facts in sizes.items() if facts
        }
        operation.outputs = {**operation.outputs, "files": {**operation.outputs.get("files", {}), **found}}
        uow.commit()
    return version_id


def store_uploads(world: World, operation_id: str, version_id: str) -> None:
    for lun, upload in _uploads(world, operation_id)[1].items():
        if is_stored(world, version_id, lun):
            continue
        with world.uploads.open(upload, world.uploads.inspect(upload)) as disk:
            store_disk(world, operation_id, version_id, lun, disk, parent=None, step=STORE)


def remove_uploads(world: World, operation_id: str) -> None:
    for upload_id in _uploads(world, operation_id)[1].values():
        world.uploads.remove(upload_id)
        with world.database() as uow:
            upload = uow.uploads.find(upload_id)
            if upload:
                uow.uploads.remove(upload)
            uow.commit()


def _facts(world: World, version_id: str, lun: int, upload_id: str) -> FileFacts | None:
    """None when the disk is stored already and its file perhaps gone: an earlier run got further."""
    if is_stored(world, version_id, lun):
        return None
    with world.database(reading=True) as uow:
        upload = uow.uploads.find(upload_id)
        complete = upload is not None and world.uploads.size(upload_id) == upload.length
    if not complete:
        raise NotFound(
            f"The uploaded file {upload_id} is gone or not complete.",
            hint="Upload it again, then make the version again.",
        )
    return world.uploads.inspect(upload_id)


def _uploads(world: World, operation_id: str) -> tuple[str, dict[int, str]]:
    with world.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        return operation.subject, {int(lun): upload for lun, upload in operation.inputs["uploads"].items()}
