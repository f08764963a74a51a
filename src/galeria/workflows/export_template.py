"""Export a template VM's disk as a sealed, specialized image version in every region of the geography.

Closing the disk's top layer takes a moment, and the machine goes on with a new one; only changes since the last export are
read.
"""

from galeria.domain.images.galleries import OS_DISK
from galeria.domain.labs.labs import LabMachine
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.ports.work import Step
from galeria.workflows.context import WorkflowContext
from galeria.workflows.publish_version import REPLICATE, is_stored, replicate_everywhere, seal_version, store_disk

SEAL_DISK = "Close the disk's layer"
STORE = "Store the changes"


def export_template(step: Step, context: WorkflowContext, operation_id: str) -> None:
    version_id = step(SEAL_DISK, seal_disk, context, operation_id)
    step(STORE, store_changes, context, operation_id, version_id)
    step("Seal the version", seal_export, context, operation_id, version_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)


def seal_disk(context: WorkflowContext, operation_id: str) -> str:
    """Close the top layer of the template's disk, and return the version's id."""
    version_id, machine = _subject(context, operation_id)
    context.engine.seal_disk(_machine(machine), layer_of(operation_id))
    return version_id


def store_changes(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Store the contents of the closed layer, and inherit the rest from the image that the layer below was sealed as."""
    if is_stored(context, version_id, OS_DISK):
        return
    _, machine = _subject(context, operation_id)
    since, parent = _ground(context, operation_id, version_id, machine)
    with context.engine.open_changes(_machine(machine), layer_of(operation_id), since=since) as disk:
        store_disk(context, operation_id, version_id, OS_DISK, disk, parent=parent, step=STORE)


def seal_export(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Seal the version, and record that the machine's next export reads changes from this layer on."""
    seal_version(context, version_id)
    with context.database() as uow:
        inputs = uow.operations.get(operation_id).inputs
        machine = uow.machines.get(inputs["machine"])
        # A later export may have ended first: its layer is above this one, and the next export counts from there.
        if machine.layer == inputs["since"]:
            machine.layer = layer_of(operation_id)
            machine.layer_digest = next(each for each in uow.versions.disks(version_id) if each.lun == OS_DISK).digest
        uow.commit()


def layer_of(operation_id: str) -> str:
    """Return the name of the layer that this export closes: it is made from its id, so that a repeated step finds it."""
    return operation_id.replace("-", "")


def _ground(
    context: WorkflowContext, operation_id: str, version_id: str, machine: LabMachine
) -> tuple[str | None, Digest]:
    """Return the layer from which changes are counted, and the image that it was sealed as.

    Where that image is gone, everything since the lab's own image is read: None and that image's digest.
    """
    with context.database(reading=True) as uow:
        since: str | None = uow.operations.get(operation_id).inputs["since"]
        version = uow.versions.get(version_id)
    parent = version.parent_digest
    if parent is None or context.stores[version.location].find_manifest(parent) is None:
        return None, machine.base_digest
    return since, parent


def _subject(context: WorkflowContext, operation_id: str) -> tuple[str, LabMachine]:
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        return operation.subject, uow.machines.get(operation.inputs["machine"])


def _machine(row: LabMachine) -> Machine:
    return Machine(id=row.id, region=row.region)
