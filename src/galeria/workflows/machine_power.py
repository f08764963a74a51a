"""Start or stop one machine, or reset its password.

A machine from a specialized image boots with the passwords of its source: its SSH port opens only once the new credentials
are set.
"""

from galeria.domain.images.galleries import OsState
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import EMPTY, Message
from galeria.domain.states import MachineState, moved
from galeria.ports.machines import Machine, MachineCredentials
from galeria.ports.work import VisibleStep
from galeria.workflows.context import WorkflowContext
from galeria.workflows.create_lab import host_name


def start_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Start the machine"), start, context, operation_id)
    step(Message("Wait until it answers"), wait_ready, context, operation_id)
    step(Message("Set the credentials"), apply_credentials, context, operation_id)
    step(Message("Open the way in"), open_ssh, context, operation_id)
    step(Message("Running"), note_state, context, operation_id, MachineState.RUNNING)


def stop_machine(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Shut the machine down"), stop, context, operation_id)
    step(Message("Stopped"), note_state, context, operation_id, MachineState.STOPPED)


def reset_password(step: VisibleStep, context: WorkflowContext, operation_id: str) -> None:
    step(Message("Set the password"), apply_credentials, context, operation_id)
    step(Message("Running"), note_state, context, operation_id, MachineState.RUNNING)


def start(context: WorkflowContext, operation_id: str) -> None:
    lab, row = _subject(context, operation_id)
    context.disk_room.require(0, region=row.region)
    context.engine.start(_machine(row), ssh=not _is_foreign(lab, row))


def wait_ready(context: WorkflowContext, operation_id: str) -> None:
    context.engine.wait_ready(_machine(_subject(context, operation_id)[1]), seconds=context.settings.boot_seconds)


def apply_credentials(context: WorkflowContext, operation_id: str) -> None:
    """Set the pending credentials in the machine. A generalized image has taken them at its first boot already."""
    lab, row = _subject(context, operation_id)
    resetting = row.state is MachineState.RESETTING_PASSWORD
    if row.pending_password_hash and (resetting or _is_foreign(lab, row)):
        credentials = MachineCredentials(
            user_name=row.user_name, password_hash=row.pending_password_hash, retire=tuple(row.retire_accounts)
        )
        context.engine.set_credentials(_machine(row), credentials)
    if row.renew_identity:
        context.engine.renew_identity(_machine(row), host_name=host_name(lab))
    with context.database() as uow:
        settled = uow.machines.get(row.id)
        settled.pending_password_hash, settled.retire_accounts, settled.renew_identity = "", [], False
        uow.commit()


def open_ssh(context: WorkflowContext, operation_id: str) -> None:
    context.engine.open_ssh(_machine(_subject(context, operation_id)[1]))


def stop(context: WorkflowContext, operation_id: str) -> None:
    context.engine.stop(_machine(_subject(context, operation_id)[1]), seconds=context.settings.stop_seconds)


def note_state(context: WorkflowContext, operation_id: str, state: MachineState) -> None:
    with context.database() as uow:
        row = uow.machines.get(uow.operations.get(operation_id).subject)
        row.state, row.failure = moved(row.state, state, Message("The machine")), EMPTY
        uow.commit()


def _is_foreign(lab: Lab, row: LabMachine) -> bool:
    """Return whether the machine still has the accounts of its source image and not those of the lab."""
    return lab.os_state is OsState.SPECIALIZED and bool(row.pending_password_hash)


def _subject(context: WorkflowContext, operation_id: str) -> tuple[Lab, LabMachine]:
    with context.database(reading=True) as uow:
        row = uow.machines.get(uow.operations.get(operation_id).subject)
        return uow.labs.get(row.lab_id), row


def _machine(row: LabMachine) -> Machine:
    return Machine(id=row.id, region=row.region)
