"""The workflow of exports as it was before an export became a version like others, kept word for word.

It leaves behind what an upgrade may find, and goes when `galeria.workflows.fill_disks.is_from_before` goes.
"""

from galeria.domain.images.galleries import OS_DISK
from galeria.domain.labs.labs import LabMachine
from galeria.domain.messages import Message
from galeria.domain.operations import Operation
from galeria.ports.images import Digest
from galeria.ports.machines import Machine
from galeria.ports.work import Step
from galeria.workflows.context import WorkflowContext
from galeria.workflows.operation_steps import ShownStep
from galeria.workflows.publish_version import replicate_everywhere, seal_version
from galeria.workflows.run_operation import begin, finish
from tests.local_installation import LocalInstallation

# The names under which finished steps are remembered; of the version's id stands that of the export's version.
REMEMBERED = (
    ("begin", "export_template"),
    ("Close the disk's layer", "the version's id"),
    ("Store the changes", None),
    ("Seal the version", None),
    ("Replicate to the other regions", None),
    ("finish", None),
)


def begin_old_export(installation: LocalInstallation, lab: str, name: str) -> Operation:
    """An export with the inputs that such a release wrote down."""
    begun = installation.begin_export(lab, name)
    machine = installation.machine(lab)
    with installation.context.database() as uow:
        operation = uow.operations.get(begun.id)
        since = machine.layer if machine.layer_digest else None
        operation.stored_inputs = {"machine": machine.id, "since": since}
        uow.commit()
    return operation


def run_old_export(step: Step, context: WorkflowContext, operation_id: str) -> None:
    """Run it to its end; no failure is expected."""
    step("begin", begin, context, operation_id)
    shown = ShownStep(step, context.database, context.clock, operation_id, cancelable=True)
    version_id = shown(Message("Close the disk's layer"), seal_disk, context, operation_id)
    shown(Message("Store the changes"), store_changes, context, operation_id, version_id)
    shown(Message("Seal the version"), seal_export, context, operation_id, version_id)
    shown(Message("Replicate to the other regions"), replicate_everywhere, context, operation_id, version_id)
    step("finish", finish, context, operation_id)


def seal_disk(context: WorkflowContext, operation_id: str) -> str:
    version_id, machine = _subject(context, operation_id)
    context.engine.seal_disk(Machine(id=machine.id, region=machine.region), operation_id.replace("-", ""))
    return version_id


def store_changes(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    if _is_stored(context, version_id):
        return
    _, machine = _subject(context, operation_id)
    since, parent = _ground(context, operation_id, version_id, machine)
    own = Machine(id=machine.id, region=machine.region)
    with context.engine.open_changes(own, operation_id.replace("-", ""), since=since) as disk:
        with context.database(reading=True) as uow:
            home = uow.versions.get(version_id).location

        def pin(digest: Digest) -> None:
            with context.database() as uow:
                next(each for each in uow.versions.disks(version_id) if each.lun == OS_DISK).digest = digest
                uow.commit()

        progress = context.meter(operation_id, "Store the changes")
        captured = context.stores[home].capture(disk, parent=parent, pin=pin, progress=progress)
        with context.database() as uow:
            row = next(each for each in uow.versions.disks(version_id) if each.lun == OS_DISK)
            row.size, row.data_bytes, row.digest = captured.size, captured.data_bytes, captured.digest
            row.read_bytes = max(row.read_bytes, captured.read_bytes)
            row.stored_bytes += captured.stored_bytes
            uow.commit()


def seal_export(context: WorkflowContext, operation_id: str, version_id: str) -> None:
    seal_version(context, version_id)
    with context.database() as uow:
        inputs = uow.operations.get(operation_id).stored_inputs
        machine = uow.machines.get(inputs["machine"])
        if machine.layer == inputs["since"]:
            machine.layer = operation_id.replace("-", "")
            machine.layer_digest = next(each for each in uow.versions.disks(version_id) if each.lun == OS_DISK).digest
        uow.commit()


def _is_stored(context: WorkflowContext, version_id: str) -> bool:
    with context.database(reading=True) as uow:
        version = uow.versions.get(version_id)
        digest = next(each for each in uow.versions.disks(version_id) if each.lun == OS_DISK).digest
    return bool(digest) and context.stores[version.location].find_manifest(digest) is not None


def _ground(
    context: WorkflowContext, operation_id: str, version_id: str, machine: LabMachine
) -> tuple[str | None, Digest]:
    with context.database(reading=True) as uow:
        since: str | None = uow.operations.get(operation_id).stored_inputs["since"]
        version = uow.versions.get(version_id)
    parent = version.parent_digest
    if parent is None or context.stores[version.location].find_manifest(parent) is None:
        return None, machine.base_digest
    return since, parent


def _subject(context: WorkflowContext, operation_id: str) -> tuple[str, LabMachine]:
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        return operation.subject, uow.machines.get(operation.stored_inputs["machine"])
