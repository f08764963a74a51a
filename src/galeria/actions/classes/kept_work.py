"""Students' work that is kept: what a lab's deletion leaves of it, who sees it, and giving it back."""

from collections.abc import Iterable
from dataclasses import dataclass

from galeria.actions.core.request import Request
from galeria.actions.labs.lab_settings import LAB
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import require_lab, running_on_machine
from galeria.actions.rosters.machine_claims import student_machines
from galeria.domain.classes.work_disks import WorkDisk
from galeria.domain.errors import Conflict, NotFound
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.roster import LabUser
from galeria.domain.messages import EMPTY, Message, join, verbatim
from galeria.domain.states import MachineState


@dataclass(frozen=True, kw_only=True)
class WorkImpact:
    """What the deletion of a lab does to its students' machines."""

    machines: int
    kept: tuple[str, ...]  # the people whose work disks are kept for a time
    lost: tuple[str, ...]  # those who have used their machine and have no work disk: nothing of them is kept


@dataclass(frozen=True, kw_only=True)
class KeptWork:
    """A kept work disk, as a lab sees it that could take it."""

    disk: WorkDisk
    user: LabUser | None  # whoever it is for, on the lab's list of people
    machine: LabMachine | None  # that person's machine in the lab
    why_not: Message  # why it cannot be given back into that machine now; empty where it can


def deletion_impact(request: Request, lab_id: ResourceId) -> WorkImpact:
    """Returns whose work a deletion of the lab would end. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    users = {each.id: each for each in request.uow.lab_users.of_lab(lab.id)}
    disks = {each.machine_id for each in request.uow.work_disks.of_lab(lab.id)}
    machines = student_machines(request, lab)
    used = [(each, users[each.claimed_by]) for each in machines if each.claimed_by in users]
    return WorkImpact(
        machines=len(machines),
        kept=_names(user for machine, user in used if machine.id in disks),
        lost=_names(user for machine, user in used if machine.is_prepared and machine.id not in disks),
    )


def list_kept_work(request: Request, lab_id: ResourceId) -> list[KeptWork]:
    """Returns the kept work disks in the lab's region that the caller may give back, the next to be removed in front.

    These are of this lab, of others that the caller may change, and of deleted ones that the caller made, or in whose resource
    group the caller may change labs. Raises Forbidden, NotFound.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{LAB}/write", lab.key)
    kept = [each for each in request.uow.work_disks.kept() if each.region == lab.location]
    return [_seen(request, lab, each) for each in kept if _may_give_back(request, each)]


def restore_work(request: Request, lab_id: ResourceId, disk_id: str) -> LabMachine:
    """Gives a kept work disk to its person's machine in the lab, from the machine's next start on, and returns the machine.

    A work disk that the machine has is kept in its stead. Raises Forbidden, NotFound for a disk that is not kept or not the
    caller's to give, and Conflict where its person has no machine in the lab, or that is on or busy.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{LAB}/write", lab.key)
    disk = request.uow.work_disks.find(disk_id)
    if disk is None or disk.kept_until is None or disk.region != lab.location or not _may_give_back(request, disk):
        raise NotFound(
            Message("This work is not kept any more, or is not yours to give back."),
            hint=Message("List what is kept."),
        )
    found = _seen(request, lab, disk)
    if found.user is None or found.machine is None or found.why_not:
        raise Conflict(found.why_not, hint=Message("Then give the work back."))
    require_lab(lab)
    present = request.uow.work_disks.find_of_machine(found.machine.id)
    if present is not None:
        present.keep(found.user, request.clock.now())
        request.uow.flush()
    request.audit(f"{LAB}/restoreWork/action", lab.resource_id, detail=verbatim(disk.person))
    disk.give_back(lab, found.machine)
    return found.machine


def _may_give_back(request: Request, disk: WorkDisk) -> bool:
    """Tells whether the caller may do it: another lab of the same name is another lab."""
    source = request.uow.labs.find(disk.lab_id)
    if source is not None:
        return request.caller.may(f"{LAB}/write", source.key)
    group = disk.lab_key.partition("/providers/")[0]
    return disk.author_id == request.caller.principal.id or request.caller.may(f"{LAB}/write", group)


def _seen(request: Request, lab: Lab, disk: WorkDisk) -> KeptWork:
    user = request.uow.lab_users.find_by_email(lab.id, disk.email)
    machine = request.uow.machines.find_claimed(user.id) if user else None
    return KeptWork(disk=disk, user=user, machine=machine, why_not=_obstacle(request, disk, user, machine))


def _obstacle(request: Request, disk: WorkDisk, user: LabUser | None, machine: LabMachine | None) -> Message:
    if user is None:
        return Message("{address} is not among the people of this lab. Add them first.", address=disk.email)
    if machine is None:
        return Message("{address} has no machine in this lab yet, and gets one by registering.", address=disk.email)
    if machine.state is not MachineState.STOPPED or running_on_machine(request, machine.id):
        return join(Message("The machine is {state}.", state=machine.state), Message("Stop it first."))
    return EMPTY


def _names(users: Iterable[LabUser]) -> tuple[str, ...]:
    return tuple(sorted(each.shown_name for each in users))
