"""Virtual machines of labs: start, stop, reset the password, reimage, redeploy."""

from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.claims import is_claimed_by_caller
from galeria.actions.core.host_use import give_up_waiting
from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_machine, kept_password
from galeria.actions.labs.public_ports import ensure_public_ports
from galeria.actions.labs.student_hours import forget_presence, start_cause
from galeria.domain.errors import Conflict, Forbidden, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.images.galleries import OsState, OsType
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.preparation import has_known_root
from galeria.domain.labs.revisions import needs_password, student_account
from galeria.domain.labs.sizes import get_size
from galeria.domain.labs.start_queue import require_possible
from galeria.domain.labs.ways_in import NO_AGENT, STOP_SET_START
from galeria.domain.labs.windows import account_name, account_password
from galeria.domain.messages import Message, Word
from galeria.domain.operation_inputs import (
    NO_INPUTS,
    PREPARING,
    RENEWING,
    BringBackInputs,
    OperationInputs,
    PreparationInputs,
    RedeployInputs,
    ResetInputs,
)
from galeria.domain.operations import OPERATION_TYPES, Operation, OperationKind, StepStatus
from galeria.domain.states import MachineState, ProvisioningState, moved
from galeria.ports.work import SecretHasher

MACHINE = "Microsoft.LabServices/labs/virtualMachines"


def start_machine(request: Request, lab_id: ResourceId, name: str) -> Operation | None:
    """Starts a machine; None when it runs already. A repeated call returns the running operation.

    Raises Forbidden, NotFound, and Conflict while the machine or lab is busy, where its student has to set a password first,
    and for a student without hours.
    """
    lab, machine = reach_machine(request, lab_id, name, "start")
    if machine.state is MachineState.RUNNING:
        return None
    joined = _joined(request, machine, OperationKind.START_MACHINE)
    if joined:
        return joined
    require_lab(lab)
    if needs_password(machine) and is_claimed_by_caller(request, machine):
        raise Conflict(
            Message("The machine has no password yet, so that nobody could sign in to it."),
            hint=Message("Set a password of your own, then start it."),
            code="PasswordNotSet",
        )
    if not request.settings.regions.is_in_cloud(machine.region):
        require_possible(request.settings.starts, get_size(request.settings.sizes, lab.size))
    ensure_public_ports(request, lab, machine)
    machine.start_cause = start_cause(request, lab, machine)
    forget_presence(request, machine)
    machine.state = moved(machine.state, MachineState.STARTING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.START_MACHINE)


def stop_machine(request: Request, lab_id: ResourceId, name: str) -> Operation | None:
    """Stops a machine; None when it is off already. A repeated call returns the running operation.

    A machine that waits for its start waits no longer; that start is returned. Raises Forbidden, NotFound, and Conflict while
    it is busy.
    """
    lab, machine = reach_machine(request, lab_id, name, "stop")
    if machine.state is MachineState.STOPPED:
        return None
    joined = give_up_waiting(request, machine) or _joined(request, machine, OperationKind.STOP_MACHINE)
    if joined:
        return joined
    machine.state = moved(machine.state, MachineState.STOPPING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.STOP_MACHINE)


def reset_password(
    request: Request, lab_id: ResourceId, name: str, *, account: str, new_password: str, secrets: SecretHasher
) -> Operation:
    """Sets a password in a machine that runs or, where a look has found its accounts, is off; a missing account is made.

    Raises Forbidden, NotFound, Invalid, and Conflict where that is impossible now or the machine is busy.
    """
    lab, machine = reach_machine(request, lab_id, name, "resetPassword")
    account_name(lab.os_type, account)
    _require_own_account(request, lab, machine, account)
    hashed = secrets.unix_hash(account_password(lab.os_type, new_password, user=account))
    is_foreign = machine.os_state is OsState.SPECIALIZED and bool(machine.pending_password_hash)
    inputs = ResetInputs(is_off=can_be_set_offline(request, lab, machine), is_foreign=is_foreign)
    if not inputs.is_off:
        _require_settable(machine)
    _joined(request, machine, OperationKind.RESET_PASSWORD)
    machine.state = moved(machine.state, MachineState.RESETTING_PASSWORD, Message("The machine"))
    machine.user_name, machine.pending_password_hash = account, hashed
    machine.pending_password = kept_password(lab, new_password)
    machine.accounts = sorted({*machine.accounts, account})
    return _begin(request, lab, machine, OperationKind.RESET_PASSWORD, inputs)


def _require_own_account(request: Request, lab: Lab, machine: LabMachine, account: str) -> None:
    """Raises Forbidden where a student names another account than the lab's for students: it would get more rights."""
    is_student = is_claimed_by_caller(request, machine) and not request.caller.may(
        f"{MACHINE}/resetPassword/action", lab.key
    )
    if lab.non_admin_user and is_student and account != student_account(lab):
        raise Forbidden(
            Message("The account for students of this lab is '{account}'.", account=student_account(lab)),
            hint=Message("Set the password of that one, or ask the lab's educator."),
            target="username",
        )


def can_be_set_offline(request: BaseRequest, lab: Lab, machine: LabMachine) -> bool:
    """Tells whether a password can be set on the machine's disk now.

    It can where the machine is off and its image was looked into. One that has still to take its first settings from its
    seed would take that password after it, but a student's machine gets its seed only at its first start.
    """
    if machine.state is MachineState.STOPPED and not machine.is_prepared:
        return True
    has_seed = machine.os_state is OsState.GENERALIZED and bool(machine.pending_password_hash)
    if machine.state is not MachineState.STOPPED or has_seed or lab.os_type is OsType.WINDOWS:
        return False
    version = request.uow.versions.find(lab.version_id)
    return has_known_root((version.found if version else None) or request.uow.versions.find_findings(lab.base_digest))


def _require_settable(machine: LabMachine) -> None:
    """Raises Conflict where no password can be set in the machine now."""
    if machine.is_unreachable:
        raise Conflict(
            Message("The machine is on, but cannot be reached: {failure}", failure=machine.failure),
            hint=STOP_SET_START,
        )
    if machine.state is not MachineState.RUNNING:
        raise Conflict(Message("The machine is not running."), hint=Message("Start it, then reset the password."))
    if machine.has_agent is False:
        raise Conflict(NO_AGENT, hint=STOP_SET_START, code="MachineHasNoAgent")


def reimage_machine(request: Request, lab_id: ResourceId, name: str) -> Operation:
    """Makes the disk of a machine anew from its image; the machine is off afterwards.

    Its contents are lost, but what a student's machine was is kept for a time (`bring_machine_back`).

    The password is lost with the disk, because only the machine had it: the account is locked until a new one is set.
    Raises Forbidden, NotFound, and Conflict while the machine is busy or being exported.
    """
    lab, machine = reach_machine(request, lab_id, name, "reimage")
    return _reimage(request, lab, machine, renewing(machine))


def bring_machine_back(request: Request, lab_id: ResourceId, name: str, kept_id: str) -> Operation:
    """Starts to put an earlier state of a student's machine in the place of the present one, which is kept in its stead.

    Raises Forbidden, Conflict while the machine is busy, and NotFound where that state is kept no more, or is not of the
    person who has the machine.
    """
    lab, machine = reach_machine(request, lab_id, name, "reimage")
    joined = _joined(request, machine, OperationKind.BRING_BACK_MACHINE)
    if joined:
        return joined
    require_lab(lab)
    kept = request.uow.kept_machines.find(kept_id)
    if kept is None or not kept.is_of(machine):
        raise NotFound(
            Message("The earlier machine is not kept any more."),
            hint=Message("Reload the page: it lists what is kept."),
        )
    machine.state = moved(machine.state, MachineState.REIMAGING, Message("The machine"))
    request.audit(f"{MACHINE}/bringBack/action", f"{lab.resource_id}/virtualMachines/{machine.name}")
    return request.begin(OperationKind.BRING_BACK_MACHINE, lab, machine.id, BringBackInputs(kept=kept.id))


def renewing(machine: LabMachine) -> PreparationInputs:
    """Returns how a machine is made anew: somebody's that was used is kept for a time."""
    return RENEWING if machine.claimed_by and machine.is_prepared else PREPARING


def release_machine(request: Request, lab: Lab, machine: LabMachine) -> Operation:
    """Takes a machine from the user who has claimed it, and begins to remove what it holds: the next one finds nothing of it.
    The user's work disk is kept for a time.

    The caller has checked the right. Raises Conflict while the machine is busy or being exported.
    """
    operation = _reimage(request, lab, machine, PREPARING)
    user = request.uow.lab_users.find(machine.claimed_by) if machine.claimed_by else None
    work = request.uow.work_disks.find_of_machine(machine.id)
    if user is not None and work is not None:
        work.keep(user, request.clock.now())
    machine.claimed_by = None
    return operation


def redeploy_machine(request: Request, lab_id: ResourceId, name: str) -> Operation:
    """Stops a machine and, where it ran, starts it again; its disk stays.

    Raises Forbidden, NotFound, and Conflict while it is busy.
    """
    lab, machine = reach_machine(request, lab_id, name, "redeploy")
    joined = _joined(request, machine, OperationKind.REDEPLOY_MACHINE)
    if joined:
        return joined
    require_lab(lab)
    inputs = RedeployInputs(running=machine.state is MachineState.RUNNING)
    machine.state = moved(machine.state, MachineState.REDEPLOYING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.REDEPLOY_MACHINE, inputs)


def reach_machine(request: Request, lab_id: ResourceId, name: str, verb: str) -> tuple[Lab, LabMachine]:
    """Returns a machine that the caller has claimed or has the right `verb` on in the lab.

    Raises Forbidden, NotFound.
    """
    lab, machine = see_machine(request, lab_id, name)
    if not is_claimed_by_caller(request, machine):
        request.caller.require(f"{MACHINE}/{verb}/action", lab.key)
    return lab, machine


def see_machine(request: Request, lab_id: ResourceId, name: str) -> tuple[Lab, LabMachine]:
    """Returns a machine that the caller has claimed, or one of a lab that the caller may read. Raises Forbidden, NotFound."""
    held = request.uow.labs.find_by_key(lab_id.key)
    for machine in request.uow.machines.of_lab(held.id) if held else ():
        if held and machine.name.lower() == name.lower() and is_claimed_by_caller(request, machine):
            return held, machine
    return get_machine(request, lab_id, name)


def _reimage(request: Request, lab: Lab, machine: LabMachine, inputs: PreparationInputs) -> Operation:
    joined = _joined(request, machine, OperationKind.REIMAGE_MACHINE)
    if joined:
        return joined
    if request.uow.operations.working_with([machine.id]):
        raise Conflict(
            Message("The machine's disk is being exported."),
            hint=Message("Wait until the export has ended, then try again."),
        )
    require_lab(lab)
    machine.state = moved(machine.state, MachineState.REIMAGING, Message("The machine"))
    return _begin(request, lab, machine, OperationKind.REIMAGE_MACHINE, inputs)


def _begin(
    request: Request, lab: Lab, machine: LabMachine, kind: OperationKind, inputs: OperationInputs = NO_INPUTS
) -> Operation:
    request.audit(f"{MACHINE}/{OPERATION_TYPES[kind].verb}/action", f"{lab.resource_id}/virtualMachines/{machine.name}")
    return request.begin(kind, lab, machine.id, inputs)


def _joined(request: Request, machine: LabMachine, kind: OperationKind) -> Operation | None:
    """Returns a running operation of that kind. Raises Conflict for another one, or an export that is closing the layer."""
    for running in running_on_machine(request, machine.id):
        if running.kind is kind:
            return running
        raise Conflict(
            Message("The machine is busy: {kind} is under way.", kind=Word(running.kind.replace("_", " "))),
            hint=Message("Wait until that has ended, then try again."),
        )
    return None


def running_on_machine(request: BaseRequest, machine_id: str) -> list[Operation]:
    """Returns the operations that change the machine.

    An export is one of them until it has closed the disk's layer; then it only reads.
    """
    found = request.uow.operations.working_with([machine_id])
    own = [each for each in found if each.subject == machine_id]
    others = [each for each in found if each.subject != machine_id]
    return own + [each for each in others if not _has_finished_step(request, each)]


def _has_finished_step(request: BaseRequest, operation: Operation) -> bool:
    return any(step.status is StepStatus.SUCCEEDED for step in request.uow.operations.steps(operation.id))


def require_lab(lab: Lab) -> None:
    """Raises Conflict where the lab is not in the state Succeeded."""
    if lab.state is not ProvisioningState.SUCCEEDED:
        raise Conflict(
            Message("The lab '{lab}' is {state}.", lab=lab.name, state=lab.state),
            hint=Message("Wait until it is made; if it failed, retry its operation."),
        )
