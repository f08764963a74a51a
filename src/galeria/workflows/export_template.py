"""A template's disk → a sealed, specialized image version in every region of the geography.

The disk is closed in a moment and the machine goes on with a new top layer; only what changed since the last export is read.
"""

from galeria.domain.images.galleries import OS_DISK
from galeria.domain.labs.labs import LabMachine
from galeria.domain.messages import Message
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.publish_version import REPLICATE, is_stored, replicate_everywhere, seal_version, store_disk

SEAL_DISK = Message("Close the disk's layer")
STORE = Message("Store the changes")


def export_template(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    version_id = step(SEAL_DISK, seal_disk, context, operation_id)
    step(STORE, store_changes, context, operation_id, version_id)
    step(Message("Seal the version"), seal_export, context, operation_id, version_id)
    step(REPLICATE, replicate_everywhere, context, operation_id, version_id)


def seal_disk(context: WorkflowContext, operation_id: str) -> str:
    """Returns the version's id."""
    version_id, machine = _subject(context, operation_id)
    context.engine.seal_disk(_machine(machine), layer_of(operation_id))
    return version_id


def store_changes(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Read what the layer holds; inherit the rest from the image that the layer below was sealed as."""
    if is_stored(context, version_id, OS_DISK):
        return
    _, machine = _subject(context, operation_id)
    since, parent = _ground(context, operation_id, version_id, machine)
    with context.engine.open_changes(_machine(machine), layer_of(operation_id), since=since) as disk:
        store_disk(context, operation_id, version_id, OS_DISK, disk, parent=parent, step=STORE)


def seal_export(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    """Seal it, and remember in the machine that its changes are counted from here on."""
    seal_version(context, version_id)
    with context.database() as uow:
        inputs = uow.operations.get(operation_id).inputs
        machine = uow.machines.get(inputs["machine"])
        # Where a later export was quicker, its layer is above this one and stays the mark.
        if machine.layer == inputs["since"]:
            machine.layer = layer_of(operation_id)
            machine.layer_digest = next(each for each in uow.versions.disks(version_id) if each.lun == OS_DISK).digest
        uow.commit()


def layer_of(operation_id: str) -> str:
    """A layer is named by the export that closed it, so that a repeated step finds its own."""
    return operation_id.replace("-", "")


def _ground(
    context: WorkflowContext, operation_id: str, version_id: str, machine: LabMachine
) -> tuple[str | None, Digest]:
    """The layer that changes are counted from, and the image that it was sealed as; at worst the lab's own image."""
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
