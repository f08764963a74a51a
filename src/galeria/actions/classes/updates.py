"""Bring students' machines to the lab's newest revision: now, or once they are switched off the next time."""

from dataclasses import dataclass, field

from galeria.actions.classes.own_power import busy_machines
from galeria.actions.core.base_request import BaseRequest
from galeria.actions.core.own_operations import begin_own
from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import MACHINE, reach_machine, reimage_machine, renewing, require_lab
from galeria.actions.rosters.machine_claims import student_machines
from galeria.domain.classes.kept_machines import KeptMachine
from galeria.domain.errors import Conflict
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.revisions import is_outdated
from galeria.domain.messages import Message
from galeria.domain.operations import Operation, OperationKind
from galeria.domain.states import MachineState, moved

AT_STOP, NOT_NOW = "stop", "not"  # the words with which it is asked for later, or not at all

_SETTLED = frozenset({MachineState.STOPPED, MachineState.RUNNING, MachineState.FAILED})


@dataclass(frozen=True, kw_only=True)
class Updates:
    """The ids of the machines that are made anew now, and of those that are once they are off."""

    begun: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def update_machine(request: Request, lab_id: ResourceId, name: str, *, at_stop: bool) -> Operation | None:
    """Makes a machine anew from the lab's newest revision: now, or `at_stop`, which is now as well where it is off.

    Returns None where it is done later. Raises Forbidden, NotFound, and Conflict where the machine has the newest already, or
    is busy.
    """
    lab, machine = reach_machine(request, lab_id, name, "reimage")
    newest = request.uow.revisions.find_newest(lab.id)
    if not is_outdated(machine, newest):
        raise Conflict(
            Message("The machine has the lab's newest revision already."), hint=Message("There is nothing to do.")
        )
    if not at_stop or machine.state is MachineState.STOPPED:
        return reimage_machine(request, lab_id, name)
    machine.update_at_stop = True
    request.audit(f"{MACHINE}/update/action", f"{lab.resource_id}/virtualMachines/{machine.name}")
    return None


def change_update(request: Request, lab_id: ResourceId, name: str, said: str) -> Operation | None:
    """Does with one machine what was said: AT_STOP, NOT_NOW, or else at once. Raises what those functions raise."""
    if said == NOT_NOW:
        put_off_update(request, lab_id, name)
        return None
    return update_machine(request, lab_id, name, at_stop=said == AT_STOP)


def put_off_update(request: Request, lab_id: ResourceId, name: str) -> None:
    """Takes back that a machine is made anew at its next stop; one that nobody said that of stays as it is.

    Raises Forbidden, NotFound.
    """
    lab, machine = reach_machine(request, lab_id, name, "reimage")
    machine.update_at_stop = False
    request.audit(f"{MACHINE}/update/action", f"{lab.resource_id}/virtualMachines/{machine.name}")


def list_earlier(request: Request, lab_id: ResourceId, name: str) -> list[KeptMachine]:
    """Returns what is kept of the machine for whoever has it, the newest in front. Raises Forbidden, NotFound."""
    _, machine = reach_machine(request, lab_id, name, "reimage")
    return [each for each in request.uow.kept_machines.of_machine(machine.id) if each.is_of(machine)]


def update_class(request: Request, lab_id: ResourceId, *, at_stop: bool) -> Updates:
    """Makes every machine of the lab anew that stands on an earlier revision: now, or `at_stop` once it is off.

    One that is busy is made anew at its next stop in any case. Raises Forbidden, NotFound, and Conflict while the lab is made
    or deleted.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{MACHINE}/reimage/action", lab.key)
    require_lab(lab)
    newest, busy, updates = request.uow.revisions.find_newest(lab.id), busy_machines(request), Updates()
    for machine in student_machines(request, lab):
        if not is_outdated(machine, newest):
            continue
        is_free = machine.id not in busy and machine.state in _SETTLED and not machine.is_unreachable
        if is_free and (machine.state is MachineState.STOPPED or not at_stop):
            _renew(request, lab, machine)
            updates.begun.append(machine.id)
        else:
            machine.update_at_stop = True
            updates.later.append(machine.id)
    count = len(updates.begun) + len(updates.later)
    request.audit(f"{MACHINE}/update/action", lab.resource_id, detail=Message("{count} machines", count=count))
    return updates


def update_stopped(request: BaseRequest) -> list[str]:
    """Begins to make the machines anew that were to be at their stop, and are off now; returns their ids."""
    busy, begun = busy_machines(request), []
    for machine, lab in request.uow.machines.to_update():
        if machine.id not in busy:
            _renew(request, lab, machine)
            begun.append(machine.id)
    return begun


def _renew(request: BaseRequest, lab: Lab, machine: LabMachine) -> None:
    machine.state = moved(machine.state, MachineState.REIMAGING, Message("The machine"))
    begin_own(request, OperationKind.REIMAGE_MACHINE, lab, machine.id).inputs = renewing(machine)
