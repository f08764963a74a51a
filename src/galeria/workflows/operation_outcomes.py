"""How an operation's end is noted in what it worked on, for each kind of subject."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from galeria.domain.errors import GaleriaError
from galeria.domain.labs.labs import FailureRecord
from galeria.domain.messages import EMPTY, Message
from galeria.domain.operation_inputs import PublishInputs, ResetInputs
from galeria.domain.operations import Operation, OperationKind, Subject
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.machines import Machine, Observation, Power
from galeria.workflows.context import WorkflowContext
from galeria.workflows.stored_disks import storage_failed, storage_filled

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenMachine:
    """What the host says of a machine at the end of a failed operation."""

    is_on: bool
    observation: Observation


def note_success(uow: UnitOfWork, operation: Operation) -> None:
    """Note in the subject that the operation has succeeded.

    After a removal nothing is left to note it in, and the workflows of labs, machines and groups note it in their last step.
    """
    if operation.kind_type.removes:
        return
    if operation.kind_type.subject is Subject.VERSION:
        _version_done(uow, operation)
    elif operation.kind_type.subject is Subject.STORED:
        storage_filled(uow, operation)


def note_failure(uow: UnitOfWork, operation: Operation, message: Message, *, seen: SeenMachine | None = None) -> None:
    """Note in the subject that the operation has failed or was canceled, and why; for a machine, what was seen of it."""
    _FAILED[operation.kind_type.subject](uow, operation, message)
    machine = uow.machines.find(operation.subject) if seen else None
    if seen is None or machine is None:
        return
    if _only_waited(uow, operation) and not seen.is_on:
        machine.state, machine.failure = moved(machine.state, MachineState.STOPPED), EMPTY
        return
    machine.is_on = seen.is_on and machine.state is MachineState.FAILED
    if seen.observation.console or seen.observation.picture:
        uow.machines.put_failure_record(
            FailureRecord(
                operation_id=operation.id,
                machine_id=machine.id,
                console=seen.observation.console,
                picture=seen.observation.picture,
            )
        )


def _only_waited(uow: UnitOfWork, operation: Operation) -> bool:
    """Return whether the operation is a start that was given up before anything was done for it."""
    return operation.kind is OperationKind.START_MACHINE and not uow.operations.steps(operation.id)


def look_at_machine(context: WorkflowContext, operation_id: str) -> SeenMachine | None:
    """Return what the host says of the machine that the operation works on; None for other subjects.

    What cannot be found out is left out: it must not hinder the failure from being recorded.
    """
    with context.database(reading=True) as uow:
        operation = uow.operations.get(operation_id)
        row = uow.machines.find(operation.subject) if operation.kind_type.subject is Subject.MACHINE else None
    if row is None:
        return None
    machine = Machine.of(row)
    try:
        return SeenMachine(
            is_on=context.engine.power(machine) is Power.RUNNING, observation=context.engine.observe(machine)
        )
    except GaleriaError as error:
        log.info("what machine %s shows cannot be kept: %s", row.id, error)
        return None


def _version_done(uow: UnitOfWork, operation: Operation) -> None:
    version = uow.versions.get(operation.subject)
    # It may have been asked to go after the workflow's last step; the deletion takes it from here.
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
    if operation.kind_type.removes:
        if version.deleted_at is None:
            version.state, version.failure = moved(version.state, ProvisioningState.FAILED), message
        return
    # A version that is being deleted already keeps that state; the deletion takes it from here.
    if version.state is not ProvisioningState.DELETING:
        version.state = moved(version.state, ProvisioningState.FAILED)
    version.failure = message


def _lab_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    lab = uow.labs.find(operation.subject)
    if lab is None:
        return
    lab.failure = message
    if operation.kind_type.leaves_intact:
        _publishing_failed(uow, operation, message)
        return
    if lab.state is not ProvisioningState.DELETING or operation.kind_type.removes:
        lab.state = moved(lab.state, ProvisioningState.FAILED)
    if operation.kind is OperationKind.CREATE_LAB:
        for machine in uow.machines.of_lab(lab.id):
            machine.state, machine.failure = moved(machine.state, MachineState.FAILED), message


def _publishing_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    inputs = operation.inputs_as(PublishInputs)
    lab = uow.labs.get(operation.subject)
    lab.lab_state = moved(lab.lab_state, inputs.before)
    machine = uow.machines.find(inputs.template)
    if machine and machine.state is MachineState.STOPPING:
        machine.state, machine.failure = moved(machine.state, MachineState.FAILED), message


def _machine_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    machine = uow.machines.find(operation.subject)
    if machine is None:
        return
    state = MachineState.FAILED
    if operation.kind_type.leaves_intact:
        state = MachineState.STOPPED if operation.inputs_as(ResetInputs).is_off else MachineState.RUNNING
    machine.state, machine.failure = moved(machine.state, state), message


def _group_failed(uow: UnitOfWork, operation: Operation, message: Message) -> None:
    group = uow.groups.find(operation.subject)
    if group:
        group.state = moved(group.state, ProvisioningState.FAILED)


_FAILED: Mapping[Subject, Callable[[UnitOfWork, Operation, Message], None]] = {
    Subject.VERSION: _version_failed,
    Subject.STORED: storage_failed,
    Subject.LAB: _lab_failed,
    Subject.MACHINE: _machine_failed,
    Subject.GROUP: _group_failed,
}
