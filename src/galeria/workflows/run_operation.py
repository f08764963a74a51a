"""How every operation runs: begun, told step by step, and ended with a word about it in the database."""

from collections.abc import Callable
from dataclasses import dataclass

from galeria.domain.errors import Canceled, GaleriaError
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import LabState, MachineState, OperationStatus, ProvisioningState, is_settled, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Step, VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import create_lab
from galeria.workflows.create_version import create_version
from galeria.workflows.delete_group import delete_group
from galeria.workflows.delete_lab import delete_lab
from galeria.workflows.delete_version import delete_version
from galeria.workflows.export_template import export_template
from galeria.workflows.machine_power import reset_password, start_machine, stop_machine
from galeria.workflows.operation_steps import ShownStep
from galeria.workflows.publish_lab import publish_lab
from galeria.workflows.renew_machine import redeploy_machine, reimage_machine
from galeria.workflows.stored_disks import delete_storage, fill_storage, storage_failed, storage_filled
from galeria.workflows.update_version import update_version


@dataclass(frozen=True, kw_only=True)
class Workflow:
    tell: Callable[[VisibleStep, WorkflowContext, str], None]
    succeed: Callable[[UnitOfWork, Operation], None]
    fail: Callable[[UnitOfWork, Operation, Message], None]
    cancelable: bool = True


def run_operation(step: Step, context: WorkflowContext, operation_id: str) -> None:
    """Never raises for what a person can mend: that becomes the operation's failure, with what to do about it."""
    story = WORKFLOWS[OperationKind(step("begin", begin, context, operation_id))]
    shown = ShownStep(step, context.database, context.clock, operation_id, cancelable=story.cancelable)
    try:
        story.tell(shown, context, operation_id)
    except GaleriaError as error:
        status = OperationStatus.CANCELED if isinstance(error, Canceled) else OperationStatus.FAILED
        step("record the failure", fail, context, operation_id, status, error.code, error.message, error.hint)
    else:
        step("finish", finish, context, operation_id)


def begin(context: WorkflowContext, operation_id: str) -> str:
    """Returns the operation's kind."""
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        if not is_settled(operation.status):
            operation.status = moved(operation.status, OperationStatus.IN_PROGRESS)
        uow.commit()
    return operation.kind.value


def finish(context: WorkflowContext, operation_id: str) -> None:
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        WORKFLOWS[operation.kind].succeed(uow, operation)
        operation.status = moved(operation.status, OperationStatus.SUCCEEDED)
        operation.ended_at = operation.ended_at or context.clock.now()
        uow.commit()


def fail(
    context: WorkflowContext, operation_id: str, status: OperationStatus, code: str, message: Message, hint: Message
) -> None:
    with context.database() as uow:
        operation = uow.operations.get(operation_id)
        WORKFLOWS[operation.kind].fail(uow, operation, message)
        operation.status = moved(operation.status, status)
        operation.error_code, operation.error_message, operation.error_hint = code, message, hint
        operation.ended_at = operation.ended_at or context.clock.now()
        uow.commit()


def _nothing(uow: UnitOfWork, operation: Operation) -> None:
    """The story's own last step has said all."""


def _version_done(uow: UnitOfWork, operation: Operation) -> None:
    version = uow.versions.get(operation.subject)
    # It may have been asked to go after the story's last step; the deletion takes it from here.
    if version.state is not ProvisioningState.DELETING:
        version.state, version.failure = moved(version.state, ProvisioningState.SUCCEEDED), EMPTY
    disks, replicas = uow.versions.disks(version.id), uow.versions.replicas(version.id)
    # Whoever exported it sees what it really cost, also where the gallery itself is not theirs to read.
    operation.outputs = {
        **operation.outputs,
        "logicalBytes": sum(disk.size for disk in disks),
        "readBytes": sum(disk.read_bytes for disk in disks),
        "storedBytes": sum(disk.stored_bytes for disk in disks),
        "sentBytes": sum(replica.sent_bytes for replica in replicas),
    }


def _version_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    version = uow.versions.get(operation.subject)
    # A version that is being deleted already keeps that state; the deletion takes it from here.
    if version.state is not ProvisioningState.DELETING:
        version.state = moved(version.state, ProvisioningState.FAILED)
    version.failure = message


def _deletion_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    version = uow.versions.get(operation.subject)
    if version.deleted_at is None:
        version.state, version.failure = moved(version.state, ProvisioningState.FAILED), message


def _lab_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    lab = uow.labs.find(operation.subject)
    if lab is None:
        return
    if lab.state is not ProvisioningState.DELETING or operation.kind is OperationKind.DELETE_LAB:
        lab.state = moved(lab.state, ProvisioningState.FAILED)
    lab.failure = message
    if operation.kind is OperationKind.CREATE_LAB:
        for machine in uow.machines.of_lab(lab.id):
            machine.state, machine.failure = moved(machine.state, MachineState.FAILED), message


def _group_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    group = uow.groups.find(operation.subject)
    if group:
        group.state = moved(group.state, ProvisioningState.FAILED)


def _machine_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    machine = uow.machines.find(operation.subject)
    if machine is None:
        return
    resetting = operation.kind is OperationKind.RESET_PASSWORD
    machine.state = moved(machine.state, MachineState.RUNNING if resetting else MachineState.FAILED)
    machine.failure = message


def _publishing_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    lab = uow.labs.find(operation.subject)
    if lab is None:
        return
    lab.lab_state, lab.failure = moved(lab.lab_state, LabState(operation.inputs["before"])), message
    machine = uow.machines.find(operation.inputs.get("machine", ""))
    if machine and machine.state is MachineState.STOPPING:
        machine.state, machine.failure = moved(machine.state, MachineState.FAILED), message


_FILLING = Workflow(tell=fill_storage, succeed=storage_filled, fail=storage_failed)
_REMOVING = Workflow(tell=delete_storage, succeed=_nothing, fail=storage_failed, cancelable=False)

WORKFLOWS: dict[OperationKind, Workflow] = {
    OperationKind.CREATE_VERSION: Workflow(tell=create_version, succeed=_version_done, fail=_version_failed),
    OperationKind.EXPORT_TEMPLATE: Workflow(tell=export_template, succeed=_version_done, fail=_version_failed),
    OperationKind.UPDATE_VERSION: Workflow(tell=update_version, succeed=_version_done, fail=_version_failed),
    OperationKind.DELETE_VERSION: Workflow(
        tell=delete_version, succeed=_nothing, fail=_deletion_failed, cancelable=False
    ),
    OperationKind.CREATE_DISK: _FILLING,
    OperationKind.STORE_UPLOAD: _FILLING,
    OperationKind.RESIZE_DISK: _FILLING,
    OperationKind.CREATE_SNAPSHOT: _FILLING,
    OperationKind.CREATE_IMAGE: _FILLING,
    OperationKind.DELETE_DISK: _REMOVING,
    OperationKind.DELETE_SNAPSHOT: _REMOVING,
    OperationKind.DELETE_IMAGE: _REMOVING,
    OperationKind.CREATE_LAB: Workflow(tell=create_lab, succeed=_nothing, fail=_lab_failed),
    OperationKind.DELETE_LAB: Workflow(tell=delete_lab, succeed=_nothing, fail=_lab_failed, cancelable=False),
    OperationKind.DELETE_GROUP: Workflow(tell=delete_group, succeed=_nothing, fail=_group_failed, cancelable=False),
    OperationKind.START_MACHINE: Workflow(tell=start_machine, succeed=_nothing, fail=_machine_failed),
    OperationKind.STOP_MACHINE: Workflow(tell=stop_machine, succeed=_nothing, fail=_machine_failed, cancelable=False),
    OperationKind.RESET_PASSWORD: Workflow(tell=reset_password, succeed=_nothing, fail=_machine_failed),
    OperationKind.REIMAGE_MACHINE: Workflow(
        tell=reimage_machine, succeed=_nothing, fail=_machine_failed, cancelable=False
    ),
    OperationKind.REDEPLOY_MACHINE: Workflow(
        tell=redeploy_machine, succeed=_nothing, fail=_machine_failed, cancelable=False
    ),
    OperationKind.PUBLISH_LAB: Workflow(tell=publish_lab, succeed=_nothing, fail=_publishing_failed, cancelable=False),
}
