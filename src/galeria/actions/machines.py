"""A lab's machines: start, stop, reset the password."""

from galeria.actions.labs import get_machine
from galeria.actions.request import Request
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId, password, user_name
from galeria.domain.labs import Lab, LabMachine
from galeria.domain.operations import Operation, OperationKind, StepStatus
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.work import Secrets

MACHINE = "Microsoft.LabServices/labs/virtualMachines"


def start_machine(request: Request, lab_id: ResourceId, name: str) -> Operation | None:
    """None when it runs already. A repeated start joins the one under way."""
    lab, machine = get_machine(request, lab_id, name)
    request.caller.require(f"{MACHINE}/start/action", lab.key)
    if machine.state is MachineState.RUNNING:
        return None
    joined = _joined(request, machine, OperationKind.START_MACHINE)
    if joined:
        return joined
    _require_lab(lab)
    machine.state = moved(machine.state, MachineState.STARTING, "The machine")
    return _begin(request, lab, machine, OperationKind.START_MACHINE)


def stop_machine(request: Request, lab_id: ResourceId, name: str) -> Operation | None:
    """None when it is off already."""
    lab, machine = get_machine(request, lab_id, name)
    request.caller.require(f"{MACHINE}/stop/action", lab.key)
    if machine.state is MachineState.STOPPED:
        return None
    joined = _joined(request, machine, OperationKind.STOP_MACHINE)
    if joined:
        return joined
    machine.state = moved(machine.state, MachineState.STOPPING, "The machine")
    return _begin(request, lab, machine, OperationKind.STOP_MACHINE)


def reset_password(
    request: Request, lab_id: ResourceId, name: str, *, account: str, new_password: str, secrets: Secrets
) -> Operation:
    """Set a password in a running machine, making the account where it is missing."""
    lab, machine = get_machine(request, lab_id, name)
    request.caller.require(f"{MACHINE}/resetPassword/action", lab.key)
    user_name(account)
    hashed = secrets.unix_hash(password(new_password))
    if machine.state is not MachineState.RUNNING:
        raise Conflict("The machine is not running.", hint="Start it, then reset the password.")
    _joined(request, machine, OperationKind.RESET_PASSWORD)
    machine.state = moved(machine.state, MachineState.RESETTING_PASSWORD, "The machine")
    machine.user_name, machine.pending_password_hash = account, hashed
    machine.accounts = sorted({*machine.accounts, account})
    return _begin(request, lab, machine, OperationKind.RESET_PASSWORD)


def _begin(request: Request, lab: Lab, machine: LabMachine, kind: OperationKind) -> Operation:
    request.audit(f"{MACHINE}/{kind}", f"{lab.resource_id}/virtualMachines/{machine.name}")
    return request.begin(kind, lab, machine.id)


def _joined(request: Request, machine: LabMachine, kind: OperationKind) -> Operation | None:
    """The same verb under way already. Raises Conflict when another one is, or an export is closing the disk's layer."""
    for running in running_on_machine(request.uow, machine.id):
        if running.kind is kind:
            return running
        raise Conflict(
            f"The machine is busy: {running.kind.replace('_', ' ')} is under way.",
            hint="Wait until that has ended, then try again.",
        )
    return None


def running_on_machine(uow: UnitOfWork, machine_id: str) -> list[Operation]:
    """What works on the machine itself. An export does so until it has closed the layer; then it only reads."""
    exports = [each for each in uow.operations.unsettled() if each.inputs.get("machine") == machine_id]
    closing = [
        each
        for each in exports
        if not any(step.status is StepStatus.SUCCEEDED for step in uow.operations.steps(each.id))
    ]
    return uow.operations.running_on(machine_id) + closing


def _require_lab(lab: Lab) -> None:
    if lab.state is not ProvisioningState.SUCCEEDED:
        raise Conflict(
            f"The lab '{lab.name}' is {lab.state}.", hint="Wait until it is made; if it failed, retry its operation."
        )
