"""A lab's machines: start, stop, reset the password, make anew."""

from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_machine
from galeria.actions.labs.machine_claims import is_claimed_by_caller
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId, password, user_name
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.messages import Message, Word
from galeria.domain.operations import Operation, OperationKind, StepStatus
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.database import UnitOfWork
from galeria.ports.work import SecretHasher

MACHINE = "Microsoft.LabServices/labs/virtualMachines"
_VERBS = {
    OperationKind.START_MACHINE: "start",
    OperationKind.STOP_MACHINE: "stop",
    OperationKind.RESET_PASSWORD: "resetPassword",
    OperationKind.REIMAGE_MACHINE: "reimage",
    OperationKind.REDEPLOY_MACHINE: "redeploy",
}
"""As the rights to them are called, and the log of what was done."""


def start_machine(request: Request, lab_id: ResourceId, name: str) -> Operation | None:
    """None when it runs already. A repeated start joins the one under way."""
    lab, machine = reach_machine(request, lab_id, name, "start")
    if machine.state is MachineState.RUNNING:
        return None
    joined = _joined(request, machine, OperationKind.START_MACHINE)
    if joined:
        return joined
    require_lab(lab)
    machine.state = moved(machine.state, MachineState.STARTING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.START_MACHINE)


def stop_machine(request: Request, lab_id: ResourceId, name: str) -> Operation | None:
    """None when it is off already."""
    lab, machine = reach_machine(request, lab_id, name, "stop")
    if machine.state is MachineState.STOPPED:
        return None
    joined = _joined(request, machine, OperationKind.STOP_MACHINE)
    if joined:
        return joined
    machine.state = moved(machine.state, MachineState.STOPPING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.STOP_MACHINE)


def reset_password(
    request: Request, lab_id: ResourceId, name: str, *, account: str, new_password: str, secrets: SecretHasher
) -> Operation:
    """Set a password in a running machine, making the account where it is missing."""
    lab, machine = reach_machine(request, lab_id, name, "resetPassword")
    user_name(account)
    hashed = secrets.unix_hash(password(new_password))
    if machine.state is not MachineState.RUNNING:
        raise Conflict(Message("The machine is not running."), hint=Message("Start it, then reset the password."))
    _joined(request, machine, OperationKind.RESET_PASSWORD)
    machine.state = moved(machine.state, MachineState.RESETTING_PASSWORD, Message("The machine"))
    machine.user_name, machine.pending_password_hash = account, hashed
    machine.accounts = sorted({*machine.accounts, account})
    return _begin(request, lab, machine, OperationKind.RESET_PASSWORD)


def reimage_machine(request: Request, lab_id: ResourceId, name: str) -> Operation:
    """Make the disk anew from the image that the machine began with. What is on it is lost; the machine is off then.

    Its password is lost with it, because only the machine knew it: the account is locked until a new one is set.
    """
    lab, machine = reach_machine(request, lab_id, name, "reimage")
    joined = _joined(request, machine, OperationKind.REIMAGE_MACHINE)
    if joined:
        return joined
    if any(each.inputs.get("machine") == machine.id for each in request.uow.operations.unsettled()):
        raise Conflict(
            Message("The machine's disk is being exported."),
            hint=Message("Wait until the export has ended, then try again."),
        )
    require_lab(lab)
    machine.state = moved(machine.state, MachineState.REIMAGING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.REIMAGE_MACHINE)


def redeploy_machine(request: Request, lab_id: ResourceId, name: str) -> Operation:
    """Switch it off and, where it ran, on again. Its disk stays."""
    lab, machine = reach_machine(request, lab_id, name, "redeploy")
    joined = _joined(request, machine, OperationKind.REDEPLOY_MACHINE)
    if joined:
        return joined
    require_lab(lab)
    inputs: dict[str, object] = {"running": machine.state is MachineState.RUNNING}
    machine.state = moved(machine.state, MachineState.REDEPLOYING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.REDEPLOY_MACHINE, inputs)


def reach_machine(request: Request, lab_id: ResourceId, name: str, verb: str) -> tuple[Lab, LabMachine]:
    """Its user may do it with the own machine; everybody else needs the right in the lab."""
    held = request.uow.labs.find_by_key(lab_id.key)
    for machine in request.uow.machines.of_lab(held.id) if held else ():
        if held and machine.name.lower() == name.lower() and is_claimed_by_caller(request, machine):
            return held, machine
    lab, machine = get_machine(request, lab_id, name)
    request.caller.require(f"{MACHINE}/{verb}/action", lab.key)
    return lab, machine


def _begin(
    request: Request, lab: Lab, machine: LabMachine, kind: OperationKind, inputs: dict[str, object] | None = None
) -> Operation:
    request.audit(f"{MACHINE}/{_VERBS[kind]}/action", f"{lab.resource_id}/virtualMachines/{machine.name}")
    return request.begin(kind, lab, machine.id, inputs)


def _joined(request: Request, machine: LabMachine, kind: OperationKind) -> Operation | None:
    """The same verb under way already. Raises Conflict when another one is, or an export is closing the disk's layer."""
    for running in running_on_machine(request.uow, machine.id):
        if running.kind is kind:
            return running
        raise Conflict(
            Message("The machine is busy: {kind} is under way.", kind=Word(running.kind.replace("_", " "))),
            hint=Message("Wait until that has ended, then try again."),
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


def require_lab(lab: Lab) -> None:
    if lab.state is not ProvisioningState.SUCCEEDED:
        raise Conflict(
            Message("The lab '{lab}' is {state}.", lab=lab.name, state=lab.state),
            hint=Message("Wait until it is made; if it failed, retry its operation."),
        )
