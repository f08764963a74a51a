"""A lab's class as its educator sees it: every student's machine with its person, and what the host has room for."""

from dataclasses import dataclass

from galeria.actions.classes.own_power import Switched, busy_machines, start_for_class, stop_machines
from galeria.actions.core.host_use import host_use, waiting_starts
from galeria.actions.core.request import Request
from galeria.actions.labs.labs import get_lab
from galeria.actions.labs.machines import MACHINE, require_lab
from galeria.actions.labs.public_ports import ensure_public_ports
from galeria.actions.rosters.machine_claims import student_machines
from galeria.domain.classes.kept_machines import KeptMachine
from galeria.domain.classes.usage import UsageCause
from galeria.domain.ids import ResourceId
from galeria.domain.labs.labs import Lab, LabMachine
from galeria.domain.labs.revisions import LabRevision, is_outdated, machine_number
from galeria.domain.labs.roster import LabUser
from galeria.domain.labs.start_queue import HostUse
from galeria.domain.messages import Message
from galeria.domain.states import MachineState


@dataclass(frozen=True, kw_only=True)
class StudentMachine:
    """One machine of a class."""

    machine: LabMachine
    user: LabUser | None  # who has claimed it
    is_outdated: bool  # whether its disk is made from an earlier revision than the newest
    kept: tuple[KeptMachine, ...]  # what it was before for its person, the newest in front
    place: int  # among the starts that wait for room on the host; 0 where it does not wait


@dataclass(frozen=True, kw_only=True)
class ClassOverview:
    """A lab's machines for students, by number."""

    lab: Lab
    revision: LabRevision | None  # the newest; None before the lab was published
    machines: tuple[StudentMachine, ...]
    host: HostUse

    @property
    def claimed(self) -> int:
        """How many machines are somebody's."""
        return sum(each.user is not None for each in self.machines)

    @property
    def running(self) -> int:
        """How many machines run."""
        return sum(each.machine.state is MachineState.RUNNING for each in self.machines)

    @property
    def waiting(self) -> int:
        """How many machines wait until the host has room."""
        return sum(each.place > 0 for each in self.machines)

    @property
    def outdated(self) -> int:
        """How many machines stand on an earlier revision."""
        return sum(each.is_outdated for each in self.machines)


def get_class(request: Request, lab_id: ResourceId) -> ClassOverview:
    """Returns the lab's class. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    newest = request.uow.revisions.find_newest(lab.id)
    users = {each.id: each for each in request.uow.lab_users.of_lab(lab.id)}
    kept: dict[str, list[KeptMachine]] = {}
    for old in request.uow.kept_machines.of_lab(lab.id):
        kept.setdefault(old.machine_id, []).append(old)
    places = {each.subject: place for place, each in enumerate(waiting_starts(request), start=1)}
    machines = [
        StudentMachine(
            machine=each,
            user=users.get(each.claimed_by or ""),
            is_outdated=is_outdated(each, newest),
            kept=tuple(old for old in kept.get(each.id, ()) if old.is_of(each)),
            place=places.get(each.id, 0),
        )
        for each in sorted(student_machines(request, lab), key=machine_number)
    ]
    return ClassOverview(lab=lab, revision=newest, machines=tuple(machines), host=host_use(request))


def start_class(request: Request, lab_id: ResourceId) -> Switched:
    """Begins to start every claimed machine of the lab that is off; hours of students are not used by that.

    Those that the host has no room for wait. Raises Forbidden, NotFound, and Conflict while the lab is made or deleted.
    """
    lab = get_lab(request, lab_id)
    request.caller.require(f"{MACHINE}/start/action", lab.key)
    require_lab(lab)
    claimed = [each for each in student_machines(request, lab) if each.claimed_by]
    ensure_public_ports(request, lab, *claimed)
    switched = start_for_class(request, lab, claimed, busy_machines(request))
    for each in claimed:
        if each.id in switched.begun:
            each.start_cause = UsageCause.EDUCATOR
    _record(request, lab, "start", switched)
    return switched


def stop_class(request: Request, lab_id: ResourceId) -> Switched:
    """Begins to stop every running machine of the lab's students. Raises Forbidden, NotFound."""
    lab = get_lab(request, lab_id)
    request.caller.require(f"{MACHINE}/stop/action", lab.key)
    switched = stop_machines(request, lab, student_machines(request, lab), busy_machines(request))
    _record(request, lab, "stop", switched)
    return switched


def _record(request: Request, lab: Lab, verb: str, switched: Switched) -> None:
    request.audit(
        f"{MACHINE}/{verb}/action", lab.resource_id, detail=Message("{count} machines", count=len(switched.begun))
    )
